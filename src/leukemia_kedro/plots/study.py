"""What a run found, one object per chapter: figures and report take these.

The fields of a chapter are datasets, under the names they have in the data catalog; pipelines
derive the inputs of their nodes from them. Large tables that only one figure needs are no part of
a chapter. The report loads those of :class:`LinkedStudy` alone. Columns and keys:
``docs/reference/files.md``; a record (``TypedDict``) is a JSON file with the keys that figures and
report read.

Nothing heavy is imported here, because Kedro reads this module at start-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict, TypeVar

from leukemia_kedro.cohort.terms import Terms, terms_of
from leukemia_kedro.differential_expression.records import PriorRecord, TruthRecord
from leukemia_kedro.evaluation.records import ConformalRecord, RejectOption, SetsRecord
from leukemia_kedro.model.rules import Rule

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

    from leukemia_kedro import parameters
    from leukemia_kedro.cohort.identity import Identity
    from leukemia_kedro.cohort.quality import DataQuality
    from leukemia_kedro.statistics.confounding import Confounding

IN_FULL = 3
"""Contrasts shown with every figure; a page with dozens of them would not open."""
DRAWN = 10
"""Contrasts that have figures of their own and a table on the page, as many as five classes have
pairs. Twenty classes have 190 pairs, and their figures would be 1,900 files. Tables are written of
all."""


class StabilityIndex(TypedDict):
    """Nogueira's index with its 95 % interval, and how many genes were chosen how often."""

    criterion: str
    n_genes: int
    n_folds: int
    n_ever_chosen: int
    n_always_chosen: int
    stability: float | None
    """None where every training set chooses all probes."""
    stability_low: float | None
    stability_high: float | None


class Overlap(TypedDict):
    """What two sets of genes share; ``p`` is the probability of sharing as many by chance."""

    shared: int
    jaccard: float
    p: float


class SignatureOverlap(TypedDict):
    """What the signature and the top 100 share with a published one, if any is named."""

    reference: str | None
    n_reference: NotRequired[int]
    signature: NotRequired[Overlap]
    top_100: NotRequired[Overlap]


class WithInterval(TypedDict):
    """A value with its 95 % interval; None where it is infinite or not defined."""

    value: float | None
    low: float | None
    high: float | None


class Scores(TypedDict):
    """Of one set of predictions; ``n`` is the number of samples.

    Predictions of the samples that a model was fitted to have no calibration.
    """

    n: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    auc: float | None
    log_loss: float
    brier: float
    per_class: dict[str, dict[str, float | None]]
    conformal_sets: NotRequired[SetsRecord]
    """Of the test samples."""
    calibration_slope: NotRequired[float | None]
    calibration_slope_low: NotRequired[float | None]
    calibration_slope_high: NotRequired[float | None]
    calibration_intercepts: NotRequired[dict[str, WithInterval]]


class ModelScores(TypedDict):
    """Of one model in cross-validation, on its training samples and on test samples."""

    n_genes: int
    genes: list[str]
    rules: NotRequired[list[Rule]]
    reject_option: RejectOption
    cv: Scores
    train: Scores
    test: Scores | None


class CrossValidation(TypedDict):
    """The champion's scores in cross-validation, with a 95 % interval."""

    balanced_accuracy: float
    balanced_accuracy_low: float
    balanced_accuracy_high: float
    brier: float


class CorrectedScore(TypedDict):
    """The champion's balanced accuracy, the choice among the models included; 95 % interval."""

    balanced_accuracy: float
    low: float
    high: float
    n_draws: int
    best: dict[str, float]


class OnTestSamples(TypedDict):
    """The champion's scores on the test samples, with 95 % intervals."""

    n: float
    errors: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    balanced_accuracy: float
    balanced_accuracy_low: float
    balanced_accuracy_high: float
    brier: float
    calls: float
    errors_among_calls: float
    patients: NotRequired[float]
    """Only where patients gave several samples, as the next three. They count patients with an
    error, with a call, with a wrong call."""
    patients_wrong: NotRequired[float]
    patients_called: NotRequired[float]
    patients_called_wrongly: NotRequired[float]


class HeldOutFigure(TypedDict):
    """A share (``count`` samples, or patients who gave several, ``of`` so many) or a score, with
    its 95 % interval."""

    count: NotRequired[int]
    of: NotRequired[int]
    value: float | None
    low: float | None
    high: float | None
    published: list[float] | None


class PublishedResult(TypedDict):
    """Of another method on the same held-out samples."""

    reference: str


class Champion(TypedDict):
    """The chosen model: rule, parameters, scores, and the models left out."""

    champion: str
    rule: str
    classes: list[str]
    n_genes: int
    threshold: float
    reject_option: RejectOption
    conformal: ConformalRecord
    parameters: dict[str, Any]
    cross_validation: CrossValidation
    test: OnTestSamples | None
    held_out: dict[str, HeldOutFigure] | None
    published: list[PublishedResult] | None
    left_out: dict[str, str]
    corrected: CorrectedScore


class PermutationTest(TypedDict):
    """Scores are balanced accuracies in one repeat of cross-validation; ``model`` was chosen among
    ``models`` with true labels."""

    model: str
    score: float
    p_value: float
    n_permutations: int
    permuted_scores: list[float]
    models: list[str]


class GenesChosen(TypedDict):
    """Balanced accuracies."""

    genes_inside_folds: float
    genes_outside_folds: float


class SelectionBias(TypedDict):
    """Scores with genes chosen inside and outside the folds."""

    model: str
    n_permutations: int
    true_labels: GenesChosen
    permuted_labels: GenesChosen


class CurvePoint(TypedDict):
    """Balanced accuracy, with its 95 % interval, after training on ``n`` patients."""

    n: float
    value: float
    low: float
    high: float


class LearningCurve(TypedDict):
    """Balanced accuracies with fewer training patients, and what the fitted law says of more.

    What comes from the law is None, or empty, where there is none.
    """

    model: str
    sizes: list[float]
    balanced_accuracy: list[float]
    balanced_accuracy_low: list[float]
    balanced_accuracy_high: list[float]
    above_chance: list[bool]
    power_law: dict[str, float] | None
    now: CurvePoint | None
    doubled: CurvePoint | None
    gain: WithInterval | None
    can_be_told: bool
    fitted: list[CurvePoint]


class HardSample(TypedDict):
    """A sample that most models misclassify."""

    sample: str
    label: str
    split: str
    n_models_wrong: int
    n_models: int


class Shift(TypedDict):
    """How different the test samples are; None with too few of them."""

    auc: float | None
    p_value: float | None
    n_permutations: int
    hard_samples: list[HardSample]


class FigureRecord(TypedDict):
    """A rendered figure, as :class:`~leukemia_kedro.datasets.files.FiguresDataset` loads it."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str


@dataclass(frozen=True, kw_only=True, eq=False)
class CohortStudy:
    """The samples and what was measured of them."""

    data_quality: DataQuality
    sample_split: pd.DataFrame
    """Index ``sample``, columns ``label``, ``split`` and perhaps ``group``."""
    probes: pd.DataFrame
    """Index ``probe``, column ``description``."""
    confounding: Sequence[Confounding]
    """Of each covariate, the strongest first."""
    identity: Identity

    @property
    def classes(self) -> list[str]:
        """In class order, the reference class first."""
        return list(self.data_quality["classes"])

    @property
    def are_ratios(self) -> bool:
        """Whether the values lie around 0 on the log2 scale, as those of two-colour arrays do."""
        return are_ratios(self.data_quality)

    @property
    def terms(self) -> Terms:
        """What its rows, columns and values are called."""
        return terms_of(self.data_quality["scale"])

    @property
    def n_train(self) -> int:
        return sum(sizes["train"] for sizes in self.data_quality["classes"].values())

    @property
    def n_test(self) -> int:
        return sum(sizes["test"] for sizes in self.data_quality["classes"].values())

    @property
    def n_patients(self) -> int | None:
        """See :meth:`count_patients`."""
        return self.count_patients()

    @property
    def n_train_patients(self) -> int | None:
        return self.count_patients("train")

    @property
    def n_test_patients(self) -> int | None:
        return self.count_patients("test")

    def count_patients(self, split: str | None = None, label: str | None = None) -> int | None:
        """Patients who gave the samples, of a side of the split or a class where stated; None where
        the cohort names no groups, so that each sample counts as a patient."""
        rows = self.sample_split
        if "group" not in rows:
            return None
        if split is not None:
            rows = rows[rows["split"] == split]
        if label is not None:
            rows = rows[rows["label"] == label]
        return int(rows["group"].nunique())


@dataclass(frozen=True, kw_only=True, eq=False)
class SignatureStudy:
    """The genes named."""

    signature: pd.DataFrame
    """``probe, description, score, direction, selection_frequency``; best gene first."""
    stability_index: StabilityIndex
    signature_overlap: SignatureOverlap


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelStudy:
    """The models."""

    model_comparison: pd.DataFrame
    """One row per model, simplest first, then the baseline; test columns NaN without a test set."""
    model_scores: Mapping[str, ModelScores]
    test_predictions: pd.DataFrame
    """Of all models, column ``model``; no rows without a test set."""
    champion: Champion
    permutation_test: PermutationTest
    selection_bias: SelectionBias
    learning_curve: LearningCurve
    shift: Shift
    subgroups: pd.DataFrame
    """Columns of :data:`~leukemia_kedro.evaluation.subgroups.COLUMNS`."""
    errors: pd.DataFrame
    """What the champion gets wrong or does not call, from
    :func:`~leukemia_kedro.evaluation.subgroups.list_errors`."""


class Decided(NamedTuple):
    """Numbers of probes of a contrast."""

    up: int
    down: int
    tested: int

    @property
    def differ(self) -> int:
        return self.up + self.down


def decided(contrast_summary: pd.DataFrame, contrast: str) -> Decided:
    """How many probes differ in a contrast: the one number for report and terminal."""
    columns = ["up", "down", "not_significant"]
    counts = contrast_summary.loc[contrast_summary["contrast"] == contrast, columns]
    up, down, others = counts.iloc[0].tolist()
    return Decided(up, down, up + down + others)


@dataclass(frozen=True, kw_only=True, eq=False)
class ContrastStudy:
    """Genes and gene sets that differ."""

    contrast_tables: Mapping[str, pd.DataFrame]
    """limma's columns, sorted by ``P.Value``."""
    contrast_summary: pd.DataFrame
    """``contrast, up, down, not_significant``, numbers of probes by the decision of the parameters,
    which may allow for several contrasts."""
    variance_prior: PriorRecord
    voom_trend: pd.DataFrame
    """Index ``probe``, columns ``mean_log_count, sqrt_sd, fitted``; no rows without voom."""
    sample_weights: pd.DataFrame
    """Index ``sample``, columns ``library_size, tmm_factor, weight``, of the samples compared; no
    rows where these have no weights, and without voom."""
    enrichment: pd.DataFrame
    """Tests of gene sets, column ``contrast``; no rows without gene sets."""
    de_truth: list[TruthRecord]
    """Empty where the data are not simulated."""

    def decided(self, contrast: str) -> Decided:
        """How many probes differ in a contrast."""
        return decided(self.contrast_summary, contrast)

    @property
    def enrichment_tables(self) -> dict[str, pd.DataFrame]:
        """The gene-set tests of each contrast that has any."""
        return {str(name): table for name, table in self.enrichment.groupby("contrast")}


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkedStudy:
    """Whole tables, of which the report shows one gene or one sample at a time."""

    log_expression: pd.DataFrame
    """Shape (n_probes, n_samples), log2."""
    samples: pd.DataFrame
    """Index ``sample``, ``label``, perhaps ``split``, and covariates."""
    gene_ranking: pd.DataFrame
    """``criterion, probe, score, rank``."""
    selection_stability: pd.DataFrame
    """``probe, selection_frequency, mean_rank``, of genes that any training set chose."""
    cv_predictions: pd.DataFrame
    """Of all models, column ``model``."""
    projections: pd.DataFrame
    """``method, sample, label, split, x, y``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ReplicationStudy:
    """Published results beside reproduced ones; no rows where none was run."""

    replication: pd.DataFrame
    """``study, quantity, published, reproduced, agrees, note``."""
    shrunken_centroid_path: pd.DataFrame
    """``threshold, n_genes, cv_errors, test_errors, chosen``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Galleries:
    """The figures of each chapter, and their interactive counterparts by the same names."""

    cohort_figures: Sequence[FigureRecord]
    signature_figures: Sequence[FigureRecord]
    model_figures: Sequence[FigureRecord]
    contrast_figures: Sequence[FigureRecord]
    replication_figures: Sequence[FigureRecord]
    interactive_cohort_figures: Mapping[str, Figure]
    interactive_model_figures: Mapping[str, Figure]
    interactive_contrast_figures: Mapping[str, Figure]

    @property
    def interactive(self) -> dict[str, Figure]:
        """Shown on the screen in place of the figure of that name, which is printed."""
        return {
            **self.interactive_cohort_figures,
            **self.interactive_model_figures,
            **self.interactive_contrast_figures,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class StatedParameters:
    """The parameters that the report states, every default filled in."""

    cohort: parameters.CohortParameters
    feature_selection: parameters.FeatureSelectionParameters
    resampling: parameters.ResamplingParameters
    modelling: parameters.ModellingParameters
    differential_expression: parameters.DifferentialExpressionParameters
    enrichment: parameters.EnrichmentParameters
    models: Mapping[str, parameters.ModelParameters]
    reporting: parameters.ReportingParameters
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """Everything that the report shows."""

    cohort: CohortStudy
    signature: SignatureStudy
    models: ModelStudy
    contrasts: ContrastStudy
    linked: LinkedStudy
    replication: ReplicationStudy
    galleries: Galleries
    parameters: StatedParameters
    versions: Mapping[str, str]
    """Of the installed packages."""


REPORTED = (
    CohortStudy,
    SignatureStudy,
    ModelStudy,
    ContrastStudy,
    LinkedStudy,
    ReplicationStudy,
    Galleries,
)

NEAR_ZERO = 0.5
"""Log2 ratios have a smaller median over the medians of their samples, 1.4-fold."""
MANY_NEGATIVE = 0.2
"""Share of the values below 0 that log2 intensities do not reach."""


def are_ratios(quality: DataQuality) -> bool:
    """Whether values as measured are log2 ratios, as of two-colour arrays."""
    medians = sorted(each["median"] for each in quality["intensity_per_sample"].values())
    near = abs(medians[len(medians) // 2]) <= NEAR_ZERO
    return quality["scale"] == "log2" and near and quality["negative_share"] >= MANY_NEGATIVE


Chapter = TypeVar("Chapter")


def datasets_of(*chapters: type) -> list[str]:
    """Names of the datasets that chapters consist of."""
    return [field.name for chapter in chapters for field in fields(chapter)]


def gather(chapter: type[Chapter], datasets: Mapping[str, Any]) -> Chapter:
    """One chapter from datasets by name; others may be among them."""
    return chapter(**{name: datasets[name] for name in datasets_of(chapter)})
