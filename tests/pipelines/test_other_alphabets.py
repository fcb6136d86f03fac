"""Classes, samples, probes and covariates of any name, in a locale that has none of the letters."""

import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest
from helpers.browser import open_browser, visit
from helpers.project_copy import EVENTS, ProjectCopy
from markupsafe import escape

from leukemia_kedro.report.drawings import Drawings

pytestmark = pytest.mark.slow

HIT = "document.title='hit'"
CLASSES = [
    f"<script>{HIT}</script>", f"<script>{HIT}</script>+", "ЛЛ", "МЛ", ("long " * 60 + "name"),
]  # fmt: skip
# Names of the 40 samples and of as many probes.
NAMES = [
    f"<img src=x onerror={HIT}>", f'"><svg/onload={HIT}>', f"'-{HIT}-'", f"javascript:{HIT}",
    f"</script><script>{HIT}</script>", "<!--", "]]>", "&lt;b&gt;", "{{ 7 * 7 }}", "{% raw %}",
    "${globals:cohort}", "$(touch hit)", "`touch hit`", "; rm -rf hit", "' OR 1=1 --",
    "../../escape", "/etc/passwd", "C:\\hit", "~/hit", "CON", "nul.csv", "=1+1", "+1", "@SUM(A1)",
    "-2", 'a "quoted" name', "a,b;c", "%s%n%00", r"$\frac{1}{0}$", "%{x}", "__proto__",
    "constructor", "\u00e9", "e\u0301", "🧬", "שלום", "سلام", "a\u200db", "Z̴̡̛a̵l̷g̸o̴", "x" * 300,
]  # fmt: skip
COHORT = "Mine-2.1+x"
ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Stricter than Windows, whose locale has some letters and whose names of files have all."""
OURS = ("leukemia_kedro", "kedro_datasets")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    project = ProjectCopy(tmp_path_factory.mktemp("outer") / "project")
    rng = np.random.default_rng(0)
    labels = [label for label in CLASSES for _ in range(8)]
    values = rng.normal(8, 1, (len(labels), 60))
    for i in range(len(labels)):
        values[i, i // 8 * 5 : i // 8 * 5 + 5] += 2
    probes = [*NAMES, *(f"gene{j}" for j in range(60 - len(NAMES)))]
    table = pd.DataFrame(values, columns=probes)
    covariate = f"<b onclick={HIT}>ward"
    table.insert(0, "sample", NAMES)
    table.insert(1, "diagnosis", labels)
    table.insert(2, covariate, rng.permutation(NAMES[:8] * 5))
    (project.folder / "data" / "01_raw").mkdir()
    file = "data/01_raw/table.csv"
    table.to_csv(project.folder / file, index=False, encoding="utf-8")
    kind = "leukemia_kedro.datasets.ExpressionTableDataset"
    entry = {"type": kind, "filepath": file, "sample_id": "sample", "label": "diagnosis"}
    project.shorten("naive_bayes")
    cohort = {"scale": "log2", "floor": None, "ceiling": None, "classes": None}
    cohort |= {"split": {"method": "none"}, "filter": {"min_ratio": None, "min_range": None}}
    quick = {"permutations": 20}
    entry |= {"covariates": [covariate]}
    project.add_environment("mine", entry, cohort=cohort, differential_expression=quick)
    (project.folder / "conf" / "mine" / "globals.yml").write_text(f"cohort: {COHORT}\n")
    project.before = set(project.folder.parent.rglob("*"))
    variables = ASCII_ONLY | {"PYTHONWARNDEFAULTENCODING": "1"}
    project.kedro("check", "--env", "mine", **variables)
    project.output = project.kedro("run", "--env", "mine", **variables)
    return project


def contrasts() -> list[str]:
    classes = sorted(CLASSES)
    return [f"{b}-{a}" for i, a in enumerate(classes) for b in classes[i + 1 :]]


def tables_of(run) -> dict[str, pd.DataFrame]:
    """The table of each contrast, by what ``names.json`` says of its file."""
    folder = run.data("08_reporting", COHORT, "differential_expression")
    names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    files = {names.get(file.stem, file.stem): file for file in folder.glob("*.csv")}
    return {name: pd.read_csv(file, encoding="utf-8") for name, file in files.items()}


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
    folder = run.data("08_reporting", COHORT)
    summary = pd.read_csv(folder / "contrast_summary.csv", encoding="utf-8")
    assert set(summary["contrast"]) == set(contrasts())
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert all(f">{escape(contrast)}</h3>" in page for contrast in contrasts())

    figures = folder / "figures" / "contrast"
    captions = json.loads((figures / "captions.json").read_text(encoding="utf-8"))
    titles = {record["title"] for record in captions}
    assert {f"Volcano plot of {contrast}" for contrast in contrasts()} <= titles
    volcanoes = sorted(figures.glob("volcano-*.svg"))
    assert len(volcanoes) == len(contrasts())
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in volcanoes}) == len(volcanoes)
    assert len({file.name.casefold() for file in volcanoes}) == len(volcanoes)


def test_nothing_lies_outside_the_data(run):
    """But the record of the run, which kedro-viz keeps beside it under names of its own."""
    data, of_viz = run.folder / "data", run.folder / EVENTS.parent
    outside = {path for path in run.folder.parent.rglob("*") if data not in path.parents}
    inside_viz = {path for path in outside if of_viz in path.parents}
    assert {path.name for path in inside_viz} <= {EVENTS.name, "stats.json"}
    others = outside - run.before - inside_viz - {of_viz}
    assert {path.name for path in others} <= {"info.log", "__pycache__"}
    for layer in data.iterdir():
        assert {path.name for path in layer.iterdir()} <= {COHORT, "table.csv"}


def test_another_locale_finds_every_file(run):
    """Nothing seems edited or missing, so no node runs again."""
    utf8 = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    report = run.data("08_reporting", COHORT, "report.html")
    written = report.stat().st_mtime_ns
    run.kedro("run", "--env", "mine", "--changed", **utf8)
    assert report.stat().st_mtime_ns == written


# Each contrast's heading, the drawings and captions up to the next heading, and its first gene.
SHOWN = """
return [...document.querySelectorAll("#differential-expression h3")].map(heading => {
  const parts = [];
  let part = heading.nextElementSibling;
  while (part && part.tagName !== "H3") { parts.push(part); part = part.nextElementSibling; }
  const all = selector => parts.flatMap(each => [...each.querySelectorAll(selector)]);
  return {
    name: heading.textContent,
    drawings: all(".still svg").map(svg => svg.outerHTML),
    captions: all(".figures figcaption").map(caption => caption.textContent),
    gene: all("tbody tr:first-child th")[0].textContent,
    fold: all("tbody tr:first-child td[data-order]")[0].dataset.order,
  };
});
"""
FOREIGN = """
return [...document.querySelectorAll("main *, header *, nav *, footer *")]
  .filter(element => [...element.attributes].some(one => one.name.startsWith("on"))
    || ["IMG", "IFRAME", "OBJECT", "EMBED"].includes(element.tagName)
    || (element.tagName === "SCRIPT" && element.type !== "text/plain"))
  .map(element => element.outerHTML.slice(0, 200));
"""


def test_in_a_browser_each_contrast_shows_its_own_figures_and_nothing_executes(run, tmp_path):
    page = run.data("08_reporting", COHORT, "report.html").as_uri()
    with open_browser(tmp_path / "profile") as driver:
        visit(driver, page)
        shown = {each["name"]: each for each in driver.execute_script(SHOWN)}
        assert driver.execute_script(FOREIGN) == []
        assert driver.title != "hit"
        assert driver.get_log("browser") == []
        sent = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = {
        each["params"]["request"]["url"]
        for each in sent
        if each["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {page}

    assert set(shown) == set(contrasts())
    folder = run.data("08_reporting", COHORT, "figures", "contrast")
    captions = json.loads((folder / "captions.json").read_text(encoding="utf-8"))
    records = {record["title"]: record for record in captions}
    tables = tables_of(run)
    seen = set()
    for name, one in shown.items():
        first = tables[name].iloc[0]
        assert one["gene"] == first["probe"]
        assert float(one["fold"]) == pytest.approx(first["logFC"], rel=1e-9)
        for caption, drawing in zip(one["captions"], one["drawings"], strict=True):
            (title,) = (title for title in records if f" {title}. " in caption)
            assert re.search(rf"{re.escape(name)}(?!\+)", title)
            svg = (folder / f"{records[title]['name']}.svg").read_text(encoding="utf-8")
            assert lines_of(drawing) == lines_of(Drawings().inline({"svg": svg, "alt": ""}))
            seen.add(lines_of(drawing))
    assert len(seen) == sum(len(one["drawings"]) for one in shown.values()) >= len(contrasts())


def lines_of(drawing: str) -> str:
    """Hash of the lines and places of a drawing, without the letters that a page shares."""
    places = re.findall(r' (?:d|x|y)="([^"]*)"', drawing)
    return hashlib.sha256(" ".join(places).encode()).hexdigest()
