"""The sex that cells express: simulated patients whose sex is known, and Chiaretti's."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.cohort.expressed_sex import expressed_sex, in_words

CHIP = {
    "x_at": "XIST", "y1_at": "RPS4Y1", "y2_at": "DDX3Y", "y3_at": "KDM5D /// KDM5C", "g_at": "ACTB",
}  # fmt: skip
SYMBOLS = pd.Series(CHIP)


def simulate(seed, n=60, level=(5.0, 9.0), noise=0.4):
    """log2 expression of n patients, and their sheet: F and M in turn."""
    rng = np.random.default_rng(seed)
    sheet = pd.DataFrame({"sex": np.resize(["F", "M"], n)}, [f"s{i}" for i in range(n)])
    male = sheet["sex"].eq("M").to_numpy()
    off, on = level
    center = {probe: np.where(male, on, off) for probe in ("y1_at", "y2_at", "y3_at")}
    center |= {"x_at": np.where(male, off, on), "g_at": np.full(n, 11.0)}
    values = np.array([center[probe] for probe in CHIP]) + noise * rng.standard_normal(
        (len(CHIP), n)
    )
    return pd.DataFrame(values, list(CHIP), sheet.index), sheet


def contradicting(found):
    return [each["sample"] for each in found["samples"] if each["contradiction"]]


def test_swapped_patients_are_named_and_nobody_else():
    log2, sheet = simulate(seed=0)
    assert contradicting(expressed_sex(log2, sheet, SYMBOLS)) == []
    sheet.loc[["s4", "s7"], "sex"] = ["M", "F"]
    found = expressed_sex(log2, sheet, SYMBOLS)
    assert contradicting(found) == ["s4", "s7"]
    assert found["probes"] == {
        "XIST": ["x_at"], "RPS4Y1": ["y1_at"], "DDX3Y": ["y2_at"], "KDM5D": ["y3_at"],
    }  # fmt: skip
    of_women, of_men = in_words(found)
    assert of_women.startswith(
        "sex is F for sample s7, but Y-linked genes are expressed (RPS4Y1, DDX3Y,"
    )
    assert of_men.startswith("sex is M for sample s4, but XIST is expressed and Y-linked genes")
    assert in_words(found)[0].endswith("Nothing was left out")


@pytest.mark.parametrize("column", ["Sex", "GENDER"])
@pytest.mark.parametrize("words", [("f", "m"), ("Female", " male ")])
def test_a_sheet_may_spell_it_in_other_ways(column, words):
    log2, sheet = simulate(seed=1)
    spelt = sheet["sex"].map(dict(zip("FM", words, strict=True))).rename(column).to_frame()
    spelt.iloc[0] = words[1]
    spelt.iloc[1] = None
    found = expressed_sex(log2, spelt, SYMBOLS)
    assert (found["column"], contradicting(found)) == (column, ["s0"])
    assert found["samples"][1]["stated"] is None


def test_a_lost_chromosome_is_no_contradiction_and_a_mixture_is_told():
    """Leukemic cells of men lose Y, those of women the silent X; a mixture expresses both."""
    log2, sheet = simulate(seed=2)
    y_linked = ["y1_at", "y2_at", "y3_at"]
    log2.loc[y_linked, "s1"] = 5.0  # a man without Y
    log2.loc["x_at", "s0"] = 5.0  # a woman without XIST
    log2.loc[y_linked, "s2"] = 8.0  # a woman's sample with a man's cells
    log2.loc[["y1_at", "y3_at"], "s4"] = [6.5, np.nan]  # can be told from no majority
    found = expressed_sex(log2, sheet, SYMBOLS)
    states = {each["sample"]: (each["y_linked"], each["xist"]) for each in found["samples"]}
    assert states["s1"] == (False, False)
    assert states["s0"] == (False, False)
    assert states["s2"] == (True, True)
    assert states["s4"] == (None, True)
    assert contradicting(found) == ["s2"]


def test_without_two_groups_nothing_is_told():
    log2, sheet = simulate(seed=3)
    women = sheet.index[sheet["sex"] == "F"]
    for values in (log2[women], log2 * 0.2):  # one sex only; a gap of less than a factor of two
        found = expressed_sex(values, sheet.loc[values.columns], SYMBOLS)
        assert (found["probes"], found["samples"]) == ({}, [])
    unnamed = expressed_sex(log2, sheet, SYMBOLS.where(SYMBOLS == "ACTB", ""))
    assert in_words(unnamed) == unnamed["samples"] == []


def test_correct_sheets_give_an_alarm_in_fewer_than_one_cohort_in_twenty():
    """Of the weakest kind that counts: groups that nearly touch, noise with heavy tails."""
    alarms = []
    for seed in range(100):
        log2, sheet = simulate(seed, n=[20, 38, 72][seed % 3], level=(6.0, 8.5), noise=0.3)
        log2 += 0.3 * np.random.default_rng(seed).standard_t(4, log2.shape)
        alarms.append(bool(contradicting(expressed_sex(log2, sheet, SYMBOLS))))
    assert np.mean(alarms) <= 0.05
