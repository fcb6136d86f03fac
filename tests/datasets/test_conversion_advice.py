"""The code that a message advises is run as a user would: copied as it is printed."""

import re
import textwrap

import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import ExpressionTableDataset

ARFF = """% from a data mining course
@relation leukemia
@attribute 1007_s_at numeric
@attribute '1053_at' real
@attribute AFFX-g3 numeric
@attribute class {ALL,AML}
@data
1.5,2.5,?,ALL
4.5,-5.5,6.5,AML
7.5,8.5,9.5,ALL
"""


def advised_code(path) -> str:
    """The indented lines of the message about a file that is to be converted."""
    with pytest.raises(DatasetError) as raised:
        ExpressionTableDataset(filepath=str(path), label="class").load()
    return textwrap.dedent("\n".join(re.findall(r"^  .*", str(raised.value), re.M)))


def test_an_arff_file_is_converted_by_the_code_of_its_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.arff").write_text(ARFF, encoding="utf-8")
    exec(advised_code(tmp_path / "in.arff"), {})
    cohort = ExpressionTableDataset(filepath=str(tmp_path / "out.csv"), label="class").load()
    assert list(cohort.expression.columns) == ["1007_s_at", "1053_at", "AFFX-g3"]
    assert list(cohort.labels) == ["ALL", "AML", "ALL"]
    assert cohort.expression["1053_at"].tolist() == [2.5, -5.5, 8.5]
    assert cohort.expression["AFFX-g3"].isna().tolist() == [True, False, False]
