"""Numbers as people print them: sensible digits, a true minus sign, thousands apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from leukemia_kedro.evaluation.records import RejectOption
from leukemia_kedro.plots.study import Champion
from leukemia_kedro.statistics.class_names import class_in_words

NOTHING = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(number: float | None) -> str:
    """A whole number as ``7,129``; a dash where there is none."""
    return NOTHING if pd.isna(number) else f"{int(number):,}"


def decimal(number: float | None, digits: int = 3) -> str:
    """``0.927``, ``−1.20``, with so many digits after the point; a dash where there is none."""
    if pd.isna(number):
        return NOTHING
    text = f"{number:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """A share from 0 to 1 as ``97.1%``; a dash where there is none."""
    return NOTHING if pd.isna(share) else f"{100 * share:.{digits}f}%"


def small(number: float | None) -> str:
    """A p-value with two significant digits: ``0.43``, ``0.040``, ``9.2×10⁻¹⁴``."""
    if pd.isna(number):
        return NOTHING
    if number >= 0.00095:
        return f"{number:#.2g}"
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """``0.773 to 1.000``; a dash where there is none."""
    return NOTHING if pd.isna(low) else f"{decimal(low, digits)} to {decimal(high, digits)}"


def percent_interval(low: float | None, high: float | None) -> str:
    """Two shares from 0 to 1 as ``84.7% to 99.9%``; a dash where there is none."""
    return NOTHING if pd.isna(low) else f"{percent(low)} to {percent(high)}"


def listed(names: Iterable, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; each printed with ``str``."""
    *first, last = [str(name) for name in names]
    return f"{', '.join(first)} {joint} {last}" if first else last


def units(n_samples: float, n_patients: int | None, kind: str = "") -> str:
    """``38 training samples``; where patients are named, ``20 training patients (38 samples)``."""
    kind = f"{kind} " if kind else ""
    if n_patients is None:
        return f"{count(n_samples)} {kind}samples"
    return f"{count(n_patients)} {kind}patients ({count(n_samples)} samples)"


def of_patients(n_patients: int | None) -> str:
    """`` of 6 patients``, to follow a number of samples; empty where none are named."""
    return "" if n_patients is None else f" of {count(n_patients)} patients"


def wrong(test: Mapping[str, Any], prefix: str = "") -> str:
    """``3 of 34`` test samples misclassified; ``2 of 12 patients (3 of 34 samples)`` where patients
    gave several. ``prefix`` starts the keys."""
    samples = f"{count(test[f'{prefix}errors'])} of {count(test[f'{prefix}n'])}"
    if pd.isna(n_patients := test.get(f"{prefix}patients")):
        return samples
    n_wrong = count(test[f"{prefix}patients_wrong"])
    return f"{n_wrong} of {count(n_patients)} patients ({samples} samples)"


def right(test: Mapping[str, Any]) -> str:
    """``31 of 34 test samples``; ``10 of 12 test patients (31 of 34 samples)`` where patients
    gave several."""
    samples = f"{count(test['n'] - test['errors'])} of {count(test['n'])}"
    if pd.isna(n_patients := test.get("patients")):
        return f"{samples} test samples"
    n_right = count(n_patients - test["patients_wrong"])
    return f"{n_right} of {count(n_patients)} test patients ({samples} samples)"


PATIENT_RULE = "A patient is misclassified where any of its samples is."
"""As ``evaluation/patients.py`` counts them."""


def in_brackets(n_samples: float, n_patients: int | None) -> str:
    """``n = 38``; where patients are named, ``38 samples of 20 patients``."""
    if n_patients is None:
        return f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{count(n_samples)}"
    return f"{count(n_samples)} samples{of_patients(n_patients)}"


def capital(text: str) -> str:
    """The text with its first letter large, unless it begins with the name of a file or a column,
    such as ``e.csv`` or ``case_id``."""
    is_name = re.match(r"\w+[._]\w", text) is not None
    return text if is_name else text[:1].upper() + text[1:]


def difference(expression: str) -> str:
    """A contrast's expression without its backticks, with a minus sign and classes in words."""
    return re.sub(
        "`([^`]+)`| - ", lambda part: class_in_words(part[1]) if part[1] else " − ", expression
    )


def above_chance(champion: Champion) -> bool:
    """Whether a champion shows that expression tells the classes apart.

    Not where it uses no gene, nor where the interval of its corrected balanced accuracy holds that
    of assigning every sample to one class, 1 / (number of classes).
    """
    return bool(champion["n_genes"]) and champion["corrected"]["low"] > 1 / len(champion["classes"])


def calling(option: RejectOption, test: Mapping[str, Any] | None) -> str:
    """What a model's reject option called, to follow its name: of the test samples or else in
    cross-validation; of the test patients where they gave several samples."""
    if test is not None and not test["calls"]:
        samples = f"{count(test['n'])} test samples{of_patients(test.get('patients'))}"
        return f"calls none of the {samples}."
    calls, n_wrong, of = option["calls"], option["wrong_calls"], option["patients"]
    where, what = "training patients in cross-validation (mean over repeats)", "calls"
    if test is not None:
        calls, n_wrong, of = test["calls"], test["errors_among_calls"], test["n"]
        where = "test samples"
        if pd.notna(test.get("patients")):
            where = f"test patients ({count(calls)} of {count(of)} samples)"
            calls, of = test["patients_called"], test["patients"]
            n_wrong, what = test["patients_called_wrongly"], "patients"
    if not calls:
        return f"calls none of {count(of)} {where}."
    outcome = f"calls {'is' if n_wrong == 1 else 'are'} wrong"
    if what == "patients":
        outcome = f"patients {'has' if n_wrong == 1 else 'have'} a wrong call"
    return f"calls {amount(calls)} of {count(of)} {where}; {amount(n_wrong)} of these {outcome}."


OUT_OF_ITS_REACH = (
    "The fitted model itself calls none of its own training samples, so expect no call from it."
)


def promise(option: RejectOption) -> str:
    """The share of wrong calls that a model's threshold promises, beside the share asked for."""
    asked, calls, n = option["asked"], option["calls"], option["patients"]
    beyond = "" if option.get("own_calls") != 0 else f" {OUT_OF_ITS_REACH}"
    counted = f"in cross-validation {amount(option['wrong_calls'])} of {amount(calls)} were wrong"
    expected = (
        f"{percent(option['error'])} wrong calls are to be expected "
        f"(95% interval {percent_interval(option['low'], option['high'])}; {counted}).{beyond}"
    )
    if asked is None:
        if not calls:
            nobody = "In cross-validation no training patient reaches it."
            return f"Its threshold was fixed beforehand. {nobody}{beyond}"
        return f"Its threshold was fixed beforehand. {expected}"
    aim = f"At most {100 * asked:g}% wrong calls were asked for."
    if option["error"] <= asked:
        return f"{aim} {expected}"
    reason = f"no threshold shows so few on {count(n)} training patients"
    if asked < 1 / (n + 1):
        reason = f"{count(n)} training patients cannot show less than {percent(1 / (n + 1))}"
    return (
        f"{aim} This is not kept: {reason}. The threshold with the smallest error that can be "
        f"shown is used instead. {expected}"
    )


def amount(number: float) -> str:
    """A count that may be a mean over repeats: ``12``, ``11.8``."""
    return f"{number:,.1f}".removesuffix(".0")
