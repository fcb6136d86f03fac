"""The filter that drops genes with too few reads (Chen, Lun & Smyth 2016)."""

from numbers import Real

import numpy as np
from sklearn.base import _fit_context

from leukemia_kedro.compute.private_names import Interval
from leukemia_kedro.errors import CohortError
from leukemia_kedro.estimators.log_counts import check_counts, missing_as_none
from leukemia_kedro.estimators.probe_filter import ProbeSelector
from leukemia_kedro.statistics.counts import filter_by_expression


class CountFilter(ProbeSelector):
    """Keep the genes that have enough reads in enough training samples.

    Which these are is said by :func:`~leukemia_kedro.statistics.counts.filter_by_expression`. The
    labels say how many samples the smallest class has, and nothing else. Counts of the columns that
    are kept do not change.

    Parameters
    ----------
    min_count : float, default=10
        Reads that express a gene, in a library of median size.
    min_total_count : float, default=15
        Reads of a gene in all training samples together.
    exclude : list of str or None, default=None
        Names of columns that are dropped whatever their counts. Their reads count for the library.

    Attributes
    ----------
    minimum_, maximum_ : ndarray of shape (n_features_in_,)
        Smallest and largest count of each gene.

    References
    ----------
    Y. Chen, A. T. L. Lun & G. K. Smyth (2016). From reads to genes to pathways: differential
    expression analysis of RNA-Seq experiments using Rsubread and the edgeR quasi-likelihood
    pipeline. F1000Res. 5:1438.

    Examples
    --------
    >>> from leukemia_kedro.estimators import CountFilter
    >>> X = [[3, 40, 957], [2, 60, 938], [4, 0, 996], [1, 0, 999]]
    >>> CountFilter().fit(X, ["ALL", "ALL", "AML", "AML"]).get_support()
    array([False,  True,  True])
    """

    scale = "counts"
    """What the columns hold, as ``ProbeFilter.scale`` says of its own."""

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "min_count": [Interval(Real, 0, None, closed="left")],
        "min_total_count": [Interval(Real, 0, None, closed="left")],
        "exclude": ["array-like", None],
    }

    def __init__(self, min_count=10, min_total_count=15, exclude=None):
        self.min_count = min_count
        self.min_total_count = min_total_count
        self.exclude = exclude

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn which genes have enough reads in the training samples.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Counts; a missing one is taken for none.
        y : array of shape (n_samples,) or None
            Classes; None: all samples are of one.

        Raises
        ------
        CohortError
            No gene is left, a count is negative, or an excluded name is not a column.
        """
        X = self._validated(X, reset=True)
        check_counts(X)
        X = missing_as_none(X)
        self.minimum_, self.maximum_ = (found.astype(float) for found in (X.min(0), X.max(0)))
        groups = None if y is None else np.asarray(y)
        passing = filter_by_expression(X, groups, self.min_count, self.min_total_count)
        self._kept = passing & ~self._excluded()
        if not self._kept.any():
            raise CohortError(
                f"none of {X.shape[1]} genes is left: expected counts per million as of "
                f"{self.min_count:g} reads in a library of median size, in enough of {len(X)} "
                f"training samples, and {self.min_total_count:g} reads in all of them; "
                f"{len(self.exclude or ())} genes excluded by name. Lower min_count or "
                "min_total_count, or check that the values are counts of reads"
            )
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
