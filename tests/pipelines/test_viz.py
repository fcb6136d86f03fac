"""The static site of kedro viz after a run. It gives the same answers as ``kedro viz run``."""

import json
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from helpers.browser import open_browser, visit
from helpers.project_copy import PROJECT, ProjectCopy

from leukemia_kedro.model.registry import model_names

NOISE = ("Warning", "WARNING", "ERROR", "Traceback")
PREVIEWS = {
    "TablePreview": ["model_comparison", "contrast_tables", "log_expression", "cv_predictions"],
    "JSONPreview": ["champion", "modelling.knn.knn_scores", "report"],
    "PlotlyPreview": ["interactive_model_figures", "interactive_contrast_figures"],
    "ImagePreview": ["model_figures"],
}
WITHOUT_PREVIEW = ("_fitted", "champion_model", "profile_reference")
PIPELINES = {
    "data_processing", "feature_selection", "modelling", "differential_expression", "reporting"
}  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(demo, tmp_path_factory) -> ProjectCopy:
    """The project after the run, with the scripts."""
    project = demo.duplicate(tmp_path_factory.mktemp("viz") / "project")
    shutil.copytree(PROJECT / "scripts", project.folder / "scripts")
    return project


@pytest.fixture(scope="module")
def site(ran, tmp_path_factory) -> Path:
    """The folder that ``make viz-site`` writes, of the demo cohort."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "scripts/viz_site.py", "--env", "demo", folder]
    made = subprocess.run(command, cwd=ran.folder, capture_output=True, text=True, check=True)
    said = made.stdout + made.stderr
    assert not [word for word in NOISE if word in said], said
    return folder


@pytest.fixture(scope="module")
def picture(site):
    """What the site draws first."""
    return json.loads((site / "api" / "main").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def datasets(site, picture):
    """What the site shows of each dataset, by name."""
    return {
        node["name"]: json.loads((site / "api" / "nodes" / node["id"]).read_text(encoding="utf-8"))
        for node in picture["nodes"]
        if node["type"] == "data"
    }


def test_layers_are_in_order(picture):
    """Kedro's own order; each output of a model is a layer, as one row of all would be too wide."""
    order = "raw intermediate primary feature model_input"
    of_models = "settings cross_validation tuning models model_output scores"
    assert picture["layers"] == [*order.split(), *of_models.split(), "reporting"]


def test_no_two_datasets_have_one_name(picture):
    shown = [node["name"].rsplit(".")[-1] for node in picture["nodes"] if node["type"] == "data"]
    assert len(shown) == len(set(shown))


def test_the_tab_of_the_last_run_shows_each_node_with_its_time(site, picture):
    status = json.loads((site / "api" / "run-status").read_text(encoding="utf-8"))
    nodes = status["nodes"]
    tasks = [node["id"] for node in picture["nodes"] if node["type"] == "task"]
    assert status["pipeline"]["status"] == "success"
    assert {nodes[task]["status"] for task in tasks} == {"success"}
    assert all(nodes[task]["duration"] > 0 for task in tasks)


def within(picture, box, kind):
    """What a box shows when it is opened; ``__root__`` is the whole picture."""
    children = picture["modular_pipelines"][box]["children"]
    return {child["id"] for child in children if child["type"] == kind}


def test_each_pipeline_is_a_box_and_modelling_holds_one_box_per_model(picture):
    assert within(picture, "__root__", "modularPipeline") == PIPELINES
    models = {f"modelling.{model}" for model in model_names()}
    assert within(picture, "modelling", "modularPipeline") == models


def test_closed_boxes_leave_few_datasets_in_sight(picture):
    assert within(picture, "__root__", "task") == set()
    seen = within(picture, "__root__", "data")
    assert len(seen) < 50
    names = {node["name"] for node in picture["nodes"] if node["id"] in seen}
    assert not [name for name in names if "." in name], "of one model alone"


@pytest.mark.parametrize("kind", PREVIEWS)
def test_small_tables_records_and_figures_have_a_preview(datasets, kind):
    for name in PREVIEWS[kind]:
        assert datasets[name]["preview_type"] == kind, name


def test_every_output_has_a_preview_and_no_preview_is_large(ran, datasets):
    for name, shown in datasets.items():
        path = ran.folder / (shown["filepath"] or "nowhere")
        if path.exists() and path.is_relative_to(ran.folder / "data"):
            assert shown["preview"] or name.endswith(WITHOUT_PREVIEW), name
        assert len(json.dumps(shown["preview"])) < 500_000, name


def test_the_site_holds_no_path_of_this_machine(site, ran):
    for file in site.rglob("*"):
        if file.is_file() and "assets" not in file.parts:  # kedro-viz's own JavaScript
            text = file.read_text(encoding="utf-8", errors="replace")
            for place in (ran.folder, PROJECT, Path.home()):
                assert str(place) not in text, file


class Quiet(SimpleHTTPRequestHandler):
    """Does not log requests."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def page(site, tmp_path_factory):
    """A browser, and the address of the site."""
    handler = partial(Quiet, directory=site)
    with (
        open_browser(tmp_path_factory.mktemp("browser")) as driver,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield driver, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def click(driver, name):
    """Click on a box of the picture."""
    from selenium.webdriver.support.ui import WebDriverWait

    def boxes(_):
        of_name = f"//*[contains(@class, 'pipeline-node')][.//*[text()='{name}']]"
        return driver.find_elements("xpath", of_name)

    WebDriverWait(driver, 60).until(boxes)
    event = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    driver.execute_script(event, boxes(None)[-1])


def test_the_steps_of_modelling_can_be_read_with_models_below_one_another(page):
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    driver, address = page
    # The picture is drawn in steps, and each replaces elements of the last.
    wait = WebDriverWait(driver, 60, ignored_exceptions=[StaleElementReferenceException])
    visit(driver, f"{address}/models.html")
    click(driver, "Modelling")
    models = {name.replace("_", " ").title() for name in model_names()}

    def places(_):
        names = driver.find_elements("css selector", ".pipeline-node__text")
        found = {each.text.strip(): each.rect for each in names}
        return {name: found[name] for name in models} if models <= found.keys() else None

    scale = "[class*=toolbar__scale]"
    wait.until(places)
    wait.until(lambda _: int(driver.find_element("css selector", scale).text[:-1]) >= 35)
    placed = wait.until(places)
    middles = [place["x"] + place["width"] / 2 for place in placed.values()]
    assert max(middles) - min(middles) < 40
    assert len({round(place["y"] / 10) for place in placed.values()}) == len(models)
    driver.execute_script("localStorage.clear()")  # kedro-viz remembers what was looked at last


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("model_comparison", ".preview-table td"),
        ("log_expression", ".preview-table td"),
        ("champion", ".pipeline-metadata__preview-json"),
        ("interactive_contrast_figures", ".js-plotly-plot .point"),
        ("model_figures", ".pipeline-metadata img[src^='data:image']"),
    ],
)
def test_a_click_on_a_dataset_shows_its_preview(page, picture, name, drawn):
    from selenium.webdriver.support.ui import WebDriverWait

    driver, address = page
    node = next(node["id"] for node in picture["nodes"] if node["name"] == name)
    visit(driver, f"{address}/?sid={node}")
    WebDriverWait(driver, 180).until(lambda _: driver.find_elements("css selector", drawn))
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [one["params"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    asked = [
        one["request"]["url"] for one in sent if one.get("documentURL", "").startswith(address)
    ]
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
