"""Local lines through a scatter of points: Cleveland's lowess, and lowess with prior weights.

Own code, because limma's trends follow R's ``lowess``. That of statsmodels takes other windows, and
its curve is another one where points are few or unevenly spaced.

References
----------
W. S. Cleveland (1979). Robust locally weighted regression and smoothing scatterplots. J. Am. Stat.
Assoc. 74:829–836.
W. S. Cleveland (1981). LOWESS: a program for smoothing scatterplots by robust locally weighted
regression. Am. Stat. 35:54.
"""

from collections.abc import Callable

import numpy as np

# Cleveland's program refits so often with the weights of outlying points reduced.
_ROBUST_FITS = 3
# As a share of the range of x.
_KNOT_DISTANCE = 0.01


def lowess(x: np.ndarray, y: np.ndarray, span: float) -> np.ndarray:
    """Robust local lines, as R's ``lowess`` gives them at its default ``iter`` and ``delta``.

    Lines are fitted at points about 1 % of the range of ``x`` apart and connected.

    Parameters
    ----------
    x, y : array, shape (n_points,)
        In any order; at least two points.
    span : float
        Share of the points in each window.

    Returns
    -------
    array, shape (n_points,)
        The curve at each x.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    n = len(x)
    # 1e-7, because 0.29 · 100 is less than 29 in floating point.
    n_window = min(max(int(span * n + 1e-7), 2), n)
    anchors = _anchors_within(x, _KNOT_DISTANCE * (x[-1] - x[0]))
    robust = np.ones(n)
    for fit in range(_ROBUST_FITS + 1):
        at_anchors = [_robust_line(x, y, robust, anchor, n_window) for anchor in anchors]
        curve = _connected(x, x[anchors], np.array(at_anchors))
        distance = np.abs(y - curve)
        scale = 6 * np.median(distance)
        if fit == _ROBUST_FITS or scale < 1e-7 * distance.mean():
            break
        robust = _falling(distance, scale, lambda share: np.square(1 - np.square(share)))
    return _in_given_order(curve, order)


def lowess_knots(x: np.ndarray) -> np.ndarray:
    """Positions of the x, in rising order, between which the curve of :func:`lowess` is linear."""
    order = np.argsort(x, kind="stable")
    distance = _KNOT_DISTANCE * (x[order[-1]] - x[order[0]])
    return order[_anchors_within(x[order], distance)]


def weighted_lowess(x: np.ndarray, y: np.ndarray, weights: np.ndarray, span: float) -> np.ndarray:
    """Local lines, not robust, as limma's ``loessFit`` gives them with unequal weights.

    A window holds the nearest points that together have the share ``span`` of all weight. Fewer
    than 4 + 1/span points have one straight line.

    Parameters
    ----------
    x, y, weights : array, shape (n_points,)
        In any order; weights are positive.
    span : float

    Returns
    -------
    array, shape (n_points,)
        The curve at each x.
    """
    order = np.argsort(x, kind="stable")
    x, y, weights = x[order], y[order], weights[order]
    n, total = len(x), weights.sum()
    if n < 4 + 1 / span:
        least = 1e-14 * (weights @ np.square(x)) / total
        return _in_given_order(np.array([_line(x, y, weights, at, least) for at in x]), order)
    anchors = _anchors_beyond(x, _distance_for(200, x))
    at_anchors = []
    for anchor in anchors:
        distance = np.abs(x - x[anchor])
        nearest = np.argsort(distance, kind="stable")
        enough = np.searchsorted(np.cumsum(weights[nearest]), span * total)
        width = distance[nearest[min(enough, n - 1)]]
        inside = distance <= width
        local = weights[inside]
        if width > 0:
            local = local * _tricube(distance[inside] / width)
        # limma takes no slope below this sum of squares, whatever the scale of x.
        at_anchors.append(_line(x[inside], y[inside], local, x[anchor], 1e-7 / local.sum()))
    return _in_given_order(np.interp(x, x[anchors], at_anchors), order)


def _robust_line(
    x: np.ndarray, y: np.ndarray, robust: np.ndarray, anchor: int, n_window: int
) -> float:
    """The local line at the point ``anchor`` of sorted ``x``."""
    n, at = len(x), x[anchor]
    # The leftmost window whose next point to the right is no nearer than its left end.
    fits = at - x[: n - n_window] <= x[n_window:] - at
    left = int(np.argmax(fits)) if fits.any() else n - n_window
    width = max(at - x[left], x[left + n_window - 1] - at)
    weights = _falling(np.abs(x - at), width, _tricube) * robust
    if not weights.any():
        return y[anchor]
    # A slope needs points that spread over a thousandth of the range, and not one x alone.
    return _line(x, y, weights, at, np.square(1e-3 * (x[-1] - x[0])) if width > 0 else np.inf)


def _falling(
    distance: np.ndarray, width: float, kernel: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """``kernel`` of distance/width: 1 within a thousandth of the width, 0 from 0.999 of it on."""
    share = np.divide(distance, width, out=np.ones_like(distance), where=width > 0)
    weight = np.where(distance <= 0.999 * width, kernel(share), 0.0)
    return np.where(distance <= 0.001 * width, 1.0, weight)


def _tricube(share: np.ndarray) -> np.ndarray:
    left = 1 - share * share * share
    return left * left * left


def _line(x: np.ndarray, y: np.ndarray, weights: np.ndarray, at: float, least: float) -> float:
    """Weighted least-squares line at ``at``; the mean where x has no more variance than ``least``.

    Each sum runs from left to right, as in Cleveland's program. With few points the curve passes
    through some of them, and limma ranks genes by how far they lie from it: R's last digits decide.
    """
    share = weights / _sum(weights)
    centre = _sum(share * x)
    variance = _sum(share * np.square(x - centre))
    if variance > least:
        share = share * ((at - centre) / variance * (x - centre) + 1)
    return _sum(share * y)


def _connected(x: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear between ``values`` at ``at``, to the last digit of Cleveland's program."""
    if len(at) == 1:
        return np.full(len(x), values[0])
    left = np.minimum(np.searchsorted(at, x, side="right"), len(at) - 1) - 1
    share = (x - at[left]) / (at[left + 1] - at[left])
    return share * values[left + 1] + (1 - share) * values[left]


def _sum(terms: np.ndarray) -> float:
    return float(np.cumsum(terms)[-1])


def _anchors_within(x: np.ndarray, distance: float) -> list[int]:
    """Points of sorted ``x``, each the last within ``distance`` of the one before, or the next."""
    anchors = [0]
    while x[anchors[-1]] < x[-1]:
        here = x[anchors[-1]]
        following = np.searchsorted(x, here, side="right")
        last_within = np.searchsorted(x, here + distance, side="right") - 1
        anchors.append(int(max(following, last_within)))
    return anchors


def _anchors_beyond(x: np.ndarray, distance: float) -> list[int]:
    """Points of sorted ``x``, each the first beyond ``distance`` from the one before; the last."""
    anchors = [0]
    while x[anchors[-1]] < x[-1]:
        beyond = np.searchsorted(x, x[anchors[-1]] + distance, side="right")
        anchors.append(int(min(beyond, len(x) - 1)))
    return anchors


def _distance_for(n_anchors: int, x: np.ndarray) -> float:
    """The distance at which sorted ``x`` has about ``n_anchors`` anchors.

    Some gaps are wider than the distance and take one anchor each; the others share what is left.
    The distance is the smallest over how many are counted as wide.
    """
    if len(x) <= n_anchors:
        return 0.0
    wide = np.arange(n_anchors)
    covered = np.cumsum(np.sort(np.diff(x)))[len(x) - 2 - wide]
    return float((covered / (n_anchors - wide)).min())


def _in_given_order(curve: np.ndarray, order: np.ndarray) -> np.ndarray:
    given = np.empty_like(curve)
    given[order] = curve
    return given
