import pytest

from leukemia_kedro.plots.captions import (
    contrast_name,
    counted,
    drawn_of,
    file_stem,
    fitted,
    gene_name,
    plain,
    readable,
    shortened,
)


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
    assert shortened(text, width) == expected
    assert len(expected) <= width


def test_a_gene_is_named_by_description_and_probe():
    assert gene_name("X95735_at", "Zyxin") == "Zyxin (X95735_at)"
    assert gene_name("X95735_at", "") == "X95735_at"
    assert gene_name("AFFX-1_at", "AFFX-1_at (control)") == "AFFX-1_at (control)"
    assert gene_name("X95735_at", "word " * 30).endswith("… (X95735_at)")
    assert len(gene_name("X95735_at", "word " * 30, width=44)) <= 44


def test_a_file_stem_holds_no_awkward_character():
    assert file_stem("volcano", "(AML+MLL)/2-ALL") == "volcano_AML_MLL_2-ALL"


def test_small_words():
    assert counted(1, "sample") == "1 sample"
    assert counted(2096, "sample") == "2,096 samples"
    assert plain("a $ b $ c") == r"a \$ b \$ c"
    assert drawn_of(72, 72) == "72 samples"
    assert drawn_of(300, 12029).startswith("300 of 12,029 samples (evenly drawn")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("svm_linear", "SVM linear"),
        ("svm_rbf", "SVM RBF"),
        ("knn", "k-NN"),
        ("naive_bayes", "naive Bayes"),
        ("xgboost", "XGBoost"),
        ("adaboost", "AdaBoost"),
        ("shrunken_centroids", "shrunken centroids"),
        ("anova_f", "ANOVA F"),
    ],
)
def test_names_are_written_as_people_write_them(name, written):
    assert readable(name) == written


def test_long_names_keep_both_ends_which_tell_them_apart():
    assert fitted("Bone_Marrow_CD34", 24) == "Bone_Marrow_CD34"
    one, other = (fitted(f"Acute_leukemia_with_a_long_name_{i}", 12) for i in (1, 2))
    assert (one, other) == ("Acute_…ame_1", "Acute_…ame_2")
    assert contrast_name("AML-ALL") == "AML-ALL"
    first, second = (f"Acute_leukemia_with_a_long_name_{i}" for i in (1, 2))
    shown = contrast_name(f"{second}-{first}")
    assert shown == "Acute_l…_name_2-Acute_l…_name_1"
    assert len(shown) <= 32
