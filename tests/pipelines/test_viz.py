"""kedro viz of a run, as the static site shows it: the same answers as ``kedro viz run`` gives."""

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
from helpers.project_copy import PROJECT

from leukemia_kedro.model.registry import MODELS

NOISE = ("Warning", "WARNING", "ERROR", "Traceback")
PREVIEWS = {
    "signature": "TablePreview",
    "sample_split": "TablePreview",
    "model_comparison": "TablePreview",
    "contrast_tables": "TablePreview",
    "log_expression": "TablePreview",
    "modelling.knn.cv_predictions": "TablePreview",
    "cv_predictions": "TablePreview",
    "champion": "JSONPreview",
    "permutation_test": "JSONPreview",
    "modelling.knn.scores": "JSONPreview",
    "model_scores": "JSONPreview",
    "interactive_cohort_figures": "PlotlyPreview",
    "interactive_model_figures": "PlotlyPreview",
    "interactive_contrast_figures": "PlotlyPreview",
    "model_figures": "ImagePreview",
}
WITHOUT_PREVIEW = (".fitted", "champion_model", "report")

PIPELINES = {
    "data_processing",
    "feature_selection",
    "modelling",
    "differential_expression",
    "reporting",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(demo, tmp_path_factory) -> Path:
    """The folder that ``make viz-site`` writes, of the demo cohort."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(PROJECT / "scripts", demo.folder / "scripts")
    command = [sys.executable, "scripts/viz_site.py", "--env", "demo", folder]
    made = subprocess.run(command, cwd=demo.folder, capture_output=True, text=True, check=True)
    said = made.stdout + made.stderr
    assert not [word for word in NOISE if word in said], said
    return folder


@pytest.fixture(scope="module")
def picture(site):
    """What the site draws first."""
    return json.loads((site / "api" / "main").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def datasets(site, picture):
    """What the site tells of each dataset, by name."""
    return {
        node["name"]: json.loads((site / "api" / "nodes" / node["id"]).read_text(encoding="utf-8"))
        for node in picture["nodes"]
        if node["type"] == "data"
    }


def test_layers_stand_in_their_order(picture):
    assert picture["layers"] == [
        "raw",
        "intermediate",
        "primary",
        "model_input",
        "feature",
        "models",
        "model_output",
        "reporting",
    ]


def within(picture, box, kind):
    """What a box shows when it is opened; ``__root__`` is the whole picture."""
    children = picture["modular_pipelines"][box]["children"]
    return {child["id"] for child in children if child["type"] == kind}


def test_each_pipeline_is_a_box_and_that_of_modelling_opens_into_the_models(picture):
    assert within(picture, "__root__", "modularPipeline") == PIPELINES
    models = {f"modelling.{model}" for model in MODELS}
    assert within(picture, "modelling", "modularPipeline") == models


def test_while_the_boxes_are_closed_few_datasets_are_seen(picture):
    assert within(picture, "__root__", "task") == set()
    seen = within(picture, "__root__", "data")
    assert len(seen) < 40
    names = {node["name"] for node in picture["nodes"] if node["id"] in seen}
    assert not [name for name in names if "." in name], "of one model alone"


@pytest.mark.parametrize("name", PREVIEWS)
def test_small_tables_records_and_figures_are_previewed(datasets, name):
    assert datasets[name]["preview_type"] == PREVIEWS[name]
    assert datasets[name]["preview"]


def test_whatever_the_run_wrote_is_previewed_and_no_preview_is_large(demo, datasets):
    for name, told in datasets.items():
        path = demo.folder / (told["filepath"] or "nowhere")
        if path.exists() and path.is_relative_to(demo.folder / "data"):
            assert told["preview"] or name.endswith(WITHOUT_PREVIEW), name
        assert len(json.dumps(told["preview"])) < 500_000, name


def test_the_site_names_no_place_of_this_machine(site, demo):
    for file in site.rglob("*"):
        if file.is_file() and "assets" not in file.parts:  # kedro-viz's own JavaScript
            text = file.read_text(encoding="utf-8", errors="replace")
            for place in (demo.folder, PROJECT, Path.home()):
                assert str(place) not in text, file


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of each request."""

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
    WebDriverWait(driver, 60).until(lambda _: driver.find_elements("css selector", drawn))
    failed = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    # The one thing kedro-viz's page asks the network for, and does without.
    assert [message for message in failed if "fonts.googleapis.com" not in message] == []
