"""Weighted voting: Golub et al. (1999), Slonim et al. (2000)."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from leukemia_kedro.estimators import TopProbes, WeightedVoting
from leukemia_kedro.replication.golub import Golub, log2, probe_filter
from leukemia_kedro.replication.table import Row, compare, compare_patients, patients

STRONG = 0.3
N_GENES = 50
TWO_DIGITS = 0.005

WEAK = {"54": 0.23, "57": 0.22, "60": 0.06, "66": 0.27, "67": 0.15}
"""Published prediction strengths of the patients without a call."""

GOLUB = "Golub et al. 1999, weighted voting"
OWN_GENES = "Golub et al. 1999, weighted voting (reference: an earlier recomputation)"
SLONIM = "Slonim et al. 2000, weighted voting"


def leave_one_out(golub: Golub) -> list[Row]:
    """Leave-one-out on the 38, genes chosen inside each fold."""
    model, y = _choosing_its_genes(golub, filtered=False), golub.train_labels
    signed = cross_val_predict(model, golub.train, y, cv=LeaveOneOut(), method="decision_function")
    note = "genes chosen inside each fold, from all probes but the controls"
    wrong = _called(signed) != y
    return _rows_of_strength("leave-one-out on 38", (36, 0.77), signed, wrong, note)


def published_genes(golub: Golub) -> list[Row]:
    """The 34 with the published 50 genes."""
    model = make_pipeline(log2(), WeightedVoting())
    model.fit(golub.train[golub.published], golub.train_labels)
    signed = model.decision_function(golub.test[golub.published])
    setting = "34 independent, published 50 genes"
    wrong = golub.wrong(_called(signed))
    return [
        *_rows_of_strength(setting, (29, 0.73), signed, golub.test.index.isin(wrong)),
        compare_patients(
            GOLUB, f"{setting}: patients wrong when every call is forced", "66, 67", wrong
        ),
        *(
            compare(GOLUB, f"{setting}: prediction strength of patient {patient}", *pair)
            for patient, pair in _weak_calls(golub, signed).items()
        ),
    ]


def _weak_calls(golub: Golub, signed: np.ndarray) -> dict[str, tuple[float, float, float]]:
    found = dict(zip(golub.test.index, np.abs(signed), strict=True))
    return {
        patient: (strength, float(found[patient]), TWO_DIGITS) for patient, strength in WEAK.items()
    }


def own_genes(golub: Golub) -> list[Row]:
    """The 34 with 50 genes chosen on the 38."""
    filtered, unfiltered = (
        _choosing_its_genes(golub, choice).fit(golub.train, golub.train_labels)
        for choice in (True, False)
    )
    signed = filtered.decision_function(golub.test)
    strong = np.abs(signed) >= STRONG
    wrong = golub.wrong(_called(signed))
    wrong_strong = set(wrong) & set(golub.test.index[strong])
    forced = golub.wrong(unfiltered.predict(golub.test))
    setting = "own 50 genes of the probes that pass the filter"
    shared, unfiltered_shared = (
        len(set(model[:-1].get_feature_names_out()) & set(golub.published))
        for model in (filtered, unfiltered)
    )
    genes_note = f"{unfiltered_shared} shared without the probe filter"
    calls_note = f"wrong among the strong: {patients(wrong_strong)}; forced: {patients(wrong)}"
    forced_note = f"patients {patients(forced)}; genes chosen on the 38, without the probe filter"
    all_called = "34 independent, 50 genes, every call forced: errors"
    n_strong, on_34 = int(strong.sum()), f"{setting}: strong calls on the 34"
    return [
        compare(OWN_GENES, f"{setting}: shared with the published 50", 48, shared, note=genes_note),
        compare(OWN_GENES, on_34, 30, n_strong, note=calls_note),
        compare(SLONIM, all_called, 2, len(forced), note=forced_note),
    ]


def _rows_of_strength(
    setting: str,
    published: tuple[int, float],
    signed: np.ndarray,
    wrong: np.ndarray,
    note: str = "",
) -> list[Row]:
    """Strong calls, wrong ones among them (published: none), and median prediction strength."""
    n_strong, median = published
    strong, found = np.abs(signed) >= STRONG, float(np.median(np.abs(signed)))
    return [
        compare(GOLUB, f"{setting}: strong calls", n_strong, int(strong.sum()), note=note),
        compare(GOLUB, f"{setting}: wrong among the strong", 0, int((strong & wrong).sum())),
        compare(GOLUB, f"{setting}: median prediction strength", median, found, TWO_DIGITS),
    ]


def _choosing_its_genes(golub: Golub, filtered: bool) -> Pipeline:
    probes = probe_filter().set_params(exclude=golub.controls)
    if not filtered:
        probes.set_params(min_ratio=None, min_range=None)
    return make_pipeline(probes, log2(), TopProbes("signal_to_noise", k=N_GENES), WeightedVoting())


def _called(signed: np.ndarray) -> np.ndarray:
    return np.where(signed > 0, "AML", "ALL")
