"""What the name of a column says: a patient, a group, a fact that is no gene."""

from __future__ import annotations

import re

_PATIENT = (
    "patient|subject|subj|donor|individual|participant|proband|volunteer|person|animal|mouse|mice|"
    "rat|dog"
)
_GROUP = (
    f"{_PATIENT}|batch|group|pair|block|family|litter|cage|site|centre|center|hospital|laboratory|"
    "lab|plate|chip|array|slide|lane|run|scanner"
)
_NUMBER = r"(?:id|ids|no|nr|num|number|code|name|#)"
_NUMBERED = rf"(?:{_NUMBER}[\s_.-]+)?(?:%s)(?:e?s)?(?:[\s_.-]*{_NUMBER})?\.?"
# Alone, case may be a status and pt a time of coagulation.
_SHORT = rf"|(?:{_NUMBER}[\s_.-]+)?(?:case|pat|pt)[\s_.-]*{_NUMBER}\.?"
_PATIENT_NAME = re.compile(_NUMBERED % _PATIENT + _SHORT, re.IGNORECASE)
_GROUP_NAME = re.compile(_NUMBERED % _GROUP + _SHORT, re.IGNORECASE)
_FACT = (
    "target|class|label|labels|sex|gender|age|survival|batch|status|diagnosis|outcome|relapse|"
    "remission|stage|grade|fab|response|treatment|therapy|death|deceased|alive|bmi|days|months|"
    "years|donor|patient|subject|individual"
)
_FACT_NAME = re.compile(rf"(?:.*[\s_.-])?(?:{_FACT})(?:[\s_.-].*)?", re.IGNORECASE)


def names_patients(name: str) -> bool:
    """Whether a column of this name says whose sample it is: ``Patient``, ``ID_donor``."""
    return _PATIENT_NAME.fullmatch(name.strip()) is not None


def names_groups(name: str) -> bool:
    """Whether numbers in a column of this name are names: ``batch``, ``Pair``, ``Subject No.``."""
    return _GROUP_NAME.fullmatch(name.strip()) is not None


def names_a_fact(name: str) -> bool:
    """Whether a column of this name holds a fact of the samples: ``age_days``, ``vital_status``."""
    return _FACT_NAME.fullmatch(name.strip()) is not None
