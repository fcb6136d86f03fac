"""File names made from data: readable, and no two the same on any system."""

import itertools
import os
import subprocess
import sys

import pytest

from leukemia_kedro.compute.file_names import figure_name, file_stem, file_stems, from_disk, on_disk


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AML-ALL", "AML-ALL"),
        ("(AML+MLL)/2-ALL", "AML+MLL_2-ALL"),
        ("MLL-CD34+", "MLL-CD34+"),
        ("急性髓系-МЛЛ", "急性髓系-МЛЛ"),
        ("हिन्दी", "हिन्दी"),
        ("B-cell: <b>early</b>", "B-cell_b_early_b"),
        ("../../etc/passwd", "etc_passwd"),
        ("a\nb\tc", "a_b_c"),
        ("AML.", "AML"),
        ("***", "_"),
        ("Con", "_Con"),
        ("nul.AML", "_nul.AML"),
        ("Console", "Console"),
    ],
)
def test_a_name_of_any_script_stays_readable_and_can_name_a_file(tmp_path, name, expected):
    assert file_stem(name) == expected
    (tmp_path / f"{expected}.csv").touch()
    assert file_stem(expected) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("volcano", "AML-ALL"), "volcano-AML-ALL"),
        (("gene sets", "(AML+MLL)/2-ALL"), "gene-sets-AML+MLL_2-ALL"),
        (("precision_recall", "svm_linear"), "precision-recall-svm_linear"),
        (("model comparison",), "model-comparison"),
        (("volcano", "CON"), "volcano-CON"),
        (("volcano", "../../B cell"), "volcano-B_cell"),
    ],
)
def test_the_words_of_a_figure_name_have_hyphens_and_the_name_of_its_owner_stays(parts, expected):
    assert figure_name(*parts) == expected
    assert file_stem(expected) == expected


@pytest.mark.parametrize("letter", ["a", "急", "🧬x"])
def test_a_long_name_fits_a_file_system(tmp_path, letter):
    ends = file_stem(f"{letter * 300} 1"), file_stem(f"{letter * 300} 2")
    assert ends[0] != ends[1]
    for stem in ends:
        (tmp_path / f".confusion-matrix-{stem}.png.partial").touch()


def test_names_that_one_file_system_takes_for_one_get_files_of_their_own():
    # NFC and NFD of the same letters; macOS and Windows do not tell case apart.
    names = [
        "AML",
        "aml",
        "a b",
        "a/b",
        "a_b",
        "a_b_2",
        "MÜ",
        "MU\u0308",
        "+/-",
        "-/+",
        "?",
        "!",
        "I",
        "ı",
    ]
    stems = file_stems(names)
    assert [stems[name] for name in ("AML", "a_b", "a_b_2")] == ["AML", "a_b", "a_b_2"]
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    assert len({stem.upper() for stem in stems.values()}) == len(names)
    for order in itertools.islice(itertools.permutations(names), 0, 5000, 500):
        assert file_stems(order) == stems


ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CLASSES = ["\u041b-\u041c", "\u041b-\u0425", "AML-\u00e9", "CD34"]
WRITE = """
import sys
import pandas as pd
from leukemia_kedro.datasets.files import TablesDataset
tables = {name: pd.DataFrame({"name": [name]}) for name in %s}
TablesDataset(filepath=sys.argv[1]).save(tables)
"""
READ = """
import sys
from leukemia_kedro.datasets.files import TablesDataset
for name, table in TablesDataset(filepath=sys.argv[1]).load().items():
    print(ascii(name), ascii(table["name"][0]))
"""


@pytest.mark.parametrize(("writer", "reader"), [({}, ASCII_ONLY), (ASCII_ONLY, {})])
def test_files_of_one_locale_are_found_in_another(tmp_path, writer, reader):
    for code, variables in [(WRITE % ascii(CLASSES), writer), (READ, reader)]:
        command = [sys.executable, "-c", code, tmp_path / "tables"]
        said = subprocess.check_output(command, env=os.environ | variables, text=True)
    assert said.splitlines() == [f"{name!a} {name!a}" for name in sorted(CLASSES)]
    files = {file.stem for file in (tmp_path / "tables").glob("*.csv")}
    assert files == {file_stem(name) for name in CLASSES}


def test_a_name_on_disk_is_the_name_again():
    for name in [*CLASSES, "a", "\U0001f9ec"]:
        assert from_disk(on_disk(name)) == name
