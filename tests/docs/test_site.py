"""The site that ``make docs`` builds: no warning, no broken link, nothing from a network."""

import html
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from helpers.browser import open_browser, visit
from helpers.documented import PROJECT

pytestmark = pytest.mark.slow

OVERFLOWING = """
const scrolls = element => element
  && (["auto", "scroll"].includes(getComputedStyle(element).overflowX)
    || scrolls(element.parentElement));
return [...document.querySelectorAll("article *")]
  .filter(element => !scrolls(element) && element.checkVisibility())
  .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
  .map(element => element.tagName + ": " + element.textContent.slice(0, 60));
"""


class Page:
    """The links of a page, the files it loads, and its anchors."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        self.links = map(html.unescape, re.findall(r'<a\s[^>]*?href="([^"]*)"', text))
        self.loaded = re.findall(r'<(?:script|img|link)\s[^>]*?(?:src|href)="([^"]*)"', text)
        self.anchors = {"", *re.findall(r'\sid="([^"]*)"', text)}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    builder = Path(sys.executable).with_name("sphinx-build")
    command = [builder, "-W", "--keep-going", "-n", "-q", "docs", folder / "html"]
    built = subprocess.run(
        [*command, "-d", folder / "doctrees"], cwd=PROJECT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    assert built.stdout + built.stderr == ""
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_link_within_the_site_leads_somewhere(pages, site):
    for path, page in pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            target, anchor = urldefrag(unquote(link))
            there = (path.parent / target).resolve() if target else path
            assert there in pages, (path.name, link)
            assert anchor in pages[there].anchors, (path.name, link)


def test_nothing_comes_from_a_network(pages):
    for path, page in pages.items():
        assert [url for url in page.loaded if re.match(r"(https?:)?//", url)] == [], path


def test_every_page_of_the_source_is_in_the_site(pages, site):
    written = {path.relative_to(site).with_suffix("") for path in pages}
    sources = {
        path.relative_to(PROJECT / "docs").with_suffix("")
        for path in (PROJECT / "docs").rglob("*.md")
    }
    assert sources <= written


def test_every_block_of_parameters_is_shown():
    from leukemia_kedro import parameters

    page = (PROJECT / "docs" / "reference" / "parameters.md").read_text(encoding="utf-8")
    blocks = [name for name in vars(parameters) if name.endswith("Parameters")]
    assert [name for name in blocks if f"{{parameters}} {name}\n" not in page] == []


def test_links_from_the_readme_and_the_guide_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#\s]+)", text):
            assert re.match(r"https?:", link) or (PROJECT / link).exists(), (name, link)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_the_screen(site, tmp_path, width, scheme):
    with open_browser(tmp_path) as driver:
        for page in sorted(site.rglob("*.html")):
            visit(driver, page.as_uri(), width, scheme)
            assert driver.execute_script(OVERFLOWING) == [], page
            sideways = "return document.documentElement.scrollWidth - innerWidth"
            assert driver.execute_script(sideways) <= 0, page
            assert driver.get_log("browser") == [], page
