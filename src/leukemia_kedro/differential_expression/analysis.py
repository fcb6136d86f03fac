"""From log2 expression to one table of moderated and classical statistics per contrast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.split import class_order
from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.statistics.contrasts import (
    class_weights,
    contrast_matrix,
    each_against_rest,
    pairwise_contrasts,
)
from leukemia_kedro.statistics.design import Design, design_matrix
from leukemia_kedro.statistics.empirical_bayes import (
    ModeratedFit,
    decide_tests,
    moderate,
    top_table,
    top_table_f,
    treat,
)
from leukemia_kedro.statistics.linear_model import fit_contrasts, fit_linear_model
from leukemia_kedro.statistics.max_t import count_labellings, max_t
from leukemia_kedro.statistics.multiple_testing import benjamini_yekutieli, storey_q_values
from leukemia_kedro.statistics.two_sample import welch_t, wilcoxon_rank_sum

CONFIDENCE = 0.95
COLUMNS = (
    "description", "logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B",
    "welch_t", "welch_p", "wilcoxon_p", "maxT_p",
    "by_p", "q_value", "CI.L", "CI.R",
)  # fmt: skip


class Comparison(NamedTuple):
    """What :func:`compare_classes` finds.

    Parameters
    ----------
    tables : dict of contrast name to DataFrame
        All probes tested, the smallest ``P.Value`` first. limma's columns ``logFC, AveExpr, t,
        P.Value, adj.P.Val, B``; the tests beside them; Benjamini–Yekutieli values ``by_p`` and
        Storey's ``q_value`` of ``P.Value``; the 95 % interval ``CI.L … CI.R`` of ``logFC``. A
        column without a test is NaN: B under ``treat``, maxT without labellings, the two-sample
        tests where the contrast compares no classes.
    summary : DataFrame, columns ``contrast, up, down, not_significant``
        Numbers of probes at ``parameters.fdr``, limma's ``decideTests``.
    f_test : DataFrame, columns ``probe, description, <contrast> …, AveExpr, F, P.Value, adj.P.Val``
        Whether any contrast differs from zero, the smallest ``P.Value`` first; logFC in the
        contrasts' columns. Without rows where there is one contrast only, or under ``treat``,
        which has no F.
    prior : dict
        ``prior_df`` (None: infinite) and ``prior_variance`` of the moderation, medians over probes
        where they differ; ``n_probes``, ``n_samples``; ``contrasts``, expressions by name.
    """

    tables: dict[str, pd.DataFrame]
    summary: pd.DataFrame
    f_test: pd.DataFrame
    prior: dict[str, Any]


def compared_labels(
    sample_split: pd.DataFrame, parameters: DifferentialExpressionParameters
) -> pd.Series:
    """Class of each sample that is compared, by sample."""
    if parameters.samples == "all":
        return sample_split["label"]
    return sample_split.loc[sample_split["split"] == "train", "label"]


def plan_contrasts(
    samples: pd.DataFrame,
    labels: pd.Series,
    cohort: CohortParameters,
    parameters: DifferentialExpressionParameters,
) -> tuple[dict[str, str], Design, pd.DataFrame]:
    """Contrasts by name, the design, and the contrasts in terms of its coefficients.

    Everything that can be wrong with them is found here, from the samples alone.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Covariates. Empty text is a missing value.
    labels : Series, index ``sample``
        Of the samples to compare.
    cohort, parameters : parameters

    Raises
    ------
    UserError
        Design, contrasts or blocks do not fit the samples or each other.
    """
    classes = class_order(labels, cohort.classes)
    expressions = contrast_expressions(parameters, classes)
    table = samples.loc[labels.index].assign(label=labels)
    design = design_matrix(parameters.design, table.mask(table == ""), classes)
    contrasts = contrast_matrix(expressions, design)
    if parameters.blocks is not None:
        blocks = _blocks(table, parameters.blocks)
        for name, expression in expressions.items():
            compared, group = _two_sides(expression, labels, classes)
            if compared.any() and count_labellings(group, blocks[compared]) == 1:
                raise UserError(
                    f"contrast {name}: no label can change places, each value of "
                    f"{parameters.blocks!r} holds samples of one side only. Set "
                    "differential_expression.blocks to null, or to a column whose values hold both"
                )
    return expressions, design, contrasts


def contrast_expressions(
    parameters: DifferentialExpressionParameters, classes: list[str]
) -> dict[str, str]:
    """The contrasts by name, as the parameters ask for them."""
    if parameters.contrasts == "pairs":
        return pairwise_contrasts(classes)
    if parameters.contrasts == "each_against_rest":
        return each_against_rest(classes)
    return dict(parameters.contrasts)


def compare_classes(
    log_expression: pd.DataFrame,
    design: pd.DataFrame,
    contrasts: pd.DataFrame,
    samples: pd.DataFrame,
    sample_split: pd.DataFrame,
    probes: pd.DataFrame,
    probe_filter: pd.DataFrame,
    cohort: CohortParameters,
    parameters: DifferentialExpressionParameters,
    seed: int,
    n_jobs: int,
) -> Comparison:
    """Test every contrast for every probe.

    The moderated statistics come from the whole linear model. The Welch, Wilcoxon and maxT
    columns compare the samples of the classes that enter the contrast with a positive weight
    with those of the classes that enter with a negative one; they know no covariates.

    Parameters
    ----------
    log_expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale; NaN marks a missing value.
    design : DataFrame, shape (n_compared_samples, n_coefficients)
    contrasts : DataFrame, shape (n_coefficients, n_contrasts)
        Both from :func:`plan_contrasts`.
    samples, sample_split : DataFrame, index ``sample``
    probes, probe_filter : DataFrame, index ``probe``
    cohort, parameters : parameters
    seed : int
        Of the labellings of maxT.
    n_jobs : int
        Threads of maxT.
    """
    labels = sample_split.loc[design.index, "label"]
    classes = class_order(labels, cohort.classes)
    expressions = contrast_expressions(parameters, classes)
    rows = probe_filter["passes"] if parameters.probes == "passing_filter" else slice(None)
    expression = log_expression.loc[rows, design.index]
    # Everything below goes probe by probe, so the values of a probe are laid side by side.
    expression = pd.DataFrame(
        np.ascontiguousarray(expression.to_numpy()),
        expression.index,
        expression.columns,
        copy=False,
    )
    fit = fit_contrasts(fit_linear_model(expression, design), contrasts)
    how = {"trend": parameters.trend, "robust": parameters.robust}
    if parameters.treat_lfc is None:
        moderated = moderate(fit, **how)
    else:
        moderated = treat(fit, parameters.treat_lfc, **how)
    blocks = None
    if parameters.blocks is not None:
        blocks = _blocks(samples.loc[design.index], parameters.blocks)
    sides = {name: _two_sides(each, labels, classes) for name, each in expressions.items()}
    beside = _two_sample_tests(expression, sides, blocks, parameters.permutations, seed, n_jobs)

    tables = {}
    for name in expressions:
        table = top_table(moderated, name, CONFIDENCE)
        table["description"] = probes.loc[table.index, "description"]
        table["by_p"] = benjamini_yekutieli(table["P.Value"].to_numpy())
        table["q_value"] = storey_q_values(table["P.Value"].to_numpy())
        if name in beside:
            table = table.join(beside[name])
        tables[name] = table.reindex(columns=COLUMNS).reset_index(names="probe")
    return Comparison(
        tables,
        _summary(moderated, parameters.fdr),
        _f_test(moderated, probes),
        {
            "prior_df": _finite(np.median(moderated.prior.df)),
            "prior_variance": float(np.median(moderated.prior.variance)),
            "n_probes": expression.shape[0],
            "n_samples": expression.shape[1],
            "contrasts": expressions,
        },
    )


def _two_sample_tests(
    expression: pd.DataFrame,
    sides: Mapping[str, tuple[np.ndarray, np.ndarray]],
    blocks: np.ndarray | None,
    permutations: int,
    seed: int,
    n_jobs: int,
) -> dict[str, pd.DataFrame]:
    """Welch, Wilcoxon and maxT of each contrast that compares classes.

    Contrasts of the same samples, such as each class against the rest, share what does not depend
    on which side a sample is on.
    """
    tables = {}
    for compared, names in _by_samples(sides):
        values = expression.to_numpy()
        if not compared.all():
            values = values[:, compared]
        groups = np.array([sides[name][1] for name in names])
        ranks = wilcoxon_rank_sum(values, groups, n_jobs)
        for name, group, wilcoxon_p in zip(names, groups, ranks, strict=True):
            t, p = welch_t(values, group, n_jobs)
            tables[name] = pd.DataFrame(
                {"welch_t": t, "welch_p": p, "wilcoxon_p": wilcoxon_p}, index=expression.index
            )
            if permutations:
                within = None if blocks is None else blocks[compared]
                run = partial(
                    run_parallel, n_jobs=n_jobs, progress=f"maxT {name}", prefer="threads"
                )
                tables[name]["maxT_p"] = max_t(
                    values, group, permutations, seed, within, n_jobs, run
                )
    return tables


def _by_samples(
    sides: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> Iterator[tuple[np.ndarray, list[str]]]:
    """The contrasts' names by the samples they compare; those that compare none are left out."""
    names: dict[bytes, list[str]] = {}
    for name, (compared, _) in sides.items():
        names.setdefault(compared.tobytes(), []).append(name)
    for alike in names.values():
        compared = sides[alike[0]][0]
        if compared.any():
            yield compared, alike


def _two_sides(
    expression: str, labels: pd.Series, classes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Samples whose class is in the contrast, and which of these are on its positive side."""
    weight = labels.map(class_weights(expression, classes)).to_numpy()
    compared = weight != 0
    return compared, weight[compared] > 0


def _blocks(samples: pd.DataFrame, column: str) -> np.ndarray:
    """Number of each sample's block."""
    if column not in samples:
        raise UserError(
            f"differential_expression.blocks is {column!r}, which is no column of the samples "
            f"table; its columns are {first_few(samples.columns, 20)}"
        )
    values = samples[column]
    unknown = samples.index[values.isna() | values.eq("")]
    if len(unknown):
        raise UserError(
            f"differential_expression.blocks: {column!r} has no value for the samples "
            f"{first_few(unknown)}; choose another column, or null"
        )
    return pd.factorize(values)[0]


def _summary(moderated: ModeratedFit, fdr: float) -> pd.DataFrame:
    decisions = decide_tests(moderated, fdr)
    verdicts = {"up": 1, "down": -1, "not_significant": 0}
    counts = {name: (decisions == verdict).sum() for name, verdict in verdicts.items()}
    return pd.DataFrame(counts).reset_index(names="contrast")


def _f_test(moderated: ModeratedFit, probes: pd.DataFrame) -> pd.DataFrame:
    contrasts = list(moderated.t)
    if moderated.f is None or len(contrasts) < 2:
        columns = ["probe", "description", *contrasts, "AveExpr", "F", "P.Value", "adj.P.Val"]
        return pd.DataFrame(columns=columns)
    table = top_table_f(moderated)
    table.insert(0, "description", probes.loc[table.index, "description"])
    return table.reset_index(names="probe")


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
