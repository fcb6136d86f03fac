"""Weighted voting: Golub et al. (1999), Slonim et al. (2000)."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.estimators import ProbeFilter, TopProbes, WeightedVoting
from leukemia_kedro.replication.golub import (
    CEILING,
    FLOOR,
    MIN_RANGE,
    MIN_RATIO,
    Golub,
    log2,
    original_split,
)
from leukemia_kedro.replication.table import Row, compare, patients

STRONG = 0.3
N_GENES = 50
TWO_DIGITS = 0.005

GOLUB = "Golub et al. 1999, weighted voting"
OWN_GENES = "Golub et al. 1999, weighted voting (reference: an earlier recomputation)"
SLONIM = "Slonim et al. 2000, weighted voting"


def replicate(cohort: Cohort) -> list[Row]:
    """Leave-one-out on the 38, then the 34 with the published 50 genes and with our own.

    Raises
    ------
    UserError
        The cohort is not Golub's.
    """
    golub = original_split(cohort)
    return _leave_one_out(golub) + _published_genes(golub) + _own_genes(golub)


def _leave_one_out(golub: Golub) -> list[Row]:
    signed = cross_val_predict(
        _choosing_its_genes(golub),
        golub.train,
        golub.train_labels,
        cv=LeaveOneOut(),
        method="decision_function",
    )
    strong = np.abs(signed) >= STRONG
    wrong = _calls(signed) != golub.train_labels
    setting = "leave-one-out on 38"
    genes = "genes chosen inside each fold, from all probes but the controls"
    return [
        compare(GOLUB, f"{setting}: strong calls", 36, int(strong.sum()), note=genes),
        compare(GOLUB, f"{setting}: wrong among the strong", 0, int((strong & wrong).sum())),
        compare(
            GOLUB,
            f"{setting}: median prediction strength",
            0.77,
            float(np.median(np.abs(signed))),
            tolerance=TWO_DIGITS,
        ),
    ]


def _published_genes(golub: Golub) -> list[Row]:
    model = make_pipeline(log2(), WeightedVoting())
    model.fit(golub.train[golub.published], golub.train_labels)
    signed = model.decision_function(golub.test[golub.published])
    strong = np.abs(signed) >= STRONG
    wrong = golub.wrong(_calls(signed))
    setting = "34 independent, published 50 genes"
    return [
        compare(GOLUB, f"{setting}: strong calls", 29, int(strong.sum())),
        compare(
            GOLUB,
            f"{setting}: wrong among the strong",
            0,
            len(set(wrong) & set(golub.test.index[strong])),
        ),
        compare(
            GOLUB,
            f"{setting}: median prediction strength",
            0.73,
            float(np.median(np.abs(signed))),
            tolerance=TWO_DIGITS,
        ),
        compare(
            GOLUB, f"{setting}: patients wrong when every call is forced", "66, 67", patients(wrong)
        ),
    ]


def _own_genes(golub: Golub) -> list[Row]:
    filtered = _choosing_its_genes(golub, MIN_RATIO, MIN_RANGE)
    filtered.fit(golub.train, golub.train_labels)
    unfiltered = _choosing_its_genes(golub).fit(golub.train, golub.train_labels)
    signed = filtered.decision_function(golub.test)
    strong = np.abs(signed) >= STRONG
    wrong = golub.wrong(_calls(signed))
    wrong_strong = set(wrong) & set(golub.test.index[strong])
    forced = golub.wrong(unfiltered.predict(golub.test))
    setting = "own 50 genes of the probes that pass the filter"
    return [
        compare(
            OWN_GENES,
            f"{setting}: shared with the published 50",
            48,
            _shared(filtered, golub),
            note=f"{_shared(unfiltered, golub)} shared without the probe filter",
        ),
        compare(
            OWN_GENES,
            f"{setting}: strong calls on the 34",
            30,
            int(strong.sum()),
            note=f"wrong among the strong: {patients(wrong_strong)}; forced: {patients(wrong)}",
        ),
        compare(
            SLONIM,
            "34 independent, 50 genes, every call forced: errors",
            2,
            len(forced),
            note=f"patients {patients(forced)}; genes chosen on the 38, without the probe filter",
        ),
    ]


def _choosing_its_genes(
    golub: Golub, min_ratio: float | None = None, min_range: float | None = None
) -> Pipeline:
    return make_pipeline(
        ProbeFilter("raw", FLOOR, CEILING, min_ratio, min_range, exclude=golub.controls),
        log2(),
        TopProbes("signal_to_noise", k=N_GENES),
        WeightedVoting(),
    )


def _calls(signed: np.ndarray) -> np.ndarray:
    return np.where(signed > 0, "AML", "ALL")


def _shared(model: Pipeline, golub: Golub) -> int:
    return len(set(model[:-1].get_feature_names_out()) & set(golub.published))
