"""The selector that keeps the probes which tell the classes apart best."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from leukemia_kedro.compute.private_names import Interval, StrOptions
from leukemia_kedro.estimators.rankings import CRITERIA, rank_genes, score_genes


class TopProbes(SelectorMixin, BaseEstimator):
    """Keep the ``k`` best probes by one of the criteria, in the order of the columns.

    Parameters
    ----------
    criterion : str, default="anova_f"
        A name in :data:`leukemia_kedro.estimators.rankings.CRITERIA`. ``signal_to_noise`` of two
        classes takes the probes from both ends in turn, so that half are higher in each class.
    k : int or "all", default=50
        Number of probes to keep; all of them where there are fewer.
    random_state : int, default=0
        Seed of criteria that draw at random.

    Attributes
    ----------
    ranking_ : ndarray of int, shape (n_features_in_,)
        Columns, best first.

    Notes
    -----
    Within a pipeline the probes are ranked in each training fold: ranked before cross-validation,
    even random labels would seem predictable (Ambroise & McLachlan 2002, PNAS 99:6562–6566).

    Examples
    --------
    >>> from leukemia_kedro.estimators import TopProbes
    >>> X = [[1.0, 5.0, 8.1], [1.2, 2.0, 8.0], [1.1, 4.0, 3.0], [1.3, 3.0, 3.1]]
    >>> top = TopProbes(k=2).fit(X, ["ALL", "ALL", "AML", "AML"])
    >>> top.ranking_
    array([2, 0, 1])
    >>> top.get_feature_names_out(["zyxin", "actin", "cystatin"])
    array(['zyxin', 'cystatin'], dtype=object)
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's own convention
        "criterion": [StrOptions(set(CRITERIA))],
        "k": [Interval(Integral, 1, None, closed="left"), StrOptions({"all"})],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(self, criterion="anova_f", k=50, random_state=0):
        self.criterion = criterion
        self.k = k
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, ranking=None):
        """Rank the probes of log2 expression ``X``, shape (n_samples, n_features).

        ``ranking``, shape (n_features,), holds the columns, best first, where they have been ranked
        on these samples before. Samples of one class raise a CohortError.
        """
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2)
        check_classification_targets(y)
        if ranking is None:
            ranking = rank_genes(score_genes(self.criterion, X, y, self.random_state))
        self.ranking_ = ranking
        return self

    def _get_support_mask(self):
        check_is_fitted(self)
        kept = np.zeros(self.n_features_in_, dtype=bool)
        kept[self.ranking_ if self.k == "all" else self.ranking_[: self.k]] = True
        return kept

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
