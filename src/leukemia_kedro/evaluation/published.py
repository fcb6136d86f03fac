"""Published results and signatures that ship with the package."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import SignatureParameters

PUBLISHED = Path(__file__).resolve().parents[1] / "published"
COUNTS = ("fewest_errors", "most_errors", "calls", "errors_among_calls")


def published_results(sample_split: pd.DataFrame) -> pd.DataFrame | None:
    """Published results of methods that learned from the same training samples.

    ``published/results/<cohort>.csv`` belongs to the original of that name: it counts only where
    sample for sample the labels and the split are the original's
    (``published/content/<cohort>.csv``).

    Parameters
    ----------
    sample_split : DataFrame, index ``sample``, columns ``label, split``

    Returns
    -------
    DataFrame or None
        One row per study: ``study, method, genes, reference`` (a key of the report's references)
        and, missing where not reported, ``fewest_errors, most_errors`` on the held-out samples
        with every call forced, ``calls, errors_among_calls`` of a reject option, ``brier``. None
        where nothing is known of this split.
    """
    here = sample_split[["label", "split"]].astype(str).sort_index()
    for results in sorted((PUBLISHED / "results").glob("*.csv")):
        original = pd.read_csv(PUBLISHED / "content" / results.name, dtype=str)
        original = original.set_index("sample")[["label", "split"]].sort_index()
        if here.equals(original):
            return pd.read_csv(results, dtype={"genes": str} | dict.fromkeys(COUNTS, "Int64"))
    return None


def check_reference(probes: pd.Index, signature: SignatureParameters) -> pd.Series:
    """The probes of the reference signature, empty where the parameters name none.

    Raises
    ------
    UserError
        The reference is not known, or names probes that the cohort lacks.
    """
    if signature.reference is None:
        return pd.Series(dtype=str, name="probe")
    reference = reference_signature(signature.reference)["probe"]
    unknown = reference[~reference.isin(probes)]
    if len(unknown):
        raise UserError(
            f"the reference signature {signature.reference!r} has names that this cohort "
            f"lacks: {first_few(unknown)}; set feature_selection.signature.reference to null"
        )
    return reference


def reference_signature(name: str) -> pd.DataFrame:
    """A published signature that ships with the package, by the name of its file.

    Raises
    ------
    UserError
        There is none of that name.
    """
    known = sorted(file.stem for file in (PUBLISHED / "signatures").glob("*.csv"))
    if name not in known:
        raise UserError(
            f"feature_selection.signature.reference {name!r} is not known; "
            f"expected one of: {first_few(known, 20)}"
        )
    return pd.read_csv(PUBLISHED / "signatures" / f"{name}.csv", dtype=str)
