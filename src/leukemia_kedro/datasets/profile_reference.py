"""What all models of a run remember of whole profiles, as a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.datasets.files import _LocalDataset
from leukemia_kedro.model.training_reference import ProfileReference


class ProfileReferenceDataset(_LocalDataset):
    """Arrays by name in NumPy's format, which keeps every bit and cannot hold code."""

    def save(self, data: ProfileReference) -> None:
        arrays = asdict(data)
        arrays |= {f"space.{name}": value for name, value in arrays.pop("space").items()}
        with written_whole(self._filepath) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)

    def load(self) -> ProfileReference:
        arrays: dict[str, Any] = {"space": {}}
        with np.load(self._filepath, allow_pickle=False) as stored:
            for name in stored.files:
                value = stored[name] if stored[name].ndim else stored[name].item()
                of_space, _, own = name.rpartition(".")
                (arrays["space"] if of_space else arrays)[own] = value
        return ProfileReference.of_arrays(arrays)
