"""Genes and gene sets that differ between the classes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypedDict, Unpack

from leukemia_kedro.differential_expression.records import ErrorRecord, PriorRecord, TruthRecord
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import (
    CohortParameters,
    ComputeParameters,
    DifferentialExpressionParameters,
    EnrichmentParameters,
)
from leukemia_kedro.pipelines.annotations import DataFrame, Series

if TYPE_CHECKING:
    from leukemia_kedro.differential_expression.error_model import Weighing

TRUE_MEAN = "true_log2_mean_"
"""Columns of a simulated cohort's probes table, one per class."""
ROUNDING = 1e-6
"""On the log2 scale; tables keep twelve digits."""

logger = logging.getLogger(__name__)


class MeasuredTables(TypedDict):
    """The tables behind the error model, by the name of their dataset."""

    expression: DataFrame
    """Probes × samples, as measured."""
    log_expression: DataFrame
    """Probes × samples, log2 scale; NaN marks a missing value."""
    design_matrix: DataFrame
    samples: DataFrame
    probe_filter: DataFrame


class WeighedTables(TypedDict):
    """The error model in tables, by the name of their dataset."""

    voom_expression: DataFrame
    value_weights: DataFrame
    sample_weights: DataFrame
    error_record: ErrorRecord


class ComparedTables(WeighedTables):
    """The tables behind a comparison of classes, by the name of their dataset."""

    log_expression: DataFrame
    """As in :class:`MeasuredTables`."""
    design_matrix: DataFrame
    contrast_matrix: DataFrame
    samples: DataFrame
    sample_split: DataFrame
    probes: DataFrame
    probe_filter: DataFrame


class GeneTables(WeighedTables):
    """The tables behind the gene-set tests, by the name of their dataset."""

    log_expression: DataFrame
    """As in :class:`MeasuredTables`."""
    design_matrix: DataFrame
    contrast_matrix: DataFrame
    samples: DataFrame
    probe_genes: DataFrame
    probes: DataFrame


def plan_contrasts(
    samples: DataFrame,
    sample_split: DataFrame,
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
) -> tuple[DataFrame, DataFrame]:
    """The design matrix, and the contrasts in terms of its coefficients.

    Finds every mistake in them from the samples alone. Empty text is a missing covariate.

    Raises
    ------
    UserError
        Design, contrasts, blocks or weights do not fit the samples or each other.
    """
    from leukemia_kedro.cohort.split import class_order
    from leukemia_kedro.differential_expression import analysis, error_model
    from leukemia_kedro.statistics.contrasts import contrast_matrix
    from leukemia_kedro.statistics.design import design_matrix
    from leukemia_kedro.statistics.max_t import count_labellings

    table = analysis.compared_samples(samples, sample_split, differential_expression)
    labels = table["label"]
    classes = class_order(labels, cohort.classes)
    expressions = analysis.contrast_expressions(differential_expression, classes)
    design = design_matrix(differential_expression.design, table, classes)
    contrasts = contrast_matrix(expressions, design).rename_axis("coefficient")
    error_model.uses_voom(cohort, differential_expression)
    error_model.stated_weights(table, differential_expression.weights)
    error_model.random_blocks(table, differential_expression.random_block)
    blocks = error_model.number_blocks(table, differential_expression.blocks, "blocks")
    if blocks is not None:
        for name, expression in expressions.items():
            compared, group = analysis.two_sides(expression, labels)
            if compared.any() and count_labellings(group, blocks[compared]) == 1:
                raise UserError(
                    f"contrast {name}: no label can change places, because each value of "
                    f"{differential_expression.blocks!r} holds samples of one side only. Set "
                    "differential_expression.blocks to null, or to a column whose values hold both"
                )
    return design.matrix, contrasts


def name_genes(
    probes: DataFrame, gene_sets: dict[str, frozenset[str]], enrichment: EnrichmentParameters
) -> DataFrame:
    """The gene each probe stands for, named as the gene sets name genes.

    Where no column of the probes is named, it is ``symbol``, and without symbols a probe stands for
    itself. A probe of several genes (``A /// B``) stands for the first that a set names, or else
    for the first.

    Returns
    -------
    DataFrame, columns ``probe, gene``
        Empty text for a probe without a gene.

    Raises
    ------
    UserError
        There is no such column, or no gene of any set is among the genes.
    """
    import pandas as pd

    from leukemia_kedro.cohort.annotation import gene_column, matching_symbol

    table = probes.reset_index()
    column = gene_column(probes, enrichment.gene_column)
    if column not in table:
        raise UserError(
            f"enrichment.gene_column is {column!r}, a column that probes.csv lacks; it has "
            f"{first_few(table, 20)}. The annotation (catalog entry chip_annotation) gives "
            "symbol"
        )
    genes = table[column]
    if pd.api.types.is_float_dtype(genes.dtype):
        genes = genes.astype("Int64")  # Entrez ids, beside probes that have none
    named = frozenset().union(*gene_sets.values())
    texts = genes.astype(object).fillna("").astype(str)
    names = [matching_symbol(text, named) for text in texts]
    if gene_sets and named.isdisjoint(names):
        raise UserError(
            f"no gene of the gene sets is among the cohort's: the sets name "
            f"{first_few(sorted(named))}; the cohort has {first_few(sorted(set(names) - {''}))} "
            f"(column {column!r} of probes.csv). Set enrichment.gene_column to the column that "
            "names genes as the sets do; gene symbols come from the annotation, the catalog "
            "entry chip_annotation"
        )
    return pd.DataFrame({"probe": probes.index, "gene": names})


def weigh_values(
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
    **tables: Unpack[MeasuredTables],
) -> tuple[DataFrame, DataFrame, DataFrame, ErrorRecord, DataFrame]:
    """How precise each value is, and how alike samples of one patient are.

    Returns
    -------
    voom_expression, value_weights, sample_weights : DataFrame
    error_record : dict
    voom_trend : DataFrame
        As from :func:`~leukemia_kedro.differential_expression.error_model.weigh`.
    """
    from leukemia_kedro.differential_expression import error_model

    design = tables["design_matrix"]
    has_counts = error_model.uses_voom(cohort, differential_expression)
    values = tables["expression"] if has_counts else tables["log_expression"]
    if has_counts or differential_expression.sample_weights or differential_expression.random_block:
        values = values.loc[_tested(tables["probe_filter"], differential_expression), design.index]
    else:  # nothing is learned from a large matrix: it is not copied
        values = values.iloc[:0].loc[:, design.index]
    found, trend = error_model.weigh(
        values,
        design,
        tables["samples"].loc[design.index],
        differential_expression,
        has_counts,
    )
    weighed = (found.voom_expression, found.value_weights, found.sample_weights)
    return *weighed, found.record, trend


def compare_classes(
    cohort: CohortParameters,
    differential_expression: DifferentialExpressionParameters,
    seed: int,
    compute: ComputeParameters,
    **tables: Unpack[ComparedTables],
) -> tuple[dict[str, DataFrame], DataFrame, DataFrame, PriorRecord]:
    """Test every contrast for every probe.

    Returns
    -------
    contrast_tables : dict of contrast name to DataFrame
    contrast_summary : DataFrame
        Numbers of probes up, down and not significant.
    contrast_f_test : DataFrame
        All contrasts together.
    variance_prior : dict
        Medians over probes where it differs between them.
    """
    import numpy as np
    import pandas as pd

    from leukemia_kedro.cohort.annotation import with_symbols
    from leukemia_kedro.cohort.split import class_order
    from leukemia_kedro.differential_expression import analysis, error_model

    design = tables["design_matrix"]
    labels = tables["sample_split"].loc[design.index, "label"]
    samples = tables["samples"].loc[design.index]
    rows = _tested(tables["probe_filter"], differential_expression)
    expression = tables["log_expression"].loc[rows, design.index]
    # All tests go probe by probe, so the values of a probe are laid side by side.
    values = np.ascontiguousarray(expression.to_numpy())
    expression = pd.DataFrame(values, expression.index, expression.columns, copy=False)
    comparison = analysis.Comparison(
        expression,
        labels,
        design,
        tables["contrast_matrix"],
        analysis.contrast_expressions(differential_expression, class_order(labels, cohort.classes)),
        error_model.number_blocks(samples, differential_expression.blocks, "blocks"),
        _weighing(tables).error_model(expression, samples),
    )
    moderated = analysis.moderated_statistics(comparison, differential_expression)
    tests = analysis.two_sample_tests(
        comparison, differential_expression.permutations, seed, compute.n_jobs
    )
    descriptions = tables["probes"]["description"]
    contrast_tables = {
        name: with_symbols(
            analysis.contrast_table(moderated, name, tests.get(name), descriptions),
            tables["probes"],
        )
        for name in comparison.expressions
    }
    # NaN: of a probe without a value in the samples compared, for which there is no trend.
    prior_df = float(np.nanmedian(moderated.prior.df))
    prior: PriorRecord = {
        "prior_df": prior_df if np.isfinite(prior_df) else None,
        "prior_variance": float(np.nanmedian(moderated.prior.variance)),
        "n_probes": len(expression),
        "n_samples": len(design),
        "contrasts": comparison.expressions,
        **tables["error_record"],
    }
    summary = analysis.count_decisions(moderated, differential_expression)
    f_test = with_symbols(analysis.f_test_table(moderated, descriptions), tables["probes"])
    return contrast_tables, summary, f_test, prior


def test_gene_sets(
    contrast_tables: dict[str, DataFrame],
    variance_prior: PriorRecord,
    gene_sets: dict[str, frozenset[str]],
    enrichment: EnrichmentParameters,
    differential_expression: DifferentialExpressionParameters,
    **tables: Unpack[GeneTables],
) -> DataFrame:
    """Camera, rotation and over-representation of every gene set in every contrast.

    Genes are tested for any difference, also where probes are tested by ``treat``. Camera and
    rotation use the weights and the correlation between samples that the probes are tested with.

    Returns
    -------
    DataFrame
        The rows of
        :func:`~leukemia_kedro.differential_expression.gene_sets.enrichment_of_contrast`, contrast
        after contrast; none without gene sets. ``n_truly_differential`` of the genes tested have a
        probe that truly differs; it is empty where the truth is not known.
    """
    import pandas as pd

    from leukemia_kedro.differential_expression.gene_sets import COLUMNS, enrichment_of_contrast
    from leukemia_kedro.statistics.enrichment import gene_expression, gene_weights
    from leukemia_kedro.statistics.gene_set_tests import Moderation, fit_gene_models

    if not gene_sets:
        logger.info("No gene sets were given (catalog entry gene_sets): there are none to test.")
        return pd.DataFrame(columns=COLUMNS)
    genes = tables["probe_genes"].set_index("probe")["gene"]
    design, log_expression = tables["design_matrix"], tables["log_expression"]
    tested = log_expression.index.isin(next(iter(contrast_tables.values()))["probe"])
    errors = _weighing(tables).error_model(
        log_expression.loc[tested, design.index], tables["samples"].loc[design.index]
    )
    weights = errors.weights
    if weights is not None and weights.ndim == 2:
        weights = gene_weights(weights, errors.expression, genes, enrichment.collapse)
    models = fit_gene_models(
        gene_expression(errors.expression, genes, enrichment.collapse),
        design,
        tables["contrast_matrix"],
        Moderation(
            differential_expression.trend,
            differential_expression.robust,
            differential_expression.prior,
        ),
        weights,
        errors.correlation,
    )
    found = []
    for name, contrast in contrast_tables.items():
        table = contrast.set_index("probe")
        sets = enrichment_of_contrast(
            models, name, table, genes, gene_sets, differential_expression.fdr
        )
        change = _true_changes(tables["probes"], variance_prior["contrasts"][name])
        if change is not None:
            differ = set(genes.loc[table.index][change.loc[table.index] > ROUNDING])
            differ &= set(models.moderated.t[name].dropna().index)
            sets["n_truly_differential"] = [len(gene_sets[s] & differ) for s in sets.index]
        found.append(sets.assign(contrast=name))
    return pd.concat(found).reset_index(names="gene_set").reindex(columns=list(COLUMNS))


def hold_against_truth(
    contrast_tables: dict[str, DataFrame],
    variance_prior: PriorRecord,
    probes: DataFrame,
    differential_expression: DifferentialExpressionParameters,
) -> list[TruthRecord]:
    """False-discovery proportion and power of each contrast of a simulated cohort.

    A probe is a discovery where its ``adj.P.Val`` is below ``fdr``. A discovery is true where the
    true log2 fold change (``true_log2_mean_<class>``, see
    :func:`~leukemia_kedro.datasets.simulated.simulate_cohort`) is beyond ``treat_lfc``, or 0, in
    absolute value. There are no records where the truth is not known.
    """
    fdr, threshold = differential_expression.fdr, differential_expression.treat_lfc or 0.0
    records: list[TruthRecord] = []
    for name, table in contrast_tables.items():
        change = _true_changes(probes, variance_prior["contrasts"][name])
        if change is None:
            continue
        differs = (change.loc[table["probe"]] > threshold + ROUNDING).to_numpy()
        found = (table["adj.P.Val"] < fdr).to_numpy()
        n_found, n_false, n_differ = (int(x.sum()) for x in (found, found & ~differs, differs))
        records.append(
            {
                "contrast": name,
                "fdr": fdr,
                "tested": len(table),
                "differential_probes": n_differ,
                "discoveries": n_found,
                "false_discoveries": n_false,
                "false_discovery_proportion": n_false / max(n_found, 1),
                "power": (n_found - n_false) / n_differ if n_differ else None,
            }
        )
    return records


def _tested(
    probe_filter: DataFrame, differential_expression: DifferentialExpressionParameters
) -> Series | slice:
    """Which probes are tested."""
    if differential_expression.probes == "passing_filter":
        return probe_filter["passes"]
    return slice(None)


def _weighing(tables: WeighedTables) -> Weighing:
    from leukemia_kedro.differential_expression.error_model import Weighing

    return Weighing(
        tables["voom_expression"],
        tables["value_weights"],
        tables["sample_weights"],
        tables["error_record"],
    )


def _true_changes(probes: DataFrame, expression: str) -> Series | None:
    """True log2 fold changes of a contrast, without their sign; None where they are not known."""
    from leukemia_kedro.statistics.contrasts import class_weights

    means = probes.filter(regex=f"^{TRUE_MEAN}")
    means.columns = means.columns.str.removeprefix(TRUE_MEAN)
    weights = class_weights(expression, list(means.columns))
    # No classes whose truth is known, such as a covariate's column.
    return (means @ weights).abs() if weights.any() else None
