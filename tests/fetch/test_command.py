"""``kedro fetch``: what it takes, what it refuses, and that nothing good is ever lost."""

import gzip
import warnings
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from helpers import kaggle_server
from helpers.golub_texts import (
    ALL_FORMS,
    LABELS,
    NAMES,
    TEST,
    TRAIN,
    damaged,
    golub_texts,
    in_form,
    write,
    write_zip,
)  # fmt: skip
from helpers.kaggle_server import serve_as_kaggle

from leukemia_kedro.cohort.originals import GOLUB, content_table, probes_sha256
from leukemia_kedro.datasets import GolubDataset
from leukemia_kedro.errors import UserError
from leukemia_kedro.fetch import sources as fetch_sources
from leukemia_kedro.fetch.command import fetch
from leukemia_kedro.fetch.sources import SOURCES, OriginalFile


@pytest.fixture
def texts(tmp_path, monkeypatch) -> dict[str, str]:
    """The files of a small data set that stands in for Golub's as the original."""
    texts = golub_texts()
    cohort = GolubDataset(filepath=str(write(tmp_path / "published", texts))).load()
    content_table(cohort, GOLUB.fractions).to_csv(tmp_path / "golub.csv")
    original = replace(
        GOLUB,
        samples=tmp_path / "golub.csv",
        n_probes=len(cohort.probes),
        probes_sha256=probes_sha256(cohort),
    )
    monkeypatch.setattr(fetch_sources, "GOLUB", original)
    digests = {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}
    files = tuple(OriginalFile(name, sha256=digest) for name, digest in digests.items())
    monkeypatch.setitem(SOURCES, "golub", replace(SOURCES["golub"], files=files))
    return texts


@pytest.fixture
def project(tmp_path) -> Path:
    return tmp_path / "project"


def fetched(project: Path, cohort="golub") -> dict[str, bytes]:
    """All that is under data/01_raw, by name; the cohort's folder and nothing else."""
    raw = project / "data" / "01_raw"
    assert [path.name for path in raw.iterdir()] in ([], [cohort])
    folder = raw / cohort
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


def as_bytes(texts: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}


@pytest.mark.parametrize("place", ["folder", "folder in a folder", "zip", "zip with a folder"])
def test_the_originals_arrive_from_a_folder_or_a_zip(texts, project, tmp_path, capsys, place):
    if place.startswith("folder"):
        origin = tmp_path / "downloads"
        write(origin / "archive" if place.endswith("in a folder") else origin, texts)
        write(origin, {"notes.txt": "not wanted"})
    else:
        prefix = "gene-expression/" if place.endswith("with a folder") else ""
        origin = write_zip(tmp_path / "a.zip", {**texts, "notes.txt": "not wanted"}, prefix)
    fetch("golub", project, origin)
    assert fetched(project) == as_bytes(texts)
    found, *out = capsys.readouterr().out.splitlines()
    assert found == (
        "Found 72 patients with acute leukemia (47 ALL, 25 AML) and 7,129 probes, of Golub et al. "
        "1999."
    )
    assert [line.split()[0] for line in out[:3]] == list(NAMES)
    assert all(line.endswith("bytes  original") for line in out[:3])
    assert out[3] == "Written to data/01_raw/golub. Next: kedro run"


def test_what_is_there_already_is_said_so(texts, project, tmp_path, capsys):
    origin = write(tmp_path / "downloads", texts)
    fetch("golub", project, origin)
    capsys.readouterr()
    fetch("golub", project, origin)
    assert "Already in data/01_raw/golub." in capsys.readouterr().out
    fetch("golub", project, None)  # and no network is asked for
    assert "already in data/01_raw/golub" in capsys.readouterr().out


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_re_saved_copy_is_taken_and_said_to_be_one(texts, project, tmp_path, capsys, form):
    files = in_form(texts, form)
    assert files != as_bytes(texts)
    fetch("golub", project, write(tmp_path / "downloads", files))
    assert fetched(project) == files
    assert "re-saved copy, same numbers" in capsys.readouterr().out


def test_only_the_originals_replace_what_is_there(texts, project, tmp_path):
    place = project / "data" / "01_raw" / "golub"
    write(place, {**in_form(texts, "tab"), TRAIN: "cut off"})
    fetch("golub", project, write(tmp_path / "downloads", texts))
    assert fetched(project) == as_bytes(texts)
    fetch("golub", project, write(tmp_path / "copy", in_form(texts, "semicolon")))
    assert fetched(project) == as_bytes(texts)


DAMAGES = {
    "one value": "sample 2, probe X00002_at: ",
    "headers swapped": "sample 1 holds the values of sample 2 (2 samples differ)",
    "not a number": f"{TRAIN}, line 4, probe X00002_at, patient 2: 'n/a' is not a number",
    "last line cut": f"{TRAIN}, line 41 has 4 cells, the header has 12",
    "lines lost": f"{TRAIN} lacks 5 of the 40 probes in {TEST}",
    "label": "the label of sample 2 is ALL; in the original it is AML",
    "web page": f"{TRAIN}: this is a web page, not a table",
}


@pytest.mark.parametrize(("damage", "words"), DAMAGES.items())
def test_a_damaged_copy_is_refused_and_the_good_files_stay(texts, project, tmp_path, damage, words):
    good = in_form(texts, "CRLF")
    write(project / "data" / "01_raw" / "golub", good)
    with pytest.raises(UserError) as refusal:
        fetch("golub", project, write(tmp_path / "downloads", damaged(texts, damage)))
    message = str(refusal.value)
    assert message.startswith("Refused: ")
    assert words in message
    assert ".fetch-" not in message, "the temporary folder means nothing to the user"
    assert "kedro fetch golub --from" in message
    assert fetched(project) == good


def test_a_path_without_the_files_is_told_what_was_found_and_expected(texts, project, tmp_path):
    somewhere = write(tmp_path / "downloads", {"holiday.jpg": b"", LABELS: texts[LABELS]})
    with pytest.raises(UserError) as lacking:
        fetch("golub", project, somewhere)
    assert f"lacks {TRAIN}, {TEST}. Expected: {', '.join(NAMES)}." in str(lacking.value)
    assert f"Found: {LABELS}, holiday.jpg." in str(lacking.value)
    with pytest.raises(UserError, match=r"no such file or folder\. Expected: data_set"):
        fetch("golub", project, tmp_path / "nowhere")
    with pytest.raises(UserError, match="is a single file"):
        fetch("golub", project, somewhere / LABELS)
    with pytest.raises(UserError, match=r"Found: no file at all\."):
        fetch("golub", project, write(tmp_path / "empty", {}))
    assert fetched(project) == {}


def test_a_zip_that_is_none_or_was_cut_is_refused(texts, project, tmp_path):
    whole = write_zip(tmp_path / "archive.zip", texts).read_bytes()
    for content in (b"<!DOCTYPE html>", whole[: len(whole) // 2], b""):
        (tmp_path / "archive.zip").write_bytes(content)
        with pytest.raises(UserError, match="is named as a zip but is none"):
            fetch("golub", project, tmp_path / "archive.zip")
    middle = len(whole) // 3
    (tmp_path / "archive.zip").write_bytes(whole[:middle] + b"\0" * 50 + whole[middle + 50 :])
    with pytest.raises(UserError, match="cannot be unpacked"):
        fetch("golub", project, tmp_path / "archive.zip")
    assert fetched(project) == {}


@pytest.mark.parametrize("name", ["../../actual.csv", "/etc/actual.csv", "C:\\actual.csv"])
def test_a_zip_with_a_path_that_leads_out_is_refused(texts, project, tmp_path, name):
    archive = write_zip(tmp_path / "archive.zip", {**texts, name: "1,ALL"})
    with pytest.raises(UserError, match="a path that leads out of the archive"):
        fetch("golub", project, archive)
    assert fetched(project) == {}


@pytest.mark.parametrize("name", ["actual.csv", "corrected/actual.csv"])
def test_a_zip_with_two_files_of_one_name_is_refused_with_both(texts, project, tmp_path, name):
    edited = tmp_path / "archive.zip"
    write_zip(edited, texts)
    with zipfile.ZipFile(edited, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the name that is there already
        archive.writestr(name, texts["actual.csv"].replace("AML", "ALL"))
    with pytest.raises(UserError, match=f"holds actual.csv 2 times: actual.csv, {name}") as told:
        fetch("golub", project, edited)
    assert "Keep one of them" in str(told.value)
    folder = tmp_path / "unpacked"
    for place in (folder, folder / "corrected"):
        place.mkdir()
        for file, text in texts.items():
            (place / file).write_text(text)
    with pytest.raises(UserError, match=r"2 times: .*unpacked/corrected/.*unpacked/"):
        fetch("golub", project, folder)
    assert fetched(project) == {}


def test_names_that_differ_by_case_are_not_mistaken(texts, project, tmp_path):
    other = {"ACTUAL.CSV": texts["actual.csv"].replace("AML", "ALL")}
    fetch("golub", project, write_zip(tmp_path / "archive.zip", other | texts))
    assert fetched(project) == as_bytes(texts)


def test_mll_is_brought_in_by_hand(project):
    with pytest.raises(UserError) as told:
        fetch("mll", project, None)
    for words in ("Armstrong et al. 2002", "12,582", "`class`", "kedro fetch mll --from"):
        assert words in str(told.value)


def test_chiaretti_is_written_by_bioconductors_package(project):
    with pytest.raises(UserError) as told:
        fetch("chiaretti", project, None)
    for words in ("ALL 1.40", "Artistic-2.0", "r-bioc-all", "kedro fetch chiaretti --from"):
        assert words in str(told.value)


@pytest.fixture
def annotation() -> str:
    """The first thousand probes of HG-U95Av2, of genes with made-up symbols."""
    lines = [f"{number}_at\tGENE{number}\tgene {number}" for number in range(1000, 2000)]
    return "\n".join(["ID\tGene symbol\tGene title", *lines]) + "\n"


@pytest.mark.parametrize("form", ["plain", "gzip", "zip"])
def test_an_annotation_arrives_under_one_name_whatever_it_was_called(
    annotation, project, tmp_path, capsys, form
):
    """The forms in which MSigDB, NCBI and Affymetrix offer their files."""
    origin = tmp_path / "HG_U95.chip"
    origin.write_text(annotation)
    if form == "gzip":
        origin = tmp_path / "GPL8300.annot.gz"
        origin.write_bytes(gzip.compress(annotation.encode()))
    elif form == "zip":
        files = {"HG_U95Av2.na36.annot.csv": annotation, "AFFX_README.txt": "not wanted"}
        origin = write_zip(tmp_path / "HG_U95Av2.na36.annot.csv.zip", files)
    fetch("annotation", project, origin)
    assert fetched(project, "annotation") == {"hgu95av2.chip": annotation.encode()}
    assert "symbols of 1,000 of 1,000 probes\nWritten to" in capsys.readouterr().out


def test_an_annotation_of_another_chip_or_a_broken_download_is_refused(project, tmp_path):
    other = tmp_path / "GPL80.annot"
    other.write_text("ID\tGene symbol\nM23197_at\tCD33\n")
    with pytest.raises(UserError, match=r"names 0 of the 200 probes .*starts with M23197_at"):
        fetch("annotation", project, other)
    other.with_suffix(".gz").write_bytes(gzip.compress(b"ID\tGene symbol\n" * 999)[:-9])
    with pytest.raises(UserError, match=r"cannot be unpacked: .*Download it again"):
        fetch("annotation", project, other.with_suffix(".gz"))
    with pytest.raises(UserError, match=r"(?s)GPL8300.annot.gz.*kedro fetch annotation --from"):
        fetch("annotation", project, None)
    assert fetched(project, "annotation") == {}


def test_the_original_cumida_file_is_known_by_its_git_blob_id(
    project, tmp_path, monkeypatch, capsys
):
    """A small file in its place, with the id that git hash-object gives to these bytes."""
    path, blob = tmp_path / "Leukemia (1).csv", "ce013625030ba8dba906f756967f9e9ca394464a"
    path.write_bytes(b"hello\n")
    original = OriginalFile("Leukemia_GSE9476.csv", git_blob=blob)
    assert not replace(original, git_blob="0" * 40).is_at(path)
    monkeypatch.setitem(SOURCES, "cumida", replace(SOURCES["cumida"], files=(original,)))
    fetch("cumida", project, path)
    assert fetched(project, "cumida") == {"Leukemia_GSE9476.csv": b"hello\n"}
    assert "bytes  original" in capsys.readouterr().out


@pytest.fixture
def kaggle(texts, tmp_path, monkeypatch):
    """The real client, talking to a server on this machine."""
    for name, value in (kaggle_server.ENVIRONMENT | {"HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    for name in kaggle_server.CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    archive = write_zip(tmp_path / "served.zip", texts).read_bytes()
    with serve_as_kaggle("crawford/gene-expression", archive) as server:
        yield server


def test_a_download_arrives_without_credentials(kaggle, texts, project, capsys):
    fetch("golub", project, None)
    assert fetched(project) == as_bytes(texts)
    captured = capsys.readouterr()
    assert captured.out.startswith("Downloading crawford/gene-expression from Kaggle")
    assert "Written to data/01_raw/golub. Next: kedro run" in captured.out
    assert "100%" in captured.err, "a bar shows the progress"


def test_a_download_that_breaks_off_leaves_nothing(kaggle, project):
    kaggle.cut = True
    with pytest.raises(UserError, match=r"(?s)Nothing was downloaded: .*kedro fetch golub --from"):
        fetch("golub", project, None)
    assert fetched(project) == {}


def test_a_download_of_something_else_is_refused(kaggle, project):
    kaggle.archive = b"<!DOCTYPE html><title>Sign in to this network</title>"
    with pytest.raises(UserError, match="Nothing was downloaded: Unsupported archive type"):
        fetch("golub", project, None)
    assert fetched(project) == {}
