"""Top-scoring pairs: Geman et al. (2004), Tan et al. (2005), Wang & Gotoh (2009).

On all probes as measured: no filter, floor or logarithm, because a pair sees the order alone.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from leukemia_kedro.estimators import TopScoringPairs
from leukemia_kedro.estimators.top_scoring_pairs import pairs_above, top_disjoint_pairs
from leukemia_kedro.replication.golub import N_TEST, Golub
from leukemia_kedro.replication.table import Row, compare, compare_patients, patients

RECOMPUTED = "Geman et al. 2004, top-scoring pair (reference: an earlier recomputation)"
TAN = "Tan et al. 2005, k top-scoring pairs"
WANG = "Wang & Gotoh 2009, top-scoring pair"
SIZES = (1, 3, 5, 7, 9)
ONE_PATIENT = 100 / 72


def independent(golub: Golub) -> list[Row]:
    """Pairs of the 38, and their calls of the 34."""
    train, ranks = golub.train.to_numpy(), rankdata(golub.train, axis=1)
    lower, higher = pairs_above(ranks, golub.train_is_aml == 1, 1.0)
    in_order = lower < higher
    either_way = {frozenset(pair) for pair in zip(lower, higher, strict=True)}
    wrong = {k: golub.wrong(_fitted(golub, k).predict(golub.test)) for k in SIZES}
    pair = _fitted(golub, 1).pairs_[0]
    lower, higher = lower[in_order], higher[in_order]
    aml_if_less = (train[:, lower] < train[:, higher])[golub.train_is_aml == 1].all(axis=0)
    test = golub.test.to_numpy()
    votes = (test[:, lower] < test[:, higher]) == aml_if_less
    of_all = golub.wrong(np.where(votes.mean(axis=1) > 0.5, "AML", "ALL"))
    alone = N_TEST - (votes != (golub.test_labels == "AML")[:, np.newaxis]).sum(axis=0)
    note = (
        f"first gene before the second in the file; {len(either_way)} pairs in either order, "
        "because equal values make two rules of a pair"
    )
    sizes = "; ".join(f"{k}: {patients(found)}" for k, found in wrong.items())
    return [
        compare(RECOMPUTED, "38, all probes: pairs of score 1", 79, int(in_order.sum()), note=note),
        compare_patients(
            RECOMPUTED,
            "34 independent, best pair by the rank score: patients wrong",
            "55, 61, 67, 68",
            wrong[1],
            note=" / ".join(golub.train.columns[pair]),
        ),
        compare_patients(
            RECOMPUTED, "34 independent, vote of the pairs of score 1: patients wrong", "66, 67",
            of_all,
        ),
        compare(
            WANG,
            "34 independent, best pair: right of 34",
            31,
            N_TEST - len(wrong[1]),
            note=f"the pairs that tie at score 1 are alone right on {alone.min()} to "
            f"{alone.max()}, {int((alone == 31).sum())} of them on 31; "
            f"wrong by the number of pairs: {sizes}",
        ),
    ]  # fmt: skip


def leave_one_out(golub: Golub) -> list[Row]:
    """Leave-one-out on all 72, the number of pairs chosen by leave-one-out within each 71."""
    pairs = PairsOfAll(golub)
    n = len(golub.labels)
    wrong_of_size = np.array([pairs.wrong([i], i) for i in range(n)])
    chosen = []
    for i in range(n):
        errors = sum(pairs.wrong([i, j], j) for j in range(n) if j != i)
        chosen.append(int(np.argmin(errors)))
    wrong = wrong_of_size[np.arange(n), chosen]
    picked = ", ".join(
        f"{SIZES[k]} in {count}"
        for k, count in zip(*np.unique(chosen, return_counts=True), strict=True)
    )
    right = 100 * (1 - wrong_of_size.mean(axis=0))
    each = ", ".join(f"{k}: {percent:.2f}" for k, percent in zip(SIZES, right, strict=True))
    one_note = (
        f"{int(wrong_of_size[:, 0].sum())} of 72 wrong; the published percentage is no number of "
        "72 patients"
    )
    on_all = SIZES[int(wrong_of_size.sum(axis=0).argmin())]
    return [
        compare(TAN, "all 72, k chosen by leave-one-out: genes", 18, 2 * on_all),
        compare(
            TAN, "leave-one-out on 72, one pair: percent right", 93.80, float(right[0]),
            ONE_PATIENT, one_note,
        ),
        compare(
            TAN, "leave-one-out on 72, k pairs: percent right", 95.83,
            float(100 * (1 - wrong.mean())), ONE_PATIENT,
            f"k chosen within each fold by leave-one-out, the smallest of the best: {picked}; "
            f"with k fixed, {each}",
        ),
    ]  # fmt: skip


class PairsOfAll:
    """The best pairs without one or two patients, from counts over all of them.

    A frequency in a class of n changes by at most 1/n when one of the n is left out. So pairs far
    below the best on all patients need not be counted again.
    """

    def __init__(self, golub: Golub) -> None:
        self.is_aml = (golub.labels == "AML").to_numpy()
        self.ranks = rankdata(golub.expression, axis=1)
        n = int(self.is_aml.sum())
        change = 1 / n + 1 / (n - 1)
        # Each pair taken rules out two others at most.
        needed = 2 * max(SIZES) - 1
        self.least = top_disjoint_pairs(self.ranks, self.is_aml, needed).scores[-1] - change
        self.lower, self.higher = pairs_above(self.ranks, self.is_aml, self.least - change)
        self.less = self.ranks[:, self.lower] < self.ranks[:, self.higher]
        self.counts = [self.less[members].sum(axis=0) for members in (~self.is_aml, self.is_aml)]
        self.sums = [self.ranks[members].sum(axis=0) for members in (~self.is_aml, self.is_aml)]

    def wrong(self, left_out: list[int], patient: int) -> np.ndarray:
        """Whether each size of model, learned without some, errs on ``patient``: 0 or 1."""
        shares, means = [], []
        for of_aml, (count, total) in enumerate(zip(self.counts, self.sums, strict=True)):
            out = [i for i in left_out if self.is_aml[i] == of_aml]
            n = int((self.is_aml == of_aml).sum()) - len(out)
            shares.append((count - self.less[out].sum(axis=0)) / n)
            means.append((total - self.ranks[out].sum(axis=0)) / n)
        delta, shift = shares[0] - shares[1], means[0] - means[1]
        kept = np.flatnonzero(np.abs(delta) >= self.least - 1e-12)
        gamma = np.abs(shift[self.lower[kept]] - shift[self.higher[kept]])
        best = kept[np.lexsort((-gamma.round(6), -np.abs(delta[kept]).round(9)))]
        votes, used = [], set[int]()
        for pair in best:
            genes = {int(self.lower[pair]), int(self.higher[pair])}
            if not genes & used:
                used |= genes
                votes.append(self.less[patient, pair] == (delta[pair] < 0))
            if len(votes) == max(SIZES):
                break
        says_aml = np.cumsum(votes)[np.array(SIZES) - 1] * 2 > SIZES
        return (says_aml != self.is_aml[patient]).astype(int)


def _fitted(golub: Golub, n_pairs: int) -> TopScoringPairs:
    return TopScoringPairs(n_pairs).fit(golub.train, golub.train_labels)
