"""Calls for new samples: the one place where a model file meets a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort import Cohort
from leukemia_kedro.errors import UserError
from leukemia_kedro.evaluation.metrics import PROBABILITY, score
from leukemia_kedro.evaluation.reject_option import NO_CALL, call_summary, confidence, with_calls
from leukemia_kedro.model_file import FittedModel, read_model
from leukemia_kedro.scoring.driving_genes import gene_shares, name_top_genes
from leukemia_kedro.scoring.new_samples import Batch, batches, check_probes, check_values
from leukemia_kedro.scoring.scale import check_scale


def load_champion(path: str | Path) -> FittedModel:
    """Open a model file, the champion's or any other's, to call new samples with.

    Parameters
    ----------
    path : str or Path
        Such as ``data/06_models/golub/champion.skops``.

    Raises
    ------
    UserError
        The file is not a whole model file of this project, or holds no model.

    Examples
    --------
    .. code-block:: python

        from leukemia_kedro import load_champion

        table = pandas.read_csv("new_samples.csv", index_col="sample")  # samples × probes
        calls = load_champion("data/06_models/golub/champion.skops").predict(table)
    """
    model = read_model(Path(path))
    if model.left_out:
        raise UserError(f"{path}: the model was left out of the run: {model.left_out}")
    return model


def score_samples(
    model: FittedModel, samples: pd.DataFrame | Cohort, allowed_missing_share: float = 0.0
) -> pd.DataFrame:
    """One row for each sample: the call, how sure it is, and why.

    Parameters
    ----------
    model : FittedModel
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
        :class:`~leukemia_kedro.scoring.training_reference.TrainingReference`;
        ``imputed_probes`` and, of these, ``imputed_genes`` that the classifier is given;
        ``driving_genes``, see :func:`~leukemia_kedro.scoring.driving_genes.gene_shares`.

    Raises
    ------
    UserError
        Probes or values are missing beyond the allowed share, or are no numbers; the table is not
        on the model's scale; there is no sample.
    """
    cohort = samples if isinstance(samples, Cohort) else None
    table = samples if cohort is None else cohort.expression
    if not len(table):
        raise UserError("the table of new samples has no row: expected one for each sample")
    probes = model.pipeline.feature_names_in_
    genes = model.pipeline[:-1].get_feature_names_out()
    check_probes(table, probes, genes, allowed_missing_share)
    scored = []
    for batch in batches(table, probes):
        check_values(batch, probes, genes, allowed_missing_share)
        check_scale(batch.expression, model.card["scale"], model.card["training"]["quantiles"])
        scored.append(_score(model, batch, genes))
    calls = pd.concat(scored, ignore_index=True)
    if cohort is not None and cohort.labels is not None:
        calls.insert(1, "label", cohort.labels.to_numpy())
    return calls


def describe_calls(calls: pd.DataFrame) -> dict[str, Any]:
    """What was called, and how well where the samples have labels.

    Parameters
    ----------
    calls : DataFrame
        From :func:`score_samples`.

    Returns
    -------
    dict
        Plain JSON: ``n``, ``no_calls``, ``called`` (samples of each class),
        ``out_of_distribution``, ``imputed`` (samples with a missing value). ``scores`` is None
        without labels, else those of :func:`~leukemia_kedro.evaluation.metrics.score` with the
        exact 95 % interval of the accuracy and what the reject option did, over the samples of
        the model's classes; ``other_labels`` counts the rest, of which no call can be right.
    """
    from leukemia_kedro.statistics.intervals import clopper_pearson

    classes = [
        column.removeprefix(PROBABILITY) for column in calls if column.startswith(PROBABILITY)
    ]
    record = {
        "n": len(calls),
        "no_calls": int((calls["call"] == NO_CALL).sum()),
        "called": {name: int((calls["call"] == name).sum()) for name in classes},
        "out_of_distribution": int(calls["out_of_distribution"].sum()),
        "imputed": int((calls["imputed_probes"] > 0).sum()),
        "scores": None,
    }
    if "label" not in calls:
        return record
    known = calls[calls["label"].isin(classes)]
    others = calls.loc[~calls["label"].isin(classes), "label"].value_counts().sort_index()
    if len(known):
        scores = score(known, classes)
        low, high = clopper_pearson(scores["n"] - scores["errors"], scores["n"])
        record["scores"] = (
            scores | {"accuracy_low": low, "accuracy_high": high} | call_summary(known)
        )
    return record | {"other_labels": {str(label): int(n) for label, n in others.items()}}


def _score(model: FittedModel, batch: Batch, genes: np.ndarray) -> pd.DataFrame:
    pipeline, classes = model.pipeline, model.card["classes"]
    probes = pipeline.feature_names_in_
    missing = np.isnan(batch.expression)
    values = np.where(missing, model.reference.fill, batch.expression)
    given = pipeline[:-1].transform(pd.DataFrame(values, columns=probes))
    classify = pipeline["classify"]
    probability = classify.predict_proba(given)
    columns = [list(classify.classes_).index(name) for name in classes]
    likeliest = probability[:, columns].argmax(axis=1)
    distance = model.reference.distance(given)
    shares = gene_shares(model, given, probability, np.asarray(columns)[likeliest])
    table = pd.DataFrame(
        {"sample": batch.samples, "call": None, "predicted": np.asarray(classes)[likeliest]}
        | {
            f"{PROBABILITY}{name}": probability[:, i]
            for name, i in zip(classes, columns, strict=True)
        }
    )
    table = with_calls(table, confidence(classify, given, probability), model.card["threshold"])
    return table.assign(
        threshold=model.card["threshold"],
        distance=distance,
        distance_limit=model.reference.limit,
        out_of_distribution=distance > model.reference.limit,
        imputed_probes=missing.sum(axis=1),
        imputed_genes=missing[:, np.isin(probes, genes)].sum(axis=1),
        driving_genes=name_top_genes(shares, genes),
    )
