"""Model files: whole, the same for the same model, and unable to run code whoever made them."""

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from helpers.forged_models import packed, parts_of
from helpers.small_models import (
    BLOCKS,
    PARAMETERS,
    fit_small_model,
    new_patients,
    small_cohort,
    small_model,
)

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.contents import TRUSTED_TYPES
from leukemia_kedro.model.file import FittedModel, read_model, write_model
from leukemia_kedro.parameters import FilterParameters, MissingParameters, ModelParameters


@pytest.fixture
def path(tmp_path):
    """A model file as a run writes it."""
    path = tmp_path / "champion.skops"
    write_model(small_model("weighted_voting"), path)
    return path


def pack(path, parts, duplicate=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        if duplicate:
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr(duplicate, b"{}")


def forge(path, **changes):
    """Change parts and compute their checksums again, as a forger would."""
    parts = parts_of(path)
    changed = {
        f"{name}.json": change(parts[f"{name}.json"].decode()).encode()
        for name, change in changes.items()
    }
    path.write_bytes(packed(parts | changed))


@pytest.mark.parametrize(
    ("name", "n_classes"), [*((name, 2) for name in BLOCKS), ("gradient_boosting", 3), ("knn", 3)]
)
def test_a_model_that_is_read_back_is_the_model_that_was_written(name, n_classes, tmp_path):
    model, samples = small_model(name, n_classes), new_patients(n_classes)
    write_model(model, tmp_path / "model.skops")
    again = read_model(tmp_path / "model.skops")
    pd.testing.assert_frame_equal(again.predict(samples), model.predict(samples))
    assert again.card.items() >= model.card.items()
    assert list(again.pipeline.feature_names_in_) == list(samples.expression.columns)


OTHER_CLASSIFIERS = {
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": {
        "solver": "lsqr",
        "shrinkage": 0.5,
    },
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": {
        "solver": "eigen",
        "shrinkage": 0.5,
    },
    "sklearn.svm.LinearSVC": {},
    "sklearn.neighbors.NearestCentroid": {},
    "sklearn.ensemble.ExtraTreesClassifier": {"n_estimators": 5},
    "leukemia_kedro.estimators.ShrunkenCentroids": {"threshold": 1.0},
}


@pytest.mark.parametrize(("estimator", "arguments"), OTHER_CLASSIFIERS.items())
@pytest.mark.parametrize("n_classes", [2, 3])
def test_other_classifiers_that_a_file_may_hold(estimator, arguments, n_classes, tmp_path):
    genes = {"criterion": "anova_f", "n_genes": [50]}
    block = ModelParameters(estimator=estimator, arguments=arguments, genes=genes, reject_below=0.6)
    model = fit_small_model(small_cohort(n_classes), block, PARAMETERS["raw"])
    write_model(model, tmp_path / "model.skops")
    samples = new_patients(n_classes)
    again = read_model(tmp_path / "model.skops").predict(samples)
    pd.testing.assert_frame_equal(again, model.predict(samples))


def test_a_model_that_found_no_gene_is_read_back(tmp_path):
    block = ModelParameters(
        estimator="leukemia_kedro.estimators.ShrunkenCentroids",
        arguments={"threshold": 1e6},
        genes={"criterion": "anova_f", "n_genes": [50]},
        reject_below=0.6,
    )
    model = fit_small_model(small_cohort(), block, PARAMETERS["raw"])
    assert model.card["n_genes"] == 0
    write_model(model, tmp_path / "model.skops")
    again = read_model(tmp_path / "model.skops").predict(new_patients())
    pd.testing.assert_frame_equal(again, model.predict(new_patients()))


@pytest.mark.parametrize(
    "changes",
    [
        {"missing": MissingParameters(policy="impute", max_share=0.5)},
        {"take_log2": False},
        {"filter": FilterParameters(min_ratio=2, drop_controls=True)},
        {"filter": FilterParameters()},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["knn", "svm_linear"])
def test_a_model_of_other_preprocessing_is_read_back(name, changes, tmp_path):
    parameters = PARAMETERS["raw"].model_copy(update=changes)
    cohort = small_cohort()
    cohort = replace(cohort, probes=cohort.probes.assign(is_control=np.arange(300) % 10 == 0))
    if "missing" in changes:
        gaps = np.random.default_rng(0).random(cohort.expression.shape) < 0.02
        cohort = replace(cohort, expression=cohort.expression.mask(gaps))
    model = fit_small_model(cohort, ModelParameters(**BLOCKS[name]), parameters)
    write_model(model, tmp_path / "model.skops")
    again = read_model(tmp_path / "model.skops").predict(new_patients())
    pd.testing.assert_frame_equal(again, model.predict(new_patients()))


@pytest.mark.parametrize("name", ["weighted_voting", "svm_linear", "random_forest", "xgboost"])
def test_the_same_model_is_the_same_file(name, tmp_path):
    model = small_model(name)
    write_model(model, tmp_path / "one")
    write_model(pickle.loads(pickle.dumps(model)), tmp_path / "other")  # at other addresses
    write_model(read_model(tmp_path / "one"), tmp_path / "again")  # its card says "signature"
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()


def test_every_part_has_its_checksum(path):
    parts = parts_of(path)
    stated = dict(line.split("  ")[::-1] for line in parts.pop("SHA256SUMS").decode().splitlines())
    assert stated == {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}


def test_a_model_that_was_left_out_has_a_file_as_well(tmp_path):
    write_model(FittedModel(None, {"left_out": "two classes only"}), tmp_path / "model.skops")
    assert read_model(tmp_path / "model.skops").left_out == "two classes only"


def test_a_write_that_fails_leaves_what_was_there(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *_: (_ for _ in ()).throw(OSError(28)))
    with pytest.raises(OSError, match="28"):
        write_model(small_model("knn"), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_trusted_types_exist():
    for name in TRUSTED_TYPES:
        module, _, attribute = name.rpartition(".")
        assert isinstance(getattr(__import__(module, fromlist=[attribute]), attribute), type)


class Leaves:
    """Leaves a file behind when a pickle of it is opened."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (open, (str(self.trace), "w"))


class LeavesWhenBuilt:
    """Leaves a file behind when it is built from its attributes."""

    def __setstate__(self, attributes):
        Path(attributes["trace"]).touch()


def a_pickle(path, trace):
    path.write_bytes(pickle.dumps(Leaves(trace)))


def a_compressed_pickle(path, trace):
    joblib.dump(Leaves(trace), path, compress=3)


def an_unknown_type(path, trace):
    hostile = LeavesWhenBuilt()
    hostile.trace = str(trace)
    write_model(FittedModel(hostile, small_model("knn").card), path)


def a_call_of_the_system(path, trace):
    def change(schema):
        schema = json.loads(schema)
        argument = {
            "__class__": "str",
            "__module__": "builtins",
            "__loader__": "JsonNode",
            "content": json.dumps(f"touch {trace}"),
            "is_json": True,
        }
        arguments = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode"}
        schema["content"]["reference"] = {
            "__class__": "system",
            "__module__": "os",
            "__loader__": "ConstructorFromReduceNode",
            "content": arguments | {"content": [argument]},
        }
        return json.dumps(schema)

    forge(path, schema=change)


def a_tree_that_points_outside_itself(path, trace):
    model = pickle.loads(pickle.dumps(small_model("decision_tree")))
    tree = model.classifier.tree_
    state = tree.__getstate__()
    state["nodes"]["left_child"][0] = 10**6
    tree.__setstate__(state)
    write_model(model, path)


def a_tree_that_goes_round_in_circles(path, trace):
    model = pickle.loads(pickle.dumps(small_model("random_forest")))
    tree = model.classifier.estimators_[7].tree_
    state = tree.__getstate__()
    state["nodes"]["left_child"][0] = 0
    tree.__setstate__(state)
    write_model(model, path)


def cut(keep):
    return lambda path, trace: path.write_bytes(path.read_bytes()[:keep])


def repacked(change):
    """Parts changed without their checksums."""

    def make(path, trace):
        parts = parts_of(path)
        change(parts)
        pack(path, parts)

    return make


def with_one_bit_changed(parts):
    parts["3.npy"] = parts["3.npy"][:-1] + bytes([parts["3.npy"][-1] ^ 1])


def with_a_lowered_threshold(parts):
    parts["card.json"] = json.dumps(json.loads(parts["card.json"]) | {"threshold": 0}).encode()


def a_folder(path, trace):
    path.unlink()
    path.mkdir()


def a_bomb(path, trace):
    """A card of a hundred million spaces, in a file of a hundred thousand bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("schema.json", "SHA256SUMS", "card.json"):
            archive.writestr(name, b" " * 10**8 if name == "card.json" else b"{}")


def a_bomb_with_a_lie(path, trace):
    """The same, and its directory says that the card has ten bytes."""
    a_bomb(path, trace)
    content = path.read_bytes()
    path.write_bytes(content.replace((10**8).to_bytes(4, "little"), (10).to_bytes(4, "little")))


def a_bomb_of_an_array(path, trace):
    """Fifty million zeros, which an array may hold, in a file of fifty thousand bytes."""
    path.write_bytes(packed(parts_of(path) | {"1.npy": bytes(5 * 10**7)}))


def a_pipe(path, trace):
    path.unlink()
    os.mkfifo(path)


def a_booster_of_a_path(path, trace):
    """``Booster(None, (), path)`` opens the path: here, a pipe that nobody writes to."""
    os.mkfifo(path.parent / "pipe")
    arguments = [node_of(None), node_of([]), node_of(str(path.parent / "pipe"))]
    call = {
        "__class__": "Booster",
        "__module__": "xgboost.core",
        "__loader__": "ConstructorFromReduceNode",
        "content": node_of(arguments),
    }
    change_schema(path, lambda schema: schema["content"] | {"reference": call})


def node_of(value):
    if isinstance(value, list):
        kind = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode"}
        return kind | {"content": value}
    kind = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    return kind | {"content": json.dumps(value), "is_json": True}


def change_schema(path, change):
    def changed(text):
        schema = json.loads(text)
        return json.dumps(schema | {"content": change(schema)})

    forge(path, schema=changed)


def object_of_dictionary(name, attributes):
    """The node of an object of any type, as skops writes it."""
    module, _, kind = name.rpartition(".")
    keys = {"__class__": "str", "__module__": "builtins", "__loader__": "TypeNode"}
    types = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}
    content = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode"}
    content |= {"content": attributes, "key_types": types | {"content": [keys] * len(attributes)}}
    return {"__class__": kind, "__module__": module, "__loader__": "ObjectNode", "content": content}


def another_pipeline(path, trace):
    """scikit-learn's ``FeatureUnion`` is harmless, and would start 24 processes."""
    union = object_of_dictionary("sklearn.pipeline.FeatureUnion", {"n_jobs": node_of(24)})
    change_schema(path, lambda schema: schema["content"] | {"pipeline": union})


def a_tree_of_a_million_outputs(path, trace):
    """Its constructor reads the number of classes of each output, beyond the end of the array."""
    write_model(small_model("decision_tree"), path)
    schema = parts_of(path)["schema.json"].decode()
    start = schema.index('"__reduce__"')
    position = schema.index('"content":"1"', start)
    many = schema[:position] + '"content":"1000000"' + schema[position + len('"content":"1"') :]
    forge(path, schema=lambda _: many)


def edited(name, edit, step="classify"):
    """A model with one object changed, written as the project writes it."""

    def make(path, trace):
        model = pickle.loads(pickle.dumps(small_model(name)))
        edit(model.classifier if step == "classify" else model.pipeline[step])
        write_model(model, path)

    return make


def stray_members(adaboost):
    """A tree within a member: of other features than the model has."""
    other = small_model("random_forest").classifier.estimators_[0]
    adaboost.estimators_[0].tree_ = other.tree_


def calibrated_by_scikit_learn(classifier):
    from sklearn.calibration import CalibratedClassifierCV

    classifier.estimator = CalibratedClassifierCV()


def more_vectors_than_there_are(svm):
    svm._n_support = svm._n_support + np.array([1000, 0], np.int32)


def another_start(boosted):
    boosted.init_ = small_model("random_forest").classifier


def a_class_that_is_not(neighbours):
    neighbours._y = neighbours._y + 1000


def children_of_xgboost(classifier):
    trees = json.loads(classifier.trees_)
    tree = trees["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["left_children"][0] = 2**30
    classifier.trees_ = json.dumps(trees, separators=(",", ":")).encode()


def a_key_twice(classifier):
    """Python's reader takes the last; XGBoost's could take the first."""
    classifier.trees_ = classifier.trees_.replace(b'{"learner":', b'{"learner":{},"learner":', 1)


def a_tiny_scale(scaler):
    scaler.scale_ = scaler.scale_ * 1e-310


def many_workers(forest):
    forest.n_jobs = 24


def a_method(classifier):
    classifier.predict = "ALL"


def numbers_beyond_the_end(classifier):
    """A random state that reads on behind its 624 numbers."""
    state = classifier._rng.get_state(legacy=False)
    state["state"]["pos"] = 10**6
    classifier._rng.set_state(state)


def other_rules(step):
    """Rules for parameters by which none is wrong."""
    step._parameter_constraints = {}


def another_output(step):
    """Tables instead of arrays."""
    step._sklearn_output_config = {"transform": "pandas"}


def a_pair_of_no_gene(classifier):
    classifier.pairs_ = classifier.pairs_ + len(classifier.surviving_)


def a_vote_for_no_class(classifier):
    classifier.votes_ = classifier.votes_ - 1


def genes_in_no_pair(classifier):
    classifier.surviving_ = np.ones_like(classifier.surviving_)


ENDLESS = '{"protocol": 1, "content": ' + "[" * 100_000 + "]" * 100_000 + "}"
REFUSED = {
    "a pickle": (a_pickle, "it is a pickle, which could execute code; it has not been opened"),
    "a compressed pickle": (a_compressed_pickle, "neither a zip nor anything else that is known"),
    "an unknown type": (
        an_unknown_type,
        r"refused, nothing of it has been executed.*LeavesWhenBuilt.*CLASSIFIERS",
    ),
    "a call of the system": (a_call_of_the_system, "nothing of it has been executed.*'os.system'"),
    "an endless schema": (
        lambda path, _: forge(path, schema=lambda _: ENDLESS),
        "refused, its content is not that of a model",
    ),
    "a schema of nonsense": (
        lambda path, _: forge(path, schema=lambda _: '{"protocol": 1}'),
        "refused, its content is not that of a model",
    ),
    "a tree that points outside": (
        a_tree_that_points_outside_itself,
        "a decision tree points outside itself",
    ),
    "a tree in a circle": (
        a_tree_that_goes_round_in_circles,
        "a decision tree points outside itself",
    ),
    "a bomb": (a_bomb, r"bytes that unpack to 100,000,004"),
    "a bomb of an array": (a_bomb_of_an_array, r"bytes that unpack to 50,0\d\d,\d\d\d"),
    "a bomb with a lie": (a_bomb_with_a_lie, "damaged"),
    "a pipe": (a_pipe, "no file but a pipe or a device"),
    "a booster of a path": (a_booster_of_a_path, r"untrusted types: \['xgboost\.core\.Booster'\]"),
    "another pipeline": (another_pipeline, r"untrusted types: \['sklearn\.pipeline\.FeatureUnion"),
    "a tree of a million outputs": (a_tree_of_a_million_outputs, "of a shape that no model has"),
    "a stray member": (edited("adaboost", stray_members), "tree_ takes and gives"),
    "another calibration": (
        edited("adaboost", calibrated_by_scikit_learn),
        "untrusted types.*CalibratedClassifierCV",
    ),
    "counts of support vectors": (
        edited("svm_rbf", more_vectors_than_there_are),
        "SVC._n_support does not count the support vectors",
    ),
    "another start of boosting": (
        edited("gradient_boosting", another_start),
        "found sklearn.ensemble._forest.RandomForestClassifier, expected sklearn.dummy",
    ),
    "a class that is not": (edited("knn", a_class_that_is_not), "_y names a class beyond the 2"),
    "children of XGBoost": (edited("xgboost", children_of_xgboost), "points outside itself"),
    "a key twice": (edited("xgboost", a_key_twice), "spelled in another way"),
    "a tiny scale": (
        edited("logistic_regression", a_tiny_scale, "scale"),
        "StandardScaler.scale_ holds values that are not above 0",
    ),
    "a pair of no gene": (
        edited("top_scoring_pairs", a_pair_of_no_gene),
        "TopScoringPairs.pairs_ are not two of 100 genes each",
    ),
    "a vote for no class": (
        edited("top_scoring_pairs", a_vote_for_no_class),
        "TopScoringPairs.votes_ name a class beyond the 2",
    ),
    "genes in no pair": (
        edited("top_scoring_pairs", genes_in_no_pair),
        "TopScoringPairs.surviving_ does not mark the genes of the pairs",
    ),
    "many workers": (edited("random_forest", many_workers), "n_jobs is 24, expected None or 1"),
    "a method": (edited("naive_bayes", a_method), "predict stands in the place of a method"),
    "a random state": (
        edited("gradient_boosting", numbers_beyond_the_end),
        "a random state of MT19937 at 1000000",
    ),
    "rules of a parameter": (
        edited("svm_rbf", other_rules),
        "SVC._parameter_constraints stands in the place of a method or a rule",
    ),
    "rules of a step": (
        edited("svm_rbf", other_rules, "select"),
        "TopProbes._parameter_constraints stands in the place of a method or a rule",
    ),
    "another kind of table": (
        edited("svm_rbf", another_output, "scale"),
        "StandardScaler._sklearn_output_config stands in the place of a method or a rule",
    ),
    "half a file": (cut(10_000), "cut off or damaged"),
    "all but the last byte": (cut(-1), "cut off or damaged"),
    "a changed array": (repacked(with_one_bit_changed), r"checksums do not match: 3\.npy"),
    "a lowered threshold": (
        repacked(with_a_lowered_threshold),
        r"edited since it was written, .* match: card\.json",
    ),
    "one part too many": (
        repacked(lambda parts: parts.update({"notes.txt": b"mine"})),
        r"do not match: notes\.txt",
    ),
    "one part too few": (repacked(lambda parts: parts.pop("2.npy")), r"do not match: 2\.npy"),
    "a second card": (
        lambda path, _: pack(path, parts_of(path), duplicate="card.json"),
        "checksums do not match",
    ),
    "a web page": (
        lambda path, _: path.write_text("<!DOCTYPE html>\n<title>404</title>"),
        "it is a web page",
    ),
    "nothing": (cut(0), "it is empty"),
    "a folder": (a_folder, "is a folder; expected a file such as"),
    "no file": (lambda path, _: path.unlink(), "there is no such model file"),
    "a text": (lambda path, _: path.write_text("sample,call\n1,ALL\n"), "neither a zip nor"),
    "a zip of tables": (
        lambda path, _: pack(path, {"actual.csv": b"patient,cancer\n1,ALL\n"}),
        "a zip, but not a model file.*lacks schema.json, card.json, SHA256SUMS",
    ),
    "a file of another project": (
        lambda path, _: skops.io.dump(small_model("knn").pipeline, path),
        "a zip, but not a model file.*lacks card.json",
    ),
    "a file of the future": (
        lambda path, _: forge(path, card=lambda card: card.replace("version 3", "version 9")),
        "its format is 'leukemia-kedro model, version 9'; expected",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_and_nothing_happens(make, message, path):
    trace = path.parent / "trace"
    make(path, trace)
    with pytest.raises(UserError, match=message) as refusal:
        read_model(path)
    assert str(path) in str(refusal.value)
    assert not trace.exists()


def test_the_hostile_files_would_leave_a_trace(tmp_path):
    """Else the test above would prove nothing."""
    for number, hostile in enumerate([Leaves(tmp_path / "0"), f"touch {tmp_path / '1'}"]):
        if isinstance(hostile, str):
            os.system(hostile)
        else:
            pickle.loads(pickle.dumps(hostile)).close()
        assert (tmp_path / str(number)).exists()
    LeavesWhenBuilt().__setstate__({"trace": str(tmp_path / "2")})
    assert (tmp_path / "2").exists()


def test_no_change_of_a_byte_goes_unnoticed(path):
    """A file with one byte changed is refused, or is the same model (dates in the zip)."""
    content, rng = path.read_bytes(), np.random.default_rng(0)
    samples = new_patients()
    calls = read_model(path).predict(samples)
    for position in rng.choice(len(content), 150, replace=False):
        changed = bytearray(content)
        changed[position] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            model = read_model(path)
        except UserError:
            continue
        pd.testing.assert_frame_equal(model.predict(samples), calls)


def test_another_scikit_learn_is_told_in_one_line(path, caplog):
    """The estimators' own warnings are errors here, so none has come through."""
    read_model(path)
    assert caplog.text == ""
    import sklearn

    here = sklearn.__version__
    forge(
        path,
        card=lambda card: card.replace(f'"scikit-learn": "{here}"', '"scikit-learn": "1.7.2"'),
        schema=lambda schema: schema.replace(f'"\\"{here}\\""', '"\\"1.7.2\\""'),
    )
    assert b"1.7.2" in parts_of(path)["schema.json"]
    read_model(path)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"trained with scikit-learn 1.7.2, here {here}" in record.getMessage()


def test_the_card_can_be_read_without_python(path):
    card = json.loads(zipfile.ZipFile(io.BytesIO(path.read_bytes())).read("card.json"))
    assert card["format"].startswith("leukemia-kedro model")
    assert card["threshold"] == 0.3


def with_card(path, **changes):
    forge(path, card=lambda card: json.dumps(json.loads(card) | changes))


CARD = small_model("weighted_voting").card
METRICS = {
    "cross_validation": {"accuracy": 0.9, "auc": None},
    "test": None,
    "corrected": {
        "balanced_accuracy": 0.9, "low": 0.8, "high": 0.97, "method": "m", "interval": "i",
        "n_draws": 2000, "best": {"knn": 1.0},
    },
}  # fmt: skip
HOSTILE = CARD["model"] | {"estimator": "subprocess.Popen", "arguments": {"args": "touch trace"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ["ALL", "MLL"]}, r"its counts are not of the classes \['ALL', 'MLL'\]"),
        ({"classes": "ALL"}, "classes: Input should be a valid"),
        ({"classes": ["ALL", "ALL"]}, "its counts are not of the classes"),
        ({"scale": "log2"}, "scale is log2, and raw of the cohort"),
        ({"scale": "ln"}, "scale: Input should be 'raw', 'log2' or 'counts'"),
        ({"threshold": 2}, "threshold: Input should be less than or equal to 1"),
        ({"threshold": "0.3"}, "threshold: Input should be a valid number"),
        ({"threshold": 0.0}, "threshold is 0.0 on its card, and 0.3 in the model"),
        ({"seed": -1}, "seed: Input should be greater"),
        ({"left_out": "too slow"}, "classes: Extra inputs are not permitted"),
        ({"signature": "checked"}, "signature: Extra inputs are not permitted"),
        ({"n_genes": 7}, "n_genes is 7 on its card, and 50 in the model"),
        ({"training": CARD["training"] | {"n_probes": 4}}, "training.n_probes is 4 on its card"),
        ({"training": CARD["training"] | {"quantiles": {}}}, r"quantiles are \[\]; expected"),
        ({"tuned": {}}, r"tuned is \{\} on its card"),
        ({"preprocessing": {"log2": {"floor": 20.0}}}, "preprocessing is .* on its card"),
        (
            {"cohort": CARD["cohort"] | {"floor": 1e6}},
            "cohort: Value error, floor 1000000.0 is not",
        ),
        ({"conformal": CARD["conformal"] | {"alpha": 0.5}}, "conformal.alpha is 0.5 on its card"),
        ({"versions": {}}, "versions lack"),
        ({"metrics": [1]}, "metrics: Input should be an object"),
        ({"metrics": {}}, "metrics.cross_validation: Field required"),
        (
            {"metrics": METRICS | {"cross_validation": {"accuracy": "<script>"}}},
            "metrics.cross_validation.accuracy: Input should be a valid number",
        ),
        (
            {"metrics": METRICS | {"cross_validation": {"accuracy": 10**400}}},
            "metrics.cross_validation.accuracy: ",
        ),
        ({"metrics": METRICS | {"corrected": None}}, "metrics.corrected: Input should be an obj"),
        ({"date": "2026-13-45"}, "date: Value error"),
        # Shown in the log, also where no program of the project reads the file.
        (
            {"versions": CARD["versions"] | {"numpy": "\x1b]0;title\x07"}},
            r"control characters, or too long: \\x1b\]0;title",
        ),
        ({"versions": CARD["versions"] | {"\x1b[2J": "1"}}, "text with control characters"),
        ({"versions": CARD["versions"] | {"numpy": "9" * 10**6}}, "control characters, or too lo"),
        ({"name": "knn\u202e"}, "text with control characters"),
        ({"confounding": ["\x9b2J"]}, "text with control characters"),
        ({"symbols": {"X1_at": "ZYX"}}, r"symbols of other probes is \['X1_at'\] on its card"),
        ({"confounding": [1]}, "confounding.0: Input should be a valid string"),
        ({"model": HOSTILE}, "model.estimator is Popen on its card, and WeightedVoting in the mod"),
        (
            {"model": CARD["model"] | {"estimator": "subprocess.WeightedVoting"}},
            "model.estimator is subprocess.WeightedVoting on its card",
        ),
    ],
)
def test_a_card_is_checked_as_a_whole(changes, message, path):
    with_card(path, **changes)
    with pytest.raises(UserError, match=message):
        read_model(path)


@pytest.mark.parametrize("name", [name for name in CARD if name not in ("name", "metrics")])
def test_an_incomplete_card_is_refused(name, path):
    forge(
        path, card=lambda card: json.dumps({k: v for k, v in json.loads(card).items() if k != name})
    )
    with pytest.raises(UserError, match=f"its card is not valid: {name}: Field required"):
        read_model(path)


@pytest.mark.parametrize(
    "card", ["[]", "7", "{}", "", "{", "\x00", "[" * 10**5, '{"format": NaN}', '{"a":' * 5000]
)
def test_a_card_that_is_none_is_refused(card, path):
    forge(path, card=lambda _: card)
    with pytest.raises(UserError, match=r"its card is|its format is|refused, its content"):
        read_model(path)


def test_a_card_without_a_model_and_a_model_without_a_card_are_refused(path):
    format_ = json.loads(parts_of(path)["card.json"])["format"]
    forge(path, card=lambda _: json.dumps({"format": format_, "left_out": "too slow"}))
    with pytest.raises(UserError, match="says that the model was left out, and there is one"):
        read_model(path)
    write_model(FittedModel(None, CARD), path)
    with pytest.raises(UserError, match=r"found builtins\.NoneType, expected sklearn.pipeline"):
        read_model(path)


@pytest.mark.parametrize(
    ("package", "model", "told"),
    [
        ("numpy", "naive_bayes", True),
        ("skops", "naive_bayes", True),
        ("leukemia-kedro", "naive_bayes", True),
        ("pandas", "naive_bayes", False),
        ("xgboost", "xgboost", True),
    ],
)
def test_other_versions_are_told_where_predictions_depend_on_them(
    package, model, told, path, caplog
):
    write_model(small_model(model), path)
    versions = small_model(model).card["versions"]
    with_card(path, versions=versions | {package: "0.0.1"})
    read_model(path)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == told
    assert all(f"trained with {package} 0.0.1, here {versions[package]};" in m for m in messages)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_300_forged_files_are_refused_or_predict(n_classes, tmp_path):
    """Seeded; a crash or a hang of the process that opens them fails the test.

    A file with one bit flipped is refused, or is the same model.
    """
    names = [name for name in BLOCKS if n_classes == 2 or name != "weighted_voting"]
    for name in names:
        write_model(small_model(name, n_classes), tmp_path / f"{name}.skops")
    new_patients(n_classes).expression.iloc[:6].to_csv(tmp_path / "samples.csv")
    command = [sys.executable, "-m", "helpers.forged_models", str(tmp_path), "0", "150"]
    tests = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=tests, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = json.loads(done.stdout)
    assert outcomes["failed"] == []
    assert outcomes["refused"] + outcomes["read"] == 150
    assert outcomes["refused"] > 75


def test_a_path_that_no_system_takes_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read: File name too long"):
        read_model(tmp_path / ("a" * 5000))


@pytest.mark.parametrize(
    ("part", "name", "change"),
    [
        ("space", "components", lambda values: values[:, 1:]),
        ("space", "damping", lambda values: values[1:]),
        ("space", "centroids", lambda values: values[:, :-1]),
        ("space", "noise", lambda value: 0.0),
        ("profiles", "means", lambda values: values[1:]),
        ("profiles", "limit", lambda value: -1.0),
        ("reference", "means", lambda values: values[1:]),
        ("sets", "scores", lambda scores: {"A": [0.5]}),
        ("sets", "weights", lambda weights: weights | {"another": [0.5]}),
    ],
)
def test_a_memory_of_other_samples_or_classes_is_refused(path, part, name, change):
    """Each array and class of what the model remembers fits the pipeline beside it."""
    model = small_model("weighted_voting")
    reference, profiles = model.reference, model.reference.profiles
    parts = {"space": profiles.space, "profiles": profiles, "reference": reference}
    parts["sets"] = model.conformal
    changed = replace(parts[part], **{name: change(getattr(parts[part], name))})
    parts |= {part: changed}
    if part == "space":
        parts["profiles"] = replace(profiles, space=changed)
    if part in ("space", "profiles"):
        parts["reference"] = replace(reference, profiles=parts["profiles"])
    forged = replace(model, reference=parts["reference"], conformal=parts["sets"])
    write_model(forged, path)
    with pytest.raises(UserError, match="refused"):
        read_model(path)
