"""Which samples are shown where there are too many to show."""

import numpy as np
import pandas as pd
import pytest

from leukemia_kedro.statistics.thinning import thinned


def cohort(**sizes):
    """Samples of each class, every third one a test sample."""
    labels = np.repeat(list(sizes), list(sizes.values()))
    split = np.where(np.arange(len(labels)) % 3 == 2, "test", "train")
    return pd.DataFrame({"label": labels, "split": split}, index=np.arange(len(labels)) + 100)


@pytest.mark.parametrize("most", [10, 100, 999])
def test_classes_and_splits_keep_their_proportions_and_none_is_lost(most):
    samples = cohort(ALL=6000, AML=3990, rare=10)
    assert thinned(samples, len(samples)) is samples
    kept = thinned(samples, most)
    assert len(kept) <= most
    before, after = (table.groupby(["label", "split"]).size() for table in (samples, kept))
    assert len(kept) > most - len(before)  # each class and split is rounded down to a sample
    assert after.index.equals(before.index)
    np.testing.assert_allclose(after, before / len(samples) * most, atol=len(before))


def test_samples_stay_in_order_evenly_spaced_from_the_first_to_the_last():
    samples = pd.DataFrame({"label": "ALL", "split": "train"}, index=range(1001))
    assert thinned(samples, 11).index.tolist() == [0, *range(100, 1001, 100)]
