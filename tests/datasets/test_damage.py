"""Every damaged cohort file is refused with its message, or read as if it were sound."""

import re
from pathlib import Path

import pytest
from helpers.cohort_files import assert_same_cohort
from helpers.damaged_files import cumida, geo, golub, golub_zip, parquet, table
from helpers.damages import DAMAGES, PUT_RIGHT
from kedro.io import DatasetError

from leukemia_kedro.errors import CohortError


def as_pattern(message: str) -> str:
    return r"[\s\S]*?".join(re.escape(part.strip()) for part in message.split("…"))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def each_of(table):
    cases = [(layout, kind) for layout, kinds in table.items() for kind in kinds]
    ids = [f"{layout.__name__}: {kind}" for layout, kind in cases]
    return pytest.mark.parametrize(("layout", "kind"), cases, ids=ids)


@each_of(DAMAGES)
def test_damage_is_refused_with_its_message(layout, kind, tmp_path):
    edit, expected = DAMAGES[layout][kind]
    dataset = layout(tmp_path)
    dataset.load()  # sound before
    edit(tmp_path)
    before = contents(tmp_path)

    with pytest.raises(DatasetError) as raised:
        dataset.load()

    message = str(raised.value)
    assert isinstance(raised.value.__cause__, CohortError), message
    assert re.search(as_pattern(expected), message), message
    assert message.endswith(dataset._advice)
    assert contents(tmp_path) == before


@each_of(PUT_RIGHT)
def test_what_does_no_harm_is_the_same_cohort(layout, kind, tmp_path):
    dataset = layout(tmp_path)
    sound, before = dataset.load(), contents(tmp_path)
    PUT_RIGHT[layout][kind](tmp_path)
    assert contents(tmp_path) != before
    assert_same_cohort(dataset.load(), sound)


@pytest.mark.parametrize("layout", [golub, golub_zip, table, parquet, cumida, geo])
def test_a_file_that_may_not_be_read_is_named(layout, tmp_path, monkeypatch):
    """Made by hand, because the administrator may read everything."""
    dataset = layout(tmp_path)

    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(dataset._fs, "open", refuse)
    with pytest.raises(DatasetError, match="permission to read the file is denied"):
        dataset.load()
