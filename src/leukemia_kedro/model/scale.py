"""Is a table of new samples on the scale the model was trained on?"""

from __future__ import annotations

import numpy as np

from leukemia_kedro.errors import UserError

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
WIDEST = {"raw": 10.0, "log2": 2.0}
"""How many times wider or narrower than in training a typical sample's values may lie. Raw
intensities of another scanner differ by a factor of a few; taking logs narrows them by hundreds."""
LARGEST_LOG2_WIDTH = 40.0
"""No scanner's intensities, or counts of reads, span 40 doublings."""


def typical_quantiles(values: np.ndarray) -> dict[str, float]:
    """Quantiles of a typical sample: the median over samples of each sample's own.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
        As measured; NaN is passed over.

    Returns
    -------
    dict
        Keyed ``"0.01"`` … ``"0.99"``.
    """
    per_sample = [np.quantile(row[~np.isnan(row)], QUANTILES) for row in values]
    return dict(zip(map(str, QUANTILES), np.median(per_sample, axis=0).tolist(), strict=True))


def check_scale(values: np.ndarray, scale: str, trained: dict[str, float]) -> None:
    """Refuse samples whose values lie where the training samples' never did.

    Two conditions, on typical samples: the width from the 1 % to the 99 % quantile is within a
    factor (10 for raw, 2 for log2) of the training samples', and the median lies between those
    two quantiles of the training samples.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_probes)
    scale : {"raw", "log2"}
        What the model takes.
    trained : dict
        From :func:`typical_quantiles`, of the training samples.

    Raises
    ------
    UserError
        With both ranges and what the table seems to hold.
    """
    found = typical_quantiles(values)
    width, expected = (q["0.99"] - q["0.01"] for q in (found, trained))
    alike = expected <= width * WIDEST[scale] and width <= expected * WIDEST[scale]
    if alike and trained["0.01"] <= found["0.5"] <= trained["0.99"]:
        return
    raise UserError(
        "the table is not on the scale of the model, which takes "
        f"{_NAMES[scale]}: 98 % of a typical sample's values lie between {found['0.01']:.4g} and "
        f"{found['0.99']:.4g}, median {found['0.5']:.4g}; of a training sample's between "
        f"{trained['0.01']:.4g} and {trained['0.99']:.4g}, median {trained['0.5']:.4g}. "
        f"{_reason(scale, width)}"
    )


_NAMES = {"raw": "raw intensities", "log2": "log2 expression"}


def _reason(scale: str, width: float) -> str:
    if scale == "raw" and width < LARGEST_LOG2_WIDTH:
        return "These look like logarithms: give the values from before the logarithm was taken"
    if scale == "log2" and width > LARGEST_LOG2_WIDTH:
        return "These look like raw intensities: give their log2, made as for the training samples"
    return "They are in other units or were normalised in another way: give them as in training"
