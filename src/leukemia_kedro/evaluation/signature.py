"""The signature: the genes named in the report, and how far the choice can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.compute.parallel import run_parallel
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.estimators.model_pipeline import complete_log2, log_transform, probe_filter
from leukemia_kedro.estimators.rankings import rank_genes, score_genes
from leukemia_kedro.evaluation.plan import WHOLE
from leukemia_kedro.parameters import CohortParameters, SignatureParameters


def gene_ranking(
    expression: pd.DataFrame,
    labels: pd.Series,
    criteria: Sequence[str],
    cohort: CohortParameters,
    controls: Sequence[str],
    seed: int,
    n_jobs: int,
) -> pd.DataFrame:
    """Rank the probes that pass the filter, by each criterion, on all training samples.

    Parameters
    ----------
    expression : DataFrame, shape (n_samples, n_probes)
        Training samples, as measured.
    labels : Series, index ``sample``
    criteria : sequence of str
    cohort : CohortParameters
    controls : sequence of str
        Probes that are never ranked.
    seed, n_jobs : int

    Returns
    -------
    DataFrame, columns ``criterion, probe, score, rank``
        Rank 1 is best.
    """
    kept = probe_filter(cohort, controls).fit(expression).get_support(indices=True)
    log2 = complete_log2(cohort).fit_transform(expression.to_numpy().take(kept, axis=1))
    classes = labels.to_numpy(dtype=str)
    scores = run_parallel(
        score_genes,
        [(criterion, log2, classes, seed) for criterion in criteria],
        n_jobs,
        "ranking genes",
    )
    tables = []
    for criterion, score in zip(criteria, scores, strict=True):
        order = rank_genes(score)
        tables.append(
            pd.DataFrame(
                {
                    "criterion": criterion,
                    "probe": expression.columns[kept[order]],
                    "score": np.abs(score[order]),
                    "rank": np.arange(1, len(order) + 1),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def selection_stability(
    fold_rankings: pd.DataFrame, probes: pd.Index, signature: SignatureParameters
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """How often each probe is among the signature's top genes over the outer training folds.

    Parameters
    ----------
    fold_rankings : DataFrame
        From :func:`~leukemia_kedro.evaluation.fold_rankings.rank_folds`.
    probes : Index
        The names of the columns that ``order`` counts.
    signature : SignatureParameters

    Returns
    -------
    stability : DataFrame, columns ``probe, selection_frequency, mean_rank``
        Probes chosen at least once, most often chosen first. ``mean_rank`` is over the folds
        in which the probe passes the filter.
    index : dict
        The stability index of Nogueira, Sechidis & Brown (2018) over the same folds.
    """
    from leukemia_kedro.statistics import stability

    outer = fold_rankings[
        (fold_rankings["criterion"] == signature.criterion)
        & (fold_rankings["inner_fold"] == WHOLE)
        & (fold_rankings["fold"] != WHOLE)
    ]
    chosen = np.zeros((len(outer), len(probes)), dtype=bool)
    ranks = np.full((len(outer), len(probes)), np.nan)
    for row, order in enumerate(outer["order"]):
        chosen[row, order[: signature.n_genes]] = True
        ranks[row, order] = np.arange(1, len(order) + 1)
    ever = np.flatnonzero(chosen.any(axis=0))
    table = pd.DataFrame(
        {
            "probe": probes[ever],
            "selection_frequency": chosen[:, ever].mean(axis=0),
            "mean_rank": np.nanmean(ranks[:, ever], axis=0),
        }
    ).sort_values(["selection_frequency", "mean_rank"], ascending=[False, True])
    nogueira = stability.selection_stability(chosen)
    return table.reset_index(drop=True), {
        "criterion": signature.criterion,
        "n_genes": signature.n_genes,
        "n_folds": len(outer),
        "n_ever_chosen": len(ever),
        "n_always_chosen": int(chosen.all(axis=0).sum()),
        "stability": nogueira.index,
        "stability_low": nogueira.low,
        "stability_high": nogueira.high,
    }


def choose_signature(
    ranking: pd.DataFrame,
    stability: pd.DataFrame,
    expression: pd.DataFrame,
    labels: pd.Series,
    probes: pd.DataFrame,
    cohort: CohortParameters,
    signature: SignatureParameters,
) -> pd.DataFrame:
    """The best genes by the signature's criterion.

    Returns
    -------
    DataFrame, columns ``probe, description, score, direction, selection_frequency``
        ``direction`` is the class with the highest mean log2 expression.

    Raises
    ------
    UserError
        The criterion was not ranked.
    """
    by_criterion = ranking[ranking["criterion"] == signature.criterion]
    if by_criterion.empty:
        raise UserError(
            f"feature_selection.signature.criterion is {signature.criterion!r}, which is not "
            f"among feature_selection.criteria: {first_few(ranking['criterion'].unique(), 10)}"
        )
    top = by_criterion.nsmallest(signature.n_genes, "rank")
    log2 = log_transform(cohort).fit_transform(expression[top["probe"]].to_numpy())
    means = pd.DataFrame(log2, columns=list(top["probe"])).groupby(labels.to_numpy()).mean()
    frequency = stability.set_index("probe")["selection_frequency"]
    return pd.DataFrame(
        {
            "probe": top["probe"],
            "description": probes.loc[top["probe"], "description"].to_numpy(),
            "score": top["score"],
            "direction": means.idxmax()[top["probe"]].to_numpy(),
            "selection_frequency": frequency.reindex(top["probe"]).fillna(0).to_numpy(),
        }
    )


def reference_overlap(
    ranking: pd.DataFrame, reference: pd.Series, signature: SignatureParameters
) -> dict[str, Any]:
    """What the signature, and the top 100, share with a published signature.

    Parameters
    ----------
    ranking : DataFrame
        From :func:`gene_ranking`.
    reference : Series
        Its probes, from :func:`check_reference`.
    signature : SignatureParameters

    Returns
    -------
    dict
        ``reference`` (None where the parameters name none), ``n_reference``, and for each of
        ``signature`` and ``top_100`` the number ``shared``, ``jaccard`` and the hypergeometric
        ``p`` of sharing as many by chance among the ranked probes.
    """
    from leukemia_kedro.statistics.stability import overlap

    if signature.reference is None:
        return {"reference": None}
    ordered = ranking[ranking["criterion"] == signature.criterion].sort_values("rank")["probe"]
    universe = set(ordered) | set(reference)
    return {
        "reference": signature.reference,
        "n_reference": len(reference),
        **{
            name: overlap(list(ordered[:size]), list(reference), universe)._asdict()
            for name, size in (("signature", signature.n_genes), ("top_100", 100))
        },
    }


def check_reference(probes: pd.Index, signature: SignatureParameters) -> pd.Series:
    """The probes of the reference signature, empty where the parameters name none.

    Raises
    ------
    UserError
        The reference is not known, or names probes that the cohort lacks.
    """
    if signature.reference is None:
        return pd.Series(dtype=str, name="probe")
    reference = reference_signature(signature.reference)["probe"]
    unknown = reference[~reference.isin(probes)]
    if len(unknown):
        raise UserError(
            f"the reference signature {signature.reference!r} names probes that this cohort "
            f"lacks: {first_few(unknown)}; set feature_selection.signature.reference to null"
        )
    return reference


def reference_signature(name: str) -> pd.DataFrame:
    """A published signature that ships with the package, by the name of its file.

    Raises
    ------
    UserError
        There is none of that name.
    """
    folder = resources.files("leukemia_kedro") / "published" / "signatures"
    known = sorted(file.name.removesuffix(".csv") for file in folder.iterdir())
    if name not in known:
        raise UserError(
            f"feature_selection.signature.reference {name!r} is not known; "
            f"expected one of: {first_few(known, 20)}"
        )
    return pd.read_csv(folder / f"{name}.csv", dtype=str)
