"""A made study in the shape of the data contract, and what makes a figure legible."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from helpers.made_run import TWO, learning_curve_of, no_alarm, project, samples_of
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend
from matplotlib.text import Text
from scipy.stats import false_discovery_control, ttest_ind

from leukemia_kedro.model.predictions import prediction_table, with_calls
from leukemia_kedro.model.registry import model_names
from leukemia_kedro.plots import galleries
from leukemia_kedro.plots.cohort import QUANTILES
from leukemia_kedro.plots.inputs import Contrast, ModelPredictions
from leukemia_kedro.plots.stability import threshold_path
from leukemia_kedro.plots.studies import study_matrix
from leukemia_kedro.plots.study import CohortStudy, ContrastStudy, ModelStudy, SignatureStudy

MODELS = model_names()

FIVE = ("AML", "Bone_Marrow", "Bone_Marrow_CD34", "PB", "PBSC_CD34")
ABSURD = tuple(
    f"Acute_leukemia_of_{kind}_lineage_with_a_name_that_goes_on_and_on_no_{i}"
    for i, kind in enumerate(("lymphoid", "myeloid", "mixed", "unknown", "no"), start=1)
)  # sixty characters and more


MARKUP = (
    "急性髓系白血病", "<b>T</b>", '<a href="http://x.y">B</a>', "$x_1$", r"$\bad{$", "%{x}",
    "0", "1", "&lt;", "<script>alert(1)</script>",
)  # fmt: skip
"""What matplotlib, plotly or a browser would read as more than text, and Chinese."""


@dataclass(frozen=True)
class Study:
    """The tables a run hands to the figures."""

    classes: tuple[str, ...]
    sample_split: pd.DataFrame
    log_expression: pd.DataFrame
    probes: pd.DataFrame
    cv: dict[str, pd.DataFrame]
    test: dict[str, pd.DataFrame]
    model_comparison: pd.DataFrame
    contrasts: dict[str, pd.DataFrame]

    @property
    def contrast(self) -> Contrast:
        return Contrast(*next(iter(self.contrasts.items())), alpha=0.05)

    @property
    def predictions(self) -> ModelPredictions:
        name = MODELS[0]
        return ModelPredictions(name, self.cv[name], self.test[name], self.classes)

    @property
    def compared(self):
        """What the comparison of the models takes."""
        return self.model_comparison, self.sample_split

    @property
    def quantiles(self) -> pd.DataFrame:
        """Of the intensities, one column per sample."""
        return self.log_expression.quantile([0, 0.25, 0.5, 0.75, 1]).set_axis(QUANTILES)

    @property
    def projected(self) -> pd.DataFrame:
        """Two projections."""
        return project(self.sample_split)


def draw_study(classes=TWO, n_train=38, n_test=34, n_probes=120, missing_from_test=None):
    """Samples whose first probes tell the classes apart; models of growing skill."""
    rng = np.random.default_rng(0)
    sample_split = samples_of(classes, n_train, n_test)
    train, tested = sample_split[:n_train], sample_split[n_train:]
    tested = tested[tested["label"] != missing_from_test]
    sample_split = pd.concat([train, tested])
    codes = sample_split["label"].map(classes.index)
    effects = rng.normal(size=(n_probes, len(classes)))
    effects[n_probes // 3 :] = 0
    values = 9 + 2 * effects[:, codes] + rng.normal(size=(n_probes, len(sample_split)))
    names = [f"X{10000 + i}_at" for i in range(n_probes)]
    described = "GB DEF = Gene {} (long $ description of a protein), $ mRNA"
    descriptions = ["" if i % 7 == 3 else described.format(i) for i in range(n_probes)]
    probes = pd.DataFrame({"description": descriptions}, index=pd.Index(names, name="probe"))
    log_expression = pd.DataFrame(values, index=probes.index, columns=sample_split.index)
    cv, test = {}, {}
    for i, model in enumerate(MODELS):
        skill = 1 + 0.4 * i
        repeats = [_called(train, classes, skill, rng).assign(repeat=r) for r in range(5)]
        cv[model] = pd.concat(repeats, ignore_index=True)
        table = _called(tested, classes, skill, rng)
        test[model] = with_calls(table, table.filter(like="probability_").max(axis=1), 0.6)
    samples = sample_split.groupby("label").groups
    contrasts = {
        f"{b}-{a}": _contrast(log_expression, probes, samples[a], samples[b])
        for a, b in combinations(classes, 2)
    }
    compared = _model_comparison(cv, test)
    return Study(classes, sample_split, log_expression, probes, cv, test, compared, contrasts)


def _called(samples, classes, skill, rng):
    """Labels, calls and probabilities of a model with so much skill."""
    truth = samples["label"].to_numpy()
    scores = rng.normal(size=(len(samples), len(classes)))
    scores += skill * (truth[:, None] == np.array(classes))
    probability = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    predicted = np.asarray(classes)[probability.argmax(axis=1)]
    table = prediction_table(samples.index, predicted, probability, classes)
    return table.assign(label=truth, confidence=probability.max(axis=1))


def _model_comparison(cv, test):
    correct = pd.DataFrame({model: t["label"] == t["predicted"] for model, t in cv.items()})
    score = correct.groupby(cv[MODELS[0]]["label"]).mean().mean()
    right = pd.DataFrame({model: t["label"] == t["predicted"] for model, t in test.items()})
    recall = right.groupby(test[MODELS[0]]["label"]).mean()
    balanced = pd.Series(recall.mean() if len(recall) else np.nan, score.index)
    table = pd.DataFrame({"cv_balanced_accuracy": score, "test_balanced_accuracy": balanced})
    for column in list(table):
        table[f"{column}_low"] = (table[column] - 0.1).clip(lower=0)
        table[f"{column}_high"] = (table[column] + 0.08).clip(upper=1)
    table["champion"] = score.index == score.idxmax()
    table["test_n"] = len(test[MODELS[0]]) or np.nan
    accuracies = {"cv_accuracy": correct.mean(), "test_accuracy": right.mean()}
    table = table.assign(n_genes=50, train_accuracy=1.0, baseline=False, **accuracies)
    nothing = {"champion": False, "n_genes": 0, "baseline": True}
    nothing["cv_balanced_accuracy"] = 1 / correct.groupby(cv[MODELS[0]]["label"]).ngroups
    nothing["test_balanced_accuracy"] = 1 / len(recall) if len(recall) else np.nan
    table.loc["larger_class"] = pd.Series(nothing)
    types = {"champion": bool, "baseline": bool, "n_genes": int}
    return table.astype(types).rename_axis("model").reset_index()


def _contrast(log_expression, probes, reference, others):
    low, high = log_expression[reference], log_expression[others]
    table = probes.assign(logFC=high.mean(axis=1) - low.mean(axis=1))
    table["AveExpr"] = log_expression.mean(axis=1)
    table["P.Value"] = ttest_ind(high, low, axis=1).pvalue
    table["adj.P.Val"] = false_discovery_control(table["P.Value"])
    return table.sort_values("P.Value").reset_index()


@pytest.fixture(scope="session")
def make_study():
    """Function that makes a study of any size."""
    return draw_study


@pytest.fixture(scope="session")
def two():
    """Two classes, 38 + 34 samples, as in Golub."""
    return draw_study()


@pytest.fixture(scope="session")
def five():
    """Five classes with long names, one of them without a test sample."""
    return draw_study(FIVE, n_train=40, n_test=30, missing_from_test="PB")


@pytest.fixture(scope="session")
def untested():
    """Five classes and no test set."""
    return draw_study(FIVE, n_train=64, n_test=0)


@pytest.fixture(scope="session")
def markup():
    """Ten classes whose names look like markup."""
    return draw_study(MARKUP, n_train=60, n_test=30)


@pytest.fixture(scope="session")
def large():
    """2,100 samples: more than heat maps, strips and distributions show."""
    return draw_study(n_train=1400, n_test=700, n_probes=20)


@pytest.fixture(scope="session")
def absurd():
    """Classes with absurdly long names."""
    return draw_study(ABSURD, n_train=40, n_test=25)


@pytest.fixture(scope="session", params=["two", "five", "untested", "absurd", "markup"])
def study(request):
    """Each of the three, one with absurdly long names, and one with ten that look like markup."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def drawn_path():
    """Function that draws the one figure that a replication makes, not a gallery."""
    columns = ["threshold", "n_genes", "cv_errors", "test_errors", "chosen"]
    rows = [(0.0, 100, 1.5, 4, True), (1.0, 20, 2.0, 2, False), (2.0, 0, 11.0, 14, False)]
    published = {"n_genes": 21, "cv_errors": 2, "test_errors": 3}
    path = pd.DataFrame(rows, columns=columns)
    return partial(threshold_path, path, published, n_train=38, n_test=34)


@pytest.fixture(scope="session")
def drawn_studies():
    """Function that draws the one figure of cross_study: three studies, one of them not learned
    from."""
    columns = ["learned_from", "called", "balanced_accuracy", "errors", "n", "model", "champion"]
    rows = [
        ("golub", "golub", 0.97, 1.8, 72, "naive_bayes", True),
        ("golub", "mll", 0.98, 1, 52, "naive_bayes", True),
        ("golub", "mll", 0.5, 26, 52, "knn", False),
        ("golub", "a study with a rather long name", 1.0, 0, 128, "naive_bayes", True),
        ("mll", "mll", 0.98, 1, 52, "svm_linear", True),
        ("mll", "golub", 0.75, 20, 72, "svm_linear", True),
        ("golub + mll", "golub + mll", 0.97, 3.2, 124, "knn", True),
        ("golub + mll", "a study with a rather long name", 0.25, 96, 128, "knn", True),
    ]
    matrix = pd.DataFrame(rows, columns=columns)
    for name, step in (("low", -0.1), ("high", 0.1)):
        matrix[f"balanced_accuracy_{name}"] = (matrix["balanced_accuracy"] + step).clip(0, 1)
    return partial(study_matrix, matrix)


@pytest.fixture(scope="session")
def gallery_of(drawn_path, drawn_studies):
    """Function that gives one call of each figure function, by its name."""
    others = {"threshold_path": drawn_path, "study_matrix": drawn_studies}
    return lambda study, scale=None: {**_gallery_of(study, scale), **others}


def _gallery_of(study, scale):
    without_test = "log2" if study.test[MODELS[0]].empty else "raw"
    described = {
        "classes": dict.fromkeys(study.classes),
        "intensity_per_sample": study.quantiles.to_dict(),
        "negative_share": 0.0,
        "scale": scale or without_test,
    }
    name, table = study.contrast.name, study.contrast.table
    frequency = np.linspace(1, 0, len(study.probes))
    stability = pd.DataFrame({"probe": study.probes.index, "selection_frequency": frequency})
    stability["mean_rank"] = 1 - frequency
    sets = [f"HALLMARK_OF_A_PATHWAY_WITH_A_RATHER_LONG_NAME_{i}" for i in range(25)]
    gene_sets = pd.DataFrame({"contrast": name, "gene_set": sets, "n_genes": 40, "n_up": 3})
    gene_sets["camera_fdr"] = np.geomspace(1e-9, 1, 25)
    gene_sets = gene_sets.assign(n_down=5, direction=np.resize(["Up", "Down"], 25))
    cv, test = (
        pd.concat(table.assign(model=model) for model, table in tables.items())
        for tables in (study.cv, study.test)
    )
    found = {"sample_split": study.sample_split, "probes": study.probes}
    cohort = CohortStudy(data_quality=described, confounding=[], identity=no_alarm(), **found)
    signature = SignatureStudy(signature=table.head(50), stability_index={}, signature_overlap={})
    permuted = {
        "model": "knn",
        "models": ["knn", "svm_rbf"],
        "score": 0.9,
        "p_value": 0.01,
        "permuted_scores": [*frequency],
    }
    models = ModelStudy(
        model_comparison=study.model_comparison,
        model_scores={},
        test_predictions=test,
        champion={},
        permutation_test=permuted,
        selection_bias={},
        learning_curve=learning_curve_of((study.sample_split["split"] == "train").sum()),
        shift={"auc": 0.8, "p_value": 0.01},
        subgroups=pd.DataFrame(),
        errors=pd.DataFrame(),
    )
    contrasts = ContrastStudy(
        contrast_tables={**study.contrasts, "one_more": table},
        contrast_summary=pd.DataFrame(),
        variance_prior={"n_samples": int((study.sample_split["split"] == "train").sum())},
        voom_trend=_trend(300),
        sample_weights=_weights(study.sample_split),
        enrichment=gene_sets,
        de_truth=[],
    )
    drawn = (
        galleries.cohort_gallery(cohort, study.projected, {"PCA": [0.2, 0.1]}),
        galleries.signature_gallery(cohort, signature, study.log_expression, stability),
        galleries.model_gallery(cohort, models, study.log_expression, cv),
        galleries.contrast_gallery(cohort, contrasts, study.log_expression, 0.05),
    )
    calls = [call for gallery in drawn for call in gallery.printed()]
    return {call.func.__name__: call for call in reversed(calls)}


def _trend(n_genes):
    """A trend that falls as voom's does, with a spread around it."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"mean_log_count": rng.uniform(-0.5, 16, n_genes)})
    table["fitted"] = 0.5 + np.exp(-0.4 * table["mean_log_count"])
    return table.assign(sqrt_sd=table["fitted"] + rng.normal(0, 0.15, n_genes))


def _weights(sample_split):
    """Libraries up to tenfold apart, of the training samples."""
    names = sample_split.index[sample_split["split"] == "train"].rename("sample")
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"library_size": rng.uniform(1e6, 1e7, len(names))}, names)
    return table.assign(
        tmm_factor=rng.lognormal(0, 0.1, len(names)), weight=rng.lognormal(0, 0.5, len(names))
    )


@pytest.fixture(scope="session")
def assert_legible():
    """Function that fails where text is cut by the canvas or lies on other text."""

    def check(figure):
        names, boxes = _text_boxes(figure)
        low, high = boxes[:, :2], boxes[:, 2:]
        cut = np.flatnonzero((low < -1).any(axis=1) | (high > figure.bbox.max + 1).any(axis=1))
        assert not len(cut), f"cut: {[names[i] for i in cut]}"
        shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        pairs = np.argwhere(np.triu((shared > 1.5).all(axis=2), k=1))
        assert not len(pairs), f"overlap: {[(names[i], names[j]) for i, j in pairs]}"

    return check


def _text_boxes(figure):
    """Names and extents (x0, y0, x1, y1 in pixels) of all text drawn; a legend counts as one."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    legends = figure.findobj(Legend)
    skipped = {id(text) for legend in legends for text in legend.findobj(Text)}
    for ax in figure.findobj(Axes):
        if not ax.get_visible():
            skipped |= {id(text) for text in ax.findobj(Text)}
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                if not low <= tick.get_loc() <= high:
                    skipped |= {id(tick.label1), id(tick.label2)}
    texts = [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in skipped
    ]
    boxes = [Text.get_window_extent(text, renderer).extents for text in texts]
    boxes += [legend.get_window_extent(renderer).extents for legend in legends]
    return [text.get_text() for text in texts] + ["legend"] * len(legends), np.array(boxes)
