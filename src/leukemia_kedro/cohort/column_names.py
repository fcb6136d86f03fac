"""What the name of a column says: a patient, a group, a fact that is no gene."""

from __future__ import annotations

import re

_PATIENT = "patient|subject|donor|individual|participant|proband|animal|mouse"
_GROUP = (
    f"{_PATIENT}|batch|group|pair|block|family|litter|cage|site|centre|center|hospital|laboratory|"
    "lab|plate|chip|array|slide|lane|run|scanner"
)
_NUMBERED = r"(?:e?s)?(?:[\s_.-]*(?:id|ids|no|nr|num|number|code|name|#))?\.?"
_PATIENT_NAME = re.compile(f"(?:{_PATIENT}){_NUMBERED}", re.IGNORECASE)
_GROUP_NAME = re.compile(f"(?:{_GROUP}){_NUMBERED}", re.IGNORECASE)
_FACT = (
    "target|class|label|labels|sex|gender|age|survival|batch|status|diagnosis|outcome|relapse|"
    "remission|stage|donor|patient|subject|individual"
)
_FACT_NAME = re.compile(rf"(?:.*[\s_.-])?(?:{_FACT})(?:[\s_.-].*)?", re.IGNORECASE)


def names_patients(name: str) -> bool:
    """Whether a column of this name says whose sample it is: ``Patient``, ``donor_id``."""
    return _PATIENT_NAME.fullmatch(name.strip()) is not None


def names_groups(name: str) -> bool:
    """Whether numbers in a column of this name are names: ``batch``, ``Pair``, ``Subject No.``."""
    return _GROUP_NAME.fullmatch(name.strip()) is not None


def names_a_fact(name: str) -> bool:
    """Whether a column of this name holds a fact of the samples: ``age_days``, ``vital_status``."""
    return _FACT_NAME.fullmatch(name.strip()) is not None
