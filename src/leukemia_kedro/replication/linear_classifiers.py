"""Linear classifiers, 2000 to 2007: support vector machines, discriminants, penalised regression.

All start from the matrix of Dudoit, Fridlyand & Speed (2002): probes filtered on the 38, log2,
each array standardised. Some studies omit the last step, some do not report it, so each note names
the patients who are wrong without it. Genes are ranked on the 38, and whatever a study left open is
chosen on the 38.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LogisticRegression, lars_path_gram
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from leukemia_kedro.estimators import TopProbes
from leukemia_kedro.replication.golub import Golub, log2, probe_filter
from leukemia_kedro.replication.table import Row, compare, compare_patients, joined, patients

FUREY = "Furey et al. 2000, linear SVM"
GUYON = "Guyon et al. 2002, SVM-RFE"
NGUYEN = "Nguyen & Rocke 2002, PLS and logistic discrimination"
ANTONIADIS = "Antoniadis et al. 2003, diagonal linear discriminant"
ZOU = "Zou & Hastie 2005, elastic net"
LIAO = "Liao & Chin 2007, penalised logistic regression"

FUREY_GENES = (25, 250, 500, 1000)
ELASTIC_NET_GENES = 45

Method = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""``(train, is_aml of train, test)`` → score of each test patient, AML above ½.

Shapes (n_train, n_probes), (n_train,) of 0 and 1, and (n_test, n_probes).
"""


def support_vector_machines(golub: Golub) -> list[Row]:
    """Linear support vector machines on genes ranked by signal to noise (Furey), by SVM (Guyon)."""
    machines = {k: _scaled_svm("signal_to_noise", k) for k in (*FUREY_GENES, "all")}
    rows = [
        _count_errors(FUREY, "no selection" if k == "all" else f"{k} genes", (2, 4), machine, golub)
        for k, machine in machines.items()
    ]
    wrong = {k: _wrong(machines[k], golub) for k in FUREY_GENES}
    sizes = ", ".join(str(k) for k in FUREY_GENES if "54" in wrong[k]) or "none of the sizes"
    rows.append(
        compare_patients(
            FUREY,
            "25 to 1000 genes: patients wrong at every size",
            "54, 66",
            set.intersection(*map(set, wrong.values())),
            note=f"patient 54 is wrong with {sizes} genes",
        )
    )
    note = "the published sizes were chosen on the 34"
    return rows + [
        _count_errors(GUYON, f"{k} genes", 0, _scaled_svm("svm_rfe", k), golub, note)
        for k in (8, 16)
    ]


def discriminants(golub: Golub) -> list[Row]:
    """Discrimination on components, by a diagonal covariance matrix, and by the elastic net."""
    return [
        _count_errors(NGUYEN, "50 genes, 3 components", 1, pls_logistic, golub),
        *(
            _count_errors(ANTONIADIS, f"{k} genes", (1, 2), diagonal_discriminant(k), golub)
            for k in (50, 100, 200)
        ),
        _count_errors(ZOU, f"{ELASTIC_NET_GENES} genes", 0, elastic_net, golub),
    ]


def penalised_logistic_regression(golub: Golub, seed: int) -> list[Row]:
    """Ridge logistic regression; ``seed`` draws the folds on the 38 that choose its penalty."""
    ridge = LogisticRegression(max_iter=1000)
    search = GridSearchCV(
        make_pipeline(TopProbes("anova_f", k=20), StandardScaler(), ridge),
        {"logisticregression__C": [0.1, 1, 10, 100]},
        scoring="neg_brier_score",
        cv=StratifiedKFold(5, shuffle=True, random_state=seed),
    )

    def method(train: np.ndarray, is_aml: np.ndarray, test: np.ndarray) -> np.ndarray:
        return search.fit(train, is_aml).predict_proba(test)[:, 1]

    truth = golub.test_labels == "AML"
    brier, without = (
        float(np.mean((_scores(method, golub, standardise) - truth) ** 2))
        for standardise in (True, False)
    )
    note = (
        f"{without:.3f} without array standardisation; genes by F, ridge penalty by "
        "cross-validation on the 38, where the paper has a parametric bootstrap"
    )
    return [
        _count_errors(LIAO, "20 genes", 1, method, golub),
        compare(LIAO, "20 genes: Brier score of 34", 0.015, brier, 0.0005, note),
    ]


def diagonal_discriminant(k: int) -> Method:
    """Linear discriminant with a diagonal covariance matrix, on the ``k`` genes of largest F.

    With unequal priors scikit-learn's nearest centroid is just that: it divides each gene by its
    pooled within-class deviation and adds the log priors.
    """
    return _on_genes("anova_f", k, NearestCentroid(priors="empirical"))


def pls_logistic(train: np.ndarray, is_aml: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Probability of AML by logistic regression on 3 partial least squares components of the
    50 genes with the largest t: a :data:`Method`."""
    genes = TopProbes("anova_f", k=50).fit(train, is_aml)
    components = PLSRegression(n_components=3).fit(genes.transform(train), is_aml)
    regression = LogisticRegression().fit(components.transform(genes.transform(train)), is_aml)
    return regression.predict_proba(components.transform(genes.transform(test)))[:, 1]


def elastic_net(train: np.ndarray, is_aml: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Elastic net fitted to the classes as 0 and 1, where its path is nearest to 45 genes.

    A :data:`Method` as in Zou & Hastie (2005), section 6: the 1000 genes with the largest t,
    columns of length 1.
    """
    prepare = make_pipeline(TopProbes("anova_f", k=1000), StandardScaler())
    length = np.sqrt(len(train))
    X = prepare.fit_transform(train, is_aml) / length
    mean = is_aml.mean()
    _, path = elastic_net_path(X, is_aml - mean)
    step = np.abs(np.count_nonzero(path, axis=0) - ELASTIC_NET_GENES).argmin()
    return mean + prepare.transform(test) / length @ path[:, step]


def elastic_net_path(
    X: np.ndarray, y: np.ndarray, lambda2: float = 0.01, steps: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    r"""LARS-EN: the elastic net's coefficients as the lasso penalty is relaxed.

    By Zou & Hastie's theorem 2 they are the lasso's with
    :math:`(X'X + \lambda_2 I) / (1 + \lambda_2)` in the place of :math:`X'X`.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_genes)
        Centred, columns of length 1.
    y : ndarray, shape (n_samples,)
        Centred.
    lambda2, steps : float, int
        Ridge penalty and length of the path, the paper's by default.

    Returns
    -------
    lambda1 : ndarray, shape (n_steps + 1,)
        The lasso penalty at each step, on the scale of :math:`|y - X\beta|^2 / 2`.
    path : ndarray, shape (n_genes, n_steps + 1)
        Coefficients.
    """
    gram = (X.T @ X + lambda2 * np.eye(X.shape[1])) / (1 + lambda2)
    alphas, _, path = lars_path_gram(
        X.T @ y, gram, n_samples=len(X), method="lasso", max_iter=steps
    )
    return alphas * len(X), path


def _scaled_svm(criterion: str, k: int | str) -> Method:
    return _on_genes(criterion, k, StandardScaler(), SVC(kernel="linear"))


def _on_genes(criterion: str, k: int | str, *steps: BaseEstimator) -> Method:
    model = make_pipeline(TopProbes(criterion, k=k), *steps)
    return lambda train, is_aml, test: model.fit(train, is_aml).predict(test)


def _count_errors(
    study: str,
    setting: str,
    published: int | tuple[int, int],
    method: Method,
    golub: Golub,
    note: str = "",
) -> Row:
    wrong = _wrong(method, golub)
    without = _wrong(method, golub, standardise_arrays=False)
    found = f"wrong: {patients(wrong)}; without array standardisation: {patients(without)}"
    quantity = f"{setting}: errors of 34"
    return compare(study, quantity, published, len(wrong), note=joined([found, note]))


def _wrong(method: Method, golub: Golub, standardise_arrays: bool = True) -> list[str]:
    is_aml = _scores(method, golub, standardise_arrays) > 0.5
    return golub.wrong(np.where(is_aml, "AML", "ALL"))


def _scores(method: Method, golub: Golub, standardise_arrays: bool) -> np.ndarray:
    prepare = make_pipeline(probe_filter(), log2(standardise_arrays))
    train = prepare.fit_transform(golub.train)
    return method(train, golub.train_is_aml, prepare.transform(golub.test))
