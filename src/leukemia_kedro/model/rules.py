"""The rules of a model whose pairs of genes vote, by the names of the genes and classes.

Nothing heavy is imported here: figures and report describe their records by these types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class Rule(TypedDict):
    """The sample's vote is ``then`` where ``higher`` is above ``lower`` in it, else ``otherwise``.

    ``score`` is Δ and ``rank_score`` is Γ of
    :class:`~leukemia_kedro.estimators.top_scoring_pairs.TopScoringPairs`.
    """

    higher: str
    lower: str
    then: str
    otherwise: str
    score: float
    rank_score: float


def rules_of(pipeline: Pipeline) -> list[Rule] | None:
    """The rules, best first within each two classes; None of a model of another kind."""
    classifier = pipeline["classify"].estimator_
    if not hasattr(classifier, "pairs_"):
        return None
    genes = pipeline[:-1].get_feature_names_out()
    columns = zip(
        genes[classifier.pairs_].tolist(),
        classifier.classes_[classifier.votes_].tolist(),
        classifier.scores_.tolist(),
        classifier.rank_scores_.tolist(),
        strict=True,
    )
    return [
        Rule(higher=higher, lower=lower, then=then, otherwise=otherwise, score=score, rank_score=by)
        for (higher, lower), (then, otherwise), score, by in columns
    ]
