"""Two public notebooks on these files: one that holds, and one whose labels slid off."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from leukemia_kedro.replication.golub import N_TEST, SEEDS, Golub
from leukemia_kedro.replication.table import Row, compare

F_CLASSIF = "Public notebook, SelectKBest(f_classif, k=50)"
SLID_LABELS = "Public notebook, 36-sample table"
TRAIN_FILE_ORDER = [*range(1, 28), *range(34, 39), *range(28, 34)]
"""Patients in the order of the columns of data_set_ALL_AML_train.csv."""
CUSTOMARY_SEED = 42


def f_classif_models(golub: Golub, seed: int) -> list[Row]:
    """Correct predictions of the five models of one notebook, median over 20 seeds.

    ``seed`` is the first of the seeds, for the models that draw at random.
    """
    models = {
        "SVM (RBF)": SVC(),
        "decision tree": DecisionTreeClassifier(),
        "AdaBoost": AdaBoostClassifier(),
        "gradient boosting": GradientBoostingClassifier(),
        "XGBoost": XGBClassifier(n_jobs=1),
    }
    prepare = make_pipeline(StandardScaler(), SelectKBest(f_classif, k=50))
    train = prepare.fit_transform(golub.train.to_numpy(), golub.train_is_aml)
    test = prepare.transform(golub.test.to_numpy())
    rows = []
    for name, model in models.items():
        right = N_TEST - np.array(golub.errors_by_seed(model, train, test, seed))
        note = (
            f"median of {SEEDS} seeds, {min(right)} to {max(right)}; values not logged, genes "
            "standardised, default arguments"
        )
        median = float(np.median(right))
        rows.append(compare(F_CLASSIF, f"{name}: right of 34", 31, median, note=note))
    return rows


def slid_labels(golub: Golub) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The table of 36 patients, most of them under the number of another.

    Transposed with its call columns, the train file has a patient in rows 0, 2, 4 … and letters
    between them. Labels are joined where the patient's number is the row's number, and rows of
    letters are dropped: rows 2, 4 … 72 are left, the second to the 37th patient of the file.

    Returns
    -------
    expression : ndarray, shape (36, n_probes)
    slid, own : ndarray of str, shape (36,)
        The labels as joined, and the labels these patients have.
    """
    rows = range(1, 37)
    samples = [str(TRAIN_FILE_ORDER[k]) for k in rows]
    slid = golub.labels.loc[[str(2 * k) for k in rows]].to_numpy(dtype=str)
    own = golub.labels.loc[samples].to_numpy(dtype=str)
    return golub.expression.loc[samples].to_numpy(), slid, own


def slid_label_models(golub: Golub) -> list[Row]:
    """Accuracy of the two models of the other notebook."""
    expression, slid, own = slid_labels(golub)
    models = {
        "logistic regression": LogisticRegression(max_iter=1000),
        "linear SVM": SVC(kernel="linear"),
    }
    rows = []
    for name, model in models.items():
        truth, predicted = _random_split(model, expression, slid)
        own_truth, own_predicted = _random_split(model, expression, own)
        f1 = f1_score(truth, predicted, labels=["ALL", "AML"], average=None)
        note = (
            f"{(predicted == truth).sum()} of {len(truth)} right, F1 {f1[0]:.2f} (ALL) "
            f"and {f1[1]:.2f} (AML), because labels slid off their samples: the train file "
            "was transposed with its call columns, then joined to patients by row number, so "
            f"that {(own != slid).sum()} of {len(own)} labels are wrong. With their own "
            f"labels, {(own_predicted == own_truth).sum()} of {len(own_truth)} are right. "
            f"Stratified split with random_state {CUSTOMARY_SEED}, a guess"
        )
        accuracy = float(np.mean(predicted == truth))
        rows.append(compare(SLID_LABELS, f"{name}: accuracy", 0.62, accuracy, 0.01, note))
    return rows


def _random_split(
    model: BaseEstimator, expression: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted labels of the fifth that a stratified random split holds out."""
    train, test, train_labels, test_labels = train_test_split(
        expression, labels, test_size=0.2, stratify=labels, random_state=CUSTOMARY_SEED
    )
    fitted = make_pipeline(StandardScaler(), model).fit(train, train_labels)
    return test_labels, fitted.predict(test)
