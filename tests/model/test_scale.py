"""A table on another scale is refused with the reason; another scanner is not another scale."""

import numpy as np
import pytest
from helpers.small_models import new_patients, small_cohort

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.scale import check_scale, typical_quantiles

RAW = small_cohort(scale="raw").expression.to_numpy()
LOG2 = small_cohort(scale="log2").expression.to_numpy()
NEW_RAW = new_patients(scale="raw").expression.to_numpy()
NEW_LOG2 = new_patients(scale="log2").expression.to_numpy()
POSITIVE = np.clip(NEW_RAW, 16, None)


def test_typical_quantiles_are_medians_of_each_samples_own():
    values = np.array([[0.0, 1, 2, 3, 4], [10, 11, 12, 13, np.nan], [100, 101, 102, 103, 104]])
    assert typical_quantiles(values)["0.5"] == 11.5
    assert list(typical_quantiles(values)) == ["0.01", "0.25", "0.5", "0.75", "0.99"]


@pytest.mark.parametrize(
    "values",
    [NEW_RAW, NEW_RAW * 3, NEW_RAW / 3, np.clip(NEW_RAW, 100, 16000), NEW_RAW[:1]],
    ids=["as trained", "brighter", "darker", "clipped", "one sample"],
)
def test_raw_intensities_of_any_scanner_are_raw(values):
    check_scale(values, "raw", typical_quantiles(RAW))


@pytest.mark.parametrize("values", [NEW_LOG2, NEW_LOG2 + 1, NEW_LOG2[:1]])
def test_log2_is_log2(values):
    check_scale(values, "log2", typical_quantiles(LOG2))


@pytest.mark.parametrize("log", [np.log2, np.log10, np.log])
def test_logarithms_are_refused_where_raw_is_expected(log):
    with pytest.raises(UserError, match=r"takes raw intensities.*look like logarithms"):
        check_scale(log(POSITIVE), "raw", typical_quantiles(RAW))


def test_raw_intensities_are_refused_where_log2_is_expected():
    with pytest.raises(UserError, match=r"takes log2 expression.*look like raw intensities"):
        check_scale(NEW_RAW, "log2", typical_quantiles(LOG2))


@pytest.mark.parametrize(
    "values",
    [
        NEW_LOG2 * np.log10(2),
        (NEW_LOG2 - NEW_LOG2.mean(axis=0)) / NEW_LOG2.std(axis=0),
        NEW_LOG2 - 20,
    ],
    ids=["log10", "standardised per gene", "shifted"],
)
def test_other_units_are_refused_where_log2_is_expected(values):
    with pytest.raises(UserError, match="other units or were normalised in another way"):
        check_scale(values, "log2", typical_quantiles(LOG2))


def test_one_odd_sample_does_not_condemn_the_table():
    """It is flagged by its distance instead."""
    check_scale(np.vstack([NEW_RAW, np.zeros(NEW_RAW.shape[1])]), "raw", typical_quantiles(RAW))


def test_the_message_gives_both_ranges():
    trained = {"0.01": -900.0, "0.25": 0, "0.5": 130.0, "0.75": 400, "0.99": 15000.0}
    with pytest.raises(UserError, match=r"between 0\.\d+ and 9\.\d+.*between -900 and 1\.5e\+04"):
        check_scale(np.linspace(0, 10, 1000)[None], "raw", trained)
