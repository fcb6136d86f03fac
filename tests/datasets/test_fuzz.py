"""Whatever has happened to a file: it is read, or refused with a message. No traceback, ever."""

import random
import time
from pathlib import Path

import pytest
from helpers.damaged_files import (
    cumida,
    gct,
    geo,
    golub,
    golub_zip,
    new_samples,
    parquet,
    table,
    table_columns,
    table_gz,
    table_sheet,
    table_split,
    workbook,
)
from kedro.io import DatasetError

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import CohortError

LAYOUTS = [
    cumida, geo, golub, golub_zip, gct, new_samples, parquet, table, table_columns, table_gz,
    table_sheet, table_split, workbook,
]  # fmt: skip
INPUTS = 1000
SECONDS = 120
# What separates, quotes, comments and names in one layout or another, numbers that are none, and
# letters in other encodings.
PIECES = [
    b"", b"\n", b"\r", b"\n\n", b"\t", b",", b";", b" ", b'"', b'""', b'\\"', b"#", b"!", b"<",
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe4", "ä".encode(), "😀".encode(), b"\xc2\xa0",
    b"nan", b"inf", b"-", b"1e999", b"1_000", b"9" * 400, b"#1.2\n", b"PK\x03\x04", b"\x1f\x8b",
    b"sep=;\n", b"!series_matrix_table_end\n", b'!Sample_characteristics_ch2\t"a: b"\n',
]  # fmt: skip


def mutated(content: bytes, draw: random.Random) -> bytes:
    """The file after one to four accidents: bytes changed, put in, cut out, doubled or moved."""
    for _ in range(draw.randint(1, 4)):
        start, end = sorted(draw.randint(0, len(content)) for _ in range(2))
        if draw.random() < 0.7:
            end = min(end, start + draw.randint(0, 8))
        piece = draw.choice(PIECES)
        match draw.randrange(7):
            case 0:
                content = content[:start] + piece + content[start:]
            case 1:
                content = content[:start] + piece + content[end:]
            case 2:
                content = content[:start] + draw.randbytes(end - start) + content[end:]
            case 3:
                content = content[:end] + content[start:]
            case 4:
                lines = content.split(b"\n")
                draw.shuffle(lines)
                content = b"\n".join(lines)
            case 5:
                content = content.replace(content[start : start + 2] or b",", piece)
            case 6:
                content = content[:end] if draw.random() < 0.5 else content[start:]
    return content


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_a_damaged_file_is_read_or_refused_with_a_message(layout, tmp_path):
    dataset = layout(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    sound = {path: path.read_bytes() for path in files}
    draw = random.Random(layout.__name__)
    deadline = time.monotonic() + SECONDS
    outcomes = {True: 0, False: 0}
    for number in range(INPUTS):
        path: Path = draw.choice(files)
        content = mutated(sound[path], draw)
        path.write_bytes(content)
        try:
            cohort = dataset.load()
        except DatasetError as error:
            refusal: DatasetError | None = error
        else:
            refusal = None
            assert isinstance(cohort, Cohort)
        if refusal is not None:
            assert isinstance(refusal.__cause__, CohortError), (number, content)
            str(refusal).encode()  # what cannot be printed would end in a traceback after all
        outcomes[refusal is None] += 1
        path.write_bytes(sound[path])
        assert time.monotonic() < deadline, f"{number} inputs took {SECONDS} seconds"
    assert min(outcomes.values()) > 0, outcomes  # some are read, some are refused
