"""How similar the selected probes are on other samples, and to another signature."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from scipy import stats

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.intervals import CONFIDENCE


class Stability(NamedTuple):
    """Nogueira's index with its variance and 95 % interval; all NaN where undefined."""

    estimate: float
    variance: float
    low: float
    high: float


class Overlap(NamedTuple):
    """What two sets of probes share; ``p``: the hypergeometric probability to share as many."""

    shared: int
    jaccard: float
    p: float


def selection_stability(selected: np.ndarray) -> Stability:
    """Stability of feature selection over resamples (Nogueira, Sechidis & Brown).

    With p_f the share of the M resamples that select probe f of d, and k the mean number of
    selected probes,

        index = 1 − [mean over f of M/(M−1) · p_f (1 − p_f)] / [k/d · (1 − k/d)].

    1 where every resample selects the same probes; 0 in expectation where each selects at
    random, whatever the number selected; not below −1/(M − 1). The number may differ from
    resample to resample.

    Parameters
    ----------
    selected : ndarray of bool, shape (n_resamples, n_probes)
        Which probes each resample selects, of at least two resamples.

    Returns
    -------
    Stability
        With the paper's asymptotic variance and normal interval, which treat the resamples as
        independent. Resamples of one cohort overlap: the interval is about the procedure on these
        samples, not on new patients. All NaN where every resample selects all probes, or none.

    References
    ----------
    S. Nogueira, K. Sechidis & G. Brown (2018). On the stability of feature selection
    algorithms. J. Mach. Learn. Res. 18(174):1–54.
    """
    z = np.asarray(selected, float)
    n_resamples, frequency, share = len(z), z.mean(axis=0), z.mean(axis=1)
    mean_share = share.mean()
    by_chance = mean_share * (1 - mean_share)
    if by_chance == 0:
        return Stability(*[float("nan")] * 4)
    spread = n_resamples / (n_resamples - 1) * np.mean(frequency * (1 - frequency))
    index = 1 - spread / by_chance

    influence = (
        (z * frequency).mean(axis=1)
        - share * mean_share
        + index / 2 * (2 * mean_share * share - share - mean_share + 1)
    ) / by_chance
    variance = 4 / n_resamples**2 * np.sum((influence - influence.mean()) ** 2)
    margin = stats.norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt(variance)
    return Stability(*map(float, (index, variance, index - margin, index + margin)))


def overlap(
    signature: Collection[str], reference: Collection[str], probes: Collection[str]
) -> Overlap:
    """What a signature shares with a reference signature, and how likely that is by chance.

    ``probes`` are all that could have been selected. The Jaccard index of two empty signatures is
    NaN.

    Raises
    ------
    UserError
        Where either names a probe that is not among ``probes``.
    """
    signature, reference, probes = frozenset(signature), frozenset(reference), frozenset(probes)
    for kind, names in {"signature": signature, "reference signature": reference}.items():
        if unknown := names - probes:
            raise UserError(
                f"the {kind} has names that the cohort does not have: "
                f"{first_few(sorted(unknown))}. Remove them, or use ids such as "
                f"{first_few(sorted(probes), 3)}."
            )
    shared = len(signature & reference)
    either = len(signature | reference)
    p = stats.hypergeom.sf(shared - 1, len(probes), len(reference), len(signature))
    return Overlap(shared, shared / either if either else float("nan"), float(p))
