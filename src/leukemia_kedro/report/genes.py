"""Chapters on genes: the signature and its stability, differential expression, gene sets."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from leukemia_kedro.cohort.annotation import shown_symbol, symbols_of
from leukemia_kedro.cohort.terms import Terms
from leukemia_kedro.compute.file_names import file_stems
from leukemia_kedro.differential_expression.records import TruthRecord
from leukemia_kedro.plots.study import DRAWN, IN_FULL, FigureRecord, Study
from leukemia_kedro.report.chapter import Chapter, divided
from leukemia_kedro.report.tables import Column, Table, make_table
from leukemia_kedro.report.wording import above_chance, count, decimal, percent, small
from leukemia_kedro.statistics.class_names import class_in_words

TOP = 200
"""Genes and gene sets listed for a contrast; the files hold them all."""
TOP_IN_BRIEF = 50
IN_PRINT = 2
"""Contrasts with figure and genes on paper, where the page is printed in brief; one where gene sets
or the counts of many contrasts take the place of the second."""
MOST_SETS = 20_000
"""Rows of gene sets that the page holds of all contrasts together, beside those that it lists."""


@dataclass(frozen=True)
class Signature(Chapter, anchor="signature", title="Signature and its stability"):
    """The genes named, and how far the choice can be trusted."""

    table: Table


@dataclass(frozen=True)
class Contrast:
    """One contrast; beyond the first few it is one figure and a short table."""

    name: str
    anchor: str
    significant: int
    tested: int
    file: str
    """With all probes, beside the page."""
    figures: list[FigureRecord]
    table: Table


@dataclass(frozen=True)
class DifferentialExpression(
    Chapter, anchor="differential-expression", title="Differential expression"
):
    """The counts of all contrasts, and the first ones, each with figures and top genes."""

    figures: list[FigureRecord]
    contrasts: list[Contrast]
    n_brief: int
    n_in_print: int
    taken_as_independent: str | None
    """The column of the patients who gave several samples, where nothing allows for it."""
    counts: Table | None
    """None where there is one contrast."""
    truth: Table | None


@dataclass(frozen=True)
class GeneSets(Chapter, anchor="enrichment", title="Gene sets"):
    """Tests of gene sets, in the first contrasts."""

    tables: list[Table]
    n_others: int
    truth: list[str]
    """Of a simulated cohort: how many of the sets without a difference each test finds."""


def signature(study: Study) -> Signature:
    genes, terms = study.signature.signature, study.cohort.terms
    genes = genes.assign(direction=genes["direction"].map(class_in_words))
    what = "of the signature" if above_chance(study.models.champion) else "ranked highest"
    table = make_table(
        named_genes(genes),
        [
            Column("probe", terms.name.capitalize()),
            Column("symbol", "Gene"),
            Column("description", "Description"),
            Column("score", "Score", decimal),
            Column("direction", "Higher in"),
            Column("selection_frequency", "Chosen in", lambda share: percent(share, 0)),
        ],
        anchor="signature-genes",
        caption=f"The {count(len(genes))} genes {what}, in the order chosen. Chosen in: "
        "share of the training folds whose own top genes include it.",
    )
    return Signature(table)


def differential_expression(study: Study) -> DifferentialExpression:
    tables, truth = study.contrasts.contrast_tables, study.contrasts.de_truth
    stems = file_stems(tables)
    common, own = divided(study.galleries.contrast_figures, list(stems.values()))
    contrasts = [
        Contrast(
            name=name,
            anchor=f"contrast-{stems[name]}",
            significant=study.contrasts.decided(name).differ,
            tested=len(table),
            file=f"differential_expression/{stems[name]}.csv",
            figures=own[stems[name]] if position < IN_FULL else own[stems[name]][:1],
            table=_gene_table(
                name, stems[name], table, study.cohort.terms, in_full=position < IN_FULL
            ),
        )
        for position, (name, table) in enumerate(list(tables.items())[:DRAWN])
    ]
    return DifferentialExpression(
        figures=common,
        contrasts=contrasts,
        n_brief=len(contrasts[IN_FULL:]),
        n_in_print=1 if study.contrasts.enrichment_tables or len(tables) > DRAWN else IN_PRINT,
        taken_as_independent=_taken_as_independent(study),
        counts=_counts(study) if len(tables) > 1 else None,
        truth=_truth_table(truth, study.cohort.terms) if truth else None,
    )


def _taken_as_independent(study: Study) -> str | None:
    asked, group = study.parameters.differential_expression, study.parameters.cohort.split.group
    of = study.cohort.n_train_patients if asked.samples == "train" else study.cohort.n_patients
    if group is None or of is None or of == study.contrasts.variance_prior["n_samples"]:
        return None
    return None if asked.allows_for(group) else group


def enrichment(study: Study) -> GeneSets | None:
    """Absent where the user gave no gene sets."""
    tables = study.contrasts.enrichment_tables
    if not tables:
        return None
    fdr = study.parameters.differential_expression.fdr
    stems = file_stems(study.contrasts.contrast_tables)
    drawn = list(study.contrasts.contrast_tables)[:DRAWN]
    shown = {name: sets for name, sets in tables.items() if name in drawn}
    room = MOST_SETS // len(shown)
    said = [_null_sets(name, sets, fdr) for name, sets in shown.items()]
    return GeneSets(
        tables=[_set_table(name, stems[name], sets, room) for name, sets in shown.items()],
        n_others=len(tables) - len(shown),
        truth=[line for line in said if line],
    )


def _gene_table(
    contrast: str, stem: str, table: pd.DataFrame, terms: Terms, in_full: bool
) -> Table:
    top = table.head(TOP if in_full else TOP_IN_BRIEF)
    return make_table(
        named_genes(top),
        [
            Column("probe", terms.name.capitalize()),
            Column("symbol", "Gene"),
            Column("description", "Description"),
            Column("logFC", "log2 fold change", lambda value: decimal(value, 2)),
            Column("AveExpr", "Mean log2 expression", lambda value: decimal(value, 2)),
            Column("t", "Moderated t", lambda value: decimal(value, 2)),
            Column("P.Value", "p", small),
            Column("adj.P.Val", "Adjusted p", small),
            Column("B", "B", lambda value: decimal(value, 1)),
            Column("wilcoxon_p", "Wilcoxon p", small),
            Column("maxT_p", "maxT p", small),
        ],
        anchor=f"genes-{stem}",
        caption=f"The {count(len(top))} {terms.row}s with the smallest p-values in {contrast}, of "
        f"{count(len(table))} tested. Adjusted p: Benjamini–Hochberg; maxT p: family-wise, by "
        "permutation.",
    )


def _counts(study: Study) -> Table:
    fdr = study.parameters.differential_expression.fdr
    found = {name: study.contrasts.decided(name) for name in study.contrasts.contrast_tables}
    rows = f"{study.cohort.terms.row.capitalize()}s"
    tested = sorted({each.tested for each in found.values()})
    of = count(tested[0]) if len(tested) == 1 else f"{count(tested[0])} to {count(tested[-1])}"
    more = f" Those after the first {DRAWN} have no figures." if len(found) > DRAWN else ""
    return make_table(
        [
            {"contrast": name, "n": each.differ, "up": each.up, "down": each.down}
            for name, each in found.items()
        ],
        [
            Column("contrast", "Contrast"),
            Column("n", f"{rows} that differ", count),
            Column("up", "Higher", count),
            Column("down", "Lower", count),
        ],
        anchor="contrasts",
        caption=f"{rows} that differ in each of {len(found)} contrasts, of {of} tested, at a "
        f"false-discovery rate of {percent(fdr, 0)}.{more}",
    )


def named_genes(genes: pd.DataFrame) -> pd.DataFrame:
    """The genes with the symbols that are shown. Some cohorts have no symbols, or no descriptions:
    their tables have no empty column."""
    genes = genes.assign(symbol=[shown_symbol(cell) for cell in symbols_of(genes)])
    texts = genes[["description", "symbol"]].fillna("").astype(str)
    empty = [name for name in texts if texts[name].str.strip().eq("").all()]
    return genes.drop(columns=empty)


def _truth_table(truth: list[TruthRecord], terms: Terms) -> Table:
    return make_table(
        truth,
        [
            Column("contrast", "Contrast"),
            Column("fdr", "Stated rate", percent),
            Column("discoveries", "Discoveries", count),
            Column("false_discoveries", "False discoveries", count),
            Column("false_discovery_proportion", "False-discovery proportion", decimal),
            Column("differential_probes", f"Differential {terms.row}s", count),
            Column("power", "Power", decimal),
        ],
        anchor="truth",
        caption="Discoveries at the stated false-discovery rate, compared with the truth, which is "
        "known because the data are simulated.",
        sortable=False,
    )


def _null_sets(contrast: str, sets: pd.DataFrame, fdr: float) -> str:
    """Empty where the truth is not known, or no set is without a difference."""
    null = sets[sets["n_truly_differential"] == 0]
    if not len(null):
        return ""
    camera, rotation = ((null[f"{test}_fdr"] < fdr).sum() for test in ("camera", "rotation"))
    return (
        f"{contrast}: no gene of {count(len(null))} of the {count(len(sets))} sets truly differs. "
        f"Of these, camera finds {count(camera)} and rotation {count(rotation)} at an adjusted "
        f"p-value below {fdr:g}."
    )


def _set_table(contrast: str, stem: str, sets: pd.DataFrame, room: int) -> Table:
    has_truth = sets["n_truly_differential"].notna().any()
    ordered = sets.sort_values("camera_p", kind="stable")
    every = ordered.drop(columns=["up_genes", "down_genes"], errors="ignore")
    cut = f"; the first {TOP} of {count(len(sets))}" if len(sets) > TOP else ""
    if len(every) > room:
        cut += ", all of which are in enrichment.csv"
    return make_table(
        ordered.head(TOP),
        [
            Column("gene_set", "Gene set"),
            Column("n_genes", "Genes measured", count),
            *([Column("n_truly_differential", "Truly differ", count)] if has_truth else []),
            Column("direction", "Camera: direction"),
            Column("correlation", "Correlation", lambda value: decimal(value, 2)),
            Column("camera_p", "Camera p", small),
            Column("camera_fdr", "Camera adjusted p", small),
            Column("rotation_direction", "Rotation: direction"),
            Column("rotation_p", "Rotation p", small),
            Column("rotation_fdr", "Rotation adjusted p", small),
            Column("n_up", "Genes up", count),
            Column("up_fdr", "Up: adjusted p", small),
            Column("n_down", "Genes down", count),
            Column("down_fdr", "Down: adjusted p", small),
        ],
        anchor=f"sets-{stem}",
        caption=f"Gene sets in {contrast}, the smallest camera p-value first{cut}. Correlation: "
        "mean between the residuals of two genes of the set. Genes up and down: significant genes "
        "of the set, with the hypergeometric test of over-representation, which takes genes as "
        "independent.",
        whole=every.dropna(axis="columns", how="all") if len(every) <= room else None,
    )
