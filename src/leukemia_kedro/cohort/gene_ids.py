"""Ids of genes as programs that count reads write them, and their rows that are no genes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from leukemia_kedro.errors import first_few

SUMMARY = re.compile(
    r"(__)?(no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique)"
    r"|N_(unmapped|multimapping|noFeature|ambiguous)"
)
"""Rows in which HTSeq and STAR sum up the reads that belong to no gene."""
VERSIONED = re.compile(r"(ENS[A-Z]*\d{11})\.\d+((?:_PAR_Y)?)")
"""An id of Ensembl or GENCODE with its version."""


def without_summary_rows(
    values: np.ndarray, probes: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame, list[str]]:
    """Values, (n_samples, n_probes), and probes without summary rows; a remark on these.

    They are no genes. Their reads would make up a large part of a library.
    """
    found = np.array([SUMMARY.fullmatch(name) is not None for name in probes.index])
    if not found.any() or found.all():
        return values, probes, []
    remark = f"rows that sum up the reads of no gene are left out: {first_few(probes.index[found])}"
    return values[:, ~found], probes[~found], [remark]


def without_versions(probes: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The probes under the ids of their genes, without Ensembl's versions; a remark on them.

    Versions count the changes of a gene's model, and differ between releases for one gene. An id
    keeps its version where two probes would have one id.
    """
    short = pd.Index(
        [VERSIONED.sub(r"\1\2", name) for name in probes.index], dtype=probes.index.dtype
    )
    shared = short.duplicated(keep=False)
    names = short.where(~shared, probes.index)
    changed = names != probes.index
    if not changed.any():
        return probes, []
    example = f"{probes.index[changed][0]} is {names[changed][0]}"
    kept = (shared & (short != probes.index)).sum()
    others = f"; {kept:,} keep theirs, because others have the same id" if kept else ""
    remark = f"{changed.sum():,} Ensembl ids are read without their version: {example}{others}"
    return probes.set_axis(names.rename(probes.index.name)), [remark]


def named_as(names: pd.Index, taken: Collection[str]) -> pd.Index:
    """``names`` with Ensembl's versions as ``taken`` has them: another version, or none.

    A name that ``taken`` has stays, and so does one whose gene has several names in either.
    """
    known = {stem: ids[0] for stem, ids in _by_stem(taken).items() if len(ids) == 1}
    renamed = {
        ids[0]: known[stem]
        for stem, ids in _by_stem(names).items()
        if len(ids) == 1 and stem in known
    }
    return pd.Index([renamed.get(name, name) for name in names], name=names.name)


def _by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        if isinstance(name, str) and name.startswith("ENS"):
            found.setdefault(VERSIONED.sub(r"\1\2", name), []).append(name)
    return found
