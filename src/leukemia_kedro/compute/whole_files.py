"""Files and folders that are written whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from leukemia_kedro.errors import UserError


@contextmanager
def written_whole(place: Path) -> Iterator[Path]:
    """A path to write a file or a folder to, which is moved to ``place`` when all went well.

    It lies beside ``place`` and is hidden: ``.<name>.partial``. Until the move, and for good where
    writing fails, ``place`` holds what it held before. A process that is killed leaves what was
    there, or the new file, or (of a folder, between two renames) nothing; beside it perhaps a
    ``.partial`` or ``.old``, which the next writing to the same place removes.

    What is moved has been flushed to the disk. A killed process would not need it, but after a
    power cut many file systems show a new name over content that is cut off, and a table that is
    cut off at the end of a line is read without complaint. A run of some 300 files pays a second
    at most.

    Raises
    ------
    UserError
        The operating system refuses: disk full, no permission, read-only.
    """
    partial, old = (place.with_name(f".{place.name}.{end}") for end in ("partial", "old"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        for leftover in (partial, old):
            _remove(leftover)
        yield partial
        _flush(partial)
        if place.is_dir():
            place.rename(old)
        partial.replace(place)
        _remove(old)
    except BaseException as error:
        with suppress(OSError):
            _remove(partial)
        refusal = _refusal_behind(error)
        if refusal is None:
            raise
        raise could_not_write(place, refusal) from error


def could_not_write(place: Path, error: OSError) -> UserError:
    """What to tell the user where the operating system refuses to write."""
    return UserError(f"{place} could not be written: {os.strerror(error.errno)}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())


def _refusal_behind(error: BaseException | None) -> OSError | None:
    """The error of the operating system that a writer may have wrapped in one of its own."""
    while isinstance(error, Exception):
        if isinstance(error, OSError) and error.errno:
            return error
        error = error.__cause__ or error.__context__
    return None
