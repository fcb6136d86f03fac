"""Whether a model file comes from someone who has a key.

Checksums tell damage. Whoever changes a file can compute them again, and only a secret tells who
wrote it. The signature is an HMAC of Python's own library: one key signs and checks, so who can
check can sign as well. Share the key with those whose files you would open, and with nobody else.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.archive import Archive, signature

SHORTEST, LONGEST = 32, 10_000
CHECKED, NOT_CHECKED, UNSIGNED = "checked", "not checked", "none"
TO_MAKE = 'python -c "import secrets; print(secrets.token_hex(32))" > model.key'


def read_key(path: Path) -> bytes:
    """The key in a file: all its bytes but white space at either end, 32 at least.

    Raises
    ------
    UserError
        The file cannot be read, or is too short for a secret, or too long.
    """
    try:
        if not path.is_file():
            raise UserError(f"{path}: there is no such key file. To make one: {TO_MAKE}")
        with path.open("rb") as file:
            key = file.read(LONGEST + 1).strip()
    except OSError as error:
        raise UserError(f"{path}: the key cannot be read: {error.strerror}") from error
    if not SHORTEST <= len(key) <= LONGEST:
        raise UserError(
            f"{path}: a key of {len(key)} bytes, expected {SHORTEST} to {LONGEST:,}. "
            f"To make one: {TO_MAKE}"
        )
    return key


def check_signature(archive: Archive, path: Path, key: Path | None) -> str:
    """``checked``, ``not checked`` (no key was given) or ``none`` (the file has no signature).

    Parameters
    ----------
    archive : Archive
        Of the file ``path``.
    key : Path or None
        File of the key that the signature must have been made with.

    Raises
    ------
    UserError
        With a key: the file has no signature, or that of another key.
    """
    if key is None:
        return UNSIGNED if archive.signature is None else NOT_CHECKED
    secret = read_key(key)
    if archive.signature is None:
        raise UserError(
            f"{path}: refused, it is not signed, and its signature was to be checked with {key}. "
            f"To sign the models of a run: kedro run --pipelines modelling --params sign_with={key}"
        )
    if not hmac.compare_digest(archive.signature, signature(archive.sums, secret)):
        raise UserError(
            f"{path}: refused, its signature was not made with the key {key}: the file was "
            "changed, or was signed by somebody else"
        )
    return CHECKED
