"""A fitted model, and its calls for samples it has never seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import UserError
from leukemia_kedro.model.driving_genes import gene_shares, name_top_genes
from leukemia_kedro.model.new_samples import Batch, batches, check_probes, check_values
from leukemia_kedro.model.predictions import (
    PROBABILITY,
    confidence,
    uncalibrated,
    with_calls,
)
from leukemia_kedro.model.scale import check_scale
from leukemia_kedro.model.training_reference import TrainingReference


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline, what it remembers of its training samples, and the card that says all.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline or None
        Takes expression as measured, samples × probes. None where the model was left out.
    card : dict
        Plain JSON, see :func:`~leukemia_kedro.model.card.model_card`; ``left_out``
        with a reason where there is no pipeline.
    reference : TrainingReference or None
        What new samples are compared with.
    """

    pipeline: Any
    card: dict[str, Any] = field(default_factory=dict)
    reference: TrainingReference | None = None

    @property
    def left_out(self) -> str | None:
        """Why the model is not part of this run, or None."""
        return self.card.get("left_out")

    @property
    def classifier(self) -> Any:
        """The classifier, without the calibration around it."""
        return uncalibrated(self.pipeline["classify"])

    def predict(
        self, samples: pd.DataFrame | Cohort, allowed_missing_share: float = 0.0
    ) -> pd.DataFrame:
        """One row for each sample: the call, how sure it is, and why.

        Parameters
        ----------
        samples : DataFrame or Cohort
            As measured, on the scale that the model's card names. A DataFrame is samples × probes,
            its index the samples' names; further columns and any order of the columns are fine.
        allowed_missing_share : float
            Largest share of the model's probes, and of the genes its classifier is given, that a
            sample may lack; they are imputed by training means.

        Returns
        -------
        DataFrame
            ``sample``; ``label`` where the cohort has labels; ``call``, the predicted class or
            "no call"; ``predicted``; ``probability_<class>…``; ``confidence`` and the ``threshold``
            below which there is no call; ``distance`` from the training samples,
            ``distance_limit`` and ``out_of_distribution``, see
            :class:`~leukemia_kedro.model.training_reference.TrainingReference`;
            ``imputed_probes`` and, of these, ``imputed_genes`` that the classifier is given;
            ``driving_genes``, see :func:`~leukemia_kedro.model.driving_genes.gene_shares`.

        Raises
        ------
        UserError
            Probes or values are missing beyond the allowed share, or are no numbers; the table is
            not on the model's scale; there is no sample.
        """
        cohort = samples if isinstance(samples, Cohort) else None
        table = samples if cohort is None else cohort.expression
        if not len(table):
            raise UserError("the table of new samples has no row: expected one for each sample")
        probes = self.pipeline.feature_names_in_
        genes = self.pipeline[:-1].get_feature_names_out()
        check_probes(table, probes, genes, allowed_missing_share)
        scored = []
        for batch in batches(table, probes):
            check_values(batch, probes, genes, allowed_missing_share)
            check_scale(batch.expression, self.card["scale"], self.card["training"]["quantiles"])
            scored.append(self._score(batch, genes))
        calls = pd.concat(scored, ignore_index=True)
        if cohort is not None and cohort.labels is not None:
            calls.insert(1, "label", cohort.labels.to_numpy())
        return calls

    def _score(self, batch: Batch, genes: np.ndarray) -> pd.DataFrame:
        pipeline, classes = self.pipeline, self.card["classes"]
        probes = pipeline.feature_names_in_
        missing = np.isnan(batch.expression)
        values = np.where(missing, self.reference.fill, batch.expression)
        given = pipeline[:-1].transform(pd.DataFrame(values, columns=probes))
        classify = pipeline["classify"]
        probability = classify.predict_proba(given)
        columns = [list(classify.classes_).index(name) for name in classes]
        likeliest = probability[:, columns].argmax(axis=1)
        distance = self.reference.distance(given)
        shares = gene_shares(
            self.pipeline, self.reference, given, probability, np.asarray(columns)[likeliest]
        )
        table = pd.DataFrame(
            {"sample": batch.samples, "call": None, "predicted": np.asarray(classes)[likeliest]}
            | {
                f"{PROBABILITY}{name}": probability[:, i]
                for name, i in zip(classes, columns, strict=True)
            }
        )
        table = with_calls(table, confidence(classify, given, probability), self.card["threshold"])
        return table.assign(
            threshold=self.card["threshold"],
            distance=distance,
            distance_limit=self.reference.limit,
            out_of_distribution=distance > self.reference.limit,
            imputed_probes=missing.sum(axis=1),
            imputed_genes=missing[:, np.isin(probes, genes)].sum(axis=1),
            driving_genes=name_top_genes(shares, genes),
        )
