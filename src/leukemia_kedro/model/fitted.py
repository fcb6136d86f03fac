"""A fitted model, and its calls: the same code for training, held-out and new samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.gene_ids import named_as
from leukemia_kedro.cohort.scale import check_counts, check_scale
from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.blank import blank_as_measured, why_blank
from leukemia_kedro.model.conformal import ConformalSets
from leukemia_kedro.model.driving_genes import driving_genes
from leukemia_kedro.model.new_samples import Batch, batches, check_probes, check_values
from leukemia_kedro.model.predictions import PROBABILITY, prediction_table, with_calls, with_reasons
from leukemia_kedro.model.training_reference import TrainingReference


class _Scored(NamedTuple):
    """What the model makes of some samples."""

    calls: pd.DataFrame
    given: np.ndarray  # what the classifier is given, samples × genes
    predicted: np.ndarray  # number of the predicted class among the classifier's classes
    sets: dict[str, Any]  # the columns of the conformal sets


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline, what it remembers of its training samples, and its card.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline or None
        Takes expression as measured, samples × probes. None where the model was left out.
    card : dict
        Plain JSON, see :func:`~leukemia_kedro.model.card.model_card`; ``left_out``
        with a reason where there is no pipeline. On the card of a model that was read from a file,
        ``signature`` says whether one was checked, see :mod:`leukemia_kedro.model.signature`.
    reference : TrainingReference or None
        What new samples are compared with.
    conformal : ConformalSets or None
        The classes that a new sample cannot be told from.
    """

    pipeline: Any
    card: dict[str, Any] = field(default_factory=dict)
    reference: TrainingReference | None = None
    conformal: ConformalSets | None = None

    @property
    def left_out(self) -> str | None:
        """Why the model is not part of this run, or None."""
        return self.card.get("left_out")

    @property
    def classifier(self) -> Any:
        """The classifier, without the calibration around it."""
        return self.pipeline["classify"].estimator_

    @property
    def _normalises(self) -> bool:
        """Whether arrays are brought to a common scale, and no floor or ceiling acts before."""
        log2 = self.pipeline["log2"]
        return self.pipeline["normalise"].method != "none" and log2.floor is log2.ceiling is None

    def call_samples(self, expression: pd.DataFrame) -> pd.DataFrame:
        """Predictions and calls, without any check of the samples.

        Parameters
        ----------
        expression : DataFrame, shape (n_samples, n_probes)
            As measured. Missing values are imputed as the pipeline does it; a pipeline without
            that step gets training means.

        Returns
        -------
        DataFrame
            Columns ``sample, predicted, probability_<class>…, confidence, call,
            conformal_p_<class>…, conformal_set``; without rows where there is no sample or the
            model was left out.
        """
        if self.left_out or expression.empty:
            return pd.DataFrame(columns=["sample", "predicted", "confidence", "call"])
        values = expression[self.pipeline.feature_names_in_].to_numpy()
        scored = self._score(Batch(expression.index, values))
        return scored.calls.drop(columns="no_call_reason").assign(**scored.sets)

    def predict(
        self,
        samples: pd.DataFrame | Cohort,
        allowed_missing_share: float = 0.0,
        scale_checked: bool = False,
    ) -> pd.DataFrame:
        """Calls for new samples, with confidence, distance and driving genes.

        Parameters
        ----------
        samples : DataFrame or Cohort
            As measured, on the scale that the model's card names. A DataFrame is samples × probes,
            its index the samples' names; further columns and any order of the columns are fine.
            Ensembl ids may have another version than the model's, or none.
        allowed_missing_share : float
            Largest share of the model's probes, and of the genes its classifier is given, that a
            sample may lack; they are imputed as in :meth:`call_samples`.
        scale_checked : bool
            True takes the values as they are, where they do not look as those of the training
            samples do.

        Returns
        -------
        DataFrame
            ``sample``; ``label`` where the cohort has labels; ``call``, the predicted class or
            "no call"; ``predicted``; ``probability_<class>…``; ``confidence`` and the ``threshold``
            below which there is no call; ``no_call_reason``, empty where there is a call: that the
            confidence is too low, or that the array is blank
            (:func:`~leukemia_kedro.model.blank.why_blank`); ``distance`` from the training samples,
            ``distance_limit`` and ``out_of_distribution``, see
            :class:`~leukemia_kedro.model.training_reference.TrainingReference`;
            ``imputed_probes`` and, of these, ``imputed_genes`` that the classifier is given;
            ``driving_genes``, see :func:`~leukemia_kedro.model.driving_genes.driving_genes`;
            ``conformal_p_<class>…`` and ``conformal_set``, see
            :class:`~leukemia_kedro.model.conformal.ConformalSets`; ``driving_symbols``, the
            driving genes by symbol, where the card names symbols.

        Raises
        ------
        UserError
            Probes or values are missing beyond the allowed share, or are no numbers; a sample is
            not on the model's scale; there is no sample.
        """
        cohort = samples if isinstance(samples, Cohort) else None
        table = samples.expression if isinstance(samples, Cohort) else samples
        if not len(table):
            raise UserError("the table of new samples has no row: expected one for each sample")
        probes = self.pipeline.feature_names_in_
        genes = self.pipeline[:-1].get_feature_names_out()
        table = table.set_axis(named_as(table.columns, probes), axis=1)
        row = terms_of(self.card["scale"]).row
        check_probes(table, probes, genes, allowed_missing_share, row)
        scored = []
        for batch in batches(table, probes, row):
            check_values(batch, probes, genes, allowed_missing_share, row)
            if self.card["scale"] == "counts":
                kept = self.pipeline["filter"].get_support()
                check_counts(batch.expression, batch.samples, kept, scale_checked)
            elif not scale_checked:
                trained = self.card["training"]
                measured = ~blank_as_measured(batch.expression, trained["distinct_values"])
                values, names = batch.expression[measured], batch.samples[measured]
                if len(names):
                    check_scale(
                        values, names, self.card["scale"], trained["quantiles"], self._normalises
                    )
            scored.append(self._judge(batch, genes))
        calls = pd.concat(scored, ignore_index=True)
        if cohort is not None and cohort.labels is not None:
            calls.insert(1, "label", cohort.labels.to_numpy())
        if symbols := self.card.get("symbols"):
            calls["driving_symbols"] = [
                " ".join(symbols.get(word, word) for word in genes.split(" "))
                for genes in calls["driving_genes"]
            ]
        return calls

    def try_out(self) -> None:
        """Judge one made-up sample: what does not fit together fails here, not at a patient.

        Raises
        ------
        Exception
            Of any kind: a model file may hold anything.
        """
        assert self.reference is not None  # only a model that was left out has none
        known = self.pipeline["filter"]
        genes = self.pipeline[:-1].get_feature_names_out()
        with np.errstate(all="ignore"):
            middle = (known.minimum_ + known.maximum_) / 2
            middle = np.log2(middle) if known.scale == "log2" else middle
            batch = Batch(pd.Index(["trial"]), middle[np.newaxis])
            calls = self._judge(batch, genes)
        probabilities = calls.filter(regex=f"^{PROBABILITY}").to_numpy(dtype=float)
        if not np.allclose(probabilities.sum(), 1) or not calls["confidence"].between(0, 1).all():
            raise ValueError("its probabilities do not add up to 1")

    def _judge(self, batch: Batch, genes: np.ndarray) -> pd.DataFrame:
        assert self.reference is not None  # only a model that was left out has none
        scored = self._score(batch)
        missing = np.isnan(batch.expression)
        of_genes = pd.Index(self.pipeline.feature_names_in_).isin(genes)
        distance = self.reference.distance(self.pipeline, batch.expression)
        calls = scored.calls.assign(
            threshold=self.card["threshold"],
            distance=distance,
            distance_limit=self.reference.limit,
            out_of_distribution=distance > self.reference.limit,
            imputed_probes=missing.sum(axis=1),
            imputed_genes=missing[:, of_genes].sum(axis=1),
            driving_genes=driving_genes(
                self.pipeline, self.reference, scored.given, scored.predicted
            ),
            **scored.sets,
        )
        calls.insert(1, "call", calls.pop("call"))
        return calls

    def _score(self, batch: Batch) -> _Scored:
        values = batch.expression
        # Only a model that was left out has none.
        assert self.conformal is not None
        assert self.reference is not None
        pipeline, classes = self.pipeline, self.card["classes"]
        faults = why_blank(pipeline, values, self.card["training"]["distinct_values"])
        named = pd.DataFrame(values, columns=pipeline.feature_names_in_)
        given = self.reference.given(pipeline, named)
        classify = pipeline["classify"]
        decision = classify.decide(given)
        columns = np.array([list(classify.classes_).index(name) for name in classes])
        in_order = decision.probabilities[:, columns]
        predicted = classify.classes_[decision.predicted]
        table = prediction_table(batch.samples, predicted, in_order, classes)
        calls = with_calls(table, decision.confidence, self.card["threshold"])
        sets = self.conformal.columns(in_order, classes)
        return _Scored(with_reasons(calls, faults), given, decision.predicted, sets)
