"""Figures without the differences between batches, and the refusal of batches that have none."""

import numpy as np
import pandas as pd
import pytest
from helpers.made_run import make_datasets

from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import ReportingParameters
from leukemia_kedro.plots import galleries
from leukemia_kedro.plots.batches import batch_removed, shown_values
from leukemia_kedro.plots.study import CohortStudy, ContrastStudy, SignatureStudy, gather

NOTE = "Differences between the values of laboratory were removed for this figure alone"


@pytest.fixture(scope="module")
def found():
    found = make_datasets()
    split = found["sample_split"]
    rng = np.random.default_rng(2)
    shift = np.where(np.arange(len(split)) % 3, 0.0, 4.0)
    shape = (len(found["probes"]), len(split))
    values = pd.DataFrame(
        rng.normal(8, 1, shape) + shift, found["probes"].index, split.index, copy=False
    )
    laboratory = pd.Series(np.where(shift > 0, "there", "here"), split.index, name="laboratory")
    return found | {"log_expression": values, "laboratory": laboratory}


def titles_with_note(gallery):
    drawn = [call() for call in gallery.printed()]
    return {figure.title for figure in drawn if figure and NOTE in figure.caption}


def test_captions_of_the_values_shown_say_what_was_removed_and_no_others(found):
    cohort, contrasts = gather(CohortStudy, found), gather(ContrastStudy, found)
    expression, batch = found["log_expression"], found["laboratory"]
    gallery = galleries.contrast_gallery(cohort, contrasts, expression, 0.05, batch)
    assert titles_with_note(gallery) == {
        "Top genes of AML-ALL", "Top genes of AML-ALL, sample by sample",
    }  # fmt: skip
    gallery = galleries.contrast_gallery(cohort, contrasts, expression, 0.05)
    assert titles_with_note(gallery) == set()

    signature = gather(SignatureStudy, found)
    stability = pd.DataFrame(columns=["probe", "selection_frequency", "mean_rank"])
    gallery = galleries.signature_gallery(cohort, signature, expression, stability, batch)
    assert titles_with_note(gallery) == {"Expression of the genes ranked highest"}


def test_projections_say_what_was_removed(found):
    split = found["sample_split"].reset_index(names="sample")
    places = pd.concat(
        split.assign(method=method, x=range(len(split)), y=0.0) for method in ("PCA", "UMAP")
    )
    cohort = gather(CohortStudy, found)
    gallery = galleries.cohort_gallery(cohort, places, {"PCA": [0.3, 0.2]}, "laboratory")
    assert titles_with_note(gallery) == {"PCA of the samples", "UMAP of the samples"}


def test_shown_values_have_no_batch_left_and_the_values_measured_stay(found):
    measured, split, batch = found["log_expression"], found["sample_split"], found["laboratory"]
    before = measured.copy()
    shown = shown_values(measured, split, batch)
    pd.testing.assert_frame_equal(measured, before, check_exact=True)
    assert shown_values(measured, split, None) is measured
    between = shown.T.groupby([split["label"], batch]).mean().groupby("laboratory").mean().diff()
    # a shift of 4 is gone; means of 8 and more samples of deviation 1 remain
    assert between.abs().max(axis=None) < 2
    assert abs(between.iloc[-1].mean()) < 0.1


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("labratory", None, "which is no column of the samples table; its columns are laboratory"),
        ("laboratory", ["here", "", "there", "here"], "has no value for the samples b"),
        ("laboratory", ["here"] * 4, "is 'here' for every sample, so there is no difference"),
        (
            "laboratory", ["here", "here", "there", "there"],
            r"cannot be told from the class \(ALL: here 2; AML: there 2\)",
        ),
    ],
)  # fmt: skip
def test_a_column_whose_differences_cannot_be_removed_is_refused(column, values, message):
    split = pd.DataFrame({"label": ["ALL", "ALL", "AML", "AML"]}, list("abcd"))
    samples = pd.DataFrame({"laboratory": values or ["x"] * 4}, list("abcd"))
    with pytest.raises(UserError, match=message):
        batch_removed(ReportingParameters(remove_batch=column), samples, split)
