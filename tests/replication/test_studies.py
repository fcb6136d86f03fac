"""The published results that the project must reproduce, from the raw files."""

import pandas as pd
import pytest
from helpers.documented import PROJECT
from helpers.project_copy import replicated_golub

from leukemia_kedro.pipelines.replication import nodes
from leukemia_kedro.replication.gene_clusters import CLASSIFIERS
from leukemia_kedro.replication.table import Row

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def written(tmp_path_factory, golub_files):
    """The folder with the tables of ``kedro run --pipelines replication``."""
    return replicated_golub(tmp_path_factory, golub_files).data("08_reporting", "golub")


@pytest.fixture(scope="module")
def rows(written):
    numbers = dict.fromkeys(["published", "reproduced"], str)
    table = pd.read_csv(written / "replication.csv", dtype=numbers, keep_default_na=False)
    found = [Row(**row) for row in table.to_dict("records")]
    return {(row.study.split(",")[0], row.quantity): row for row in found}


REPRODUCED = {
    "Golub et al. 1999": {
        "leave-one-out on 38: strong calls": "36",
        "leave-one-out on 38: wrong among the strong": "0",
        "leave-one-out on 38: median prediction strength": "0.76956",
        "34 independent, published 50 genes: strong calls": "29",
        "34 independent, published 50 genes: wrong among the strong": "0",
        "34 independent, published 50 genes: median prediction strength": "0.73379",
        "34 independent, published 50 genes: patients wrong when every call is forced": "66, 67",
        "own 50 genes of the probes that pass the filter: shared with the published 50": "48",
        "own 50 genes of the probes that pass the filter: strong calls on the 34": "30",
    },
    "Slonim et al. 2000": {"34 independent, 50 genes, every call forced: errors": "2"},
    "Tibshirani et al. 2002": {
        "path, nearest to 21 genes: genes left": "21",
        "path, nearest to 21 genes: errors of 34": "2",
    },
    "Guyon et al. 2002": {"8 genes: errors of 34": "0", "16 genes: errors of 34": "0"},
    "Nguyen & Rocke 2002": {"50 genes, 3 components: errors of 34": "1"},
    "Tan & Gilbert 2003": {"C4.5: errors of 34": "3", "boosted C4.5: errors of 34": "3"},
    "Public notebook": {
        "SVM (RBF): right of 34": "31", "decision tree: right of 34": "31",
        "AdaBoost: right of 34": "31", "gradient boosting: right of 34": "31",
        "XGBoost: right of 34": "31",
        "logistic regression: accuracy": "0.625", "linear SVM: accuracy": "0.625",
    },
    "Geman et al. 2004": {
        "38, all probes: pairs of score 1": "79",
        "34 independent, best pair by the rank score: patients wrong": "55, 61, 67, 68",
        "34 independent, vote of the pairs of score 1: patients wrong": "66, 67",
    },
    "Tan et al. 2005": {
        "all 72, k chosen by leave-one-out: genes": "18",
        "leave-one-out on 72, one pair: percent right": "93.056",
        "leave-one-out on 72, k pairs: percent right": "94.444",
        "leave-one-out on 72, linear SVM: percent right": "98.611",
        "leave-one-out on 72, naive Bayes: percent right": "98.611",
    },
    "BMC Bioinformatics 2008 9:280": {
        "leave-one-out on 38, 3 nearest neighbours: right of 38": "37",
        "leave-one-out on 38, linear SVM: right of 38": "38",
    },
    "Dettling & Bühlmann 2002": {
        f"all 72, {q} cluster{'' if q == 1 else 's'}, {classifier}: percent wrong": percent
        for q, *of_classifiers in (
            (1, "6.5", "6.5"), (2, "5.25", "6.5"), (3, "4.7083", "4.0417"), (5, "3.8333", "3.2917"),
            (10, "3.4583", "3.125"), (15, "3.4167", "2.875"), (20, "3.125", "2.75"),
        )
        for classifier, percent in zip(CLASSIFIERS, of_classifiers, strict=True)
    },
    "Dudoit": {
        "probes that pass on 38 patients": "3051", "probes that pass on 72 patients": "3571",
    },
    "Smyth 2004": {
        "prior degrees of freedom d0 on 38 patients, log2": "7.5019",
        "genes with a Benjamini–Hochberg value below .05": "564",
    },
}  # fmt: skip


@pytest.mark.parametrize("study", REPRODUCED)
def test_published_results_reproduced(rows, study):
    found = {quantity: rows[study, quantity] for quantity in REPRODUCED[study]}
    assert {quantity: row.reproduced for quantity, row in found.items()} == REPRODUCED[study]
    assert all(row.agrees for row in found.values())


def test_the_rows_that_disagree_are_known(rows):
    """Each stays in the table; a new one, or one less, is looked into before it is written here."""
    assert {key for key, row in rows.items() if not row.agrees} == {
        ("Tibshirani et al. 2002", f"threshold chosen by cross-validation on the 38: {what}")
        for what in ("genes left", "cross-validated errors of 38", "errors of 34")
    } | {
        ("Furey et al. 2000", "25 genes: errors of 34"),
        ("Furey et al. 2000", "no selection: errors of 34"),
        ("Furey et al. 2000", "25 to 1000 genes: patients wrong at every size"),
        ("Zou & Hastie 2005", "45 genes: errors of 34"),
        ("Liao & Chin 2007", "20 genes: Brier score of 34"),
        ("Tan & Gilbert 2003", "bagged C4.5: errors of 34"),
        ("Wang & Gotoh 2009", "34 independent, best pair: right of 34"),
        ("BMC Bioinformatics 2008 9:280", "leave-one-out on 38, weighted voting: right of 38"),
        ("BMC Bioinformatics 2008 9:280", "leave-one-out on 38, linear discriminant: right of 38"),
        ("Tan et al. 2005", "leave-one-out on 72, nearest neighbour: percent right"),
        ("Tan et al. 2005", "leave-one-out on 72, nearest shrunken centroids: percent right"),
    }


def test_the_slid_labels_give_the_notebooks_own_f1_scores(rows):
    for model in ("logistic regression", "linear SVM"):
        note = rows["Public notebook", f"{model}: accuracy"].note
        assert "5 of 8 right, F1 0.73 (ALL) and 0.40 (AML)" in note
        assert "12 of 36 labels are wrong" in note


def test_golub_path_passes_through_the_published_row(written):
    path = pd.read_csv(written / "shrunken_centroid_path.csv")
    published = path.query("n_genes == 21").iloc[0]
    assert published["threshold"] == pytest.approx(4.06, abs=0.01)
    # One draw of ten folds gives 1 to 3.
    assert 1 <= published["cv_errors"] <= 3


def test_the_page_on_leakage_quotes_this_run(rows):
    page = (PROJECT / "docs" / "explanation" / "leakage.md").read_text(encoding="utf-8")
    for where, start in (
        ("before cross-validation", "| on all samples, before cross-validation |"),
        ("inside each fold", "| inside each training fold |"),
    ):
        quantity = f"permuted labels, 50 genes chosen {where}: balanced accuracy"
        row = rows["Ambroise & McLachlan 2002", quantity]
        error = row.note.partition("standard error ")[2][:5]
        assert f"{start} {float(row.reproduced):.2f} | {error} |" in page


def test_every_count_of_limma_on_chiarettis_patients_is_reproduced(chiaretti_cohort):
    rows = nodes.replicate_chiaretti(chiaretti_cohort)
    assert [(row.quantity, row.note) for row in rows if not row.agrees] == []
    counts = {row.quantity: row.reproduced for row in rows if "probes with a" in row.quantity}
    holm, bh = (
        "probes with a Holm value below .05",
        "probes with a Benjamini–Hochberg value below .05",
    )
    assert counts == {
        f"ALL1/AF4 (10) against BCR/ABL (37): {holm}": "165",
        f"ALL1/AF4 (10) against BCR/ABL (37): {bh}": "749",
        f"NEG (42) against BCR/ABL (37), B-ALL: {holm}": "24",
        f"NEG (42) against BCR/ABL (37), B-ALL: {bh}": "183",
        f"T-ALL (33) against B-ALL (95): {holm}": "860",
        f"T-ALL (33) against B-ALL (95): {bh}": "3024",
        f"M (83) against F (42): {holm}": "11",
        f"M (83) against F (42): {bh}": "13",
    }
    assert len(rows) == 17
