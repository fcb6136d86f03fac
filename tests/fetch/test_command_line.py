"""``kedro fetch`` as a process of its own, and with the real files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import kaggle_server
from helpers.golub_texts import ALL_FORMS, NAMES, damaged, golub_texts, in_form, write, write_zip
from helpers.kaggle_server import serve_as_kaggle

from leukemia_kedro.datasets.cumida import rehearse_gse9476
from leukemia_kedro.errors import UserError
from leukemia_kedro.fetch.command import fetch


@pytest.fixture
def project(tmp_path) -> Path:
    """A project that has this package and nothing else."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / ".telemetry").write_text("consent: false\n")
    (folder / "pyproject.toml").write_text(
        '[tool.kedro]\npackage_name = "leukemia_kedro"\nproject_name = "p"\n'
        'kedro_init_version = "1.7.0"\n'
    )
    return folder


@pytest.fixture
def kedro(project):
    """Run ``kedro …`` in the project."""

    def run(*args, environment=None, **options):
        command = [sys.executable, "-m", "kedro", *map(str, args)]
        options |= {"cwd": project, "env": os.environ | (environment or {})}
        return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)

    return run


def raw_files(project: Path) -> dict[str, bytes]:
    """All that is under data/01_raw: no half-written file, no temporary folder."""
    raw = project / "data" / "01_raw"
    files = [path for path in raw.rglob("*") if path.is_file()]
    return {str(path.relative_to(raw / "golub")): path.read_bytes() for path in files}


def assert_refused(result, start: str, *words: str) -> None:
    assert result.returncode == 1
    assert result.stderr.startswith(start)
    assert all(word in result.stderr for word in words)
    assert "Traceback" not in result.stderr


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_without_a_network_the_way_by_hand_is_told(kedro, project):
    proxy = f"http://127.0.0.1:{closed_port()}"
    result = kedro("fetch", "golub", environment={"HTTPS_PROXY": proxy, "https_proxy": proxy})
    assert result.returncode == 1
    assert result.stderr == (
        "Error: Nothing was downloaded: Kaggle cannot be reached; is there a network, or "
        "a proxy in the way?\n"
        "By hand: open https://www.kaggle.com/datasets/crawford/gene-expression, "
        "press Download, then type\n"
        "  kedro fetch golub --from ~/Downloads/archive.zip\n"
    )
    assert raw_files(project) == {}


def test_a_disk_that_takes_no_more_leaves_the_good_files(kedro, project, tmp_path):
    resource = pytest.importorskip("resource", reason="file size limits are of Unix")
    good = dict.fromkeys(NAMES, b"good")
    write(project / "data" / "01_raw" / "golub", good)
    big = write(tmp_path / "downloads", dict.fromkeys(NAMES, b"0" * 200_000))
    result = kedro(
        "fetch", "golub", "--from", big,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    assert_refused(result, "Error: ", "File too large")
    assert raw_files(project) == good


@pytest.mark.skipif(sys.platform != "linux", reason="/sys refuses new files to everybody")
def test_a_place_that_may_not_be_written_is_told(kedro, project, tmp_path):
    (project / "data").mkdir()
    (project / "data" / "01_raw").symlink_to("/sys")
    result = kedro("fetch", "golub", "--from", write(tmp_path / "downloads", golub_texts()))
    assert_refused(result, f"Error: {project}/data/01_raw/.fetch-", "ermi")


def test_an_unknown_cohort_is_a_usage_error(kedro):
    result = kedro("fetch", "colon")
    assert result.returncode == 2
    assert "'colon' is not one of" in result.stderr


@pytest.mark.slow
def test_cumida_is_downloaded_and_its_layout_verified(kedro, project, tmp_path):
    """The rehearsal in the real file's place, whose bytes are not its own."""
    table = rehearse_gse9476().round(3)
    content = table.to_csv(index=False)
    archive = write_zip(tmp_path / "archive.zip", {"Leukemia_GSE9476.csv": content})
    handle = "brunogrisci/leukemia-gene-expression-cumida"
    environment = kaggle_server.ENVIRONMENT | {"HOME": str(tmp_path)}
    with serve_as_kaggle(handle, archive.read_bytes()):
        result = kedro("fetch", "cumida", environment=environment)
    assert result.returncode == 0, result.stderr
    place = project / "data" / "01_raw" / "cumida"
    assert [path.name for path in place.iterdir()] == ["Leukemia_GSE9476.csv"]
    assert (place / "Leukemia_GSE9476.csv").read_text() == content
    assert (
        "bytes  not the original bytes; only the layout was verified: samples, probes, classes"
    ) in result.stdout
    assert result.stdout.endswith("Next: kedro run --env cumida\n")

    less = tmp_path / "less.csv"
    table.iloc[:, :-1].to_csv(less, index=False)
    words = ["it has 22,282 probes, the original 22,283\nNothing was changed."]
    assert_refused(kedro("fetch", "cumida", "--from", less), "Error: Refused: ", *words)
    table.replace({"type": {"PB": "AML"}}).to_csv(less, index=False)
    words = ["its classes are AML 36, Bone_Marrow 10", "in the original AML 26, Bone_Marrow 10"]
    assert_refused(kedro("fetch", "cumida", "--from", less), "Error: Refused: ", *words)
    assert (place / "Leukemia_GSE9476.csv").read_text() == content


@pytest.mark.real_data
def test_the_real_golub_files_arrive_by_the_command(kedro, project, golub_files):
    result = kedro("fetch", "golub", "--from", golub_files)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.count("bytes  original") == 3
    assert raw_files(project) == {name: (golub_files / name).read_bytes() for name in NAMES}


@pytest.mark.real_data
@pytest.mark.parametrize("form", ALL_FORMS)
def test_the_real_golub_files_are_known_in_every_form(golub_files, project, tmp_path, capsys, form):
    files = in_form({name: (golub_files / name).read_text("ascii") for name in NAMES}, form)
    fetch("golub", project, write(tmp_path / "downloads", files))
    assert raw_files(project) == files
    assert "re-saved copy, same numbers" in capsys.readouterr().out


@pytest.mark.real_data
def test_one_wrong_digit_in_the_real_golub_files_is_found(golub_files, project, tmp_path):
    texts = {name: (golub_files / name).read_text("ascii") for name in NAMES}
    with pytest.raises(
        UserError, match="sample 2, probe AFFX-BioB-3_at: 6 where the original has -1\n"
    ):
        fetch("golub", project, write(tmp_path / "downloads", damaged(texts, "one value")))


@pytest.mark.real_data
def test_the_real_mll_table_arrives_and_a_copy_of_it_but_no_damaged_one(
    mll_file, project, tmp_path, capsys
):
    renamed = tmp_path / "MLL (1).csv"
    renamed.write_bytes(mll_file.read_bytes())
    fetch("mll", project, renamed)
    assert (project / "data/01_raw/mll/MLL.csv").read_bytes() == mll_file.read_bytes()
    out = capsys.readouterr().out
    assert "4,094,666 bytes  original" in out
    assert "Next: kedro run --env mll" in out

    table = mll_file.read_text("ascii")
    copy = write(tmp_path / "copy", {"MLL.csv": table.replace(",", ";").replace("\n", "\r\n")})
    fetch("mll", tmp_path, copy)
    assert "re-saved copy, same numbers" in capsys.readouterr().out
    damage = table.replace(",2512,-2107,832,AML", ",2512,-2170,832,AML")
    with pytest.raises(UserError, match=r"sample_72, probe 108_g_at: -2170 where .* has -2107"):
        fetch("mll", project, write(tmp_path / "damaged", {"MLL.csv": damage}))
