"""docs/reference/files.md lists the files and columns of a real run, all of them and no others."""

import csv
import json
import re

import pytest
from helpers.documented import PROJECT

PAGE = (PROJECT / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
ROWS = [
    (folder + file, names, what)
    for folder, section in re.findall(
        r"^`data/(0\d_\w+/<cohort>/)`$(.*?)(?=^##)", PAGE, re.M | re.S
    )
    for file, names, what in re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", section, re.M)
]
OF_OTHER_RUNS = [row for row in ROWS if row[2].startswith(("of `replication`", "of `cross_study`"))]

pytestmark = pytest.mark.slow


def documented_names(cell: str) -> list[str]:
    """Names in a cell, in order. A link stands for the names in the table it points to."""
    below = re.fullmatch(r"\[below\]\(#([\w-]+)\)", cell)
    if below:
        for title, section in re.findall(r"^### ([^\n]*)\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S):
            if title.lower().replace(" ", "-") == below[1]:
                cells = re.findall(r"^\| (\[?`.*?) \|", section, re.M)
                return [name for cell in cells for name in documented_names(cell)]
        raise AssertionError(f"{below[1]} is no heading of the page")
    return re.findall(r"\[?`[^`]+`\]?", cell)


def names_pattern(cell: str) -> re.Pattern:
    """Pattern for the names of a file, each followed by a comma."""
    parts = []
    for name in documented_names(cell):
        plain = re.escape(name.strip("[]`")).replace("…", "[^,]+")
        part = re.sub(r"<\w+>", "[^,]+", plain) + ","
        repeats = "*" if "…" in name else "+" if "<" in name else "?" if name[0] == "[" else ""
        parts.append(f"(?:{part}){repeats}")
    return re.compile("".join(parts))


def names_in(path) -> list[str]:
    """Columns of a table, or keys of the (first) record."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file))
    record = json.loads(path.read_text(encoding="utf-8"))
    return list(record[0] if isinstance(record, list) else record)


@pytest.fixture(scope="module")
def written(demo, tmp_path_factory):
    """The files of a run, with those of inference and of a validation on the cohort itself."""
    project = demo.duplicate(tmp_path_factory.mktemp("files") / "project")
    project.kedro("run", "--env", "demo", "--pipelines", "inference")
    at_home = ("--pipelines", "external_validation", "--params", "home=demo")
    project.kedro("run", "--env", "demo", *at_home)
    data = project.folder / "data"
    return {
        str(path.relative_to(data)): path
        for path in sorted(data.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


def matching(documented, written):
    pattern = re.sub(r"<\w+>", "[^/]+", re.escape(documented).replace(r"\<", "<"))
    return [path for name, path in written.items() if re.fullmatch(pattern, name)]


def test_every_file_is_on_the_page(written):
    listed = {path for row in ROWS for path in matching(row[0], written)}
    assert sorted(name for name, path in written.items() if path not in listed) == []


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row not in OF_OTHER_RUNS], ids=lambda row: row[0]
)
def test_a_file_on_the_page_is_written_and_holds_what_the_page_says(written, row):
    file, names, _ = row
    record = json.loads(written["08_reporting/demo/champion.json"].read_text())
    found = [path for path in matching(file, written) if path.stem not in record["left_out"]]
    assert found, file
    if documented_names(names):
        for path in found:
            there = "".join(f"{name}," for name in names_in(path))
            assert names_pattern(names).fullmatch(there), (path.name, there)


def test_the_files_of_other_runs_are_those_of_the_catalog():
    """Tests of replication and cross_study look at their columns."""
    entries = "".join(
        catalog.read_text(encoding="utf-8")
        for catalog in (PROJECT / "conf" / "base").glob("catalog_*.yml")
    )
    assert len(OF_OTHER_RUNS) == 7
    for file, _, _ in OF_OTHER_RUNS:
        assert f"/{file.rpartition('/')[2]}\n" in entries
