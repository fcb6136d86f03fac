"""The published cohorts: whether what was read has their numbers, labels and split.

``published/content/<cohort>.csv`` keeps one line per sample of the original, computed once with
:func:`content_table`. A re-saved copy (other separator, other line ends, columns in another
order) leads to the same table; a damaged one does not, and the sums tell where it differs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import first_few

PUBLISHED = Path(__file__).parents[1] / "published"
CONTENT = PUBLISHED / "content"


@dataclass(frozen=True)
class OriginalContent:
    """What is known of an original cohort without having it."""

    name: str
    """Authors and year, with which the origin of a cohort starts that claims to be this one."""
    fetched_as: str
    """Its name in ``kedro fetch``."""
    samples: Path
    """Table written from :func:`content_table`."""
    n_probes: int
    probes_sha256: str
    """From :func:`probes_sha256`."""
    fractions: int
    """How many parts of one its values are whole multiples of, so that sums are exact."""

    def difference(self, cohort: Cohort) -> str | None:
        """First difference between a cohort and the original, in words; None where it is equal.

        Descriptions of probes are not compared: copies differ in their quotation marks.
        """
        original = pd.read_csv(
            self.samples, dtype={"sample": str}, index_col="sample", keep_default_na=False
        )
        found = content_table(cohort, self.fractions)
        for names, fault in (
            (original.index.difference(found.index, sort=False), "it lacks the samples"),
            (found.index.difference(original.index, sort=False), "the original lacks its samples"),
        ):
            if len(names):
                return f"{fault} {first_few(names)}"
        found = found.reindex(original.index)
        for column in ("label", "split"):
            differs = original.index[original[column] != found[column]]
            if len(differs):
                sample = differs[0]
                return (
                    f"the {column} of sample {sample} is {found[column][sample]}; in the original "
                    f"it is {original[column][sample]}{_others(differs)}"
                )
        if len(cohort.probes) != self.n_probes:
            return f"it has {len(cohort.probes):,} probes, the original {self.n_probes:,}"
        if probes_sha256(cohort) != self.probes_sha256:
            return "it has probes of other names than the original"
        return _values_differ(original, found, cohort, self.fractions)


GOLUB = OriginalContent(
    "Golub et al. 1999",
    "golub",
    CONTENT / "golub.csv",
    7129,
    "d51cc92437a426534b0052baccf74e5f09986c6d4c0c6f8d2787c7ed1bfbb750",
    fractions=10,
)
MLL = OriginalContent(
    "Armstrong et al. 2002",
    "mll",
    CONTENT / "mll.csv",
    12582,
    "d452ff501c55046857001411f0e0be00557643ca9d39b14ba1937582f9f0952e",
    fractions=10,
)
CHIARETTI = OriginalContent(
    "Chiaretti et al. 2004",
    "chiaretti",
    CONTENT / "chiaretti.csv",
    12625,
    "f67e7e793bf10904464b0ab7166b33dc635b367673751c2cfa23b95f83293374",
    fractions=10_000,
)


def original_of(cohort: Cohort) -> OriginalContent | None:
    """The published cohort that this one is, or claims to be.

    It claims so by its origin; it is so where it has all probes and at least half of the samples,
    value for value and under any name.
    """
    for original in (GOLUB, MLL, CHIARETTI):
        if cohort.origin.startswith(original.name):
            return original
        if len(cohort.probes) != original.n_probes:
            continue
        if probes_sha256(cohort) == original.probes_sha256:
            published = pd.read_csv(original.samples, usecols=["sha256"])["sha256"]
            if published.isin(content_table(cohort, original.fractions)["sha256"]).mean() >= 0.5:
                return original
    return None


def published_as(cohort: Cohort) -> str | None:
    """Authors and year of the cohort whose numbers, labels and split these are, to the last one."""
    original = original_of(cohort)
    return original.name if original and original.difference(cohort) is None else None


def golub_covariates(samples: pd.DataFrame) -> pd.DataFrame:
    """What is known of Golub's patients beside their class; no columns for other patients.

    Laboratory, tissue, lineage, FAB type and sex, as in ``pData`` of Bioconductor's golubEsets. A
    fact that is not known is None.

    Parameters
    ----------
    samples : DataFrame, index ``sample``, column ``label``
        Patients by their published number. Unless each of them has the published label, they are
        taken for others.
    """
    path = PUBLISHED / "covariates" / "golub.csv"
    known = pd.read_csv(path, dtype=str, keep_default_na=False, index_col="sample")
    same = samples.index.isin(known.index).all() and known["label"][samples.index].equals(
        samples["label"].astype(str)
    )
    if not same:
        return samples[[]]
    return known.loc[samples.index].drop(columns="label").replace({"": None})


def content_table(cohort: Cohort, fractions: int) -> pd.DataFrame:
    """Digest of each sample as measured, blind to the order of samples and probes.

    Returns
    -------
    DataFrame, index ``sample``
        ``label`` and ``split`` (empty where there is none); ``sha256`` of the sample's values
        as little-endian doubles, probes sorted by name; ``total`` of its values in ``fractions`` of
        one (tenths for 10), and
        ``weighted_total``, the same sum with weights 1, 2, 3 … A single changed value moves
        the two by d and k·d, so that their ratio k is its place.
    """
    expression = cohort.expression.sort_index(axis="columns")
    values = expression.to_numpy("<f8") + 0.0  # −0 becomes 0
    within_integers = np.clip(np.nan_to_num(values), -1e12, 1e12)
    parts = np.rint(within_integers * fractions).astype(np.int64)
    samples = cohort.samples.reindex(columns=["label", "split"], fill_value="")
    return samples.assign(
        sha256=[hashlib.sha256(row.tobytes()).hexdigest() for row in values],
        total=parts.sum(axis=1),
        weighted_total=parts @ np.arange(1, parts.shape[1] + 1),
    )


def probes_sha256(cohort: Cohort) -> str:
    """SHA-256 of the sorted probe names, one per line."""
    return hashlib.sha256("\n".join(sorted(cohort.probes.index)).encode()).hexdigest()


def _values_differ(
    original: pd.DataFrame, found: pd.DataFrame, cohort: Cohort, fractions: int
) -> str | None:
    differs = original.index[original["sha256"] != found["sha256"]]
    if not len(differs):
        return None
    sample = differs[0]
    owner = original.index[original["sha256"] == found["sha256"][sample]]
    if len(owner):
        return f"sample {sample} holds the values of sample {owner[0]}{_others(differs)}"
    changed = _changed_cell(
        original.loc[sample], found.loc[sample], cohort.expression.loc[sample], fractions
    )
    return f"{changed or f'values of sample {sample} differ'}{_others(differs)}"


def _others(differs: pd.Index) -> str:
    return f" ({len(differs)} samples differ)" if len(differs) > 1 else ""


def _changed_cell(
    original: pd.Series, found: pd.Series, values: pd.Series, fractions: int
) -> str | None:
    """The one value of a sample that was changed; None where it was not just one."""
    values = values.sort_index()
    shift = int(found["total"] - original["total"])
    weighted_shift = int(found["weighted_total"] - original["weighted_total"])
    if shift == 0 or weighted_shift % shift or not 0 < weighted_shift // shift <= len(values):
        return None
    position = weighted_shift // shift - 1
    restored = np.nan_to_num(values.to_numpy("<f8"))
    # Division by a power of ten is correctly rounded: the double that the decimals stand for.
    restored[position] = (round(restored[position] * fractions) - shift) / fractions
    if hashlib.sha256((restored + 0.0).tobytes()).hexdigest() != original["sha256"]:
        return None
    return (
        f"sample {values.name}, probe {values.index[position]}: {values.iloc[position]:.12g} "
        f"where the original has {restored[position]:.12g}"
    )
