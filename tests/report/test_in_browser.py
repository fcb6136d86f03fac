"""The report as it is seen: in a real browser, on a desk and on a phone, by day and by night."""

import base64
import io
import json
from functools import partial

import numpy as np
import pytest
from helpers.browser import open_browser, visit
from helpers.made_run import FIVE, draw, make_datasets, make_page

from leukemia_kedro.report.drawings import Drawings

pytestmark = pytest.mark.slow

SIDE_BY_SIDE = "figure-model_comparison"  # panels that a phone has no room for
WIDTHS = {"desk": 1440, "phone": 390}

OVERFLOWING = """
const wide = document.documentElement.clientWidth + 1;
const scrolls = element => element
  && (["auto", "scroll"].includes(getComputedStyle(element).overflowX)
    || scrolls(element.parentElement));
return [...document.querySelectorAll("main *, header *, nav *, footer *")]
  .filter(element => !element.closest("svg svg, .live, svg *") && !scrolls(element))
  .filter(element => element.getBoundingClientRect().right > wide)
  .map(element => element.tagName + "#" + element.id + "." + element.className);
"""

OVERLAPPING = """
const shown = [...document.querySelectorAll("h1, h2, h3, main p, dl, figcaption, .drawing, table")]
  .filter(element => element.checkVisibility())
  .map(element => [element, element.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height);
const clash = ([a, p], [b, q]) => !a.contains(b) && !b.contains(a)
  && p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1;
return shown.flatMap((one, i) => shown.slice(i + 1).filter(other => clash(one, other))
  .map(other => one[0].textContent.slice(0, 40) + " / " + other[0].textContent.slice(0, 40)));
"""

# WCAG 2: relative luminance of text and of what lies behind it.
FAINT = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const channels = colour => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = colour => channels(colour).slice(0, 3).map(c => c / 255)
  .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
const behind = element => {
  const colour = getComputedStyle(element).backgroundColor;
  return channels(colour)[3] === 255 ? colour : behind(element.parentElement);
};
return [...document.querySelectorAll("main *, header *, nav *, footer *")]
  .filter(element => !element.closest("svg, .live, .disabled, details:not([open]) > :not(summary)"))
  .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .filter(element => element.checkVisibility())
  .map(element => {
    const [a, b] = [getComputedStyle(element).color, behind(element)].map(luminance);
    return [element.className + " " + element.textContent.slice(0, 30),
            (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
  })
  .filter(([, contrast]) => contrast < 4.5);
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    for name, page in {"two": make_page(), "five": make_page(FIVE, 60, 0)}.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def wait_until(holds):
    """Until the browser has come so far."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(None, 30).until(lambda _: holds())


def read_through(driver, address, width=1440, scheme="light"):
    """Open a report, come past every part of it once, and go back to its top."""
    visit(driver, address, width, scheme)
    run = driver.execute_script
    wait_until(lambda: run("return 'ready' in document.documentElement.dataset"))
    run("document.querySelectorAll('main details').forEach(part => { part.open = true })")
    for figure in driver.find_elements("css selector", "figure:has(> .live)"):
        run("arguments[0].scrollIntoView()", figure)
        if width > 640 or figure.get_attribute("id") != SIDE_BY_SIDE:
            wait_until(partial(run, "return !!arguments[0].querySelector('[data-drawn]')", figure))
    run("scrollTo(0, 0)")


def address_of(reports, name):
    return (reports / f"{name}.html").as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", WIDTHS)
@pytest.mark.parametrize("name", ["two", "five"])
def test_nothing_overflows_overlaps_fades_or_fails(driver, reports, name, screen, scheme):
    read_through(driver, address_of(reports, name), WIDTHS[screen], scheme)
    assert driver.execute_script(OVERFLOWING) == []
    assert driver.execute_script(OVERLAPPING) == []
    assert driver.execute_script(FAINT) == []
    assert driver.get_log("browser") == []


def test_no_request_leaves_the_page(driver, reports):
    address = address_of(reports, "two")
    read_through(driver, address)
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        and message["params"].get("documentURL") == address
    ]
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [address]


def test_a_link_of_the_contents_leads_to_its_chapter(driver, reports):
    read_through(driver, address_of(reports, "two"))
    link = driver.find_element("css selector", "nav a[href='#methods']")
    link.click()
    top = "return document.getElementById('methods').getBoundingClientRect().top"
    assert 0 <= driver.execute_script(top) < 100


def test_tables_sort_by_number_and_search_by_word(driver, reports):
    read_through(driver, address_of(reports, "two"))
    table = driver.find_element("css selector", "#table-genes-AML-ALL")
    heading = table.find_element("css selector", "thead th:nth-child(3)")
    heading.find_element("class name", "dt-column-order").click()
    wait_until(lambda: heading.get_attribute("aria-sort") == "ascending")
    cells = table.find_elements("css selector", "tbody td:nth-child(3)")
    shown = [float(cell.get_attribute("data-order")) for cell in cells]
    whole = make_datasets()["contrast_tables"]["AML-ALL"]
    np.testing.assert_allclose(shown, np.sort(whole["logFC"])[: len(shown)], rtol=1e-9)

    probe = whole["probe"].iloc[-1]
    table.find_element("css selector", "input[type=search]").send_keys(probe)
    wait_until(lambda: len(table.find_elements("css selector", "tbody tr")) == 1)
    assert table.find_element("css selector", "tbody th").text == probe


def test_contents_stay_in_sight_on_a_desk_and_fold_away_on_a_phone(driver, reports):
    read_through(driver, address_of(reports, "two"), WIDTHS["desk"])
    contents = driver.find_element("css selector", "nav details")
    driver.execute_script("scrollTo(0, 2000)")
    assert contents.get_attribute("open")
    box = driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", contents)
    assert box["top"] >= 0
    assert box["bottom"] <= 900

    read_through(driver, address_of(reports, "two"), WIDTHS["phone"])
    contents = driver.find_element("css selector", "nav details")
    assert not contents.get_attribute("open")
    contents.find_element("tag name", "summary").click()
    assert contents.get_attribute("open")


def test_a_phone_keeps_the_still_figure_where_panels_stand_side_by_side(driver, reports):
    still = f"#{SIDE_BY_SIDE} .still"
    read_through(driver, address_of(reports, "two"), WIDTHS["phone"])
    assert driver.find_element("css selector", still).is_displayed()
    read_through(driver, address_of(reports, "two"), WIDTHS["desk"])
    assert not driver.find_element("css selector", still).is_displayed()


def test_a_phone_shows_a_wide_figure_in_a_legible_size_and_scrolls_it(driver, reports):
    read_through(driver, address_of(reports, "five"), WIDTHS["phone"])
    sizes = driver.execute_script(
        "return [...document.querySelectorAll('.still:not(.replaced) > svg')].map(svg =>"
        " [svg.getBoundingClientRect().width, parseFloat(svg.style.getPropertyValue('--inches'))])"
    )
    assert any(width > WIDTHS["phone"] for width, _ in sizes)
    assert min(width / inches for width, inches in sizes) > 70  # letters of 7 points: 7 pixels
    box = driver.find_element("css selector", "#figure-signature_heat_map .still")
    assert driver.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", box)


def test_paper_shows_every_model_longer_tables_and_still_figures(driver, reports):
    read_through(driver, address_of(reports, "two"))
    driver.execute_script(
        "document.querySelectorAll('main details').forEach(d => { d.open = false });"
        "dispatchEvent(new Event('beforeprint'))"
    )
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert driver.find_elements("css selector", "main details:not([open])") == []
    assert driver.find_element("css selector", "#figure-volcano_AML-ALL .still").is_displayed()
    assert not driver.find_element("css selector", "#figure-volcano_AML-ALL .live").is_displayed()
    rows = driver.find_elements("css selector", "#table-genes-AML-ALL tbody tr")
    assert len(rows) == 50

    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert driver.find_elements("css selector", "main details[open]") == []
    assert len(driver.find_elements("css selector", "#table-genes-AML-ALL tbody tr")) == 15


def test_nothing_is_wider_than_the_paper(driver, reports):
    read_through(
        driver, address_of(reports, "five"), width=673
    )  # A4 within its margins, at 96 a inch
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    wide = """return [...document.querySelectorAll("main table, main svg, main p")]
      .filter(element => element.checkVisibility() && !element.closest(".live"))
      .filter(element => element.getBoundingClientRect().right > 674)
      .map(element => element.closest("[id]").id)"""
    assert driver.execute_script(wide) == []


def test_without_javascript_figures_are_still_and_tables_whole(driver, reports):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(driver, address_of(reports, "two"))
        assert driver.find_element("css selector", "#figure-volcano_AML-ALL svg").is_displayed()
        rows = driver.find_elements("css selector", "#table-genes-AML-ALL tbody tr")
        assert len(rows) == 120
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_drawing_inside_the_page_looks_like_its_file(driver, tmp_path):
    from PIL import Image

    record = draw("roc_knn")
    drawings = Drawings()
    inlined = drawings.inline(record)
    style = (
        "* { margin: 0 } img, svg { display: block; width: 600px }"
        ".letters { position: absolute; width: 0; height: 0 }"
        ".drawing { stroke-linejoin: round; stroke-linecap: butt }"
    )
    pictures = []
    encoded = base64.b64encode(record["svg"].encode()).decode()
    for body in (
        f'<img src="data:image/svg+xml;base64,{encoded}">',
        f'{drawings.letters()}<div class="drawing">{inlined}</div>',
    ):
        page = tmp_path / "page.html"
        page.write_text(
            f'<!DOCTYPE html><meta charset="utf-8"><style>{style}</style>{body}', "utf-8"
        )
        visit(driver, page.as_uri(), 600)
        shot = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("L")
        pictures.append(np.asarray(shot, float))
    assert pictures[0].std() > 10  # something is drawn
    # Coordinates rounded to a tenth of a point blur an edge here and there.
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5
