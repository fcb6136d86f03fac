"""Tail probabilities of the t and F distributions, accurate where doubles run out.

A t-statistic of 100 on 12,000 degrees of freedom has a p-value of 10⁻¹⁵⁸³, which is no double.
Its logarithm is one, and carries such a statistic to another number of degrees of freedom.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

# SciPy's betainc loses digits below 1e-239, long before it reaches zero; betaincinv may be wrong
# from the first digit on, or no number at all, below 1e-16.
_SMALLEST = 1e-200
_SMALLEST_INVERTED = 1e-14


def t_two_sided(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """P(|T| > |t|) for Student's t; any shapes that broadcast."""
    return 2 * special.stdtr(df, -np.abs(t))


def f_upper(f: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> np.ndarray:
    """P(F > f); infinite ``df2`` means χ²/df1. Any shapes that broadcast."""
    f, df1, df2 = _broadcast(f, df1, df2)
    known = np.isinf(df2)
    p = np.empty(f.shape)
    p[known] = special.chdtrc(df1[known], df1[known] * f[known])
    p[~known] = special.fdtrc(df1[~known], df2[~known], f[~known])
    return p


def log_f_upper(f: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> np.ndarray:
    """Logarithm of P(F > f) for finite ``df1`` and ``df2``, at any ``f`` > 0.

    P(F > f) = I_x(a, b), the regularised incomplete beta function at x = df2/(df2 + df1·f),
    a = df2/2, b = df1/2. Where that is below 10⁻²⁰⁰, its hypergeometric series
    x^a (1−x)^b / (a B(a, b)) · ₂F₁(a+b, 1; a+1; x) is taken in logarithms
    (NIST Digital Library of Mathematical Functions, 8.17.8).
    """
    f, df1, df2 = _broadcast(f, df1, df2)
    log_p = _log_betainc(df2 / 2, df1 / 2, df2 / (df2 + df1 * f))
    # Of a small f the digits stand in 1 − x; P(F < f) is found from them.
    low = f < 1
    f, df1, df2 = f[low], df1[low], df2[low]
    log_p[low] = np.log1p(-special.betainc(df1 / 2, df2 / 2, df1 * f / (df2 + df1 * f)))
    return log_p


def f_at_log_upper(log_p: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> np.ndarray:
    """The f with log P(F > f) = ``log_p``: the inverse of :func:`log_f_upper`."""
    log_p, df1, df2 = _broadcast(log_p, df1, df2)
    a, b = df2 / 2, df1 / 2
    p = np.exp(log_p)
    # Whichever of x and 1 − x is the smaller is found directly; subtracting would lose its digits.
    x = special.betaincinv(a, b, np.maximum(p, _SMALLEST_INVERTED))
    one_minus_x = special.betainccinv(b, a, np.maximum(p, _SMALLEST_INVERTED))
    with np.errstate(divide="ignore"):  # in the branch that is not taken
        odds = np.where(x < 0.5, (1 - x) / x, one_minus_x / (1 - one_minus_x))
    far = p < _SMALLEST_INVERTED
    if far.any():
        odds[far] = _odds_at_log_betainc(a[far], b[far], np.log(x[far]), log_p[far])
    return odds * df2 / df1


def t_at_other_df(t: np.ndarray, df: np.ndarray, new_df: float) -> np.ndarray:
    """The t ≥ 0 on ``new_df`` degrees of freedom with the tail probability of ``t`` on ``df``."""
    return np.sqrt(f_at_log_upper(log_f_upper(np.square(t), 1.0, df), 1.0, new_df))


def f_at_other_df1(f: np.ndarray, df1: np.ndarray, new_df1: float, df2: float) -> np.ndarray:
    """The f on (``new_df1``, ``df2``) degrees of freedom with the probability of ``f`` on ``df1``.

    The smaller of the two tails is the one kept, so that neither end loses digits. For infinite
    ``df2`` probabilities below 10⁻²⁰⁰ count as 10⁻²⁰⁰.
    """
    f, df1 = np.broadcast_arrays(np.asarray(f, float), df1)
    if np.isinf(df2):
        upper = np.maximum(special.gammaincc(df1 / 2, f * df1 / 2), _SMALLEST)
        lower = np.maximum(special.gammainc(df1 / 2, f * df1 / 2), _SMALLEST)
        from_upper = special.gammainccinv(new_df1 / 2, upper)
        from_lower = special.gammaincinv(new_df1 / 2, lower)
        return 2 * np.where(upper < lower, from_upper, from_lower) / new_df1
    log_upper = log_f_upper(f, df1, df2)
    log_lower = log_f_upper(1 / f, df2, df1)
    from_upper = f_at_log_upper(log_upper, new_df1, df2)
    with np.errstate(divide="ignore"):  # in the branch that is not taken
        from_lower = 1 / f_at_log_upper(log_lower, df2, new_df1)
    return np.where(log_upper < log_lower, from_upper, from_lower)


def _broadcast(*values: ArrayLike) -> tuple[np.ndarray, ...]:
    return np.broadcast_arrays(*(np.asarray(value, float) for value in values))


def _log_betainc(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    p = special.betainc(a, b, x)
    far = p < _SMALLEST
    log_p = np.log(np.where(far, 1.0, p))
    a, b, x = a[far], b[far], x[far]
    log_factor = a * np.log(x) + b * np.log1p(-x) - np.log(a) - special.betaln(a, b)
    log_p[far] = log_factor + np.log(_series(a, b, x))
    return log_p


def _series(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """₂F₁(a+b, 1; a+1; x), whose terms are positive. SciPy's loses digits at large a."""
    term = total = np.ones_like(x)
    k = 0
    while (term > 1e-17 * total).any():
        term = term * x * (a + b + k) / (a + 1 + k)
        total = total + term
        k += 1
    return total


def _odds_at_log_betainc(
    a: np.ndarray, b: np.ndarray, log_x: np.ndarray, log_p: np.ndarray
) -> np.ndarray:
    """(1 − x)/x where log I_x(a, b) = ``log_p``, by Newton's method in log x.

    ``log_x`` starts above the solution. For b < 1 log I_x is convex in log x, and the iterates fall
    to the solution; otherwise it is concave, and they rise to it from the second step on.
    """
    for _ in range(100):
        value = _log_betainc(a, b, np.exp(log_x))
        log_density = a * log_x + (b - 1) * np.log(-np.expm1(log_x)) - special.betaln(a, b)
        step = (log_p - value) / np.exp(log_density - value)
        log_x = log_x + step
        if np.all(np.abs(step) <= 1e-14 * np.abs(log_x)):
            break
    return np.expm1(-log_x)
