"""The cohort: expression, samples and probes, three tables that cannot come apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukemia_kedro.errors import CONTROL, CohortError, first_few

SPLITS = ("train", "test")
_ENGLISH = "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec"
_OTHER = (
    "jän|mär|märz|mrz|mai|okt|dez|mrt|mei|janv|févr|mars|avr|juin|juil|août|déc|ene|abr|ago|dic|"
    "gen|mag|giu|lug|set|ott|fev|out|dez"
)
# Names of genes such as MARCH1 and 2310009E13, once a spreadsheet has taken them for dates or
# numbers. A month before its number is one of few: AGO-2 and SET-1 are names.
MANGLED = re.compile(
    rf"\d{{1,2}}([-./]|\. ?| )({_ENGLISH}|{_OTHER})\.?([-./ ]\d{{2,4}})?"
    rf"|({_ENGLISH}|mär|märz|mrz|okt|dez|mrt)-\d{{1,4}}"
    r"|\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?|\d{1,2}[./]\d{1,2}[./](\d\d){1,2}"
    r"|\d([.,]\d+)?e[+]\d+|\d[.,]\d+e\d+"
    r"|#(NAME\?|N/A|REF!|VALUE!|DIV/0!|NUM!|NULL!|WERT!|NV|BEZUG!|ZAHL!)",
    re.IGNORECASE,
)
_DAY_NUMBER = range(36526, 54789)
"""Days since 1900 of the years 2000 to 2049, as which a spreadsheet shows a date without format."""


@dataclass(frozen=True)
class Cohort:
    """Patients measured on the same probes.

    Every file layout becomes a cohort in its catalog type; later code does not know the file. The
    three tables name their samples and probes, and are checked here, so that no label can slide
    off its sample.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        Numbers as measured (raw intensity or log2, as the cohort's parameters say).
        NaN marks a missing value; infinite values are refused.
    samples : DataFrame, index ``sample``
        In the order of ``expression``'s rows. Column ``label`` (text, or missing; absent for
        samples to be scored), column ``split`` with ``train`` or ``test`` where the source gives a
        split, any further column is a covariate.
    probes : DataFrame, index ``probe``
        In the order of ``expression``'s columns. Columns ``description`` (text) and
        ``is_control`` (bool); a simulated cohort adds the truth.
    origin : str
        One line on where the data comes from.
    simulated : bool
        True where the numbers are not of real patients.
    remarks : tuple of str
        What a reader of the report should know of how the files were read and fit together.

    Raises
    ------
    CohortError
        Where the tables do not fit each other or break a rule above; the message names the
        samples or probes.
    """

    expression: pd.DataFrame
    samples: pd.DataFrame
    probes: pd.DataFrame
    origin: str
    simulated: bool = False
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_table(self.samples, "sample")
        _check_table(self.probes, "probe")
        _check_probes(self.probes)
        _check_same(self.expression.index, self.samples.index, "sample")
        _check_same(self.expression.columns, self.probes.index, "probe")
        _check_values(self.expression)
        if "label" in self.samples:
            _check_labels(self.samples["label"])
        if "split" in self.samples:
            of_label = self.samples.get("label", self.samples["split"])
            _check_split(self.samples.loc[of_label.notna(), "split"])

    @property
    def labels(self) -> pd.Series | None:
        """Class of each sample, missing where it is not known; None for samples to be scored."""
        return self.samples.get("label")


def _check_table(table: pd.DataFrame, kind: str) -> None:
    names = table.index
    if len(names) == 0:
        raise CohortError(f"no {kind} found: a cohort needs at least one")
    if names.name != kind:
        raise CohortError(f"the index of the {kind}s table is named {names.name!r}, not {kind!r}")
    wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
    if wrong:
        raise CohortError(f"a {kind} id must be text that is not empty; found {wrong[0]!r}")
    _check_characters(names, f"{kind} ids")
    _check_characters(table.columns, f"columns of the {kind}s table")
    check_once(names, f"{kind} ids")
    check_once(table.columns, f"columns of the {kind}s table")


def _check_characters(names: Iterable[str], what: str) -> None:
    wrong = [name for name in names if CONTROL.search(name)]
    if wrong:
        raise CohortError(
            f"{what} hold characters that no name may hold, such as line ends: "
            f"{first_few(map(repr, wrong))}; correct them in the file"
        )


def check_once(names: Iterable[str], what: str, way_out: str = "") -> None:
    """Raise a CohortError where names occur more than once; it begins with ``what``."""
    index = pd.Index(list(names))
    repeated = index[index.duplicated()].unique()
    if len(repeated):
        advice = f". {way_out}" if way_out else ""
        raise CohortError(f"{what} occur more than once: {first_few(repeated)}{advice}")


def check_names(names: Iterable[str], allowed: Collection[str] = ()) -> None:
    """Refuse probes whose names a spreadsheet has turned into dates or numbers.

    Numbers of days count as such where most names are no numbers, so that Entrez ids are none.

    Raises
    ------
    CohortError
        With the names, but for those in ``allowed``.
    """
    names = list(names)
    mangled = [name for name in names if MANGLED.fullmatch(name) and name not in allowed]
    numbers = [name for name in names if name.isdecimal()]
    if 2 * len(numbers) < len(names):
        days = [number for number in numbers if len(number) == 5]  # of 5,000 digits int makes none
        mangled += [n for n in days if int(n) in _DAY_NUMBER and n not in allowed]
    if mangled:
        raise CohortError(
            f"a spreadsheet has turned gene names into dates or numbers: {first_few(mangled)}; "
            "export the table again without opening it there. Those that are names after all, "
            f"state in the catalog: names_like_dates: [{mangled[0]!r}]"
        )


def _check_same(found: pd.Index, expected: pd.Index, kind: str) -> None:
    if found.equals(expected):
        return
    for names, fault in (
        (found.difference(expected), f"expression holds {kind}s that the {kind}s table lacks"),
        (expected.difference(found), f"the {kind}s table names {kind}s without expression"),
    ):
        if len(names):
            raise CohortError(f"{fault}: {first_few(names)}")
    raise CohortError(f"the {kind}s table and expression list the {kind}s in different orders")


def _check_values(expression: pd.DataFrame) -> None:
    not_numeric = [name for name, dtype in expression.dtypes.items() if dtype.kind != "f"]
    if not_numeric:
        raise CohortError(f"expression is not floating-point in {first_few(not_numeric)}")
    values = expression.to_numpy()
    # One pass without a mask the size of the matrix: a sum is infinite or NaN where any value is.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return
    rows, columns = np.nonzero(np.isinf(values))
    if len(rows):
        raise CohortError(
            f"sample {expression.index[rows[0]]}, {expression.columns[columns[0]]}: "
            f"the value is infinite ({len(rows)} such values in all)"
        )


def _check_labels(labels: pd.Series) -> None:
    for sample, label in labels.dropna().items():
        if not isinstance(label, str) or not label.strip():
            raise CohortError(f"the label of sample {sample} is {label!r}; expected text")
    _check_characters(labels.dropna().unique(), "labels")


def _check_split(split: pd.Series) -> None:
    for sample, side in split[~split.isin(SPLITS)].items():
        raise CohortError(f"split of sample {sample} is {side!r}; expected 'train' or 'test'")


def _check_probes(probes: pd.DataFrame) -> None:
    missing = [column for column in ("description", "is_control") if column not in probes]
    if missing:
        raise CohortError(f"the probes table lacks the columns {first_few(missing)}")
    if probes["is_control"].dtype != bool:
        raise CohortError(f"is_control is {probes['is_control'].dtype}; expected bool")
