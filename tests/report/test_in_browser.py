"""The report as it is seen: in a real browser, on a desk and on a phone, by day and by night."""

import base64
import io
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from functools import partial

import numpy as np
import pandas as pd
import pytest
from helpers.browser import open_browser, visit
from helpers.made_run import FIVE, GENE_SETS, draw, make_datasets, make_page

from leukemia_kedro.report.drawings import Drawings

pytestmark = pytest.mark.slow

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


def more_than_the_page_shows():
    """Three hundred gene sets, a model of a hundred genes, thirty errors."""
    found = make_datasets()
    scores, probes = found["model_scores"], list(found["probes"].index)
    rule = {"higher": probes[1], "lower": probes[2], "then": "AML", "otherwise": "ALL"}
    opened = {"genes": probes[:100], "rules": [rule | {"score": 0.9, "rank_score": 9}]}
    strength = {"camera_p": np.linspace(1e-9, 1, 300), "camera_fdr": 0.5}
    sets = GENE_SETS.iloc[[0] * 300].assign(gene_set=[f"set {i}" for i in range(300)], **strength)
    errors = found["test_predictions"].query("model == 'svm_linear'").drop(columns="model")
    return {
        "enrichment": sets.assign(contrast="AML-ALL"),
        "model_scores": scores | {"svm_linear": scores["svm_linear"] | opened},
        "errors": errors.head(30),
    }


def many_sets(classes):
    """Thirty gene sets in each contrast of the classes."""
    sets = pd.concat([GENE_SETS.iloc[[0] * 30]] * 10)
    contrasts = make_datasets(classes, 60, 0)["contrast_tables"]
    return sets.assign(contrast=np.repeat(list(contrasts), 30))


CUT = more_than_the_page_shows()


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Addresses of reports by name."""
    folder = tmp_path_factory.mktemp("reports")
    formula = make_datasets()["signature"].assign(description="=1+1")
    pages = {
        "two": make_page(),
        "five": make_page(FIVE, 60, 0),
        "sum": make_page(signature=formula),
        "cut": make_page(**CUT),
        "many": make_page([f"class_{number}" for number in range(12)], 144, 0),
        "sets": make_page(FIVE, 60, 0, enrichment=many_sets(FIVE)),
        "long": make_page([f"class {n}{' of a long name' * 20}" for n in range(2)]),
    }
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in pages}


def wait_until(holds):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(None, 30).until(lambda _: holds())


def read_through(driver, address, width=1440, scheme="light"):
    """Open a report, come past every part of it once, and go back to its top."""
    visit(driver, address, width, scheme)
    run = driver.execute_script
    wait_until(lambda: run("return 'ready' in document.documentElement.dataset"))
    run("document.querySelectorAll('main details').forEach(part => { part.open = true })")
    for figure in several(driver, "figure:has(> .live)"):
        run("arguments[0].scrollIntoView()", figure)
        wait_until(partial(run, "return !!arguments[0].querySelector('[data-drawn]')", figure))
    run("scrollTo(0, 0)")


def one(where, selector, kind="css selector"):
    return where.find_element(kind, selector)


def print_page(driver):
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})


def several(where, selector):
    return where.find_elements("css selector", selector)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", WIDTHS)
@pytest.mark.parametrize("name", ["two", "five"])
def test_nothing_overflows_overlaps_fades_or_fails(driver, reports, name, screen, scheme):
    read_through(driver, reports[name], WIDTHS[screen], scheme)
    assert driver.execute_script(OVERFLOWING) == []
    assert driver.execute_script(OVERLAPPING) == []
    assert driver.execute_script(FAINT) == []
    assert driver.get_log("browser") == []


def test_no_request_leaves_the_page(driver, reports):
    address = reports["two"]
    read_through(driver, address)
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [one["params"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    asked = [one["request"]["url"] for one in sent if one.get("documentURL") == address]
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [address]


def test_no_button_sends_a_figure_elsewhere(driver, reports):
    """plotly.js 4 has one by default; a figure names patients."""
    read_through(driver, reports["two"])
    buttons = {button.get_attribute("aria-label") for button in several(driver, ".modebar button")}
    assert "Zoom in" in buttons
    assert not any(re.search("(?i)share|cloud|send|edit", name) for name in buttons)
    plots = "[...document.querySelectorAll('.js-plotly-plot')]"
    servers = f"return {plots}.map(plot => plot._context.plotlyServerURL)"
    assert set(driver.execute_script(servers)) == {""}


def panel_of(driver):
    """The one panel, once it is open."""
    wait_until(lambda: one(driver, "#detail").is_displayed())
    return one(driver, "#detail")


def press(driver, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()


def has_focus(driver, element):
    return driver.execute_script("return document.activeElement === arguments[0]", element)


def rows_of(panel, part):
    rows = several(panel, f".{part} tbody tr")
    return {one(row, "th").text: [cell.text for cell in several(row, "td")] for row in rows}


def test_a_click_on_a_gene_shows_its_values_by_class_its_contrasts_and_its_places(driver, reports):
    read_through(driver, reports["two"])
    table = one(driver, "#table-genes-AML-ALL")
    link = one(table, "tbody th a")
    probe = link.text
    link.click()
    panel = panel_of(driver)
    assert probe in one(panel, "h2").text

    found = make_datasets()
    values = found["log_expression"].loc[probe]
    medians = values.groupby(found["sample_split"]["label"]).median()
    n = found["sample_split"]["label"].value_counts()
    assert "laboratory" in one(panel, "select").text.lower()
    one(panel, "select option:first-child").click()
    told = one(panel, ".values svg").get_attribute("aria-label")
    shown = re.findall(r"(ALL|AML): median ([\d.]+), n = (\d+)", told)
    assert {label: int(number) for label, _, number in shown} == n.to_dict()
    # Half a step of the 254 between the lowest and the highest value, and two digits.
    precision = (values.max() - values.min()) / 254 / 2 * 1.01 + 0.005
    for label, median, _ in shown:
        assert float(median) == pytest.approx(medians[label], abs=precision)

    whole = found["contrast_tables"]["AML-ALL"].set_index("probe").loc[probe]
    change, t, p, adjusted, place = rows_of(panel, "contrasts")["AML-ALL"]
    assert float(change.replace("−", "-")) == pytest.approx(whole["logFC"], abs=0.006)
    assert float(t.replace("−", "-")) == pytest.approx(whole["t"], abs=0.006)
    row = several(table, "tbody tr")[0]
    assert [p, adjusted] == [cell.text for cell in several(row, "td")[5:7]]  # as in the table
    assert place == "1 of 120"
    signature = list(found["signature"]["probe"])
    place = f"{signature.index(probe) + 1} of 20" if probe in signature else "not in it"
    assert rows_of(panel, "places")["Signature"][0].startswith(place)
    rank = int(probe.removeprefix("X").removesuffix("_at")) - 9999
    ranked = f"{rank} of 100" if rank <= 100 else "not ranked"
    assert rows_of(panel, "places")["ANOVA F"] == [ranked]


def test_the_panel_writes_large_numbers_as_all_else_does(driver, reports):
    """With a comma between the thousands, which 120 probes have not: so the mark is made longer."""
    read_through(driver, reports["two"])
    marked = "Number.prototype.toLocaleString = function (tongue) { return `${tongue}${this}` }"
    driver.execute_script(marked)
    one(driver, "#table-genes-AML-ALL tbody th a").click()
    panel = panel_of(driver)
    assert rows_of(panel, "contrasts")["AML-ALL"][-1] == "en1 of en120"
    places = rows_of(panel, "places")
    assert all(re.match(r"en\d+ of en\d+|not ", place) for (place,) in places.values())


def test_escape_closes_the_panel_and_the_focus_returns(driver, reports):
    from selenium.webdriver.common.keys import Keys

    read_through(driver, reports["two"])
    link = one(driver, "#table-signature-genes tbody th a")
    link.send_keys(Keys.ENTER)
    panel = panel_of(driver)
    wait_until(lambda: has_focus(driver, panel))
    press(driver, Keys.ESCAPE)
    assert not panel.is_displayed()
    assert has_focus(driver, link)


def test_a_plot_is_gone_through_by_arrows_and_enter_opens_the_point(driver, reports):
    from selenium.webdriver.common.keys import Keys

    read_through(driver, reports["two"])
    plot = one(driver, "#figure-volcano-AML-ALL .live")
    driver.execute_script("arguments[0].focus()", plot)
    press(driver, Keys.ARROW_RIGHT, Keys.ENTER)
    table = make_datasets()["contrast_tables"]["AML-ALL"]
    higher = table[(table["adj.P.Val"] < 0.05) & (table["logFC"] > 0)]
    assert higher["probe"].iloc[0] in one(panel_of(driver), "h2").text
    press(driver, Keys.ESCAPE)
    assert has_focus(driver, plot)


@pytest.mark.parametrize("plot", ["volcano-AML-ALL", "projection-PCA"])
def test_a_click_on_a_point_opens_the_gene_or_sample(driver, reports, plot):
    from selenium.webdriver.common.action_chains import ActionChains

    read_through(driver, reports["two"])
    figure = one(driver, f"#figure-{plot}")
    driver.execute_script("arguments[0].scrollIntoView({block: 'start'})", figure)
    point = several(figure, ".live .scatter:last-child .point")[0]
    ActionChains(driver).move_to_element(point).click().perform()
    title = one(panel_of(driver), "h2").text
    found = make_datasets()
    known = [*found["probes"].index, *found["sample_split"].index]
    assert any(name in title for name in known)


def test_a_click_on_a_sample_shows_its_calls_its_places_and_its_quality(driver, reports):
    read_through(driver, reports["two"])
    link = one(driver, "#table-errors tbody th a")
    sample = link.text
    link.click()
    panel = panel_of(driver)
    assert one(panel, "h2").text == sample
    found = make_datasets()
    calls = found["test_predictions"].set_index(["sample", "model"])
    call = calls.loc[(sample, "svm_linear")]
    assert set(rows_of(panel, "calls")) == {"naive Bayes", "SVM linear", "SVM RBF"}
    predicted, confidence, called, result = rows_of(panel, "calls")["SVM linear"]
    assert (predicted, called) == (call["predicted"], call["call"])
    assert float(confidence) == pytest.approx(call["confidence"], abs=0.0006)
    assert result == ("correct" if call["predicted"] == call["label"] else "wrong")
    assert [caption.text for caption in several(panel, ".maps figcaption")] == ["PCA", "UMAP"]
    for figure in several(panel, ".maps figure"):  # in grey, shape tells the classes apart
        points = several(figure, "[data-sample]")
        shape_and_colour = {
            (each.get_attribute("d"), each.get_attribute("fill")) for each in points
        }
        assert len(shape_and_colour) == len({shape for shape, _ in shape_and_colour}) == 2
    assert rows_of(panel, "quality")["median"] == ["120.0", "120.0"]


def test_a_sample_that_breaks_a_rule_says_so(driver, reports):
    visit(driver, reports["two"] + "#sample=GSM239171")  # an address of its own
    panel = panel_of(driver)
    warnings = [each.text for each in several(panel, ".warning")]
    assert any("XIST is expressed" in line for line in warnings)
    assert any("resembles no other" in line for line in warnings)


@pytest.mark.parametrize("asked", ["X10007_at", "gene7", "<i>Gene</i> 7 "])
def test_any_gene_is_two_steps_away_by_symbol_probe_or_title(driver, reports, asked):
    from selenium.webdriver.common.keys import Keys

    found = make_datasets()["probes"]
    by_title = found.index[found["description"].str.contains("<i>Gene</i> 7 ", regex=False)]
    by_symbol = found.index[found["symbol"] == "GENE7"]
    expected = {"X10007_at": "X10007_at", "gene7": by_symbol[0] if len(by_symbol) else None}
    visit(driver, reports["two"])
    wait_until(lambda: one(driver, "#find").is_displayed())
    one(driver, "#find").send_keys(asked)
    wait_until(lambda: several(driver, "#found a"))
    press(driver, Keys.ENTER)
    assert expected.get(asked, by_title[0]) in one(panel_of(driver), "h2").text
    press(driver, Keys.ESCAPE)
    assert has_focus(driver, one(driver, "#find"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", WIDTHS)
def test_the_panel_fits_the_screen_and_fades_nowhere(driver, reports, screen, scheme):
    inside = FAINT.replace("main *, header *, nav *, footer *", "#detail *")
    for address in ("#probe=X10005_at", "#sample=GSM239175"):
        visit(driver, reports["five"] + address, WIDTHS[screen], scheme)
        panel = panel_of(driver)
        box = driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", panel)
        assert box["left"] >= 0
        assert box["right"] <= WIDTHS[screen]
        assert box["height"] < 0.7 * 900
        assert driver.execute_script(inside) == []
        assert driver.get_log("browser") == []


@pytest.fixture
def downloads(driver, tmp_path):
    """What a click downloads: the bytes of the file of that name."""
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", where)

    def fetched(name, button):
        driver.execute_script("arguments[0].click()", one(driver, f"[aria-label='{button}']"))
        wait_until(lambda: (tmp_path / name).exists())
        return (tmp_path / name).read_bytes()

    return fetched


def test_the_csv_of_a_contrast_has_every_significant_probe(driver, reports, downloads):
    visit(driver, reports["two"])
    wait_until(lambda: several(driver, "[aria-label='CSV of genes-AML-ALL']"))
    content = downloads("genes-AML-ALL.csv", "CSV of genes-AML-ALL")
    found = pd.read_csv(io.BytesIO(content))
    whole = make_datasets()["contrast_tables"]["AML-ALL"]
    # The made run has 120 probes, so all are listed; those of one p-value may change places.
    expected = whole.set_index("probe").loc[found["probe"]]
    assert set(found["probe"]) == set(whole["probe"])
    assert found["P.Value"].is_monotonic_increasing
    for column in ("logFC", "AveExpr", "t", "B"):
        np.testing.assert_allclose(found[column], expected[column], atol=6e-5)  # four digits
    for column in ("P.Value", "adj.P.Val", "wilcoxon_p", "maxT_p"):
        np.testing.assert_allclose(found[column], expected[column], rtol=6e-4)


def test_the_csv_of_a_table_has_the_rows_of_all_its_pages_with_every_digit(
    driver, reports, downloads
):
    read_through(driver, reports["two"])
    content = downloads("signature-genes.csv", "CSV of signature-genes")
    found = pd.read_csv(io.BytesIO(content))
    signature = make_datasets()["signature"]
    assert list(found["Probe"]) == list(signature["probe"])
    np.testing.assert_allclose(found["Chosen in"], signature["selection_frequency"], rtol=1e-11)


def test_the_csv_of_a_table_that_the_page_cuts_has_every_row(driver, reports, downloads):
    visit(driver, reports["cut"])
    wait_until(lambda: several(driver, "[aria-label='CSV of samples']"))
    found = make_datasets()
    fetched = {
        name: pd.read_csv(io.BytesIO(downloads(f"{name}.csv", f"CSV of {name}")))
        for name in ("sets-AML-ALL", "model-genes-svm_linear", "errors", "gene-ranking", "samples")
    }
    assert list(fetched["sets-AML-ALL"]["gene_set"]) == list(CUT["enrichment"]["gene_set"])
    np.testing.assert_allclose(
        fetched["sets-AML-ALL"]["camera_p"], CUT["enrichment"]["camera_p"], rtol=6e-4
    )
    genes = CUT["model_scores"]["svm_linear"]["genes"]
    assert list(fetched["model-genes-svm_linear"]["probe"]) == genes
    assert list(fetched["errors"]["sample"]) == list(CUT["errors"]["sample"])
    ranking = fetched["gene-ranking"].set_index("probe")
    expected = found["gene_ranking"].set_index("probe")["rank"]
    assert set(ranking.index) == set(expected.index)
    assert (ranking.filter(like="rank by").iloc[:, 0] == expected.reindex(ranking.index)).all()
    chosen = found["selection_stability"].set_index("probe")["selection_frequency"]
    chosen = chosen.reindex(ranking.index).fillna(0)
    np.testing.assert_allclose(ranking["selection_frequency"], chosen, rtol=6e-4)
    assert set(fetched["samples"]["sample"]) == set(found["sample_split"].index)


def test_each_model_links_its_genes_and_those_of_its_rules_to_their_panel(driver, reports):
    read_through(driver, reports["cut"])
    for place in ("#table-model-genes-svm_linear tbody th a", "#table-rules-svm_linear tbody th a"):
        link = one(driver, place)
        driver.execute_script("arguments[0].click()", link)
        assert link.get_attribute("href").rpartition("=")[2] in one(panel_of(driver), "h2").text
        driver.execute_script("document.getElementById('detail-close').click()")


def test_no_cell_of_a_csv_is_a_formula(driver, reports, downloads):
    read_through(driver, reports["sum"])
    found = pd.read_csv(io.BytesIO(downloads("signature-genes.csv", "CSV of signature-genes")))
    assert set(found["Description"]) == {"'=1+1"}


def test_a_figure_is_an_svg_file_with_text_as_text_in_the_width_of_a_column(
    driver, reports, downloads
):
    visit(driver, reports["two"])
    wait_until(lambda: several(driver, "[aria-label='SVG of class-balance']"))
    root = ET.fromstring(downloads("class-balance.svg", "SVG of class-balance"))
    assert root.get("width") == "180mm"
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "log2 expression" in texts
    assert "class-balance" in texts
    # Letters: 10 points at 5.6 inches, the width of the figure.
    ids = {each.get("id") for each in root.iter()}
    used = {use.get("href", "#")[1:] for use in root.iter("{http://www.w3.org/2000/svg}use")}
    assert used <= ids


def test_a_figure_is_a_png_file_of_300_dots_per_inch(driver, reports, downloads):
    from PIL import Image

    visit(driver, reports["two"])
    wait_until(lambda: several(driver, "[aria-label='PNG of class-balance']"))
    picture = Image.open(io.BytesIO(downloads("class-balance.png", "PNG of class-balance")))
    assert picture.width == round(180 / 25.4 * 300)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert np.asarray(picture.convert("L"), float).std() > 10  # something is drawn


def test_a_figure_is_printed_alone_on_paper_of_its_size(driver, reports):
    visit(driver, reports["two"])
    wait_until(lambda: several(driver, "[aria-label='PDF of class-balance']"))
    driver.execute_script("window.print = () => {}")
    button = one(driver, "[aria-label='PDF of class-balance']")
    driver.execute_script("arguments[0].click()", button)
    settings = {"preferCSSPageSize": True}
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", settings)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b[^s]", pdf)) == 1
    width = float(re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+)", pdf)[1])
    assert width / 72 * 25.4 == pytest.approx(180, abs=0.5)
    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert several(driver, "#alone") == []


def test_tables_sort_by_number_and_search_by_word(driver, reports):
    read_through(driver, reports["two"])
    table = one(driver, "#table-genes-AML-ALL")
    heading = one(table, "thead th:nth-child(4)")
    one(heading, ".dt-column-order").click()
    wait_until(lambda: heading.get_attribute("aria-sort") == "ascending")
    cells = several(table, "tbody td:nth-child(4)")
    shown = [float(cell.get_attribute("data-order")) for cell in cells]
    whole = make_datasets()["contrast_tables"]["AML-ALL"]
    np.testing.assert_allclose(shown, np.sort(whole["logFC"])[: len(shown)], rtol=1e-9)

    probe = whole["probe"].iloc[-1]
    one(table, "input[type=search]").send_keys(probe)
    wait_until(lambda: len(several(table, "tbody tr")) == 1)
    assert one(table, "tbody th").text == probe


def test_contents_lead_to_chapters_stay_in_sight_on_a_desk_and_fold_away_on_a_phone(
    driver, reports
):
    read_through(driver, reports["two"], WIDTHS["desk"])
    contents = one(driver, "nav details")
    driver.execute_script("scrollTo(0, 2000)")
    assert contents.get_attribute("open")
    box = driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", contents)
    assert box["top"] >= 0
    assert box["bottom"] <= 900
    one(contents, "a[href='#methods']").click()
    top = "return document.getElementById('methods').getBoundingClientRect().top"
    assert 0 <= driver.execute_script(top) < 100

    read_through(driver, reports["two"], WIDTHS["phone"])
    contents = one(driver, "nav details")
    assert not contents.get_attribute("open")
    one(contents, "summary").click()
    assert contents.get_attribute("open")
    one(contents, "a[href='#methods']").click()
    assert not contents.get_attribute("open")
    assert 0 <= driver.execute_script(top) < 100


def shown_pixels(driver, element):
    """What is seen of an element, shape (height, width, 3), from 0 to 255."""
    from PIL import Image

    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    return np.asarray(Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB"), int)


@pytest.mark.parametrize("screen", WIDTHS)
def test_figures_follow_dark_mode_and_keep_their_hues(driver, reports, screen):
    figures = "#figure-class-balance .still, #figure-volcano-AML-ALL .live"
    read_through(driver, reports["two"], WIDTHS[screen])
    light = [shown_pixels(driver, figure) for figure in several(driver, figures)]
    read_through(driver, reports["two"], WIDTHS[screen], "dark")
    dark = [shown_pixels(driver, figure) for figure in several(driver, figures)]
    assert len(dark) == 2
    for by_day, by_night in zip(light, dark, strict=True):
        assert np.median(by_day) == 255
        assert abs(np.median(by_night) - 0x17) <= 1  # as the sheet in the page's style
        coloured = np.ptp(by_day, axis=2) > 100
        hues = [pixels[coloured].argmax(axis=1) for pixels in (by_day, by_night)]
        assert np.mean(hues[0] == hues[1]) > 0.9


def test_boxes_that_scroll_and_plots_are_reached_and_moved_by_keyboard(driver, reports):
    from selenium.webdriver.common.keys import Keys

    read_through(driver, reports["five"], WIDTHS["phone"])
    stops = """return [...document.querySelectorAll(".still, .scroll, .dt-layout-table > div")]
      .filter(box => box.checkVisibility() && box.scrollWidth > box.clientWidth)
      .map(box => box.tabIndex)"""
    wait_until(lambda: set(driver.execute_script(stops)) == {0})
    box = one(driver, "#figure-signature-heat-map .still")
    box.send_keys(Keys.ARROW_RIGHT)
    wait_until(lambda: driver.execute_script("return arguments[0].scrollLeft > 0", box))

    plot = one(driver, ".live[data-drawn]")
    plot.send_keys(Keys.ARROW_RIGHT)
    wait_until(lambda: len(several(plot, ".hoverlayer .hovertext")) == 1)
    first = one(plot, ".hoverlayer .hovertext").text
    plot.send_keys(Keys.ARROW_RIGHT)
    wait_until(lambda: one(plot, ".hoverlayer .hovertext").text != first)

    read_through(driver, reports["two"], WIDTHS["desk"])
    assert one(driver, "#figure-signature-heat-map .still").get_attribute("tabindex") == "-1"


def test_a_phone_shows_a_wide_figure_in_a_legible_size_and_scrolls_it(driver, reports):
    read_through(driver, reports["five"], WIDTHS["phone"])
    sizes = driver.execute_script(
        "return [...document.querySelectorAll('.still:not(.replaced) > svg')]"
        ".filter(svg => svg.checkVisibility()).map(svg =>"
        " [svg.getBoundingClientRect().width, parseFloat(svg.style.getPropertyValue('--inches'))])"
    )
    assert any(width > WIDTHS["phone"] for width, _ in sizes)
    assert min(width / inches for width, inches in sizes) > 70  # letters of 7 points: 7 pixels
    box = one(driver, "#figure-signature-heat-map .still")
    assert driver.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", box)


def test_paper_shows_every_model_longer_tables_and_still_figures(driver, reports):
    read_through(driver, reports["two"])
    close_all = "document.querySelectorAll('main details').forEach(d => { d.open = false })"
    driver.execute_script(close_all)
    print_page(driver)
    assert several(driver, "main details:not([open])") == []
    assert one(driver, "#figure-volcano-AML-ALL .still").is_displayed()
    assert not one(driver, "#figure-volcano-AML-ALL .live").is_displayed()
    assert len(several(driver, "#table-genes-AML-ALL tbody tr")) == 50

    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert several(driver, "main details[open]") == []
    assert len(several(driver, "#table-genes-AML-ALL tbody tr")) == 15


def test_nothing_is_wider_than_the_paper(driver, reports):
    read_through(driver, reports["five"], width=673)  # A4 within its margins, at 96 an inch
    print_page(driver)
    wide = """return [...document.querySelectorAll("main table, main svg, main p")]
      .filter(element => element.checkVisibility() && !element.closest(".live"))
      .filter(element => element.getBoundingClientRect().right > 674)
      .map(element => element.closest("figure, section").id)"""
    assert driver.execute_script(wide) == []


def test_without_javascript_figures_are_still_and_tables_whole(driver, reports):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(driver, reports["two"])
        assert one(driver, "#figure-volcano-AML-ALL svg").is_displayed()
        assert len(several(driver, "#table-genes-AML-ALL tbody tr")) == 120
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_drawing_inside_the_page_looks_like_its_file(driver, tmp_path):
    from PIL import Image

    record = draw("roc-knn")
    drawings = Drawings()
    inlined = drawings.inline(record)
    start = """<!DOCTYPE html><meta charset="utf-8"><style>
        * { margin: 0 } img, svg { display: block; width: 600px }
        .letters { position: absolute; width: 0; height: 0 }
        .drawing { stroke-linejoin: round; stroke-linecap: butt }</style>"""
    encoded = base64.b64encode(record["svg"].encode()).decode()
    image = f'<img src="data:image/svg+xml;base64,{encoded}">'
    page, pictures = tmp_path / "page.html", []
    for body in (image, f'{drawings.letters()}<div class="drawing">{inlined}</div>'):
        page.write_text(start + body, "utf-8")
        visit(driver, page.as_uri(), 600)
        shot = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("L")
        pictures.append(np.asarray(shot, float))
    assert pictures[0].std() > 10  # something is drawn
    # Coordinates rounded to a tenth of a point blur an edge here and there.
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5


def test_in_brief_the_page_prints_on_few_pages_and_everything_on_request(driver, reports):
    read_through(driver, reports["two"], WIDTHS["desk"])

    def printed_pages():
        pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
        return len(re.findall(rb"/Type\s*/Page\b[^s]", pdf))

    assert printed_pages() <= 6
    driver.execute_script("window.print = () => {}")
    one(driver, "[data-print=whole]").click()
    assert printed_pages() > 6
    one(driver, "[data-print='']").click()
    assert printed_pages() <= 6


def test_in_brief_no_figure_is_shrunk_so_far_that_letters_are_below_six_points(driver, reports):
    """The smallest have 6.2 to 7 points in the file."""
    wide_as_paper = round(184 / 25.4 * 96)  # A4 within its margins, in CSS pixels
    read_through(driver, reports["two"], wide_as_paper)
    print_page(driver)
    shown = [each for each in several(driver, ".still > svg") if each.is_displayed()]
    room = {  # millimetres; the figures themselves are as wide as that, at most
        "figure-model-comparison": 81,
        "figure-signature-heat-map-in-brief": 85,
        "figure-volcano-AML-ALL": 184,
    }
    names = [one(each, "./ancestor::figure", "xpath").get_attribute("id") for each in shown]
    assert set(names) == set(room)
    for name, drawing in zip(names, shown, strict=True):
        points = float(drawing.get_dom_attribute("viewBox").split()[2])
        assert drawing.rect["width"] >= 0.99 * min(0.95 * points * 96 / 72, room[name] / 25.4 * 96)
    driver.execute_script("dispatchEvent(new Event('afterprint'))")


def test_the_first_screen_of_a_phone_is_the_answer_with_limits_errors_and_every_model(
    driver, reports
):
    visit(driver, reports["two"], WIDTHS["phone"])
    brief = one(driver, ".on-phone")
    assert brief.location["y"] + brief.size["height"] < 844
    wait_until(lambda: several(driver, "#figure-model-comparison .ytick text"))
    names = several(driver, "#figure-model-comparison .ytick text")
    assert {"SVM RBF", "naive Bayes"} <= {name.text for name in names}
    # A cohort of real patients has no banner; the project ships 14 models, this page shows fewer.
    driver.execute_script("document.querySelector('.banner')?.remove()")
    tops = sorted(name.rect["y"] for name in names)
    row, letters = min(np.diff(tops)), names[0].rect["height"]
    assert row > letters - 2  # no name lies on the next
    assert tops[0] + 13 * row + letters < 844
    # A chapter's heading is no larger than the title of the page.
    sizes = [
        float(one(driver, tag).value_of_css_property("font-size")[:-2]) for tag in ("h1", "h2")
    ]
    assert sizes[0] > sizes[1]
    for limit in several(driver, ".limits strong"):
        assert limit.text.rstrip(":") in brief.text
    for sample in several(driver, "#table-errors tbody th"):
        assert sample.text in brief.text
    visit(driver, reports["two"], WIDTHS["desk"])
    assert not one(driver, ".on-phone").is_displayed()


def pages_of_print(driver, address, tmp_path):
    """The text of each printed page."""
    pdftotext = shutil.which("pdftotext")
    if pdftotext is None:
        pytest.skip("no pdftotext: apt-get install poppler-utils")
    visit(driver, address)
    wait_until(lambda: driver.execute_script("return 'ready' in document.documentElement.dataset"))
    (tmp_path / "page.pdf").write_bytes(
        base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    )
    command = [pdftotext, "-layout", tmp_path / "page.pdf", "-"]
    *pages, _ = subprocess.check_output(command, text=True).split("\f")
    return pages


def test_classes_of_three_hundred_letters_leave_room_for_the_errors_on_the_first_printed_page(
    driver, reports, tmp_path
):
    first = pages_of_print(driver, reports["long"], tmp_path)[0]
    assert re.search(r"Sample +True class +Predicted class +Confidence +Call", first)


@pytest.mark.parametrize("name", ["five", "many", "sets"])
def test_many_classes_print_in_brief_on_six_pages_with_the_counts_of_every_contrast(
    driver, reports, tmp_path, name
):
    pages = pages_of_print(driver, reports[name], tmp_path)
    assert len(pages) <= 6
    headings = {each.text for each in several(driver, "main :is(h2, h3)")}
    for page in pages:
        *lines, _number = [line.strip() for line in page.splitlines() if line.strip()]
        assert lines[-1] not in headings
    printed = " ".join(" ".join(pages).split())
    n_classes = {"five": 5, "many": 12, "sets": 5}[name]
    assert f"in each of {n_classes * (n_classes - 1) // 2} contrasts" in printed
    if name == "many":  # names of one line
        for row in several(driver, "#table-contrasts tbody th"):
            assert row.get_attribute("textContent") in printed
    assert "On paper: the first" in printed
