"""The names of the models, simplest first.

The order is the one in which the one-standard-error rule prefers them: by the number of choices
the method makes from the data. A model is its block in ``conf/base/parameters_models.yml`` and
its name here.
"""

MODELS = (
    "weighted_voting",
    "naive_bayes",
    "shrunken_centroids",
    "logistic_regression",
    "svm_linear",
    "elastic_net",
    "knn",
    "decision_tree",
    "svm_rbf",
    "random_forest",
    "adaboost",
    "gradient_boosting",
    "xgboost",
)
