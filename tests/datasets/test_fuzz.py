"""Whatever has happened to a file that a user hands over: it is read, or refused with a message.

No traceback, ever. What a checksum seals is read as it was, or refused.
"""

import dataclasses
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from helpers.cohort_files import table_rows, write_rows
from helpers.damaged_files import (
    COHORT,
    cumida,
    feature_counts,
    gct,
    geo,
    golub,
    golub_semicolons,
    golub_zip,
    htseq,
    mll,
    new_samples,
    parquet,
    star,
    table,
    table_columns,
    table_gz,
    table_sheet,
    table_split,
    workbook,
)
from helpers.golub_texts import golub_texts, write_zip
from helpers.project_copy import PROJECT
from kedro.io import DataCatalog, DatasetError
from pydantic import RootModel, ValidationError

from leukemia_kedro import parameters, settings
from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets import ChipAnnotationDataset, GMTDataset
from leukemia_kedro.errors import CohortError
from leukemia_kedro.fetch import command, sources
from leukemia_kedro.run.config_files import ConfigLoader
from leukemia_kedro.run.environment import Environment
from leukemia_kedro.run.user_message import user_message

# Files of AnnData are not among them: some damage sends the HDF5 library round without end.
LAYOUTS = [
    cumida, feature_counts, geo, golub, golub_semicolons, golub_zip, gct, htseq, mll, new_samples,
    parquet, star, table, table_columns, table_gz, table_sheet, table_split, workbook,
]  # fmt: skip
SEALED = (golub_zip, table_gz, workbook)
OF_EACH_LAYOUT, OF_ANY_OTHER = 1000, 400
SECONDS = 120
# What separates, quotes, comments and names in one layout or another, numbers that are none, and
# letters in other encodings.
PIECES = [
    b"", b"\n", b"\r", b"\n\n", b"\t", b",", b";", b" ", b'"', b'""', b'\\"', b"#", b"!", b"<",
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe4", "ä".encode(), "😀".encode(), b"\xc2\xa0",
    b"nan", b"inf", b"-", b"1e999", b"1_000", b"9" * 400, b"9" * 5000, b"#1.2\n",
    b"PK\x03\x04", b"\x1f\x8b",
    b"&a ", b"*a", b"${globals:cohort}", b"${", b"[", b"{", b"}", b": ", b"- ",
    b"!!python/name:os ",
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


Read = Callable[[], object]


def outcomes(
    files: list[Path], n: int, seed: str, read: Read, check: Callable[[Exception], None]
) -> list:
    """What is read of ``n`` damaged files, one at a time; None where ``check`` has looked
    at the refusal."""
    sound = {path: path.read_bytes() for path in files}
    draw = random.Random(seed)
    deadline = time.monotonic() + SECONDS
    found: list = []
    for number in range(n):
        path = draw.choice(files)
        content = mutated(sound[path], draw)
        path.write_bytes(content)
        try:
            found.append(read())
        except Exception as error:
            try:
                check(error)
            except AssertionError as fault:
                raise AssertionError(f"input {number}, {path.name}: {content!r}") from fault
            found.append(None)
        path.write_bytes(sound[path])
        assert time.monotonic() < deadline, f"{number} inputs took {SECONDS} seconds"
    return found


def refused_as_a_cohort(error: Exception) -> None:
    assert isinstance(error, DatasetError)
    assert isinstance(error.__cause__, CohortError)
    str(error).encode()  # what cannot be printed would end in a traceback after all


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_a_damaged_cohort_is_read_or_refused_with_a_message(layout, tmp_path):
    dataset = layout(tmp_path)
    expected = dataset.load()
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    found = outcomes(files, OF_EACH_LAYOUT, layout.__name__, dataset.load, refused_as_a_cohort)
    cohorts = [cohort for cohort in found if cohort is not None]
    assert len(cohorts) < OF_EACH_LAYOUT
    assert cohorts or layout in SEALED  # hardly any change gets past a checksum
    assert all(isinstance(cohort, Cohort) for cohort in cohorts)
    for cohort in cohorts if layout in SEALED else []:
        assert cohort.expression.equals(expected.expression)
        assert cohort.samples.equals(expected.samples)


# --- what else is handed over -------------------------------------------------------------------

GMT = "\n".join("\t".join([f"SET_{i}", "about", *"ABCDEF"[i:]]) for i in range(4))
CHIP = "Probe Set ID\tGene Symbol\tGene Title\n" + "".join(f"p{i}_at\tG{i}\tx\n" for i in range(9))
BASE = PROJECT / "conf" / "base"


def gene_sets(folder: Path, monkeypatch) -> Read:
    (folder / "sets.gmt").write_text(GMT, "utf-8")
    return GMTDataset(filepath=str(folder / "sets.gmt")).load


def chip_annotation(folder: Path, monkeypatch) -> Read:
    (folder / "a.chip").write_text(CHIP, "utf-8")
    return ChipAnnotationDataset(filepath=str(folder / "a.chip")).load


def download(folder: Path, monkeypatch) -> Read:
    """The zip that ``kedro fetch --from`` takes; nothing is written but into its place."""
    source = dataclasses.replace(sources.SOURCES["golub"], check_copy=lambda _: "a copy")
    monkeypatch.setitem(sources.SOURCES, "golub", source)
    names = {file.name for file in source.files}
    project = folder / "_project"
    archive = write_zip(folder / "archive.zip", golub_texts())

    def read() -> set[str]:
        try:
            command.fetch("golub", project, archive)
            return {file.name for file in project.rglob("*") if file.is_file()}
        finally:
            assert {file.name for file in folder.rglob("*") if file.is_file()} <= names | {
                archive.name
            }
            shutil.rmtree(project, ignore_errors=True)

    return read


def intermediates(folder: Path, monkeypatch) -> Read:
    """Tables that a run has written, with the rules of the catalog."""
    catalog = yaml.safe_load((BASE / "catalog_02_intermediate.yml").read_text("utf-8"))
    for name, entry in catalog.items():
        entry["filepath"] = str(folder / Path(entry["filepath"]).name)
        data = {"expression": COHORT.expression, "samples": COHORT.samples}.get(name, COHORT.probes)
        DataCatalog.from_config({name: entry}).save(name, data)

    def read() -> list:
        tables = DataCatalog.from_config(catalog)
        return [tables.load(name) for name in catalog]

    return read


def configuration(file: str):
    """One file of an environment is damaged; the others, and the base, are sound."""

    def make(folder: Path, monkeypatch) -> Read:
        monkeypatch.chdir(folder)
        conf = folder / "_conf"
        (conf / "base").mkdir(parents=True)
        (conf / "mine").mkdir()
        write_rows(conf / "mine.csv", table_rows(COHORT))
        entry = {
            "type": "leukemia_kedro.datasets.ExpressionTableDataset", "credentials": "key",
            "filepath": "_conf/${globals:cohort}.csv", "sample_id": "id", "label": "class",
        }  # fmt: skip
        # Kedro parses each file anew: what is not damaged is small.
        blocks = all_blocks() if file == "parameters.yml" else {"cohort": {"scale": "log2"}}
        texts = {
            "globals.yml": {"cohort": "mine"},
            "catalog.yml": {"raw_cohort": entry},
            "parameters.yml": blocks,
            "credentials.yml": {"key": {"auto_mkdir": False}},
        }
        (conf / "base" / "catalog.yml").write_text(
            "expression: {type: pandas.CSVDataset, filepath: e.csv}", "utf-8"
        )
        (conf / "base" / "parameters.yml").write_text(yaml.safe_dump(dict.fromkeys(BLOCKS)))
        for name, content in texts.items():
            (conf / "mine" / name).write_text(yaml.safe_dump(content), "utf-8")
        (conf / "mine" / file).rename(folder / file)
        (conf / "mine" / file).symlink_to(folder / file)
        return lambda: configured(conf)

    return make


def all_blocks() -> dict:
    models = yaml.safe_load((BASE / "parameters_models.yml").read_text("utf-8"))["models"]
    blocks = {"seed": 1, "models": {"knn": models["knn"], "svm_linear": models["svm_linear"]}}
    for name in ("cohort", "differential_expression", "feature_selection", "modelling"):
        blocks |= yaml.safe_load((BASE / f"parameters_{name}.yml").read_text("utf-8"))
    blocks["cohort"] |= {"scale": "log2", "classes": {"lymphoid": ["ALL"], "AML": ["AML"]}}
    return blocks


BLOCKS = {
    "cohort": parameters.CohortParameters,
    "differential_expression": parameters.DifferentialExpressionParameters,
    "feature_selection": parameters.FeatureSelectionParameters,
    "modelling": parameters.ModellingParameters,
    "resampling": parameters.ResamplingParameters,
    "models": RootModel[dict[str, parameters.ModelParameters]],
}


def configured(conf: Path) -> list:
    """What Kedro and the project make of the files before a run."""
    loader = ConfigLoader(str(conf), env="mine", **settings.CONFIG_LOADER_ARGS)
    environment = Environment(loader)
    environment.refuse_without_cohort()
    "".join(environment.slips()).encode()
    DataCatalog.from_config(loader["catalog"], loader["credentials"])
    stated = loader["parameters"]
    return [block.model_validate(stated[name]) for name, block in BLOCKS.items() if stated[name]]


def refused_with_a_message(error: Exception) -> None:
    if not isinstance(error, ValidationError):  # Kedro shows it as an error of the parameters
        message = user_message(error)
        assert message
        message.encode()


OTHERS = {
    "gene sets": gene_sets,
    "chip annotation": chip_annotation,
    "download": download,
    "intermediates": intermediates,
    **{
        file: configuration(file)
        for file in ("globals.yml", "catalog.yml", "parameters.yml", "credentials.yml")
    },
}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", OTHERS)
def test_any_other_damaged_file_is_read_or_refused_with_a_message(name, tmp_path, monkeypatch):
    read = OTHERS[name](tmp_path, monkeypatch)
    assert len(read()) > 0
    files = sorted(path for path in tmp_path.iterdir() if path.is_file())
    found = outcomes(files, OF_ANY_OTHER, name, read, refused_with_a_message)
    assert 0 < sum(each is not None for each in found) < OF_ANY_OTHER
