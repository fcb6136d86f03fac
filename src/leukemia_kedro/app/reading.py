"""A table that was dropped on the page: read as ``new_samples`` of a run is, and not kept."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.terms import terms_of
from leukemia_kedro.compute.file_names import file_stem
from leukemia_kedro.errors import UserError

if TYPE_CHECKING:
    from leukemia_kedro.model.fitted import FittedModel

ADVICE = (
    "Change the table, or the choice of column or row, and drop it again. Where the table itself "
    "cannot be changed, a catalog entry can describe it, for kedro run --pipelines inference."
)


def read_table(name: str, content: bytes, samples: str, label: str | None) -> Cohort:
    """The samples of a table, as :class:`~leukemia_kedro.datasets.NewSamplesDataset` reads them.

    Parameters
    ----------
    name : str
        Of the file; its ending says what it is.
    content : bytes
    samples : {"columns", "rows"}
    label : str, optional
        Row or column of known classes.

    Raises
    ------
    UserError
        Names the file as it was dropped.
    """
    from leukemia_kedro.datasets import NewSamplesDataset
    from leukemia_kedro.run.user_message import user_message

    with ExitStack() as kept, TemporaryDirectory(prefix="leukemia-kedro-") as folder:
        path = Path(folder, file_stem(name))  # the end of a long name stays
        try:
            _hold(path, content, kept)
            dataset = NewSamplesDataset(filepath=str(path), samples=samples, label=label)
            dataset._advice = ADVICE
            return dataset.load()
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            told = message.replace(f"{folder}/", "").replace(folder, "")
            if told.startswith(path.name):
                told = f"{name}{told.removeprefix(path.name)}"
            raise UserError(told) from error


def _hold(path: Path, content: bytes, kept: ExitStack) -> None:
    """Let the path name the content, in memory until ``kept`` is closed where the system can.

    Patients' values then never reach a disk, however the process ends.
    """
    if not hasattr(os, "memfd_create"):  # Linux has it
        path.write_bytes(content)
        return
    memory = kept.enter_context(os.fdopen(os.memfd_create("table"), "wb"))
    memory.write(content)
    memory.flush()
    path.symlink_to(f"/proc/{os.getpid()}/fd/{memory.fileno()}")


def what_was_read(samples: Cohort, model: FittedModel) -> dict[str, str]:
    """What the table was understood as, in words: each property and what was found."""
    probes, genes = samples.expression.columns, model.pipeline[:-1].get_feature_names_out()
    taken = model.pipeline.feature_names_in_
    known = np.isin(taken, probes)
    method, terms = model.pipeline["normalise"].method, terms_of(model.card["scale"])
    values = samples.expression[taken[known]].to_numpy()
    found = {
        "Samples": _some(list(samples.expression.index)),
        f"{terms.row.capitalize()}s": f"{len(probes)}, among them {known.sum()} of the "
        f"{len(taken)} of the model and {np.isin(genes, probes).sum()} of the {len(genes)} genes "
        "it calls by",
        "Missing values": f"{np.isnan(values).sum()} in the model's {terms.row}s",
        "Normalisation": "none" if method == "none" else f"{method}, each {terms.column} by itself",
    }
    if values.size and not np.isnan(values).all():
        low, middle, high = np.nanquantile(values, [0.05, 0.5, 0.95])
        scale = model.card["scale"]
        found["Values"] = (
            f"5 % below {low:.4g}, half below {middle:.4g}, 95 % below {high:.4g}; the model takes "
            f"{scale if scale == 'counts' else f'{scale} values'}"
        )
    if samples.labels is not None:
        counts = samples.labels.value_counts(dropna=False)
        found["Known classes"] = ", ".join(f"{name} {n}" for name, n in counts.items())
    if samples.remarks:
        found["Remarks"] = "; ".join(samples.remarks)
    return found


def _some(names: list[str]) -> str:
    shown = ", ".join(map(str, names[:5]))
    return f"{len(names)}: {shown}{' …' if len(names) > 5 else ''}"
