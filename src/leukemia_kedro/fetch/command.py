"""``kedro fetch``: the public cohorts into ``data/01_raw``, verified, whole files or none."""

from __future__ import annotations

import gzip
import logging
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePath, PureWindowsPath
from tempfile import TemporaryDirectory

import click

from leukemia_kedro.compute.whole_files import (
    refuse_bomb,
    refuse_special_file,
    refuse_zip_bomb,
)
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.fetch.sources import SOURCES, Source

SECONDS_TO_ANSWER = 4


def fetch(cohort: str, project: Path, origin: Path | None) -> None:
    """Bring the files of a public cohort into ``data/01_raw/<cohort>`` of a project.

    Files are first gathered and verified in a folder of their own, and moved into place only
    when all of them are good. Original files that are there already stay.

    Parameters
    ----------
    cohort : str
        A name in :data:`~leukemia_kedro.fetch.sources.SOURCES`.
    origin : Path or None
        Folder, zip or single file to take them from; None downloads from Kaggle.

    Raises
    ------
    UserError
        Where the files cannot be found, downloaded or read, or are not this cohort's.
    OSError
        Where the disk is full or a place may not be read or written.
    """
    source = SOURCES[cohort]
    place = project / "data" / "01_raw" / cohort
    shown = place.relative_to(project)
    if origin is None and all(file.is_at(place / file.name) for file in source.files):
        click.echo(f"Found {source.holds}.")
        click.echo(f"The original files are already in {shown}. Next: {source.run}")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".fetch-", dir=place.parent) as temporary:
        gathered = Path(temporary) / cohort
        gathered.mkdir()
        if origin is None:
            origin = Path(temporary) / "download"
            _download(source, origin)
        _gather(source, origin.expanduser(), gathered)
        verdict = _verify(source, gathered)
        changed = _install(source, gathered, place)
    click.echo(f"Found {source.holds}.")
    width = max(len(file.name) for file in source.files)
    for file in source.files:
        found = "original" if file.is_at(place / file.name) else verdict
        size = (place / file.name).stat().st_size
        click.echo(f"{file.name:<{width}}  {size:>10,} bytes  {found}")
    done = f"Written to {shown}." if changed else f"Already in {shown}."
    click.echo(f"{done} Next: {source.run}")


def _download(source: Source, folder: Path) -> None:
    """Download a public data set with Kaggle's own client, which shows the progress."""
    if source.kaggle is None:
        raise UserError(f"The project cannot download {source.cohort}.\n{source.by_hand}")
    click.echo(f"Downloading {source.kaggle} from Kaggle …")
    import requests
    from kagglesdk.kaggle_env import get_endpoint, get_env

    try:
        # Where nothing answers, the client itself would wait for minutes without a word.
        requests.head(get_endpoint(get_env()), timeout=SECONDS_TO_ANSWER)
        import kagglehub

        logging.getLogger("kagglehub").setLevel(logging.WARNING)
        kagglehub.dataset_download(source.kaggle, output_dir=str(folder))
    except Exception as error:
        if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, requests.ConnectionError | requests.Timeout):
            reason = "Kaggle cannot be reached; is there a network, or a proxy in the way?"
        raise UserError(f"Nothing was downloaded: {reason}\n{source.by_hand}") from error


def _gather(source: Source, origin: Path, folder: Path) -> None:
    """Copy the source's files, and nothing else, into ``folder``."""
    refuse_special_file(origin)
    if origin.is_dir():
        # The files may be in a folder inside, as some programs unpack a zip.
        paths = [path for path in [*origin.iterdir(), *origin.glob("*/*")] if path.is_file()]
        for name, path in _choose(paths, source, origin).items():
            shutil.copyfile(path, folder / name)
    elif zipfile.is_zipfile(origin):
        _unpack(source, origin, folder)
    elif not origin.exists():
        raise UserError(f"{origin}: no such file or folder. {source.expected}")
    elif origin.suffix.lower() == ".zip":
        raise UserError(
            f"{origin} is named as a zip but is none: perhaps a saved web page, or a download that "
            "broke off. Download it again."
        )
    elif len(source.files) > 1:
        raise UserError(
            f"{origin} is a single file. {source.expected} Give the folder or zip that holds them."
        )
    else:
        _copy(origin, folder / source.files[0].name)


def _copy(origin: Path, place: Path) -> None:
    """Copy a file, decompressed where only its own name ends in ``.gz``."""
    if origin.suffix.lower() != ".gz" or place.suffix == ".gz":
        shutil.copyfile(origin, place)
        return
    try:
        with gzip.open(origin) as packed, place.open("wb") as file:
            while part := packed.read(1 << 20):
                file.write(part)
                refuse_bomb(origin, origin.stat().st_size, file.tell())
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{origin} cannot be unpacked: {error}. Download it again.") from error


def _unpack(source: Source, origin: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(origin) as archive:
            # Read as Windows paths, which know both kinds of slash.
            refuse_zip_bomb(origin, archive.infolist())
            files = [info for info in archive.infolist() if not info.is_dir()]
            members = [PureWindowsPath(info.filename) for info in files]
            for member in members:
                if member.anchor or ".." in member.parts:
                    raise UserError(
                        f"{origin} holds {member.as_posix()!r}, a path that leads out of the "
                        "archive: this is not the published zip, and nothing was taken from it"
                    )
            for name, path in _choose(members, source, origin).items():
                (chosen,) = (i for i, member in enumerate(members) if member is path)
                with (
                    archive.open(files[chosen]) as packed,
                    (folder / name).open("wb") as file,
                ):
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise UserError(f"{origin} cannot be unpacked: {error}. Download it again.") from error


def _choose(paths: Iterable[PurePath], source: Source, origin: Path) -> dict[str, PurePath]:
    """The path of each of the source's files among those found; refuses two of one name."""
    paths = sorted(path for path in paths if not path.name.startswith("."))
    found = {path.name: path for path in paths}
    for file in source.files:
        of_name = [path.as_posix() for path in paths if path.name == file.name]
        if len(of_name) > 1:
            raise UserError(
                f"{origin} holds {file.name} {len(of_name)} times: {first_few(of_name)}. Keep one "
                "of them, or name the folder that holds the right one: --from FOLDER"
            )
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    if len(source.files) == len(tables) == 1:
        return {source.files[0].name: tables[0]}
    missing = [file.name for file in source.files if file.name not in found]
    if missing:
        raise UserError(
            f"{origin} lacks {', '.join(missing)}. {source.expected} "
            f"Found: {first_few(sorted(found)) or 'no file at all'}."
        )
    return {file.name: found[file.name] for file in source.files}


def _verify(source: Source, folder: Path) -> str:
    """What the files were found to be; a UserError says that they are not this cohort."""
    if all(file.is_at(folder / file.name) for file in source.files):
        return "original"
    original = any(file.sha256 or file.git_blob for file in source.files)
    if original:
        click.echo("Other bytes than the original: reading the numbers …")
    from kedro.io import DatasetError

    try:
        return source.check_copy(folder)
    except (UserError, DatasetError) as error:
        fault: BaseException = error
        while isinstance(fault.__cause__, UserError):
            fault = fault.__cause__  # the fault alone, without the advice for a catalog
        message = str(fault).replace(f"{folder}/", "")
        copy = "neither the original nor a copy of it with the same numbers"
        refused = f"Refused: {copy if original else 'not the file that is expected'}."
        raise UserError(f"{refused}\n{message}\nNothing was changed.\n{source.by_hand}") from error


def _install(source: Source, folder: Path, place: Path) -> bool:
    """Move verified files into place; whether any was not there already."""
    place.mkdir(exist_ok=True)
    changed = False
    for file in source.files:
        new, old = folder / file.name, place / file.name
        if not (file.is_at(old) or (old.is_file() and old.read_bytes() == new.read_bytes())):
            new.replace(old)
            changed = True
    return changed
