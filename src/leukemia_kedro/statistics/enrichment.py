"""Gene sets: reading GMT, from probes to genes, over-representation and a ranked test.

The ranked test is limma's ``cameraPR`` rather than GSEA: a closed formula without permutations or
p-values of zero, which allows for the correlation between the genes of a set.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy import special, stats

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.multiple_testing import benjamini_hochberg

INTER_GENE_CORRELATION = 0.01
"""Correlation between the genes of a set, for all sets, as in limma."""


def parse_gmt(text: str, origin: str) -> dict[str, frozenset[str]]:
    """Genes of each set in the text of a GMT file: name, description and genes between tabs.

    One set a line. Blank lines are passed over, and so are empty fields at the end of a line, which
    spreadsheets leave behind. ``origin`` is the file's name, for messages.

    Raises
    ------
    UserError
        Where a line is not a set, a set has no gene, a name occurs twice, or there is no set.
    """
    gene_sets: dict[str, frozenset[str]] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not line.strip():
            continue
        name, *rest = (field.strip() for field in line.split("\t"))
        place = f"{origin}, line {number}"
        if not name or not rest:
            expected = "expected name, description and genes separated by tabs"
            raise UserError(f"{place}: {expected}; found {line[:60]!r}")
        genes = frozenset(filter(None, rest[1:]))
        if not genes:
            raise UserError(f"{place}: the gene set {name!r} holds no gene")
        if name in gene_sets:
            raise UserError(f"{place}: a second gene set is named {name!r}")
        gene_sets[name] = genes
    if not gene_sets:
        raise UserError(f"{origin} holds no gene set; expected name, description, genes a line")
    return gene_sets


def collapse_to_genes(statistic: pd.Series, genes: pd.Series, rule: str) -> pd.Series:
    """One statistic for each gene from those of its probes.

    Parameters
    ----------
    statistic : Series, index ``probe``
        t of each probe, say. Probes with NaN are left out: they were not tested.
    genes : Series, index ``probe``
        Gene of each probe in ``statistic``; NaN or empty text for probes without a gene, which
        are left out. The result is sorted by gene.
    rule : {"max_abs", "mean"}
        ``max_abs``: the probe with the largest absolute value (the first of equals). It finds genes
        of which one probe works, and favours genes with many probes. ``mean``: the mean over the
        gene's probes, which a probe that does not work dilutes.

    Raises
    ------
    UserError
        Where no tested probe has a gene.
    """
    genes = genes.reindex(statistic.index).astype(object).fillna("").astype(str).str.strip()
    probes = pd.DataFrame({"gene": genes, "statistic": statistic})
    probes = probes[(probes["gene"] != "") & probes["statistic"].notna()]
    if probes.empty:
        raise UserError("no tested probe has a gene: gene sets cannot be tested")
    if rule == "max_abs":
        largest_first = probes.sort_values("statistic", key=np.abs, ascending=False, kind="stable")
        return largest_first.groupby("gene")["statistic"].first()
    return probes.groupby("gene")["statistic"].mean()


def over_representation(
    selected: Collection[str], measured: Collection[str], gene_sets: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """One-sided hypergeometric test: does a set hold more of the selected genes than chance gives?

    Parameters
    ----------
    selected : collection of str
        Significant genes, all of them measured.
    measured : collection of str
        Every gene that could have been selected. Genes of a set that were not measured do not
        count.

    Returns
    -------
    DataFrame, index ``gene_set``, sorted by ``PValue``
        ``NGenes`` (measured genes of the set), ``Overlap`` (of those, selected), ``Expected``
        overlap by chance, ``PValue`` = P(overlap ≥ observed), ``FDR`` (Benjamini–Hochberg over
        the sets), ``Genes`` (the overlap, separated by spaces). Sets of which no gene was
        measured are left out.

    Raises
    ------
    UserError
        Where no gene of any set was measured.
    """
    selected, measured = frozenset(selected), frozenset(measured)
    matched = _measured_sets(gene_sets, measured)
    hits = [sorted(genes & selected) for genes in matched.values()]
    sizes = {"NGenes": map(len, matched.values()), "Overlap": map(len, hits)}
    table = pd.DataFrame(sizes, index=pd.Index(matched, name="gene_set"))
    table["Expected"] = table["NGenes"] * len(selected) / len(measured)
    table["PValue"] = stats.hypergeom.sf(
        table["Overlap"] - 1, len(measured), len(selected), table["NGenes"]
    )
    table["FDR"] = benjamini_hochberg(table["PValue"].to_numpy())
    table["Genes"] = [" ".join(genes) for genes in hits]
    return table.sort_values("PValue", kind="stable")


def camera_preranked(
    statistic: pd.Series, gene_sets: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Competitive test of gene sets on one statistic per gene, as limma's ``cameraPR``.

    A two-sample t-test of the set's genes against all others, the variance of the set's mean
    multiplied by 1 + (m − 1) ρ for m genes that correlate by ρ, :data:`INTER_GENE_CORRELATION`.

    Parameters
    ----------
    statistic : Series, index ``gene``
        Positive and negative values mean the two directions (moderated t, say). No NaN, and each
        gene once.

    Returns
    -------
    DataFrame, index ``gene_set``, sorted by ``PValue``
        limma's columns: ``NGenes`` (genes of the set in ``statistic``), ``Direction`` (Up or
        Down), ``PValue`` (two-sided), ``FDR`` (Benjamini–Hochberg over the sets). Sets without a
        gene are left out. That of all genes has an empty direction and the p-value NaN.

    Raises
    ------
    UserError
        Where no gene of any set has a statistic, or fewer than three genes have.

    References
    ----------
    D. Wu & G. K. Smyth (2012). Camera: a competitive gene set test accounting for inter-gene
    correlation. Nucleic Acids Res. 40:e133.
    """
    n = len(statistic)
    if n < 3:
        raise UserError(f"a gene-set test needs at least 3 genes with a statistic; found {n}")
    matched = _measured_sets(gene_sets, frozenset(statistic.index))

    values = statistic.to_numpy(float)
    # Sorted, as a sum in the order of a set would differ in its last digit from run to run.
    rows = [np.sort(statistic.index.get_indexer(pd.Index(genes))) for genes in matched.values()]
    inside = np.array([values[r].mean() for r in rows])
    m = np.array([len(r) for r in rows])
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = n / (n - m) * (inside - values.mean())
        pooled_variance = ((n - 1) * values.var(ddof=1) - difference**2 * m * (n - m) / n) / (n - 2)
        inflation = 1 + (m - 1) * INTER_GENE_CORRELATION
        t = difference / np.sqrt(pooled_variance * (inflation / m + 1 / (n - m)))
    table = pd.DataFrame({"NGenes": m}, index=pd.Index(matched, name="gene_set"))
    table["Direction"] = np.select([t < 0, t >= 0], ["Down", "Up"], default="")
    table["PValue"] = 2 * special.stdtr(n - 2, -np.abs(t))
    table["FDR"] = benjamini_hochberg(table["PValue"].to_numpy())
    return table.sort_values("PValue", kind="stable")


def _measured_sets(
    gene_sets: Mapping[str, Collection[str]], measured: frozenset[str]
) -> dict[str, frozenset[str]]:
    """The measured genes of each set that has any."""
    matched = {
        k: found for k, genes in gene_sets.items() if (found := measured.intersection(genes))
    }
    if not matched:
        named = sorted(set().union(*gene_sets.values()))
        raise UserError(
            f"no gene of the gene sets was measured: the sets name {first_few(named)}; the "
            f"cohort has {first_few(sorted(measured))}. Give gene sets with the cohort's names."
        )
    return matched
