"""What the page shows of a single gene or sample on a click: all of them, packed.

The page holds the values as numbers, and draws those of the gene or sample that is asked for.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.cohort import identity
from leukemia_kedro.cohort.annotation import symbols_of
from leukemia_kedro.compute.file_names import file_stems
from leukemia_kedro.plots import style
from leukemia_kedro.plots.captions import readable
from leukemia_kedro.plots.study import DRAWN, LinkedStudy, Study
from leukemia_kedro.report.genes import TOP
from leukemia_kedro.report.packing import packed
from leukemia_kedro.report.wording import capital
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.thinning import thinned

BYTES_PER_VALUE = 1.25
"""Of a value of expression on the page: one byte, of which compression saves a little, and a third
more as text."""
MOST_VALUES = 3_000_000
"""Values of expression on any page: more would make a small page large."""
STEPS = 254
"""Between the lowest and the highest value of a probe. A byte holds them, and 255 for none."""
MOST_GROUPS = 6
"""Values of a covariate by which the samples of a class are told apart."""
FEW_STATISTICS = 50_000
"""Up to so many rows of contrasts, statistics have four digits; beyond it two, as in the tables."""
BESIDE = ["AveExpr", "B", "wilcoxon_p", "maxT_p"]
"""Statistics of significant and listed probes only."""
STATISTICS = ["logFC", "t", "P.Value", "adj.P.Val", *BESIDE]
P_VALUES = ("P.Value", "adj.P.Val", "wilcoxon_p", "maxT_p")


def linked_views(study: Study, room: int) -> dict[str, str]:
    """Facts as packed JSON, and expression as packed bytes; by the template's names.

    Both take about ``room`` bytes at most. Of a cohort that does not fit, samples are left out,
    evenly from each class and split, and every probe stays.
    """
    linked, split = study.linked, study.cohort.sample_split
    genes, contrasts, rankings = _genes(study), _contrasts(study), _rankings(linked)
    used = _used_genes(study)
    taken = len(packed(_json([genes, contrasts, rankings, used])))
    n_values = min((room - taken) / BYTES_PER_VALUE, MOST_VALUES)
    n_groups = len(split.drop_duplicates(["label", "split"]))
    shown = thinned(split, max(int(n_values / max(len(linked.log_expression), 1)), n_groups))
    low, step, levels = quantised(linked.log_expression[shown.index])
    facts = {
        "terms": study.cohort.terms._asdict(),
        "classes": [
            {"name": class_in_words(label), "colour": colour}
            for label, colour in style.class_colours(study.cohort.classes).items()
        ],
        "nSamples": len(split),
        "samples": _samples(study, shown),
        "genes": genes | {"low": list(low.fillna(0)), "step": _short(step)},
        "contrasts": contrasts,
        "nContrasts": len(study.contrasts.contrast_tables),
        "rankings": rankings,
        "models": _models(study, shown),
        **used,
        "projections": {
            str(method): points.set_index("sample")[["x", "y"]]
            .reindex(shown.index)
            .apply(_short)
            .to_dict("list")
            for method, points in linked.projections.groupby("method", sort=False)
        },
    }
    return {"linked_facts": packed(_json(facts)), "linked_values": packed(levels.tobytes())}


def _json(facts: Any) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def quantised(values: pd.DataFrame) -> tuple[pd.Series, pd.Series, np.ndarray]:
    """Lowest value, step and levels of each row: a value is about ``low + level * step``.

    Parameters
    ----------
    values : DataFrame, shape (n_probes, n_samples)
        log2 expression; NaN where a value is missing.

    Returns
    -------
    low, step : Series, index of ``values``
        log2. The error of a value is at most half a step, 1/508 of the range of its row.
    levels : ndarray of uint8, shape of ``values``
        0 to 254; 255 for a missing value.
    """
    low, high = values.min(axis=1), values.max(axis=1)
    # As the page reads them: a step a little longer, so that the highest level stays 254.
    low, step = low.round(5), ((high - low) / STEPS * 1.001).map(_step)
    levels = values.sub(low, axis=0).div(step, axis=0).round().clip(0, STEPS)
    return low, step, levels.fillna(STEPS + 1).to_numpy(np.uint8)


def _step(value: float) -> float:
    return float(f"{value:.4g}") or 1.0


def _samples(study: Study, shown: pd.DataFrame) -> dict[str, Any]:
    classes = study.cohort.classes
    alarms = [each["covariate"] for each in study.cohort.confounding if each["alarm"]]
    sheet = study.linked.samples.reindex(shown.index).drop(
        columns=["label", "split"], errors="ignore"
    )
    if "group" in shown:
        sheet = sheet.assign(patient=shown["group"])
    # The covariates that go with the class come first: they may be the reason of a difference.
    names = [*(name for name in alarms if name in sheet), *sheet.columns]
    quality = study.cohort.data_quality["intensity_per_sample"]
    said = identity.in_words(study.cohort.identity)
    return {
        "id": list(map(str, shown.index)),
        "label": [classes.index(label) for label in shown["label"]],
        "split": list(shown["split"]),
        "covariates": [
            {
                "name": capital(readable(name)),
                "values": ["" if pd.isna(value) else str(value) for value in sheet[name]],
                "groups": 2 <= sheet[name].nunique() <= MOST_GROUPS,
                "alarm": name in alarms,
            }
            for name in dict.fromkeys(names)
        ],
        "quality": {
            each: _short(pd.Series([quality[sample][each] for sample in shown.index]))
            for each in next(iter(quality.values()))
        },
        "notes": {
            str(sample): found
            for sample in shown.index
            if (found := [line for line in said if _names(line, str(sample))])
        },
    }


def _names(line: str, sample: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(sample)}(?!\w)", line) is not None


def _genes(study: Study) -> dict[str, Any]:
    probes = study.cohort.probes.reindex(study.linked.log_expression.index).fillna("")
    places = {probe: rank for rank, probe in enumerate(study.signature.signature["probe"], 1)}
    frequency = study.signature.signature.set_index("probe")["selection_frequency"]
    chosen = study.linked.selection_stability.set_index("probe")["selection_frequency"]
    title = probes["title"] if "title" in probes else probes["description"]
    return {
        "probe": list(map(str, probes.index)),
        "symbol": list(symbols_of(probes)),
        "description": list(probes["description"].astype(str)),
        "title": [
            "" if str(title).casefold() == str(description).casefold() else str(title)
            for title, description in zip(title, probes["description"], strict=True)
        ],
        "signature": {
            str(probe): [rank, float(frequency[probe])] for probe, rank in places.items()
        },
        "signatureSize": len(places),
        "frequency": _short(chosen.reindex(probes.index)),
    }


def _contrasts(study: Study) -> dict[str, dict[str, Any]]:
    """The statistics of the first contrasts, a value for each probe of the chip.

    ``AveExpr``, ``B`` and the like are None for a probe that is neither significant nor listed.
    """
    probes, tables = study.linked.log_expression.index, study.contrasts.contrast_tables
    shown = dict(islice(tables.items(), DRAWN))
    digits = 4 if sum(map(len, shown.values())) <= FEW_STATISTICS else 2
    stems, fdr = file_stems(tables), study.parameters.differential_expression.fdr
    found = {}
    for name, table in shown.items():
        listed = (table["adj.P.Val"] < fdr) | (np.arange(len(table)) < TOP)
        whole = table.set_index("probe")
        whole.loc[~listed.to_numpy(), whole.columns.intersection(BESIDE)] = np.nan
        found[stems[name]] = {"name": name} | {
            str(column): (_short if column in P_VALUES else _fixed)(values.reindex(probes), digits)
            for column, values in whole[whole.columns.intersection(STATISTICS)].items()
        }
    return found


def _used_genes(study: Study) -> dict[str, Any]:
    """The genes of each model as places in the list of probes, in the order of their ranking.

    Models that rank alike share a list, of which each takes so many from the start.
    """
    places = {probe: i for i, probe in enumerate(study.linked.log_expression.index)}
    used = {
        name: [places[gene] for gene in scores["genes"]]
        for name, scores in study.models.model_scores.items()
    }
    orders: list[list[int]] = []
    for genes in sorted(used.values(), key=len, reverse=True):
        if not any(order[: len(genes)] == genes for order in orders):
            orders.append(genes)
    of_models = {
        name: [
            next(i for i, order in enumerate(orders) if order[: len(genes)] == genes),
            len(genes),
        ]
        for name, genes in used.items()
    }
    return {"geneOrders": orders, "usedGenes": of_models}


def _rankings(linked: LinkedStudy) -> dict[str, list[float | None]]:
    probes = linked.log_expression.index
    return {
        readable(criterion): [
            None if pd.isna(rank) else int(rank)
            for rank in table.set_index("probe")["rank"].reindex(probes)
        ]
        for criterion, table in linked.gene_ranking.groupby("criterion", sort=False)
    }


def _models(study: Study, shown: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """What each model says of each sample: on test samples, or else out of fold."""
    out_of_fold, test = study.linked.cv_predictions, study.models.test_predictions
    return {
        readable(model): _calls(
            out_of_fold[out_of_fold["model"] == model], test[test["model"] == model], shown
        )
        for model in study.models.model_scores
    }


def _calls(cv: pd.DataFrame, test: pd.DataFrame, shown: pd.DataFrame) -> dict[str, list[Any]]:
    """Of training samples the class most often predicted, with the number of repeats that
    misclassify it, and the mean confidence."""
    wrong = (cv["predicted"] != cv["label"]).groupby(cv["sample"]).agg(["sum", "count"])
    often = cv.groupby("sample")["predicted"].agg(lambda found: found.mode().iloc[0])
    of_test = test.set_index("sample")
    table = pd.DataFrame(index=shown.index).assign(
        predicted=pd.concat([often, of_test["predicted"]]).map(class_in_words),
        confidence=pd.concat([cv.groupby("sample")["confidence"].mean(), of_test["confidence"]]),
        call=of_test["call"].map(class_in_words) if len(of_test) else "",
        wrong=wrong["sum"],
        repeats=wrong["count"],
    )
    return {str(name): _values(column) for name, column in table.items()}


def _values(column: pd.Series) -> list[Any]:
    if pd.api.types.is_numeric_dtype(column):
        return _short(column)
    return ["" if pd.isna(value) else str(value) for value in column]


def _short(values: pd.Series, digits: int = 4) -> list[float | None]:
    """With so many significant digits; None where there is no number."""
    return [_plain(float(f"{value:.{digits}g}")) for value in values]


def _fixed(values: pd.Series, digits: int) -> list[float | None]:
    """With so many digits behind the point; None where there is no number."""
    return [_plain(value) for value in values.astype(float).round(digits)]


def _plain(value: float) -> float | None:
    """As JSON writes it shortest: a whole number without a point."""
    if not np.isfinite(value):
        return None
    return int(value) if value == int(value) else value
