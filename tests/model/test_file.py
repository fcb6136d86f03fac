"""Model files: whole, the same for the same model, and unable to run code whoever made them."""

import hashlib
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from helpers.small_models import BLOCKS, new_patients, small_model

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.file import TRUSTED_TYPES, FittedModel, read_model, write_model


@pytest.fixture
def path(tmp_path):
    """A model file as a run writes it."""
    path = tmp_path / "champion.skops"
    write_model(small_model("weighted_voting"), path)
    return path


def parts_of(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


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
    del parts["SHA256SUMS"]
    for name, change in changes.items():
        parts[f"{name}.json"] = change(parts[f"{name}.json"].decode()).encode()
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts.items()]
    pack(path, parts | {"SHA256SUMS": "".join(sums).encode()})


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


@pytest.mark.parametrize("name", ["weighted_voting", "svm_linear", "random_forest", "xgboost"])
def test_the_same_model_is_the_same_file(name, tmp_path):
    model = small_model(name)
    write_model(model, tmp_path / "one")
    write_model(pickle.loads(pickle.dumps(model)), tmp_path / "other")  # at other addresses
    write_model(read_model(tmp_path / "one"), tmp_path / "again")
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


ENDLESS = '{"protocol": 1, "content": ' + "[" * 100_000 + "]" * 100_000 + "}"
REFUSED = {
    "a pickle": (a_pickle, "it is a pickle, which could execute code; it has not been opened"),
    "a compressed pickle": (a_compressed_pickle, "neither a zip nor anything else that is known"),
    "an unknown type": (
        an_unknown_type,
        r"refused, nothing of it has been executed.*LeavesWhenBuilt.*TRUSTED_",
    ),
    "a call of the system": (a_call_of_the_system, "nothing of it has been executed.*'os.system'"),
    "an endless schema": (
        lambda path, _: forge(path, schema=lambda _: ENDLESS),
        "refused, its content cannot be rebuilt",
    ),
    "a schema of nonsense": (
        lambda path, _: forge(path, schema=lambda _: '{"protocol": 1}'),
        "refused, its content cannot be rebuilt",
    ),
    "a tree that points outside": (
        a_tree_that_points_outside_itself,
        "a decision tree points outside itself",
    ),
    "a tree in a circle": (
        a_tree_that_goes_round_in_circles,
        "a decision tree points outside itself",
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
        lambda path, _: forge(path, card=lambda card: card.replace("version 1", "version 9")),
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
    assert f"trained with scikit-learn 1.7.2, read with {here}" in record.getMessage()


def test_the_card_can_be_read_without_python(path):
    card = json.loads(zipfile.ZipFile(io.BytesIO(path.read_bytes())).read("card.json"))
    assert card["format"].startswith("leukemia-kedro model")
    assert card["threshold"] == 0.3
