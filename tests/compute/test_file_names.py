"""File names made from data: readable, and no two the same on any system."""

import itertools
import os
import subprocess
import sys

import pytest

from leukemia_kedro.compute.file_names import file_stem, file_stems


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("volcano", "AML-ALL"), "volcano_AML-ALL"),
        (("volcano", "(AML+MLL)/2-ALL"), "volcano_AML+MLL_2-ALL"),
        (("MLL-CD34+",), "MLL-CD34+"),
        (("roc", "svm_linear"), "roc_svm_linear"),
        (("急性髓系-МЛЛ",), "急性髓系-МЛЛ"),
        (("हिन्दी",), "हिन्दी"),
        (("B-cell: <b>early</b>",), "B-cell_b_early_b"),
        (("../../etc/passwd",), "etc_passwd"),
        (("a\nb\tc",), "a_b_c"),
        (("AML.",), "AML"),
        (("***",), "_"),
        (("Con",), "_Con"),
        (("nul.AML",), "_nul.AML"),
        (("volcano", "CON"), "volcano_CON"),
        (("Console",), "Console"),
    ],
)
def test_a_name_of_any_script_stays_readable_and_can_name_a_file(tmp_path, parts, expected):
    assert file_stem(*parts) == expected
    (tmp_path / f"{expected}.csv").touch()
    assert file_stem(expected) == expected


@pytest.mark.parametrize("letter", ["a", "急", "🧬x"])
def test_a_long_name_fits_a_file_system(tmp_path, letter):
    ends = file_stem(f"{letter * 300} 1"), file_stem(f"{letter * 300} 2")
    assert ends[0] != ends[1]
    for stem in ends:
        (tmp_path / f".confusion_matrix_{stem}.png.partial").touch()


def test_names_that_one_file_system_takes_for_one_get_files_of_their_own():
    # NFC and NFD of the same letters; macOS and Windows do not tell case apart.
    names = ["AML", "aml", "a b", "a/b", "a_b", "a_b_2", "MÜ", "MU\u0308", "+/-", "-/+", "?", "!"]
    stems = file_stems(names)
    assert [stems[name] for name in ("AML", "a_b", "a_b_2")] == ["AML", "a_b", "a_b_2"]
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    for order in itertools.islice(itertools.permutations(names), 0, 5000, 500):
        assert file_stems(order) == stems


def test_a_file_name_holds_what_the_system_can_write(tmp_path):
    """Where names of files are ASCII, other letters are left out, and names stay distinct."""
    code = (
        "from leukemia_kedro.compute.file_names import file_stems\n"
        r"for stem in file_stems(['\u041b-\u041c', '\u041b-\u0425', 'AML-\u041b']).values():"
        "    open(stem + '.csv', 'x', encoding='utf-8').close(); print(stem)"
    )
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, cwd=tmp_path, env=os.environ | ascii_only)
    assert said.decode("ascii").split() == ["-", "-_2", "AML-"]
