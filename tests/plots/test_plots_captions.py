import pytest

from leukemia_kedro.plots.captions import counted, file_stem, gene_name, plain, shortened


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
