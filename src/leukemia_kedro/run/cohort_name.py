"""The name of a cohort, which is that of its folders in every layer of ``data/``."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from leukemia_kedro.errors import UserError

MOST_CHARACTERS = 60
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""No file of Windows can have such a name."""


def refuse_unless_folder_name(cohort: Any) -> None:
    """Raise a UserError where the cohort of an environment could not name a folder everywhere.

    Such as ``../elsewhere``, whose results would lie outside ``data/``.
    """
    where = f"cohort is {str(cohort)[:MOST_CHARACTERS]!r}"
    if not isinstance(cohort, str):
        raise UserError(f'{where}, which is no text. Put it in quotes, such as cohort: "{cohort}"')
    if not re.fullmatch(r"\w[\w.+-]*(?<!\.)", cohort) or len(cohort) > MOST_CHARACTERS:
        raise UserError(
            f"{where}, which is no plain folder name. Expected at most {MOST_CHARACTERS} letters, "
            "digits, '_', '-', '+' and '.', the first a letter or a digit, the last no '.'"
        )
    try:
        os.fsencode(cohort)
    except UnicodeEncodeError:
        raise UserError(
            f"{where}, and the system's encoding of file names, {sys.getfilesystemencoding()}, "
            "lacks its letters. Use a locale of UTF-8: export LC_ALL=C.UTF-8"
        ) from None
    if RESERVED.fullmatch(cohort):
        raise UserError(f"{where}, a name that Windows keeps for itself. Choose another one")
