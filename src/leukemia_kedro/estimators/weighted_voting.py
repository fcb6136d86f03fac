"""Weighted voting (Golub et al. 1999)."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from leukemia_kedro.estimators.rankings import class_moments, score_genes


class WeightedVoting(ClassifierMixin, BaseEstimator):
    r"""Each gene votes for one of two classes, with a weight for how well it separates them.

    With :math:`\mu_k(g), \sigma_k(g)` the mean and standard deviation (divisor n) of gene
    :math:`g` in class :math:`k` of the training samples, the weight of a gene is its
    signal-to-noise ratio on linear intensities :math:`2^x`,

    .. math:: P(g) = \frac{\mu_1 - \mu_2}{\sigma_1 + \sigma_2},

    and its vote on a sample, on log intensities that are standardised by the mean and standard
    deviation of the training samples,

    .. math:: v_g = P(g) \left( x_g - \frac{\mu_1 + \mu_2}{2} \right).

    Positive votes add up to :math:`V_1`, the others to :math:`V_2`, and the larger total wins with
    prediction strength :math:`(V_\text{win} - V_\text{lose}) / (V_\text{win} + V_\text{lose})`.
    Golub et al. make no call where the strength is below 0.3.

    ``X`` holds the genes that vote, on the log2 scale, not standardised. The paper takes 50, half
    of them higher in each class (``TopProbes(criterion="signal_to_noise", k=50)``).

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class 1 and class 2 of the formulas, in sorted order.
    weights_, boundaries_, scale_ : ndarray of shape (n_features_in_,)
        :math:`P(g)`, positive where the gene is higher in class 1; half-way between the class means
        and standard deviation over all training samples (1 for a constant gene), log2 scale.

    References
    ----------
    T. R. Golub et al. (1999). Molecular classification of cancer: class discovery and class
    prediction by gene expression monitoring. Science 286:531–537, notes 16 to 20.
    D. K. Slonim, P. Tamayo, J. P. Mesirov, T. R. Golub & E. S. Lander (2000). Class prediction and
    discovery using gene expression data. RECOMB 2000, 263–272.

    Examples
    --------
    >>> from leukemia_kedro.estimators import WeightedVoting
    >>> X = [[9.0, 6.0], [10.0, 7.0], [6.0, 9.0], [7.0, 11.0]]
    >>> model = WeightedVoting().fit(X, ["ALL", "ALL", "AML", "AML"])
    >>> model.predict([[9.0, 8.0], [6.0, 10.0]])
    array(['ALL', 'AML'], dtype='<U3')
    >>> model.prediction_strength([[9.0, 8.0], [6.0, 10.0]]).round(2)
    array([1., 1.])
    """

    _parameter_constraints: dict = {}  # noqa: RUF012 - scikit-learn's own convention

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn weights and boundaries from log2 expression ``X``, shape (n_samples, n_features).

        Raises
        ------
        ValueError
            ``y``, shape (n_samples,), does not have exactly two classes.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        target = type_of_target(y, input_name="y", raise_unknown=True)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if target != "binary":
            found = f"The type of the target is {target}, with {len(self.classes_)} classes."
            raise ValueError(f"Only binary classification is supported. {found}")
        if len(self.classes_) < 2:
            raise ValueError(f"y has 1 class, {self.classes_[0]}; expected 2 classes")
        self.weights_ = score_genes("signal_to_noise", X, codes)
        _, means, _ = class_moments(X, codes)
        self.boundaries_ = means.mean(axis=0)
        # Measured from the first sample, a constant gene has no rounding error to divide by.
        deviation = (X - X[0]).std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        return self

    def decision_function(self, X):
        """Prediction strength, positive for the second class and negative for the first.

        For log2 expression ``X``, shape (n_samples, n_features), :math:`(V_2 - V_1) / (V_1 + V_2)`,
        shape (n_samples,), between −1 and 1; 0 where no gene votes.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        # Standardising by the training mean shifts x and its boundary alike, so only the
        # deviation is left. A strength is a ratio of votes: the unit of the weights is free, and
        # the largest one keeps the sums finite.
        weights = self.weights_ / (np.abs(self.weights_).max() or 1.0) / self.scale_
        votes = (X - self.boundaries_) * weights
        for_first, for_second = (np.maximum(v, 0).sum(axis=1) for v in (votes, -votes))
        total = for_first + for_second
        return np.divide(for_second - for_first, total, out=np.zeros_like(total), where=total > 0)

    def prediction_strength(self, X):
        """Margin of the winning class, shape (n_samples,): 0 for a tie, 1 where all votes agree."""
        return np.abs(self.decision_function(X))

    def predict(self, X):
        """Class with the larger total of votes, shape (n_samples,); the first class in a tie."""
        second_wins = self.decision_function(X) > 0
        return self.classes_[second_wins.astype(int)]

    def predict_proba(self, X):
        """Each class's share of the votes, :math:`V_k / (V_1 + V_2)`, shape (n_samples, 2).

        This is (1 ± prediction strength) / 2, not a calibrated probability.
        """
        strength = self.decision_function(X)
        return np.column_stack([(1 - strength) / 2, (1 + strength) / 2])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
