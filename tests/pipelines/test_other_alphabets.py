"""Classes named in any script, at any length, in a locale that has none of the letters."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow

CLASSES = ["CD34", "CD34+", "ЛЛ", "МЛ", "long " * 60 + "name"]
ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Stricter than Windows, whose locale has some letters and whose names of files have all."""
OURS = ("leukemia_kedro", "kedro_datasets")


@pytest.fixture
def run(project):
    rng = np.random.default_rng(0)
    labels = [label.strip() for label in CLASSES for _ in range(8)]
    values = rng.normal(8, 1, (len(labels), 60))
    for i in range(len(labels)):
        values[i, i // 8 * 5 : i // 8 * 5 + 5] += 2
    table = pd.DataFrame(values, columns=[f"gene{j}" for j in range(60)])
    table.insert(0, "sample", [f"s{i}" for i in range(len(labels))])
    table.insert(1, "diagnosis", labels)
    (project.folder / "data" / "01_raw").mkdir()
    file = "data/01_raw/table.csv"
    table.to_csv(project.folder / file, index=False, encoding="utf-8")
    kind = "leukemia_kedro.datasets.ExpressionTableDataset"
    entry = {"type": kind, "filepath": file, "sample_id": "sample", "label": "diagnosis"}
    project.shorten("naive_bayes")
    cohort = {"scale": "log2", "floor": None, "ceiling": None, "classes": None}
    cohort |= {"split": {"method": "none"}, "filter": {"min_ratio": None, "min_range": None}}
    quick = {"permutations": 20}
    project.add_environment("mine", entry, cohort=cohort, differential_expression=quick)
    variables = ASCII_ONLY | {"PYTHONWARNDEFAULTENCODING": "1"}
    project.kedro("check", "--env", "mine", **variables)
    project.output = project.kedro("run", "--env", "mine", **variables)
    return project


def test_every_file_is_utf8_and_every_contrast_has_figures_of_its_own(run):
    assert r"\u041b" in run.output.stdout
    assert "Logging error" not in run.output.stderr
    careless = [
        line
        for line in run.output.stderr.splitlines()
        if "EncodingWarning" in line and any(name in line for name in OURS)
    ]
    assert careless == []

    data = run.folder / "data"
    for file in data.rglob("*"):
        if file.suffix in (".csv", ".json", ".svg", ".html"):
            file.read_text(encoding="utf-8")
    folder = run.data("08_reporting", "mine")
    contrasts = [
        f"{b}-{a}"
        for i, a in enumerate(sorted(map(str.strip, CLASSES)))
        for b in sorted(map(str.strip, CLASSES))[i + 1 :]
    ]
    summary = pd.read_csv(folder / "contrast_summary.csv", encoding="utf-8")
    assert set(summary["contrast"]) == set(contrasts)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert all(f">{contrast}</h3>" in page for contrast in contrasts)

    figures = folder / "figures" / "contrast"
    captions = json.loads((figures / "captions.json").read_text(encoding="utf-8"))
    titles = {record["title"] for record in captions}
    assert {f"Volcano plot of {contrast}" for contrast in contrasts} <= titles
    volcanoes = sorted(figures.glob("volcano_*.png"))
    assert len(volcanoes) == len(contrasts)
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in volcanoes}) == len(volcanoes)
    assert len({file.name.casefold() for file in volcanoes}) == len(volcanoes)
