"""``kedro score`` as a user has it: a real server, a real browser, tables that are dropped."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from helpers.browser import open_browser, visit
from helpers.project_copy import KEDRO, ProjectCopy
from helpers.small_models import new_patients, small_model

from leukemia_kedro.app.server import serve
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.file import write_model

pytestmark = pytest.mark.slow
MODEL = small_model("weighted_voting")
OPENED_TO_EVERYONE = """
[server]
address = "0.0.0.0"
enableCORS = false
enableXsrfProtection = false
corsAllowedOrigins = ["http://elsewhere.example"]
[browser]
serverAddress = "elsewhere.example"
"""
"""A user's own settings for another page of Streamlit."""
HOSTILE = '<img src=x onerror="document.title=1">![x](http://192.0.2.1/x.png)'


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """The server of one page, and where it could leave something."""

    def __init__(self, folder: Path) -> None:
        self.project = ProjectCopy(folder / "project")
        champion = self.project.folder / "data" / "06_models" / "demo" / "champion.skops"
        champion.parent.mkdir(parents=True)
        write_model(MODEL, champion)
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.port = _free_port()
        settings = folder / ".streamlit" / "config.toml"
        settings.parent.mkdir()
        settings.write_text(OPENED_TO_EVERYONE)
        self.log = folder / "log.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [KEDRO, "score", "--env", "demo", "--port", str(self.port)],
                cwd=self.project.folder, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"TMPDIR": str(self.temporary), "HOME": str(folder)},
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )  # fmt: skip

    def wait(self) -> None:
        stop = time.monotonic() + 120
        while time.monotonic() < stop and self.process.poll() is None:
            if f"http://127.0.0.1:{self.port}" in self.log.read_text():
                return
            time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def files(self) -> set[Path]:
        kept = self.project.folder, self.temporary
        return {path for folder in kept for path in folder.rglob("*") if path.is_file()}

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("app"))
    try:
        server.wait()
        yield server
    finally:
        server.end()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


class Page:
    """The page in a browser, as a user handles it."""

    def __init__(self, browser, served: Served) -> None:
        self.browser = browser
        visit(browser, f"http://127.0.0.1:{served.port}")
        self.until("input[type=file]")

    def until(self, selector: str):
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import WebDriverWait

        found = WebDriverWait(self.browser, 60).until(
            lambda browser: browser.find_elements(By.CSS_SELECTOR, selector)
        )
        return found[0]

    def drop(self, table: pd.DataFrame, path: Path) -> None:
        table.to_csv(path)
        self.until("input[type=file]").send_keys(str(path))

    def text_of(self, selector: str) -> str:
        return self.until(selector).text

    def calls(self) -> list[list[str]]:
        """The cells of the table of calls."""
        self.until("[aria-label=Calls] td")
        return self.browser.execute_script(
            "return [...document.querySelectorAll('[aria-label=Calls] tr')]"
            ".map(row => [...row.cells].map(cell => cell.textContent))"
        )


@pytest.fixture
def page(browser, served):
    return Page(browser, served)


def table_of_new(n: int = 6) -> pd.DataFrame:
    """Probes × samples, as a laboratory hands it over."""
    return new_patients().expression.iloc[:n].T.rename_axis("probe")


def test_a_dropped_table_is_called_as_the_model_calls_it(page, served, tmp_path):
    table = table_of_new()
    before = served.files()
    page.drop(table, tmp_path / "march.csv")
    heading, *rows = page.calls()
    expected = MODEL.predict(table.T)
    assert [row[heading.index("Sample")] for row in rows] == list(expected["sample"])
    assert [row[heading.index("Call")] for row in rows] == list(expected["call"])
    shown = [float(row[heading.index("P(AML)")]) for row in rows]
    assert shown == pytest.approx(list(expected["probability_AML"]), abs=0.005)
    assert "300, among them 300 of the 300 of the model" in page.text_of("body")

    folder = tmp_path / "downloads"
    page.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    page.until("[data-testid=stDownloadButton] button").click()
    stop = time.monotonic() + 30
    while not (folder / "calls.csv").exists() and time.monotonic() < stop:
        time.sleep(0.2)
    downloaded = pd.read_csv(folder / "calls.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(downloaded, expected, check_dtype=False)
    # The table is in memory only, and the folder that it was read in is gone.
    assert served.files() == before


def test_a_table_the_other_way_round_is_refused_in_words(page, tmp_path):
    page.drop(table_of_new().T.rename_axis("sample"), tmp_path / "turned.csv")
    refused = page.text_of("[role=alert]")
    assert "the other way round" in refused
    assert "page of kedro score" in refused


def test_an_error_names_the_file_and_not_the_folder_it_was_read_in(page, served, tmp_path):
    (tmp_path / "letter.csv").write_text("Dear colleague,\n")
    page.until("input[type=file]").send_keys(str(tmp_path / "letter.csv"))
    refused = page.text_of("[role=alert]")
    assert "letter.csv" in refused
    assert str(served.temporary) not in refused


def test_names_are_shown_and_never_interpreted(page, tmp_path):
    table = table_of_new(2).set_axis([HOSTILE, "=1+1"], axis=1)
    page.drop(table, tmp_path / "names.csv")
    _, first, second = page.calls()
    assert (first[0], second[0]) == (HOSTILE, "=1+1")
    inside = "return document.querySelectorAll('[aria-label=Calls] img').length"
    assert page.browser.execute_script(inside) == 0
    assert page.browser.title == "Score new samples"


def test_the_page_asks_no_other_machine(page, served, tmp_path):
    page.drop(table_of_new(2), tmp_path / "two.csv")
    page.calls()
    own = f"//127.0.0.1:{served.port}"
    asked = page.browser.execute_script(
        "return performance.getEntriesByType('resource').map(each => each.name)"
    )
    assert asked
    assert [address for address in asked if own not in address and "data:" not in address] == []


def test_only_this_machine_and_this_page_reach_the_server(served):
    listening = [
        each.laddr.ip
        for each in psutil.Process(served.process.pid).net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]

    def answer(origin: str, host: str = "127.0.0.1") -> str:
        request = (
            f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{served.port}\r\nOrigin: {origin}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as client:
            client.sendall(request.encode())
            return client.recv(100).decode("latin-1").split()[1]

    assert answer(f"http://127.0.0.1:{served.port}") == "101"
    began = time.monotonic()
    # The second one is a name of a stranger that leads to this machine.
    assert answer("http://elsewhere.example") == "403"
    assert answer(f"http://elsewhere.example:{served.port}", "elsewhere.example") == "400"
    assert time.monotonic() - began < 1, "no server elsewhere is asked for this machine's address"


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/upload_file/a/b"])
def test_a_request_that_names_another_host_is_refused(served, path):
    def status(host: str) -> int:
        server = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        with contextlib.closing(server):
            server.request("GET", path, headers={"Host": host})
            return server.getresponse().status

    own = {status(f"{name}:{served.port}") for name in ("127.0.0.1", "localhost")}
    assert len(own) == 1
    assert own != {400}
    for stranger in ("evil.example", f"evil.example:{served.port}", "127.0.0.1.evil.example", ""):
        assert status(stranger) == 400


def test_nothing_of_a_table_stays_when_the_next_one_is_dropped(page, tmp_path):
    page.drop(table_of_new(3), tmp_path / "first.csv")
    assert len(page.calls()) == 4
    link = "return document.querySelector('[data-testid=stDownloadButton] a, a[download]')?.href"
    first = page.browser.execute_script(link)
    page.drop(table_of_new().T.rename_axis("sample"), tmp_path / "second.csv")
    assert "the other way round" in page.text_of("[role=alert]")
    page.until("body:not(:has([aria-label=Calls], [data-testid=stDownloadButton]))")
    shown = page.text_of("body")
    assert "first.csv" not in shown
    assert (
        first is None
        or page.browser.execute_script(
            "return fetch(arguments[0]).then(answer => answer.status)", first
        )
        == 404
    )


def test_ctrl_c_ends_it(tmp_path):
    server = Served(tmp_path)
    server.wait()
    assert server.end() == 0
    assert "Traceback" not in server.log.read_text()


def test_without_a_champion_the_command_says_how_to_make_one(tmp_path):
    project = ProjectCopy(tmp_path)
    result = project.kedro("score", "--env", "demo", check=False)
    assert result.returncode == 1
    assert "champion.skops" in result.stderr
    assert "kedro run --env demo" in result.stderr


def test_without_the_extra_the_message_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "streamlit.web.cli", None)
    with pytest.raises(UserError, match=r'pip install "leukemia-kedro\[app\]"'):
        serve(tmp_path / "champion.skops", 8501)
