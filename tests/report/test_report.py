"""The report as text: what it says, and that the page is sound."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from helpers.made_run import FIVE, MODELS, draw, make_datasets, make_page
from helpers.parsed_page import by_id, classes_of, parse, text

from leukemia_kedro.evaluation.champion import held_out_figures
from leukemia_kedro.evaluation.published import PUBLISHED, published_results
from leukemia_kedro.plots.study import IN_FULL
from leukemia_kedro.report.chapter import divided

HEADINGS = ("h1", "h2", "h3", "h4")
FOUND = make_datasets()


def page_with(**changes):
    return parse(make_page(**changes))


def ids_of(page):
    return [element.get("id") for element in page.iter() if element.get("id")]


@pytest.fixture(scope="module")
def two_classes():
    return page_with()


@pytest.fixture(scope="module")
def five_classes():
    return page_with(classes=FIVE, n_train=60, n_test=0)


@pytest.fixture(params=["two_classes", "five_classes"])
def page(request):
    return request.getfixturevalue(request.param)


def test_same_study_gives_the_same_bytes_far_below_the_limit_of_eight_megabytes():
    html = make_page()
    assert html == make_page()
    assert len(html.encode()) < 4_000_000  # half of it is left to a real run's figures


def test_every_id_is_unique_and_every_link_on_the_page_leads_somewhere(page):
    ids = ids_of(page)
    assert len(ids) == len(set(ids))
    links = [element.get("href") for element in page.iter("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    letters = {element.get("href") for element in page.iter("use")}
    assert {name.removeprefix("#") for name in letters} <= set(ids)


def test_nothing_is_fetched_from_elsewhere(page):
    for element in page.iter():
        assert not element.get("src"), element.tag
        address = element.get("href", "")
        if element.tag == "a" and not address.startswith("#"):
            assert address.startswith("https://doi.org/")
        elif element.tag not in ("a", "use"):
            assert address == "" or address.startswith("data:")
    style = "".join(element.text for element in page.iter("style"))
    assert "@import" not in style
    assert not re.search(r"url\(\s*[\"']?(?!data:)", style)


def test_headings_descend_step_by_step_under_one_title(page):
    levels = [int(element.tag[1]) for element in page.iter() if element.tag in HEADINGS]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


def test_page_has_its_landmarks_and_the_contents_name_every_chapter(page):
    for landmark in ("header", "nav", "main", "footer"):
        assert len(list(page.iter(landmark))) == 1
    sections = list(page.iter("section"))
    listed = [(link.get("href"), text(link)) for link in page.find(".//nav").iter("a")]
    headings = [(f"#{section.get('id')}", section.find("h2")[0].tail) for section in sections]
    assert listed == [(anchor, heading.strip()) for anchor, heading in headings]


def test_no_chapter_is_empty(page):
    for section in page.iter("section"):
        assert len(text(section)) > len(text(section.find("h2"))) + 20, section.get("id")


def test_every_figure_is_numbered_in_order_titled_and_has_a_text_alternative(page):
    captions = [text(figure.find("figcaption")) for figure in page.iter("figure")]
    for kind in ("Figure", "Table"):
        numbers = [re.match(rf"{kind} (\d+)\. ", caption) for caption in captions]
        found = [int(match[1]) for match in numbers if match]
        assert found == list(range(1, len(found) + 1))
    drawings = [element for element in page.iter() if classes_of(element) & {"live"}]
    drawings += [svg for svg in page.iter("svg") if "letters" not in classes_of(svg)]
    assert drawings
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert drawing.get("aria-label").startswith("Text alternative of ")


def test_every_table_names_its_columns_and_rows(page):
    tables = list(page.iter("table"))
    assert tables
    for table in tables:
        n_columns = len(table.findall("./thead/tr/th[@scope='col']"))
        for row in table.findall("./tbody/tr"):
            assert row[0].get("scope") == "row"
            assert len(row) == n_columns


def test_cells_are_sorted_by_the_exact_number(two_classes):
    table = by_id(two_classes, "table-genes-AML-ALL")
    orders = [float(row[5].get("data-order")) for row in table.findall(".//tbody/tr")]
    np.testing.assert_allclose(
        orders,
        FOUND["contrast_tables"]["AML-ALL"]["P.Value"],
        rtol=1e-11,  # written with twelve digits
    )


def test_answer_comes_first_with_its_exact_interval(two_classes):
    chapters = [section.get("id") for section in two_classes.iter("section")]
    assert chapters[:2] == ["cohort", "answer"]
    answer = text(by_id(two_classes, "answer"))
    assert "on 50 genes classifies 32 of 34 test samples correctly: accuracy 94.1%" in answer
    assert "(exact 95% interval 80.0% to 99.3%)" in answer
    assert "2 of 34 were not called, and 1 of the 32 calls is wrong" in answer
    assert "1 to 4 errors" in answer
    assert "p = 0.0099, the smallest that 100 permutations can give" in answer


def test_answer_says_which_models_cannot_be_told_apart(two_classes):
    answer = text(by_id(two_classes, "answer"))
    assert "2 of 3 models cannot be told apart: SVM linear and SVM RBF" in answer
    assert (
        "No model differs from the champion by McNemar's exact test on the test samples "
        "(smallest p = 0.50): these samples cannot tell the models apart" in answer
    )


def test_each_figure_of_the_champion_stands_beside_its_interval(two_classes, five_classes):
    rows = [text(row) for row in by_id(two_classes, "table-held-out").findall(".//tbody/tr")]
    assert rows == [
        "Errors, every sample called 2 of 34 (5.9%) 0.7% to 19.7%",
        "Errors among its calls 1 of 32 (3.1%) 0.1% to 16.2%",
        "Samples called 32 of 34 (94.1%) 80.3% to 99.3%",
        "Brier score 0.030 0.010 to 0.060",
    ]
    assert "Published" not in text(by_id(two_classes, "answer"))
    assert "table-held-out" not in ids_of(five_classes)


def test_published_figures_stand_beside_the_champions_and_are_cited():
    golub = pd.read_csv(PUBLISHED / "content" / "golub.csv", dtype=str)
    published = published_results(golub.set_index("sample"))
    row = FOUND["model_comparison"].query("champion").iloc[0]
    champion = FOUND["champion"] | {
        "held_out": held_out_figures(row, published),
        "published": published.to_dict("records"),
    }
    page = page_with(champion=champion)
    rows = by_id(page, "table-held-out").findall(".//tbody/tr")
    assert [text(row[-1]) for row in rows] == ["0 to 4", "0", "29", "0.015"]
    assert "Furey et al. 2000" in text(by_id(page, "answer"))
    assert {"ref-furey2000", "ref-zou2005"} <= set(ids_of(page))


def test_answer_says_when_the_reject_option_calls_nothing():
    champion = FOUND["champion"] | {"threshold": float(np.nextafter(1, 2))}
    answer = by_id(page_with(champion=champion), "answer")
    assert "The reject option calls nothing" in text(answer)


def test_without_a_test_set_the_report_says_so_and_shows_no_test_column(two_classes, five_classes):
    assert "This cohort has no test set" in text(by_id(five_classes, "answer"))
    assert "table-calls" not in ids_of(five_classes)
    headings = [text(th) for th in by_id(five_classes, "table-comparison").iter("th")]
    assert not any("Test" in heading for heading in headings)
    assert "No sample was held out" in text(by_id(five_classes, "model-card"))
    with_test, without = (
        text(by_id(page, "table-classes-svm_linear")) for page in (two_classes, five_classes)
    )
    assert "Test samples of each class as classified by SVM linear." in with_test
    start = "Training samples of each class as classified by SVM linear in cross-validation"
    assert start in without
    assert "Test" not in without


def test_every_model_names_the_genes_it_uses(two_classes):
    scores = FOUND["model_scores"]
    genes = scores["svm_linear"]["genes"]
    found = text(by_id(two_classes, "model-svm_linear"))
    description = FOUND["probes"].loc[genes[0], "description"]
    start = f"Genes it uses, in the order of their ranking (50) {description} ({genes[0]}); "
    assert start in found
    assert found.endswith(f"({genes[-1]}).")
    many = [f"X{10000 + i}_at" for i in range(120)]
    scores = scores | {"svm_linear": scores["svm_linear"] | {"genes": many}}
    comparison = FOUND["model_comparison"].assign(n_genes=120)
    page = page_with(model_scores=scores, model_comparison=comparison)
    cut = text(by_id(page, "model-svm_linear"))
    assert "; and 70 more, listed with the model output in scores/svm_linear.json" in cut
    assert many[49] in cut
    assert many[50] not in cut


REPLICATED = pd.DataFrame(
    {
        "study": ["Tibshirani", "Zou"], "quantity": ["errors", "genes"], "published": ["2", "0"],
        "reproduced": ["2", "1"], "agrees": [True, False], "note": ["", "differs by +1"],
    }
)  # fmt: skip


def test_the_path_of_shrunken_centroids_is_part_of_the_replication():
    path = pd.DataFrame(
        {
            "threshold": [0.0, 4.06], "n_genes": [3000, 21], "cv_errors": [0.5, 2.05],
            "test_errors": [1, 2], "chosen": [True, False],
        }
    )  # fmt: skip
    page = page_with(
        replication=REPLICATED,
        shrunken_centroid_path=path,
        replication_figures=[draw("threshold_path")],
    )
    chapter = text(by_id(page, "replication"))
    assert "1 of 2 published results reproduced" in chapter
    assert "4.060 21 2.05 2" in chapter
    assert by_id(page, "figure-threshold_path") is not None


def test_models_left_out_are_named_with_the_reason(five_classes, two_classes):
    assert "weighted voting : defined for two classes only" in text(
        by_id(five_classes, "model-comparison")
    )
    assert "Left out of this run" not in text(by_id(two_classes, "model-comparison"))


def test_contrasts_beyond_the_first_few_are_shown_in_brief(five_classes):
    contrasts = [h3 for h3 in five_classes.iter("h3") if h3.get("id", "").startswith("contrast-")]
    assert len(contrasts) == 10
    chapter = by_id(five_classes, "differential-expression")
    volcanoes = [f for f in chapter.iter("figure") if "figure-volcano" in f.get("id", "")]
    histograms = [f for f in chapter.iter("figure") if "figure-p_values" in f.get("id", "")]
    assert (len(volcanoes), len(histograms)) == (10, IN_FULL)
    assert f"{10 - IN_FULL} contrasts are shown in brief" in text(chapter)


def test_a_cohort_without_descriptions_has_no_empty_column():
    tables = {
        name: table.assign(description="") for name, table in FOUND["contrast_tables"].items()
    }
    page = page_with(contrast_tables=tables, signature=FOUND["signature"].assign(description=""))
    for table in ("table-signature-genes", "table-genes-AML-ALL"):
        headings = [text(th) for th in by_id(page, table).find(".//thead").iter("th")]
        assert headings[0] == "Probe"
        assert "Description" not in headings


def test_simulated_data_are_announced_in_a_banner_and_real_data_are_not(two_classes):
    assert "not from real patients" in text(two_classes.find(".//header"))
    page = page_with(data_quality=FOUND["data_quality"] | {"simulated": False})
    assert "not from real patients" not in text(page.find(".//body/header"))


def test_optional_chapters_are_there_with_their_data_and_absent_without(two_classes):
    gene_sets = pd.DataFrame(
        {
            "contrast": ["AML-ALL"], "gene_set": ["myeloid"], "n_genes": [12],
            "direction": ["Up"], "camera_p": [0.001], "camera_fdr": [0.01], "n_up": [5],
            "up_fdr": [0.02], "n_down": [0], "down_fdr": [1.0],
        }
    )  # fmt: skip
    page = page_with(enrichment=gene_sets, replication=REPLICATED)
    with_data, without = (
        {section.get("id") for section in two.iter("section")} for two in (page, two_classes)
    )
    assert with_data - without == {"enrichment", "replication"}
    page = page_with(shift=FOUND["shift"] | {"auc": None, "p_value": None, "n_permutations": 0})
    assert without - set(ids_of(page)) == {"shift"}


def test_selection_bias_and_known_truth_are_parts_of_their_chapters():
    truth = {
        "contrast": "AML-ALL", "fdr": 0.05, "discoveries": 50, "false_discoveries": 2,
        "false_discovery_proportion": 0.04, "differential_probes": 60, "power": 0.8,
    }  # fmt: skip
    page = page_with(de_truth=[truth])
    assert "0.040 60 0.800" in text(by_id(page, "table-truth"))
    assert "With permuted labels, which no gene can predict, they still score 0.83" in text(
        by_id(page, "model-comparison")
    )
    alike = {"genes_inside_folds": 0.51, "genes_outside_folds": 0.51}
    page = page_with(selection_bias=FOUND["selection_bias"] | {"permuted_labels": alike})
    assert "score 0.51: for this model it makes no difference. Chance is 0.50." in text(
        by_id(page, "model-comparison")
    )
    assert "table-truth" not in ids_of(page)


def test_warnings_name_duplicated_samples_small_classes_and_classes_without_a_test_sample():
    quality = FOUND["data_quality"] | {
        "duplicated_samples": [["GSM1", "GSM2"]],
        "missing_values": 3,
        "classes": {"ALL": {"train": 27, "test": 34}, "AML": {"train": 8, "test": 0}},
    }
    card = text(by_id(page_with(data_quality=quality), "cohort"))
    assert "Samples GSM1 and GSM2 have the same values" in card
    assert "3 values are missing" in card
    assert "Class AML has only 8 training samples" in card
    assert "No test sample is of class AML" in card


def test_text_from_the_cohort_is_text_on_the_page(two_classes):
    description = two_classes.find(".//figure[@id='table-genes-AML-ALL']//tbody/tr/td")
    assert description.text.startswith("GB DEF = <i>Gene</i>")


def test_methods_state_the_parameters_that_were_used(two_classes):
    methods = text(by_id(two_classes, "methods"))
    for stated in (
        "below 100 were set to 100 and values above 16,000 to 16,000",
        "ratio of largest to smallest intensity is above 5",
        "Stratified 5-fold cross-validation, repeated 5 times, on the training samples",
        "at most 2% of the calls",
        "maxT procedure with 1,000 permutations",
        "0.1 or 1.0",
        "10 or all by ANOVA F",
    ):
        assert stated in methods


def test_methods_state_what_is_seldom_set():
    changes = {
        "cohort": {
            "missing": {"policy": "impute", "max_share": 0.1, "neighbours": 7},
            "split": {"method": "given", "group": "patient"},
        },
        "differential_expression": {
            "treat_lfc": 0.5, "blocks": "batch", "trend": True, "robust": True, "fdr": 0.1,
        },
    }  # fmt: skip
    changed = {
        name: type(FOUND[name]).model_validate(FOUND[name].model_dump() | change)
        for name, change in changes.items()
    }
    page = page_with(**changed)
    methods = text(by_id(page, "methods"))
    for stated in (
        "Probes that lack more than 10% of their values were left out",
        "by the mean of the 7 nearest training samples",
        "Samples with the same patient were kept together",
        "tested for a log2 fold change beyond 0.5 rather than for any",
        "labels are exchanged only between samples of the same batch",
        "with a mean–variance trend",
        "with robust moderation",
        "counts as up or down below 10%",
    ):
        assert stated in methods, stated
    chapter = text(by_id(page, "differential-expression"))
    assert "probes differ by a log2 fold change beyond 0.5 at a false-discovery rate of 10%" in (
        chapter
    )


def test_every_parameter_is_listed_with_its_value(two_classes):
    rows = by_id(two_classes, "table-parameters").findall(".//tbody/tr")
    listed = {text(row[0]): text(row[1]) for row in rows}
    assert listed["cohort.filter.min_ratio"] == "5.0"
    assert listed["differential_expression.blocks"] == "null"
    assert listed["models.svm_rbf.search.C"] == "[0.1, 1.0]"
    assert listed["seed"] == "0"

    assert listed["models.svm_rbf.calibrate"] == "false", "a default"
    assert listed["enrichment.collapse"] == "max_abs"


def test_every_reference_listed_is_cited(page):
    cited = {a.get("href") for a in page.iter("a") if a.get("href", "").startswith("#ref-")}
    listed = {f"#{li.get('id')}" for li in by_id(page, "references").iter("li")}
    assert cited == listed


def test_versions_and_seed_are_stated_and_no_place_or_date_is(two_classes):
    versions = text(by_id(two_classes, "versions"))
    assert "the seed 0 ." in versions
    assert "scikit-learn" in versions
    visible = text(two_classes.find(".//main"))
    assert not re.search(r"\b20[2-9]\d-\d\d-\d\d\b|/home/|/tmp/", visible)


def test_every_model_has_its_own_figures_and_the_champion_is_open(two_classes):
    for model in MODELS:
        details = by_id(two_classes, f"model-{model}")
        shown = [figure.get("id") for figure in details.iter("figure")]
        assert f"figure-roc_{model}" in shown
        assert f"figure-risk_coverage_{model}" in shown
        assert ("open" in details.attrib) == (model == "svm_linear")


def test_figures_go_to_the_owner_whose_name_ends_theirs():
    records = [{"name": name} for name in ("roc_b-a", "roc_c_b-a", "all_together")]
    common, own = divided(records, ["b-a", "c_b-a"])
    assert common == [{"name": "all_together"}]
    assert own == {"b-a": [{"name": "roc_b-a"}], "c_b-a": [{"name": "roc_c_b-a"}]}
