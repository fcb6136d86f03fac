"""The genes that probes measure: symbols and titles, from the annotation of a chip."""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

from leukemia_kedro.cohort.originals import PUBLISHED
from leukemia_kedro.errors import CohortError, first_few

SEVERAL = " /// "
"""Between the symbols of a probe that measures several genes, as in Affymetrix's files."""
NO_GENE = frozenset({"", "---", "NA", "null", "NULL", "nan"})
"""How annotations write that a probe measures no known gene."""
SAME_CHIP = 0.2
"""Share of a cohort's probes that the annotation of its chip knows at least. The right one knows
most of them; that of another chip knows next to none (HG-U95Av2's none of HU6800's)."""


def symbols_in(cell: str) -> list[str]:
    """The symbols of a probe, each once: one, several (``A /// B``), or none."""
    parts = (part.strip() for part in re.split("///", cell))
    return list(dict.fromkeys(part for part in parts if part not in NO_GENE))


def shown_symbol(cell: str) -> str:
    """The symbol by which a probe is shown: the first of several, empty text for none."""
    return next(iter(symbols_in(cell)), "")


def matching_symbol(cell: str, wanted: Collection[str]) -> str:
    """The symbol by which a probe is matched: the first that is wanted, or else the first."""
    symbols = symbols_in(cell)
    return next((symbol for symbol in symbols if symbol in wanted), next(iter(symbols), ""))


def gene_column(probes: pd.DataFrame, stated: str | None) -> str:
    """The column by which gene sets name genes: the stated one, or symbols, or the probe ids."""
    return stated or ("symbol" if "symbol" in probes else "probe")


def with_genes(probes: pd.DataFrame, annotation: pd.DataFrame) -> pd.DataFrame:
    """The probes with the columns ``symbol`` and ``title`` of a chip's annotation at their end.

    They replace columns of these names that the probes have. A probe that the annotation lacks has
    empty text. An empty description is the title. The probes as they are, where the annotation is
    empty.

    Parameters
    ----------
    probes : DataFrame, index ``probe``, column ``is_control``
    annotation : DataFrame, index ``probe``, columns ``symbol`` and ``title``

    Raises
    ------
    CohortError
        The annotation is that of another chip: it knows fewer than a fifth of the probes.
    """
    if annotation.empty:
        return probes
    known = _known(probes, annotation)
    if known < SAME_CHIP:
        named = probes.index[~probes["is_control"]]
        n_known = named.isin(annotation.index).sum()
        raise CohortError(
            f"chip_annotation knows {n_known:,} of the cohort's {len(named):,} ids (without "
            f"controls), so it is another one's: it names {first_few(annotation.index, 3)}; the "
            f"cohort has {first_few(named, 3)}. Give the annotation of the cohort's own ids "
            "(catalog entry chip_annotation), or remove the file"
        )
    genes = annotation.reindex(index=probes.index, fill_value="")
    own = probes.drop(columns=["symbol", "title"], errors="ignore")
    described = own["description"].where(own["description"].str.strip() != "", genes["title"])
    return own.assign(description=described, symbol=genes["symbol"], title=genes["title"])


def shown_symbols(probes: pd.DataFrame) -> dict[str, str]:
    """The symbol by which each probe is shown, without probes that have none; ``probes`` has the
    index ``probe``."""
    shown = zip(probes.index, map(shown_symbol, symbols_of(probes)), strict=True)
    return {probe: symbol for probe, symbol in shown if symbol}


def symbols_of(table: pd.DataFrame) -> list[str]:
    """The symbol of each row, empty text where there is no such column."""
    if "symbol" not in table:
        return [""] * len(table)
    return list(table["symbol"].fillna("").astype(str))


def with_symbols(table: pd.DataFrame, probes: pd.DataFrame) -> pd.DataFrame:
    """A table of probes with the column ``symbol`` at its end; as it is, where there are none.

    Parameters
    ----------
    table : DataFrame, column ``probe``
    probes : DataFrame, index ``probe``
    """
    if "symbol" not in probes:
        return table
    return table.assign(symbol=probes["symbol"].reindex(table["probe"]).to_numpy())


def with_genes_of_hu6800(probes: pd.DataFrame) -> pd.DataFrame:
    """The probes of Golub's chip with symbol and title, see :func:`with_genes`.

    Those of another chip as they are. The shipped table has the gene of 4,950 of the 7,129 probes,
    from the GenBank accession in the probe's name through Bioconductor's org.Hs.eg.db 3.16; and of
    12 of Golub's published 50, whose accessions are not there, from the description in his file.
    """
    annotation = pd.read_csv(
        PUBLISHED / "annotation" / "hu6800.csv.gz",
        dtype=str,
        keep_default_na=False,
        index_col="probe",
    )
    return with_genes(probes, annotation) if _known(probes, annotation) >= SAME_CHIP else probes


def _known(probes: pd.DataFrame, annotation: pd.DataFrame) -> float:
    """Share of the probes, without controls, that the annotation names; 0 where there are none."""
    genes = probes.index[~probes["is_control"]]
    return float(genes.isin(annotation.index).mean()) if len(genes) else 0.0
