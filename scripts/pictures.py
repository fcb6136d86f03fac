"""Make the pictures in the README from a run on the simulated cohort.

    python scripts/pictures.py

Needs the development requirements, and Chromium with its driver. Chromium runs without its sandbox,
because containers need this. It opens only files of the run.
"""

import io
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

PROJECT = Path(__file__).resolve().parents[1]
PICTURES = PROJECT / "docs" / "pictures"
REPORT = PROJECT / "data" / "08_reporting" / "demo" / "report.html"

# What a reader may set in kedro viz: light, names as in a sentence, from left to right.
SETTINGS = {
    "theme": "light",
    "isPrettyName": True,
    "orientation": "horizontal",
    "showFeatureHints": False,
    "visible": {"sidebar": False, "miniMap": False},
}


def main() -> None:
    """Run, draw, and take the pictures."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        raise SystemExit("No browser is installed: apt-get install chromium chromium-driver")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as site:
        make_run_and_site(site)
        with browser(chromium, driver) as open_browser, served(site) as address:
            picture_pipelines(open_browser, address)
            picture_report(open_browser)


def make_run_and_site(site: str) -> None:
    """Run the simulated cohort, and write the picture of kedro viz as files."""
    kedro = Path(sys.executable).with_name("kedro")
    subprocess.run([kedro, "run", "--env", "demo"], cwd=PROJECT, check=True)
    viz_site = [sys.executable, "scripts/viz_site.py", "--env", "demo", site]
    subprocess.run(viz_site, cwd=PROJECT, check=True)


def picture_pipelines(open_browser: webdriver.Chrome, address: str) -> None:
    """Each pipeline is a closed box. Datasets would make names too small for GitHub's page."""
    resize(open_browser, width=1100, height=500, scale=2)
    open_browser.get(f"{address}favicon.ico")  # of the same site, and changes no settings
    open_browser.execute_script("localStorage.KedroViz = arguments[0]", json.dumps(SETTINGS))
    open_browser.get(f"{address}?types=nodes")
    until(open_browser, "return document.querySelectorAll('.pipeline-node').length == 5")
    time.sleep(3)  # the drawing glides into its place
    beside_the_toolbars = (136, 150, 1100, 350)
    save(open_browser, "pipelines.png", beside_the_toolbars, scale=2, colours=16)


def picture_report(open_browser: webdriver.Chrome) -> None:
    """The first screen, without the contents beside it: letters are readable on GitHub's page."""
    resize(open_browser, width=1440, height=900, scale=1.5)
    open_browser.get(REPORT.as_uri())
    until(open_browser, "return 'ready' in document.documentElement.dataset")
    time.sleep(3)  # plotly draws the visible figures again, with hover
    save(open_browser, "report.png", (352, 0, 1384, 846), scale=1.5, colours=64)


def save(
    open_browser: webdriver.Chrome,
    name: str,
    part: tuple[int, int, int, int],
    scale: float,
    colours: int,
) -> None:
    """Save a part of the screen (left, top, right, bottom) in few colours."""
    with Image.open(io.BytesIO(open_browser.get_screenshot_as_png())) as screen:
        picture = screen.crop([edge * scale for edge in part]).convert("RGB")
    picture.quantize(colours).save(PICTURES / name, optimize=True)
    print(f"{PICTURES / name}: {(PICTURES / name).stat().st_size / 1000:.0f} kB")


def resize(open_browser: webdriver.Chrome, width: int, height: int, scale: float) -> None:
    """Set the size of the screen, in CSS pixels of ``scale`` dots each."""
    screen = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    open_browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def until(open_browser: webdriver.Chrome, script: str) -> None:
    """Wait for the page."""
    WebDriverWait(open_browser, 60).until(lambda page: page.execute_script(script))


@contextmanager
def browser(chromium: str, driver: str) -> Iterator[webdriver.Chrome]:
    """Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    open_browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield open_browser
    finally:
        open_browser.quit()


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder as a site; yield its address."""
    handler = partial(Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Does not log requests."""

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
