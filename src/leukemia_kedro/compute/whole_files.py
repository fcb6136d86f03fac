"""Files and folders written whole, or not at all; files whose reading would not end.

A bomb is a compressed file made to fill the memory: of a million zeros gzip makes a thousand bytes.
Tables of numbers become ten times smaller; with zeros in 99 of 100 cells, 120 times.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zipfile import ZipInfo

from leukemia_kedro.errors import CohortError, UserError

MOST_TIMES = 200
SMALL = 500_000_000
"""Bytes that any machine has room for."""


@contextmanager
def written_whole(place: Path) -> Iterator[Path]:
    """A path to write a file or a folder to, which is moved to ``place`` when all went well.

    It lies beside ``place`` and is hidden: ``.<name>.partial``. Until the move, and where
    writing fails, ``place`` keeps its content. A killed process leaves the old content, or the new,
    or (of a folder, between two renames) nothing; beside it perhaps a ``.partial`` or ``.old``,
    which the next writing to the same place removes. The content is flushed to the disk before the
    move: otherwise a power cut can leave a new name with half its content, and a table cut off at
    the end of a line looks whole. For the 300 files of a run this takes a second at most.

    Raises
    ------
    UserError
        The operating system refuses: disk full, no permission, read-only.
    """
    partial, old = (place.with_name(f".{place.name}.{end}") for end in ("partial", "old"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove(partial)
        _remove(old)
        yield partial
        _flush(partial)
        if place.is_dir():
            place.rename(old)
        partial.replace(place)
        _remove(old)
    except BaseException as error:
        with suppress(OSError):
            _remove(partial)
        # A writer may have wrapped the operating system's error in its own.
        behind: BaseException | None = error
        while isinstance(behind, Exception):
            if isinstance(behind, OSError) and behind.errno:
                raise could_not_write(place, behind) from error
            behind = behind.__cause__ or behind.__context__
        raise


def refuse_special_file(path: Path) -> None:
    """Raise a UserError for a named pipe or a device: reading it may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(
            f"{path} is a named pipe, a device or a socket; expected a file. Write its content to "
            "a file, and name that one"
        )


def most_unpacked(packed: int) -> int:
    """Bytes that a compressed file of ``packed`` bytes may unpack to."""
    return max(MOST_TIMES * packed, SMALL)


def refuse_bomb(path: Path | str, packed: int, unpacked: int) -> None:
    """Raise a CohortError where a compressed file unpacks to more than :func:`most_unpacked`."""
    if unpacked > most_unpacked(packed):
        raise CohortError(
            f"{path} has {packed:,} bytes and unpacks to more than {most_unpacked(packed):,}, "
            "which no table does. If it is sound, give it unpacked, such as a CSV file"
        )


def refuse_zip_bomb(path: Path | str, members: Iterable[ZipInfo]) -> None:
    """:func:`refuse_bomb` of a zip. What a member says of its size is the most that is read."""
    members = list(members)
    packed = sum(member.compress_size for member in members)
    refuse_bomb(path, packed, sum(member.file_size for member in members))


def could_not_write(place: Path, error: OSError) -> UserError:
    """The error for the user where the operating system refuses to write."""
    return UserError(f"{place} could not be written: {os.strerror(error.errno or 0)}")


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
