"""The filter that drops probes which hardly vary (Dudoit, Fridlyand & Speed 2002)."""

from numbers import Real

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, _fit_context
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_array,
    check_is_fitted,
    validate_data,
)

from leukemia_kedro.compute.private_names import Interval, StrOptions
from leukemia_kedro.errors import CohortError, first_few


class ProbeSelector(SelectorMixin, BaseEstimator):
    """Base of the filters, which accept missing values and drop probes by name."""

    def transform(self, X):
        """Drop the probes that do not pass: shape (n_samples, n_kept)."""
        check_is_fitted(self)
        return self._validated(X, reset=False, dtype=None)[:, self._kept]

    def to_frame(self) -> pd.DataFrame:
        """One row per probe: columns ``probe, minimum, maximum, passes``."""
        check_is_fitted(self)
        table = pd.DataFrame({"probe": _check_feature_names_in(self), "minimum": self.minimum_})
        return table.assign(maximum=self.maximum_, passes=self._kept)

    def _validated(self, X, reset, dtype="numeric"):
        checks = {"dtype": dtype, "ensure_all_finite": "allow-nan"}
        if isinstance(X, pd.DataFrame) and (values := X.to_numpy()).dtype.kind == "f":
            # scikit-learn checks the columns of a table one by one, which takes thirty times as
            # long as the filter itself; columns of one type are one array.
            validate_data(self, X, reset=reset, skip_check_array=True)
            return check_array(values, estimator=self, input_name="X", **checks)
        return validate_data(self, X, reset=reset, **checks)

    def _excluded(self):
        if self.exclude is None:
            return np.zeros(self.n_features_in_, dtype=bool)
        if not hasattr(self, "feature_names_in_"):
            raise CohortError("exclude names probes, but X has no column names")
        names = pd.Index(self.feature_names_in_, dtype=object)
        unknown = pd.Index(self.exclude, dtype=object).difference(names)
        if len(unknown):
            raise CohortError(f"exclude names probes that X lacks: {first_few(unknown)}")
        return names.isin(self.exclude)

    def _get_support_mask(self):
        check_is_fitted(self)
        return self._kept

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ProbeFilter(ProbeSelector):
    r"""Keep the probes whose intensity varies over the training samples.

    With :math:`x_{ij}` the linear intensity of probe :math:`j` in training sample :math:`i` after
    clipping to floor and ceiling, probe :math:`j` is kept where

    .. math::

        \max_i x_{ij} / \min_i x_{ij} > \text{min_ratio}
        \quad\text{and}\quad
        \max_i x_{ij} - \min_i x_{ij} > \text{min_range}.

    The values of the columns that are kept do not change. The labels play no part.

    Parameters
    ----------
    scale : {"raw", "log2"}, default="log2"
        Scale of ``X``: linear intensities, or their log2.
    floor, ceiling : float or None, default=None
        Values below or above count as floor and ceiling. On the scale of ``X``.
    min_ratio, min_range : float or None, default=None
        Least ratio and difference of linear intensities, exclusive; None: no such condition. Where
        the minimum is zero or negative, which a floor rules out, a probe meets that of the ratio if
        its maximum is positive.
    exclude : list of str or None, default=None
        Names of columns that are dropped whatever their values, such as a chip's control probes.

    Attributes
    ----------
    minimum_, maximum_ : ndarray of shape (n_features_in_,)
        Linear intensities after clipping; NaN where a probe has no value, which is not kept.

    References
    ----------
    S. Dudoit, J. Fridlyand & T. P. Speed (2002). Comparison of discrimination methods for the
    classification of tumors using gene expression data. J. Am. Stat. Assoc. 97:77–87, section 3.2.

    Examples
    --------
    >>> from leukemia_kedro.estimators import ProbeFilter
    >>> X = [[-50.0, 300.0, 100.0], [2000.0, 900.0, 20000.0]]
    >>> dudoit = ProbeFilter(scale="raw", floor=100, ceiling=16000, min_ratio=5, min_range=500)
    >>> dudoit.fit_transform(X)
    array([[  -50.,   100.],
           [ 2000., 20000.]])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "scale": [StrOptions({"raw", "log2"})],
        "floor": [Real, None],
        "ceiling": [Real, None],
        "min_ratio": [Interval(Real, 0, None, closed="left"), None],
        "min_range": [Interval(Real, 0, None, closed="left"), None],
        "exclude": ["array-like", None],
    }

    def __init__(
        self, scale="log2", floor=None, ceiling=None, min_ratio=None, min_range=None, exclude=None
    ):
        self.scale = scale
        self.floor = floor
        self.ceiling = ceiling
        self.min_ratio = min_ratio
        self.min_range = min_range
        self.exclude = exclude

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn which probes vary over the training samples ``X``, shape (n_samples, n_features).

        Raises
        ------
        CohortError
            No probe is left, or an excluded name is not a column.
        """
        X = self._validated(X, reset=True)
        self.minimum_, self.maximum_ = _range(X, self.scale, self.floor, self.ceiling)
        self._kept = self._varies() & ~self._excluded()
        if not self._kept.any():
            raise CohortError(
                f"none of {X.shape[1]} probes is left: expected maximum / minimum > "
                f"{self.min_ratio} and maximum - minimum > {self.min_range} over {len(X)} training "
                f"samples on the {self.scale} scale, floor {self.floor}, ceiling {self.ceiling}, "
                f"{len(self.exclude or ())} probes excluded by name. "
                "Lower min_ratio or min_range, or check the scale"
            )
        return self

    def _varies(self):
        lowest, highest = self.minimum_, self.maximum_
        varies = ~np.isnan(lowest)
        if self.min_ratio is not None:
            varies &= (highest > 0) & (highest > self.min_ratio * np.maximum(lowest, 0))
        if self.min_range is not None:
            varies &= highest - lowest > self.min_range
        return varies


def _range(X, scale, floor, ceiling):
    """Lowest and highest linear intensity of each probe, in double precision."""
    # Clipping and exponentiation keep the order, so both need the two extremes only.
    extremes = (np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0))
    extremes = [np.clip(extreme.astype(float), floor, ceiling) for extreme in extremes]
    if scale == "raw":
        return extremes
    # Beyond 2 to the power of 1000 is a mark such as 9999, or no gene; products must not overflow.
    return [np.exp2(np.minimum(extreme, 1000)) for extreme in extremes]
