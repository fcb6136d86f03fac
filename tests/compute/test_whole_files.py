"""A file or folder has its old content or the new one, however its writing ends."""

import errno
import os
import time
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import pytest

from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.errors import UserError

VERSIONS = ("a" * 200_000, "b" * 300_000)


def write_file(place: Path, content: str) -> None:
    with written_whole(place) as partial:
        partial.write_text(content)


def write_folder(place: Path, content: str) -> None:
    with written_whole(place) as partial:
        partial.mkdir()
        for name in ("one", "two"):
            (partial / name).write_text(content)


def contents(place: Path) -> list[str]:
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    return [file.read_text() for file in files]


def write_for_ever(write, place: Path) -> None:
    for content in cycle(VERSIONS):
        write(place, content)


@pytest.mark.parametrize("write", [write_file, write_folder])
def test_kill_9_leaves_the_old_content_or_the_new(write, tmp_path):
    place = tmp_path / "table"
    write(place, VERSIONS[0])
    whole = contents(place)
    either = [whole, [VERSIONS[1]] * len(whole)]
    for moment in range(10):
        writer = get_context("fork").Process(target=write_for_ever, args=(write, place))
        writer.start()
        time.sleep(0.005 * moment)
        writer.kill()
        writer.join()
        # A folder may have been between its two names.
        assert (contents(place) in either) if place.exists() else write is write_folder
    write(place, VERSIONS[1])
    assert contents(place) == either[1]
    assert list(tmp_path.iterdir()) == [place], "the next writer removes what a killed one left"


@pytest.mark.parametrize("write", [write_file, write_folder])
def test_an_interrupted_writer_leaves_the_old_content(write, tmp_path):
    place = tmp_path / "table"
    write(place, VERSIONS[0])
    before = contents(place)

    def break_off() -> None:
        with written_whole(place) as partial:
            partial.write_text("half a ta")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert contents(place) == before
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is of Linux")
def test_the_message_of_a_full_disk_names_the_file(tmp_path):
    place = tmp_path / "table"
    write_file(place, VERSIONS[0])

    refused = pytest.raises(UserError, match=r"table could not be written: No space left")
    with refused as raised, written_whole(place) as partial:
        partial.symlink_to("/dev/full")
        partial.write_text(VERSIONS[1])
    assert raised.value.__cause__.errno == errno.ENOSPC
    assert contents(place) == [VERSIONS[0]]
    assert os.listdir(tmp_path) == ["table"]  # noqa: PTH208 - a dangling link, too


def test_a_file_in_the_place_of_a_folder_is_reported(tmp_path):
    (tmp_path / "golub").write_text("not a folder")
    with pytest.raises(UserError, match=r"report\.html could not be written: (Not a d|File exis)"):
        write_file(tmp_path / "golub" / "report.html", "")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_in_the_place_of_an_output_is_replaced_and_what_it_leads_to_is_kept(tmp_path, kind):
    """Else a link in ``data/`` would let a run write elsewhere."""
    elsewhere, place = tmp_path / "elsewhere", tmp_path / "place"
    if kind == "folder":
        elsewhere.mkdir()
        (elsewhere / "kept").write_text("as it was")
    else:
        elsewhere.write_text("as it was")
    place.symlink_to(elsewhere)
    with written_whole(place) as partial:
        partial.mkdir() if kind == "folder" else partial.write_text("new")
    assert not place.is_symlink()
    kept = elsewhere / "kept" if kind == "folder" else elsewhere
    assert kept.read_text() == "as it was"
