"""Gene sets: reading GMT, from probes to genes, over-representation."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from leukemia_kedro.errors import CONTROL, UserError, first_few
from leukemia_kedro.statistics.multiple_testing import benjamini_hochberg


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
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
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
        if CONTROL.search(name):
            raise UserError(f"{place}: the name {name!r} holds a character that no name may hold")
        if name in gene_sets:
            raise UserError(f"{place}: a second gene set is named {name!r}")
        gene_sets[name] = genes
    if not gene_sets:
        raise UserError(f"{origin} holds no gene set; expected name, description, genes a line")
    return gene_sets


def gene_expression(expression: pd.DataFrame, genes: pd.Series, rule: str) -> pd.DataFrame:
    """One row of expression for each gene from those of its probes.

    Both rules look at no class. Choosing the probe with the largest |t| instead would make the
    gene-set tests find differences that are not there.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        Log2 scale; NaN marks a missing value.
    genes : Series, index ``probe``
        Gene of each probe in ``expression``; NaN or empty text for probes without a gene, which
        are left out.
    rule : {"highest_mean", "mean"}
        ``highest_mean``: the probe with the highest mean expression (the first of equals), as a
        probe that does not work measures little. ``mean``: the mean over the gene's probes, missing
        where one of them is.

    Returns
    -------
    DataFrame, shape (n_genes, n_samples), index ``gene``, sorted

    Raises
    ------
    UserError
        Where no probe has a gene.
    """
    known, number, names = _known_genes(genes, expression.index)
    if rule == "highest_mean":
        collapsed = expression.to_numpy()[_highest_probes(expression, known, number)]
    else:
        collapsed = _gene_means(expression.to_numpy(), known, number)
    return pd.DataFrame(collapsed, pd.Index(names, name="gene"), expression.columns)


def gene_weights(
    weights: np.ndarray, expression: pd.DataFrame, genes: pd.Series, rule: str
) -> np.ndarray:
    """The weights, shape (n_genes, n_samples), of the values of :func:`gene_expression`.

    With ``highest_mean`` they are those of the probe taken. With ``mean`` a variance is the mean of
    the probes' variances; how much smaller the mean's is by the number of probes, is left to sigma.

    Parameters
    ----------
    weights : array, shape (n_probes, n_samples)
        Positive; inverse variances of ``expression``.
    expression, genes, rule
        As in :func:`gene_expression`.
    """
    known, number, _ = _known_genes(genes, expression.index)
    if rule == "highest_mean":
        return weights[_highest_probes(expression, known, number)]
    return 1 / _gene_means(1 / weights, known, number)


def _known_genes(genes: pd.Series, probes: pd.Index) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Positions of the probes that have a gene, the number of the gene of each, and the genes."""
    genes = genes.reindex(probes).astype(object).fillna("").astype(str).str.strip()
    known = np.flatnonzero(genes != "")
    if not len(known):
        raise UserError("nothing that was tested has a gene: gene sets cannot be tested")
    number, names = pd.factorize(genes.iloc[known], sort=True)
    return known, number, names


def _highest_probes(expression: pd.DataFrame, known: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Position of each gene's probe with the highest mean."""
    level = expression.mean(axis=1).fillna(-np.inf).to_numpy()[known]
    ranked = np.lexsort([-level, number])
    _, first = np.unique(number[ranked], return_index=True)
    return known[ranked[first]]


def _gene_means(values: np.ndarray, known: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Mean of each gene's probes."""
    order = np.argsort(number, kind="stable")
    _, first, n_probes = np.unique(number[order], return_index=True, return_counts=True)
    return np.add.reduceat(values[known[order]], first, axis=0) / n_probes[:, None]


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
    matched = measured_sets(gene_sets, measured)
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


def measured_sets(
    gene_sets: Mapping[str, Collection[str]], measured: frozenset[str]
) -> dict[str, frozenset[str]]:
    """The measured genes of each set that has any; a UserError where no set has any."""
    matched = {
        k: found for k, genes in gene_sets.items() if (found := measured.intersection(genes))
    }
    if not matched:
        named = sorted(set().union(*gene_sets.values()))
        raise UserError(
            f"no gene of the gene sets was tested: the sets name {first_few(named)}; tested were "
            f"{first_few(sorted(measured))}. Give gene sets with the cohort's names, or test "
            "more: set differential_expression.probes to all"
        )
    return matched
