"""From expression as measured to log2 expression."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils.validation import validate_data

from leukemia_kedro.compute.private_names import StrOptions
from leukemia_kedro.errors import CohortError


class IncompleteExpressionTransformer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Base of transformers that accept missing values and keep single precision."""

    def _validated(self, X, reset):
        return validate_data(
            self, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan"
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class LogTransform(IncompleteExpressionTransformer):
    """Clip to floor and ceiling, and take log2.

    Nothing is learned from the data: each sample is transformed by itself. Missing values (NaN)
    stay missing.

    Parameters
    ----------
    scale : {"raw", "log2"}, default="log2"
        Scale of ``X``: linear intensities, whose log2 is taken, or log2 already.
    floor, ceiling : float or None, default=None
        Bounds on the scale of ``X``; values beyond are set to them before log2 is taken. Raw
        intensities below zero (background above the signal) need a positive floor.

    References
    ----------
    S. Dudoit, J. Fridlyand & T. P. Speed (2002). J. Am. Stat. Assoc. 97:77–87, section 3.2.

    Examples
    --------
    >>> from leukemia_kedro.estimators import LogTransform
    >>> LogTransform(scale="raw", floor=128, ceiling=16384).fit_transform([[-20.0, 256.0, 20000.0]])
    array([[ 7.,  8., 14.]])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "scale": [StrOptions({"raw", "log2"})],
        "floor": [Real, None],
        "ceiling": [Real, None],
    }

    def __init__(self, scale="log2", floor=None, ceiling=None):
        self.scale = scale
        self.floor = floor
        self.ceiling = ceiling

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check parameters and note the columns; nothing else is learned."""
        self._validated(X, reset=True)
        return self

    def transform(self, X):
        """Log2 expression, shape (n_samples, n_features); ``X`` itself if there is nothing to do.

        Raises
        ------
        CohortError
            A raw intensity is zero or negative and no floor lifts it.
        """
        measured = self._validated(X, reset=False)
        # Bounds of another precision must not change that of X.
        limits = (self.floor, self.ceiling)
        limits = [None if limit is None else measured.dtype.type(limit) for limit in limits]
        bounded = limits != [None, None]
        values = np.clip(measured, *limits) if bounded else measured
        if self.scale == "raw":
            _check_positive(values, self.floor)
            values = np.log2(values, out=values if bounded else None)
        return values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def _check_positive(X, floor):
    if not_positive := np.count_nonzero(X <= 0):
        raise CohortError(
            f"{not_positive} of {X.size} intensities are zero or negative, where log2 is "
            f"undefined; floor is {floor}, expected a positive number (Dudoit et al. 2002 take 100)"
        )
