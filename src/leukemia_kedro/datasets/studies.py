"""Several cohorts as one, on the genes that all of them measure."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.matching import by_gene, on_scale_of
from leukemia_kedro.cohort.selection import STUDY
from leukemia_kedro.datasets.files import CSVDataset, ParquetDataset, SamplesDataset
from leukemia_kedro.datasets.raw_files import probe_table
from leukemia_kedro.errors import CohortError, UserError, first_few
from leukemia_kedro.parameters import CohortParameters

FEWEST = 2
FILES = ("expression.parquet", "samples.csv", "probes.csv")
"""What ``data_processing`` writes of each cohort."""
OPTIONS = ("filepath", "scale", "floor", "ceiling", "label")


class StudiesDataset(AbstractDataset[Cohort, Cohort]):
    """Cohorts that have been through ``data_processing``, as one cohort of log2 values.

    Where every study knows the genes of its probes (column ``symbol``), a value is the mean, as
    measured, of a study's probes of the gene; a probe of several genes counts for each. Else
    probes are matched by name. Genes that one of the studies does not measure are left out. A
    sample is called ``<study>_<sample>``, and its covariate ``study`` names the study. The split
    of each study is not used. Counts become log2 counts per million of the genes in common,
    each sample by itself. Nothing is learned from the values.

    Parameters
    ----------
    studies : dict
        By the name of the study: ``filepath``, the folder ``data/02_intermediate/<cohort>``;
        ``scale``, ``floor`` and ``ceiling`` of its values, as its environment states them under
        ``cohort``; and ``label``, the column of its samples that holds the class, ``label`` where
        not stated.
    metadata : dict, optional
        For plugins such as Kedro-Viz.

    Raises
    ------
    CohortError
        There are fewer than two studies, one lacks files or the column, or they have no gene in
        common.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.StudiesDataset
          studies:
            golub: {filepath: data/02_intermediate/golub, scale: raw, floor: 100, ceiling: 16000}
            mll: {filepath: data/02_intermediate/mll, scale: raw, floor: 100, ceiling: 16000}
            chiaretti: {filepath: data/02_intermediate/chiaretti, scale: log2}
    """

    def __init__(
        self, *, studies: dict[str, dict[str, Any]], metadata: dict[str, Any] | None = None
    ) -> None:
        self._studies = studies
        self.metadata = metadata

    def load(self) -> Cohort:
        if len(self._studies) < FEWEST:
            raise UserError(f"studies names {len(self._studies)}; expected two or more")
        read = {name: _read(name, settings) for name, settings in self._studies.items()}
        with_symbols = all("symbol" in probes for _, _, probes in read.values())
        matched = {
            name: by_gene(values, probes["symbol"], self._studies[name]["scale"])
            if with_symbols
            else values
            for name, (values, _, probes) in read.items()
        }
        genes = reduce(pd.Index.intersection, [values.columns for values in matched.values()])
        if genes.empty:
            found = "; ".join(f"{name}: {first_few(matched[name].columns)}" for name in matched)
            lacking = [name for name, (_, _, probes) in read.items() if "symbol" not in probes]
            advice = (
                f". {first_few(lacking)} has no column symbol in its probes.csv: give the "
                "annotation (catalog entry chip_annotation) and run data_processing again"
            )
            raise CohortError(
                f"the studies have no {'gene' if with_symbols else 'id'} in common: {found}"
                f"{advice if lacking else ''}"
            )
        genes = genes.sort_values()
        log2 = [_in_log2(matched[name][genes], self._studies[name]) for name in matched]
        tables = [samples for _, samples, _ in read.values()]
        sizes = ", ".join(f"{name} {len(samples)}" for name, (_, samples, _) in read.items())
        return Cohort(
            pd.concat(log2).rename_axis("sample").rename_axis("probe", axis=1),
            pd.concat(tables).rename_axis("sample"),
            _genes(genes, [probes for _, _, probes in read.values()], with_symbols),
            f"{len(read)} studies as one, on the {len(genes):,} genes that all of them measure "
            f"({sizes})",
        )

    def save(self, data: Cohort) -> None:
        raise DatasetError("StudiesDataset only reads what each study's data_processing wrote")

    def _describe(self) -> dict[str, Any]:
        return {"studies": self._studies}

    def _exists(self) -> bool:
        folders = [Path(settings.get("filepath", "")) for settings in self._studies.values()]
        return all((folder / file).exists() for folder in folders for file in FILES)


def _read(name: str, settings: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Values as measured (samples × probes), samples and probes of a study."""
    if unknown := sorted(set(settings) - set(OPTIONS)):
        raise UserError(f"study {name}: unknown {unknown[0]!r}; expected {first_few(OPTIONS)}")
    if not (settings.get("filepath") and settings.get("scale")):
        raise UserError(f"study {name}: state its filepath and its scale, raw, log2 or counts")
    folder = Path(settings["filepath"])
    lacking = [file for file in FILES if not (folder / file).exists()]
    if lacking:
        raise CohortError(
            f"study {name}: {folder} lacks {first_few(lacking)}. To make them: "
            f"kedro run --env {folder.name} --pipelines data_processing"
        )
    values, samples, probes = (str(folder / file) for file in FILES)
    table = SamplesDataset(filepath=samples).load()
    label = settings.get("label", "label")
    if label not in table:
        raise CohortError(
            f"study {name}: label is {label!r}, which is no column of {samples}; expected one of "
            f"{first_few(table.columns, 20)}"
        )
    of_study = f"{name}_" + table.index
    facts = table.drop(columns=["label", "split", STUDY], errors="ignore")
    facts = facts.assign(label=table[label].astype(object).where(table[label].notna(), None))
    facts.insert(0, STUDY, name)
    known = CSVDataset(filepath=probes, load_args={"index_col": "probe"}).load()
    known = known[~known["is_control"]]
    measured = ParquetDataset(filepath=values).load().loc[known.index, table.index].T
    return measured.set_axis(of_study), facts.set_axis(of_study), known


def _in_log2(values: pd.DataFrame, settings: dict[str, Any]) -> pd.DataFrame:
    stated = {key: settings[key] for key in ("scale", "floor", "ceiling") if key in settings}
    return on_scale_of(values, CohortParameters(**stated), "log2").astype(np.float64)


def _genes(genes: pd.Index, tables: list[pd.DataFrame], with_symbols: bool) -> pd.DataFrame:
    """The probes of the joined cohort: genes with the title that the first study gives them."""
    if not with_symbols:
        return probe_table(list(genes), {"description": list(tables[0].loc[genes, "description"])})
    titles = tables[0].drop_duplicates("symbol").set_index("symbol")["description"]
    described = list(titles.reindex(genes).fillna(""))
    return probe_table(list(genes), {"description": described, "symbol": list(genes)})
