"""What other people's methods got wrong on the same held-out samples."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

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
