import pytest

from leukemia_kedro.plots import captions


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("Zyxin", 20, "Zyxin"),
        ("CST3 Cystatin C (amyloid angiopathy)", 20, "CST3 Cystatin C…"),
        ("Adenosine-triphosphatase", 10, "Adenosine…"),
        ("  two \n words ", 20, "two words"),
        ("", 20, ""),
    ],
)
def test_text_is_cut_between_words_where_that_leaves_half(text, width, expected):
    assert captions.shortened(text, width) == expected
    assert len(expected) <= width


def test_a_gene_is_named_by_description_and_probe():
    assert captions.gene_name("X95735_at", "Zyxin") == "Zyxin (X95735_at)"
    assert captions.gene_name("X95735_at", "") == "X95735_at"
    assert captions.gene_name("AFFX-1_at", "AFFX-1_at (control)") == "AFFX-1_at (control)"
    assert captions.gene_name("X95735_at", "word " * 30).endswith("… (X95735_at)")
    assert len(captions.gene_name("X95735_at", "word " * 30, width=44)) <= 44


def test_small_words():
    assert captions.counted(1, "sample") == "1 sample"
    assert captions.counted(2096, "sample") == "2,096 samples"
    assert captions.plain("a $ b $ c") == r"a \$ b \$ c"
    assert captions.drawn_of(72, 72) == "72 samples"
    assert captions.drawn_of(300, 12029).startswith("300 of 12,029 samples (evenly drawn")


def test_names_are_written_as_people_write_them():
    names = "svm_linear svm_rbf knn naive_bayes xgboost adaboost shrunken_centroids anova_f"
    written = (
        "SVM linear, SVM RBF, k-NN, naive Bayes, XGBoost, AdaBoost, shrunken centroids, ANOVA F"
    )
    assert [captions.readable(name) for name in names.split()] == written.split(", ")
    criteria = "signal_to_noise welch_t mann_whitney l1_logistic svm_rfe"
    written = "signal to noise, Welch t, Mann Whitney, L1 logistic, SVM RFE"
    assert [captions.readable(name) for name in criteria.split()] == written.split(", ")


def test_long_names_keep_both_ends_which_tell_them_apart():
    assert captions.fitted("Bone_Marrow_CD34", 24) == "Bone_Marrow_CD34"
    one, other = (captions.fitted(f"Acute_leukemia_with_a_long_name_{i}", 12) for i in (1, 2))
    assert (one, other) == ("Acute_…ame_1", "Acute_…ame_2")
    assert captions.contrast_name("AML-ALL") == "AML-ALL"
    shown = captions.contrast_name("-".join(f"Acute_leukemia_with_a_long_name_{i}" for i in (2, 1)))
    assert shown == "Acute_l…_name_2-Acute_l…_name_1"
    assert len(shown) <= 32


def test_a_gene_with_a_symbol_is_called_by_it():
    for label in (captions.gene_label, captions.gene_in_words):
        assert label("X95735_at", "Zyxin", "") == "Zyxin (X95735_at)"
    assert captions.gene_label("X95735_at", "Zyxin", "ZYX") == "ZYX (X95735_at)"
    assert captions.gene_label("X1_at", "", "HLA-A /// HLA-B") == "HLA-A (X1_at)"
    assert captions.gene_in_words("X95735_at", "Zyxin", "ZYX") == "ZYX: Zyxin (X95735_at)"
    assert captions.gene_in_words("X95735_at", "", "ZYX") == "ZYX (X95735_at)"
    started = captions.gene_in_words("M92287_at", "CCND3 Cyclin D3", "CCND3")
    assert started == "CCND3 Cyclin D3 (M92287_at)"
