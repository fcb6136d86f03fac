"""The report as text: what it says, and that the page is sound."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from helpers.made_run import FIVE, GENE_SETS, MODELS, N_PROBES, draw, make_datasets, make_page
from helpers.parsed_page import by_id, parse, text
from markupsafe import Markup

from leukemia_kedro.evaluation.champion import held_out_figures
from leukemia_kedro.evaluation.published import PUBLISHED, published_results
from leukemia_kedro.parameters import CohortParameters, DifferentialExpressionParameters
from leukemia_kedro.pipelines.reporting.nodes import write_report
from leukemia_kedro.plots.study import DRAWN, IN_FULL
from leukemia_kedro.report.chapter import divided
from leukemia_kedro.report.citations import REFERENCES
from leukemia_kedro.report.model_tables import rule_table

FOUND = make_datasets()
FIRST_GENE = FOUND["probes"].loc["X10000_at", "description"]

TRUTH = {
    "contrast": "AML-ALL", "fdr": 0.05, "discoveries": 50, "false_discoveries": 2,
    "false_discovery_proportion": 0.04, "differential_probes": 60, "power": 0.8,
}  # fmt: skip
REPLICATED = pd.DataFrame(
    {
        "study": ["Tibshirani", "Zou"], "quantity": ["errors", "genes"], "published": ["2", "0"],
        "reproduced": ["2", "1"], "agrees": [True, False], "note": ["", "differs by +1"],
    }
)  # fmt: skip
PATH = pd.DataFrame(
    {
        "threshold": [0.0, 4.06], "n_genes": [3000, 21], "cv_errors": [0.5, 2.05],
        "test_errors": [1, 2], "chosen": [True, False],
    }
)  # fmt: skip


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


@pytest.fixture(scope="module")
def unusual():
    """A real cohort with everything that is seldom found or set."""
    original = pd.read_csv(PUBLISHED / "content" / "golub.csv", dtype=str)
    published = published_results(original.set_index("sample"))
    champion = FOUND["model_comparison"].query("champion").iloc[0]
    tables = FOUND["contrast_tables"].items()
    return page_with(
        champion=FOUND["champion"]
        | {
            "test": FOUND["champion"]["test"] | {"calls": 0.0, "errors_among_calls": 0.0},
            "reject_option": FOUND["champion"]["reject_option"] | {"asked": None},
            "held_out": held_out_figures(champion, published),
            "published": published.to_dict("records"),
        },
        data_quality=FOUND["data_quality"]
        | {
            "simulated": False,
            "oddities": ["values look like counts of reads"],
            "duplicated_samples": [["GSM1", "GSM2"]],
            "missing_values": 3,
            "classes": {"ALL": {"train": 27, "test": 34}, "AML": {"train": 8, "test": 0}},
        },
        cohort=CohortParameters(
            missing={"policy": "impute", "max_share": 0.1, "neighbours": 7},
            split={"method": "given", "group": "patient"},
            **FOUND["cohort"].model_dump(exclude={"missing", "split"}),
        ),
        differential_expression=DifferentialExpressionParameters(
            treat_lfc=0.5, blocks="batch", trend=True, robust=True, fdr=0.1, decide="global"
        ),
        variance_prior=FOUND["variance_prior"]
        | {
            "voom": True,
            "sample_weights": True,
            "random_block": "patient",
            "block_correlation": 0.4187,
        },
        selection_bias=FOUND["selection_bias"]
        | {"permuted_labels": {"genes_inside_folds": 0.51, "genes_outside_folds": 0.51}},
        shift=FOUND["shift"] | {"auc": None, "p_value": None, "n_permutations": 0},
        model_scores={
            name: scores | {"genes": [f"X{10000 + i}_at" for i in range(120)]}
            for name, scores in FOUND["model_scores"].items()
        },
        model_comparison=FOUND["model_comparison"].assign(n_genes=120),
        sample_split=FOUND["sample_split"].assign(
            group=[f"{side}{i // 6}" for i, side in enumerate(FOUND["sample_split"]["split"])]
        ),
        contrast_tables={name: table.assign(description="") for name, table in tables},
        signature=FOUND["signature"].assign(description=""),
        de_truth=[TRUTH],
        enrichment=GENE_SETS,
        replication=REPLICATED,
        shrunken_centroid_path=PATH,
        replication_figures=[draw("threshold_path")],
    )


@pytest.fixture(params=["two_classes", "five_classes", "unusual"])
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
    assert {use.get("href").removeprefix("#") for use in page.iter("use")} <= set(ids)


def test_nothing_is_fetched_from_elsewhere(page):
    for element in page.iter():
        assert not element.get("src"), element.tag
        address = element.get("href", "")
        if element.tag == "a" and not address.startswith("#"):
            assert address.startswith("https://doi.org/")
        elif element.tag not in ("a", "use"):
            assert address == "" or address.startswith("data:")
    style = "".join(element.text for element in page.iter("style"))
    assert not re.search(r"@import|url\(\s*[\"']?(?!data:)", style)


def test_headings_descend_step_by_step_under_one_title(page):
    levels = [
        int(element.tag[1]) for element in page.iter() if element.tag in ("h1", "h2", "h3", "h4")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


def test_page_has_its_landmarks_and_chapters_none_of_which_is_empty(page):
    for landmark in ("header", "nav", "main", "footer"):
        assert len(list(page.iter(landmark))) == 1
    listed = {link.get("href"): text(link) for link in page.find(".//nav").iter("a")}
    headings = {f"#{section.get('id')}": section.find("h2") for section in page.iter("section")}
    assert listed == {anchor: h2[0].tail.strip() for anchor, h2 in headings.items()}
    for section in page.iter("section"):
        assert len(text(section)) > len(text(section.find("h2"))) + 20, section.get("id")


def test_every_figure_has_its_name_and_title_and_a_text_alternative_and_tables_are_numbered(page):
    captions = [text(figure.find("figcaption")) for figure in page.iter("figure")]
    numbers = [re.match(r"Table (\d+)\. ", caption) for caption in captions]
    found = [int(match[1]) for match in numbers if match]
    assert found == list(range(1, len(found) + 1))
    figures = [each for each in page.iter("figure") if each.get("id").startswith("figure-")]
    assert len(figures) + len(found) == len(captions)
    for figure in figures:
        name = figure.get("id").removeprefix("figure-")
        assert text(figure.find("figcaption")).startswith(f"{name} Title of {name}.")
    drawings = [element for element in page.iter() if element.get("class") == "drawing live"]
    drawings += [svg for svg in page.iter("svg") if svg.get("class") != "letters"]
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
            assert (row[0].get("scope"), len(row)) == ("row", n_columns)


def test_cells_are_sorted_by_the_exact_number(two_classes):
    table = by_id(two_classes, "table-genes-AML-ALL")
    orders = [float(row[6].get("data-order")) for row in table.findall(".//tbody/tr")]
    exact = FOUND["contrast_tables"]["AML-ALL"]["P.Value"]
    np.testing.assert_allclose(orders, exact, rtol=1e-11)  # written with twelve digits


STATED = {
    "two_classes": {
        "answer": """
            ALL or AML, classified by SVM linear on 50 genes: 32 of 34 test samples correct
            (balanced accuracy 0.940, 95% interval 0.810 to 0.991); in cross-validation on
            38 training samples a balanced accuracy of 0.915 (0.770 to 0.980), corrected for the
            choice among 3 models.
            Confounded: laboratory goes with the class among the training samples
            Identity: sex is F for sample GSM239170, but Y-linked genes are expressed (RPS4Y1):
            Identity: sex is M for sample GSM239171, but XIST is expressed and Y-linked genes
            Identity: samples GSM239170 and GSM239172 are near-duplicates: their correlation is
            Identity: sample GSM239171 resembles no other: its largest correlation is 0.02
            Test samples differ: a classifier tells them from the training samples (AUC 0.77,
            Before the correction 0.930
            the model calls 32 of 34 test samples; 1 of these calls is wrong.
            The 2% wrong calls asked for cannot be promised: 10.0% are to be expected.
            38 training patients cannot show less than 2.6%
            2 of 34 were not called, and 1 of the 32 calls is wrong
            1 to 4 errors
            p = 0.0099 for a balanced accuracy of 0.950, that of SVM linear in the first of 5
            p = 0.0099, the smallest that 100 permutations can give
            This p-value belongs to that score, not to the champion's, which is a mean over repeats
            The best score is 0.960 (SVM RBF);
            2 of 3 models meet the rule: SVM linear and SVM RBF.
            No difference from the champion in cross-validated balanced accuracy is shown
            By McNemar's exact test on the test samples the smallest p-value, corrected for the
            number of models, is 1.0.
            the model chosen among naive Bayes and SVM linear scores""",
        "table-comparison": "largest class (baseline)",
        "table-differences": """
            naive Bayes 0.160 0.060 no −0.130
            SVM linear (champion) 0.030 0.040 yes – – –
            SVM RBF 0.000 0.000 yes 0.030""",
        "hard-samples": """
            at most α = 0.1 of new patients of a class get a set without the class
            30 have a set of one class, 3 of several, and 1 of none""",
        "table-conformal-sets": "ALL 11 0.083 17 1 0.1% to 28.7% AML 11 0.083 17 1",
        "model-card": "made to miss at most about 10% of the patients of each",
        "table-held-out": """
            Errors, every sample called 2 of 34 (5.9%) 0.7% to 19.7%
            Errors among its calls 1 of 32 (3.1%) 0.1% to 16.2%
            Samples called 32 of 34 (94.1%) 80.3% to 99.3%
            Brier score 0.030 0.010 to 0.060""",
        "model-comparison": "which no gene can predict, they still score 0.83",
        "table-classes-svm_linear": "Test samples of each class as classified by SVM linear.",
        "model-svm_linear": f"""
            Genes it uses (50)
            Genes of SVM linear in the order of their ranking, 50 genes.
            X10000_at A78 {FIRST_GENE}
            X10049_at""",
        "methods": """
            below 100 were set to 100 and values above 16,000 to 16,000
            ratio of largest to smallest intensity is above 5
            Stratified 5-fold cross-validation, repeated 5 times, on the training samples
            the smallest with an error of at most 2%
            maxT procedure with 1,000 permutations
            0.1 or 1.0
            10 or all by ANOVA F""",
        "table-parameters": """
            cohort.filter.min_ratio 5.0
            differential_expression.blocks null
            enrichment.collapse highest_mean
            models.svm_rbf.search.C [0.1, 1.0]
            seed 0""",
        "versions": "the seed 0 .",
        "table-software": "scikit-learn",
    },
    "five_classes": {
        "answer": """
            5 classes, classified by SVM linear on
            No test set: no sample was held out
            calls 29 of 38 training patients in cross-validation (mean over repeats);
            2 of these calls are wrong.""",
        "model-card": """
            No sample was held out
            10.0% wrong calls are to be expected (95% interval 0.7% to 19.0%; in cross-validation
            2 of 29 were wrong""",
        "model-comparison": "weighted voting : defined for two classes only",
        "table-classes-svm_linear": "Training samples of each class as classified by SVM linear in",
    },
    "unusual": {
        "cohort": """
            Patients 13, by patient: 7 for training, 6 held out for testing
            Values look like counts of reads.
            Samples GSM1 and GSM2 have the same values
            3 values are missing
            Class AML has only 7 training patients (8 samples)
            No test sample is of class AML""",
        "answer": """
            in cross-validation on 7 training patients (35 samples)
            the model calls none of the 34 test samples.
            Its threshold was fixed beforehand.
            On the test samples of 6 patients 34 of 34 were not called.
            Furey et al. 2000""",
        "table-held-out": """
            Shares are of patients. A patient is misclassified where any of its samples is.
            0.7% to 19.7% 0 to 4
            0.1% to 16.2% 0
            80.3% to 99.3% 29
            0.010 to 0.060 0.015""",
        "model-comparison": "score 0.51: for this model it makes no difference. Chance is 0.50.",
        "model-svm_linear": """
            Genes of SVM linear in the order of their ranking, the first 50 of 120 genes.
            X10049_at""",
        "differential-expression": """
            fitted to log2 counts per million with voom's weights
            where samples with the same patient correlate by 0.42
            probes differ by a log2 fold change beyond 0.5 at a false-discovery rate of 10%""",
        "table-truth": "0.040 60 0.800",
        "enrichment": """
            AML-ALL: no gene of 2 of the 3 sets truly differs. Of these, camera finds 1 and
            rotation 0 at an adjusted p-value below 0.1""",
        "replication": """
            1 of 2 results reproduced
            Title of threshold_path
            4.060 21 2.05 2""",
        "methods": """
            Probes that lack more than 10% of their values were left out
            by the mean of the 7 nearest training samples
            Samples with the same patient were kept together
            tested for a log2 fold change beyond 0.5 rather than for any
            with the precision weights of voom
            by weights estimated together with voom's
            a random block: their errors correlate by 0.419
            estimated again after voom had used it. Statistics are the moderated t
            and all three compare log2 expression without weights or correlation
            Both use the same weights and correlation as the linear models
            labels are exchanged only between samples of the same batch
            with a mean–variance trend
            with robust moderation
            counts as up or down below 10%""",
        "references": "Zou",
    },
}  # fmt: skip


def of_counts():
    """A cohort of counts with what a report may say of it."""
    cohort = CohortParameters(scale="counts", classes=["ALL", "AML"])
    pairs = {"AML-ALL": FOUND["contrast_tables"]["AML-ALL"], "ALL-AML": GENES_OF_COUNTS}
    return page_with(
        cohort=cohort,
        data_quality=FOUND["data_quality"]
        | {"scale": "counts", "duplicated_samples": [["GSM1", "GSM2"]]},
        differential_expression=DifferentialExpressionParameters(decide="hierarchical"),
        variance_prior=FOUND["variance_prior"]
        | {"voom": True, "sample_weights": True, "random_block": "patient"}
        | {"block_correlation": 0.4, "contrasts": dict.fromkeys(pairs, "AML - ALL")},
        contrast_tables=pairs,
        enrichment=GENE_SETS,
        de_truth=[TRUTH],
    )


GENES_OF_COUNTS = FOUND["contrast_tables"]["AML-ALL"].assign(**{"adj.P.Val": 0.001})


def said_on(page):
    """Sentences, headings and labels, without code, quoted parameters and references."""
    quoted = {by_id(page, anchor) for anchor in ("references", "table-parameters")}
    quoted |= {each for each in page.iter() if each.tag in ("code", "script", "style")}
    quoted |= {each for each in page.iter() if each.get("class") == "name"}  # of files

    def words(element):
        labels = (element.get(name, "") for name in ("aria-label", "alt", "placeholder", "title"))
        own = [] if element in quoted else [*labels, element.text or ""]
        inner = [] if element in quoted else [word for each in element for word in words(each)]
        return [*own, *inner, element.tail or ""]

    return [word for word in words(page) if word.strip()]


def test_a_report_of_counts_speaks_of_counts_and_genes():
    # Behind an underscore stands the name of a parameter.
    of_arrays = re.compile(r"(?<!_)(probe|intensit|array|\bchips?\b)", re.IGNORECASE)
    assert [words for words in said_on(of_counts()) if of_arrays.search(words)] == []
    assert len([words for words in said_on(page_with()) if of_arrays.search(words)]) > 20


@pytest.mark.parametrize("name", STATED)
def test_chapters_state_what_was_found(request, name):
    page = request.getfixturevalue(name)
    for anchor, lines in STATED[name].items():
        chapter = text(by_id(page, anchor))
        assert [line for line in lines.strip().splitlines() if line.strip() not in chapter] == []


def test_what_was_not_found_is_not_stated(two_classes, five_classes, unusual):
    assert "Published" not in text(by_id(two_classes, "answer"))
    assert "Left out of this run" not in text(by_id(two_classes, "model-comparison"))
    assert "table-truth" not in ids_of(two_classes)
    place_or_date = r"\b20[2-9]\d-\d\d-\d\d\b|/home/|/tmp/"
    assert not re.search(place_or_date, text(two_classes.find(".//main")))
    assert {"table-calls", "table-held-out"}.isdisjoint(ids_of(five_classes))
    for table in ("table-comparison", "table-classes-svm_linear"):
        assert "Test" not in text(by_id(five_classes, table).find(".//thead"))
    assert "X10050_at" not in text(by_id(unusual, "model-svm_linear"))
    for table in ("table-signature-genes", "table-genes-AML-ALL"):
        headings = [text(th) for th in by_id(unusual, table).find(".//thead").iter("th")]
        assert headings[0] == "Probe"
        assert "Description" not in headings


def test_simulated_data_are_announced_in_a_banner_and_real_data_are_not(two_classes, unusual):
    assert "not from real patients" in text(two_classes.find(".//header"))
    assert "not from real patients" not in text(unusual.find(".//body/header"))


def test_optional_chapters_are_there_with_their_data_and_absent_without(two_classes, unusual):
    usual, other = (
        [one.get("id") for one in page.iter("section")] for page in (two_classes, unusual)
    )
    assert usual[:2] == ["answer", "cohort"]
    assert set(other) - set(usual) == {"enrichment", "replication"}
    assert set(usual) - set(other) == {"shift"}


def test_published_results_that_do_not_agree_stand_first(unusual):
    rows = by_id(unusual, "table-replicated").iter("tbody")
    assert [text(th) for body in rows for th in body.iter("th")] == ["Zou", "Tibshirani"]


def test_a_fold_change_is_offered_where_half_of_all_probes_differ(two_classes):
    tables = make_datasets()["contrast_tables"]
    half = [0.01] * (N_PROBES // 2) + [0.5] * (N_PROBES - N_PROBES // 2)
    changed = {name: table.assign(**{"adj.P.Val": half}) for name, table in tables.items()}
    for page, offered in ((page_with(contrast_tables=changed), True), (two_classes, False)):
        assert ("treat_lfc" in text(by_id(page, "differential-expression"))) == offered


def test_what_differs_is_counted_by_the_decision_of_the_parameters(two_classes):
    tables = make_datasets()["contrast_tables"]
    pairs = {"AML-ALL": tables["AML-ALL"], "other": tables["AML-ALL"]}
    chosen = pd.DataFrame(
        [("AML-ALL", 20, 7, N_PROBES - 27), ("other", 0, 3, N_PROBES - 3)],
        columns=["contrast", "up", "down", "not_significant"],
    )
    page = page_with(
        contrast_tables=pairs,
        contrast_summary=chosen,
        variance_prior=FOUND["variance_prior"] | {"contrasts": dict.fromkeys(pairs, "AML - ALL")},
        differential_expression=DifferentialExpressionParameters(decide="global"),
    )
    rows = by_id(page, "table-contrasts").findall(".//tbody/tr")
    assert [[cell.text for cell in row] for row in rows] == [
        ["AML-ALL", "27", "20", "7"], ["other", "3", "0", "3"],
    ]  # fmt: skip
    said = text(by_id(page, "differential-expression"))
    assert f"27 of {N_PROBES} probes differ at a false-discovery rate of 5%, by limma's" in said
    assert f"3 to 27 of {N_PROBES} probes" in text(page)
    # Each contrast by itself is the default, and is not explained.
    assert "limma's method" not in text(by_id(two_classes, "differential-expression"))


def test_beside_the_csv_of_a_contrast_stands_what_it_holds_and_where_all_probes_are(two_classes):
    said = text(by_id(two_classes, "differential-expression"))
    assert (
        "The CSV has these and every probe with an adjusted p below 5%; "
        f"differential_expression/AML-ALL.csv beside this page has all {N_PROBES}."
    ) in said


def test_methods_say_how_decisions_allow_for_several_contrasts(two_classes):
    parameters = DifferentialExpressionParameters(decide="nestedF")
    said = text(by_id(page_with(differential_expression=parameters), "methods"))
    assert "then their contrasts by nested F-tests (limma's method nestedF)" in said
    assert "Michaud et al. 2008" in said
    assert "limma's method" not in text(by_id(two_classes, "methods"))


def test_an_overlap_of_signatures_from_the_same_patients_has_no_p_value():
    found = {"shared": 48, "jaccard": 0.923, "p": 1e-100}
    overlap = {"reference": "golub_1999", "n_reference": 50, "signature": found, "top_100": found}
    chapter = text(by_id(page_with(signature_overlap=overlap), "signature"))
    assert re.search(r"published signature \( ?Golub et al. 1999 ?\) has 50 genes", chapter)
    assert "shares 48 of them (Jaccard index 0.92), and the top 100" in chapter
    assert " p " not in chapter


def test_every_published_signature_can_be_cited():
    names = [file.stem.replace("_", "") for file in (PUBLISHED / "signatures").glob("*.csv")]
    assert names
    assert set(names) <= set(REFERENCES)


def test_contrasts_beyond_the_first_few_are_shown_in_brief(five_classes):
    chapter = by_id(five_classes, "differential-expression")
    starts = ("contrast-", "figure-volcano", "figure-p-values")
    counts = [sum(name.startswith(start) for name in ids_of(chapter)) for start in starts]
    assert counts == [10, 10, IN_FULL]
    assert f"{10 - IN_FULL} contrasts are shown in brief" in text(chapter)


def test_contrasts_beyond_the_tenth_are_one_row_each():
    """Of seven classes, with 21 pairs: neither page nor folder grows with the square of classes."""
    classes = [f"class_{number}" for number in range(7)]
    found = make_datasets(classes, n_train=70, n_test=0)
    sets = [GENE_SETS.assign(contrast=contrast) for contrast in found["contrast_tables"]]
    page = parse(write_report(**found | {"enrichment": pd.concat(sets)}))
    chapter = by_id(page, "differential-expression")
    starts = ("contrast-", "figure-volcano", "table-genes-")
    counts = [sum(name.startswith(start) for name in ids_of(chapter)) for start in starts]
    assert counts == [DRAWN, DRAWN, DRAWN]
    rows = by_id(chapter, "table-contrasts").findall(".//tbody/tr")
    assert [row[0].text for row in rows] == list(found["contrast_tables"])
    for (_, n, up, down), table in zip(rows, found["contrast_tables"].values(), strict=True):
        assert int(n.text) == int(up.text) + int(down.text) == sum(table["adj.P.Val"] < 0.05)
    gene_sets = by_id(page, "enrichment")
    assert sum(name.startswith("table-sets-") for name in ids_of(gene_sets)) == DRAWN
    assert f"The gene sets of {21 - DRAWN} more contrasts are in enrichment.csv" in text(gene_sets)


def test_text_from_the_cohort_is_text_on_the_page(two_classes):
    symbol, description, *_ = two_classes.find(".//figure[@id='table-genes-AML-ALL']//tbody/tr")[1:]
    assert symbol.text == "A0", "the first of A0 /// B0"
    assert description.text.startswith("GB DEF = <i>Gene</i>")


def test_every_reference_listed_is_cited(page):
    cited = {a.get("href") for a in page.iter("a") if a.get("href", "").startswith("#ref-")}
    listed = {f"#{li.get('id')}" for li in by_id(page, "references").iter("li")}
    assert cited == listed


def test_every_model_has_its_own_figures_and_the_champion_is_open(two_classes):
    for model in MODELS:
        details = by_id(two_classes, f"model-{model}")
        shown = [figure.get("id") for figure in details.iter("figure")]
        assert f"figure-roc-{model}" in shown
        assert f"figure-risk-coverage-{model}" in shown
        assert ("open" in details.attrib) == (model == "svm_linear")


def test_figures_go_to_the_owner_whose_name_ends_theirs():
    records = [{"name": name} for name in ("roc-b-a", "roc-c_b-a", "all_together")]
    common, own = divided(records, ["b-a", "c_b-a"])
    assert common == [{"name": "all_together"}]
    assert own == {"b-a": [{"name": "roc-b-a"}], "c_b-a": [{"name": "roc-c_b-a"}]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "is expected to reach a balanced accuracy of 0.974 (95% interval 0.947 to 0.987)"),
        (
            {"can_be_told": False},
            "cannot be told. By the learning curve of SVM linear, the 95% interval of the gain",
        ),
        (
            {"can_be_told": False, "now": FOUND["learning_curve"]["now"] | {"value": 1.0}},
            "makes next to no error in cross-validation",
        ),
        (
            {"can_be_told": False, "fitted": [], **dict.fromkeys(("now", "doubled", "gain"))},
            "cannot be told: too few sizes",
        ),
    ],
)
def test_one_sentence_says_what_twice_as_many_patients_would_bring(changes, said):
    page = page_with(learning_curve=FOUND["learning_curve"] | changes)
    assert said in text(by_id(page, "model-comparison"))


def test_an_infinite_calibration_slope_is_a_dash_with_the_finite_end(two_classes):
    table = text(by_id(two_classes, "table-comparison"))
    assert "0.80 to 2.20" in table
    assert "1.90 to ∞" in table
    of_model = text(by_id(two_classes, "table-calibration-svm_rbf"))
    assert "Calibration slope – 1.50 to ∞" in of_model
    assert "Calibration intercept, AML 0.10 −0.50 to 0.70" in of_model
    assert "Calibration intercept, ALL" not in of_model


def test_the_title_names_the_cohort(two_classes):
    assert text(two_classes.find(".//h1")) == "Classes from gene expression"
    named = make_datasets()["cohort"].model_copy(update={"name": "breast <2>"})
    page = page_with(cohort=named)
    assert text(page.find(".//h1")) == "breast <2>: classes from gene expression"
    assert text(page.find(".//title")).startswith("breast <2>: classes")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"corrected": {"low": 0.41}},
            "the 95% interval of the cross-validated score holds chance",
        ),
        ({"n_genes": 0}, "the champion uses no gene"),
    ],
)
def test_without_signal_no_signature_is_named(two_classes, changes, reason):
    assert "No signal shown" not in text(two_classes)
    assert "Balanced accuracy by chance 0.500" in text(by_id(two_classes, "answer"))
    champion = FOUND["champion"]
    changed = {
        key: champion[key] | value if isinstance(value, dict) else value
        for key, value in changes.items()
    }
    page = page_with(champion=champion | changed)
    answer = text(by_id(page, "answer"))
    assert f"No signal shown: {reason}" in answer
    assert "The signature has" not in answer
    signature = text(by_id(page, "signature"))
    assert "No signal shown" in signature
    assert "The 20 genes ranked highest" in signature
    assert "genes of the signature" not in signature


def test_classes_that_are_numbers_are_words_where_a_sentence_names_them():
    page = page_with(**make_datasets(classes=("0", "1")))
    assert "higher in class 1" in text(by_id(page, "answer"))
    assert "A probability for each of class 0 and class 1" in text(by_id(page, "model-card"))
    cells = text(by_id(page, "table-classes-svm_rbf"))
    assert "class 0 " in cells
    assert "class 1 " in cells
    calls = by_id(page, "table-calls")
    assert "Probability of class 1" in text(calls)
    assert {cell for row in calls.iter("tr") for cell in map(text, row)} & {"0", "1"} == set()
    assert "class 0" in text(by_id(page, "table-conformal-sets"))
    assert "class 0" in text(by_id(page, "table-classes"))


@pytest.fixture(scope="module")
def visits():
    """A cohort whose patients gave two samples each."""
    split = FOUND["sample_split"]
    in_split = split.groupby("split").cumcount() // 2
    n = int((split["split"] == "test").sum())
    counts = {"patients": n // 2, "patients_wrong": 1, "patients_called": n // 2 - 1,
              "patients_called_wrongly": 1}  # fmt: skip
    columns = {f"test_{name}": value for name, value in counts.items()}
    comparison = FOUND["model_comparison"].assign(**columns)
    champion = comparison.query("champion").iloc[0]
    return page_with(
        sample_split=split.assign(group=split["split"] + in_split.astype(str)),
        model_comparison=comparison,
        champion=FOUND["champion"]
        | {"test": FOUND["champion"]["test"] | counts, "held_out": held_out_figures(champion)},
        cohort=CohortParameters(
            split={"method": "given", "group": "patient"},
            **FOUND["cohort"].model_dump(exclude={"split"}),
        ),
    )


def test_errors_are_of_patients_where_they_gave_several_samples(visits):
    answer = text(by_id(visits, "answer"))
    right = "16 of 17 test patients (32 of 34 samples) correct"
    called = "calls 16 of 17 test patients (32 of 34 samples); 1 of these patients has a wrong call"
    assert right in answer
    assert called in answer
    assert "Patients misclassified, every sample called 1 of 17 (5.9%)" in answer
    assert "On the 34 test samples of 17 patients the models misclassify 1 patient each" in answer
    assert "too narrow" not in answer
    comparison = text(by_id(visits, "model-comparison"))
    assert "Test patients misclassified" in comparison
    assert "A patient is misclassified where any of its samples is." in comparison
    assert "training patients, twice as many as now" in comparison
    of_model = text(by_id(visits, "table-classes-svm_rbf"))
    assert "Patients who gave them" in of_model
    assert "samples of 17 patients" in text(by_id(visits, "table-scores-svm_rbf"))
    assert "1 of 17 patients (2 of 34 samples) wrong" in text(by_id(visits, "model-card"))
    assert "test0" in text(by_id(visits, "table-calls"))
    independent = "Several samples of one patient are taken as independent"
    assert independent in text(by_id(visits, "differential-expression"))
    assert independent not in text(by_id(page_with(), "differential-expression"))


def test_pairs_are_rules_that_a_person_can_read():
    """By symbol where the chip's table has one, else by description, else by probe."""
    probes = pd.DataFrame(
        {"symbol": ["CST3", "", None], "description": ["Cystatin C", "Terminal transferase", ""]},
        index=["M27891_at", "J04615_at", "X1_at"],
    )
    pairs = [("M27891_at", "J04615_at", "AML", "ALL"), ("X1_at", "M27891_at", "ALL", "MLL")]
    rules = [
        {"higher": a, "lower": b, "then": then, "otherwise": otherwise, "score": 1.0,
         "rank_score": 6770.48}
        for a, b, then, otherwise in pairs
    ]  # fmt: skip
    table = rule_table("top_scoring_pairs", rules, probes)
    assert [[Markup(cell.text).striptags() for cell in row] for row in table.rows] == [
        ["CST3 (M27891_at) > Terminal transferase (J04615_at) → AML", "ALL", "1.000", "6,770"],
        ["X1_at > CST3 (M27891_at) → ALL", "MLL", "1.000", "6,770"],
    ]
    assert "the other class of the two that it tells apart" in table.caption
    of_two = rule_table("top_scoring_pairs", rules[:1], probes.drop(columns="symbol"))
    assert Markup(of_two.rows[0][0].text).striptags().startswith("Cystatin C (M27891_at) > ")
    assert 'data-probe="M27891_at"' in of_two.rows[0][0].text
    assert "that it tells apart" not in of_two.caption


def test_a_permutation_test_of_one_model_speaks_of_no_choice():
    found = FOUND["permutation_test"] | {"models": ["svm_linear"], "model": "svm_linear"}
    page = page_with(permutation_test=found)
    answer, methods = text(by_id(page, "answer")), text(by_id(page, "methods"))
    assert "with tuning, SVM linear scores" in answer
    assert "is included" not in answer
    assert "is that of SVM linear: each of" in methods
    assert "and this choice" not in methods


def test_where_no_split_was_given_none_is_said_to_be_as_published():
    found = make_datasets(FIVE, n_train=60, n_test=0)
    found["data_quality"] = found["data_quality"] | {"published_as": "mll"}
    cohort = text(by_id(parse(write_report(**found)), "cohort"))
    assert "numbers and labels as published" in cohort


def test_every_model_that_calls_nobody_is_named():
    silent = {"cv_calls": [0.0, 29.0, 21.4, np.nan], "own_calls": [38, 36, 0, np.nan]}
    options = {
        "naive_bayes": {"asked": None, "calls": 0.0, "own_calls": 38},
        "svm_rbf": {"own_calls": 0},
    }
    scores = {
        name: of | {"reject_option": of["reject_option"] | options.get(name, {})}
        for name, of in FOUND["model_scores"].items()
    }
    table = FOUND["model_comparison"].assign(**silent)
    page = page_with(model_comparison=table, model_scores=scores)
    compared = text(by_id(page, "table-comparison"))
    assert "naive Bayes (calls nobody) " in compared
    assert "SVM RBF (calls nobody) " in compared
    assert "SVM linear (champion) 50" in compared
    assert "In cross-validation no training patient reaches it" in text(
        by_id(page, "model-naive_bayes")
    )
    assert "so expect no call from it" in text(by_id(page, "model-svm_rbf"))
    assert "so expect no call" not in text(by_id(page, "model-svm_linear"))
    assert "calls nobody" not in text(by_id(page_with(), "table-comparison")).lower()
