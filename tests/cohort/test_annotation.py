"""Genes by name: the annotation of a chip joined to a cohort's probes."""

import pandas as pd
import pytest

from leukemia_kedro.cohort.annotation import (
    matching_symbol,
    shown_symbol,
    symbols_in,
    with_genes,
    with_genes_of_hu6800,
    with_symbols,
)
from leukemia_kedro.datasets import ChipAnnotationDataset
from leukemia_kedro.datasets.golub import GolubDataset
from leukemia_kedro.datasets.raw_files import probe_table
from leukemia_kedro.errors import CohortError
from leukemia_kedro.evaluation.published import reference_signature


def annotation_of(symbols: dict[str, str]) -> pd.DataFrame:
    index = pd.Index(symbols, name="probe")
    return pd.DataFrame({"symbol": symbols.values(), "title": "a title"}, index)


def test_of_several_symbols_the_first_is_shown_and_all_are_matched():
    for cell, symbols in {
        "CD33": ["CD33"],
        "HLA-A /// HLA-B": ["HLA-A", "HLA-B"],
        "HLA-A///HLA-B///HLA-A": ["HLA-A", "HLA-B"],
        " --- ": [],
        "--- /// CD19": ["CD19"],
        "": [],
    }.items():
        assert symbols_in(cell) == symbols
        assert shown_symbol(cell) == (symbols[0] if symbols else "")
    assert matching_symbol("HLA-A /// HLA-B", {"HLA-B", "CD19"}) == "HLA-B"
    assert matching_symbol("HLA-A /// HLA-B", {"CD19"}) == "HLA-A"
    assert matching_symbol("---", {"CD19"}) == ""


def test_symbol_and_title_stand_at_the_end_and_replace_the_cohorts_own():
    probes = probe_table(["p1", "p2"], {"symbol": ["OLD1", "OLD2"], "chromosome": ["1", "X"]})
    found = with_genes(probes, annotation_of({"p2": "CD19", "p9": "KIT"}))
    assert list(found) == ["description", "is_control", "chromosome", "symbol", "title"]
    assert found["symbol"].to_dict() == {"p1": "", "p2": "CD19"}
    assert with_genes(probes, annotation_of({})) is probes
    assert found["description"].tolist() == ["", "a title"]
    described = with_genes(probes.assign(description="own"), annotation_of({"p2": "CD19"}))
    assert described["description"].tolist() == ["own", "own"]


def test_a_table_of_probes_gets_their_symbols_as_its_last_column():
    table = pd.DataFrame({"probe": ["p2", "p1"], "t": [9.5, 2.0]})
    probes = probe_table(["p1", "p2"])
    assert with_symbols(table, probes) is table
    found = with_symbols(table, with_genes(probes, annotation_of({"p2": "A /// B"})))
    assert list(found) == ["probe", "t", "symbol"]
    assert found["symbol"].tolist() == ["A /// B", ""]


def test_an_annotation_of_another_chip_is_refused_with_the_counts():
    probes = probe_table(["AFFX-1_at", *(f"p{i}_at" for i in range(1, 1001))])
    named = ["AFFX-1_at", *(f"p{i}_at" for i in range(900, 1001))]
    with pytest.raises(CohortError, match=r"knows 101 of the cohort's 1,000 ids .*AFFX-1_at"):
        with_genes(probes, annotation_of(dict.fromkeys(named, "CD33")))
    # Half of the chip's probes have no gene, and are not in the annotation.
    named = [f"p{i}_at" for i in range(500)]
    assert (
        with_genes(probes, annotation_of(dict.fromkeys(named, "A")))["symbol"] == "A"
    ).sum() == 499


def test_golubs_chip_has_its_genes_without_a_file():
    probes = probe_table(["M23197_at", "X95735_at", "M27891_at", "AFFX-BioB-5_at"])
    found = with_genes_of_hu6800(probes)
    assert found["symbol"].tolist() == ["CD33", "ZYX", "CST3", ""]
    assert found.loc["X95735_at", "title"] == "zyxin"
    other = probe_table(["1000_at", "1001_at"])
    assert with_genes_of_hu6800(other) is other


@pytest.mark.real_data
def test_the_real_chips_are_told_apart(golub_files, hgu95av2):
    golub = GolubDataset(filepath=str(golub_files)).load().probes
    assert (golub["symbol"] != "").sum() == 4950
    published = golub.loc[reference_signature("golub_1999")["probe"]]
    assert (published["symbol"] != "").all()
    # Where the description begins with a symbol, it is that of the table.
    for symbol in ("ADA", "ACADM", "CST3", "CTSD"):
        [described] = published["description"][published["symbol"] == symbol]
        assert described.startswith(f"{symbol} ")
    with pytest.raises(CohortError, match="knows 0 of the cohort's 7,071 ids"):
        with_genes(golub, ChipAnnotationDataset(filepath=str(hgu95av2)).load())
