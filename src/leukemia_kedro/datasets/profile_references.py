"""What the models of a run remember of whole profiles, as a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.datasets.files import _LocalDataset
from leukemia_kedro.model.training_reference import ProfileReference


class ProfileReferencesDataset(_LocalDataset):
    """By name, each as arrays in NumPy's format, which keeps every bit and cannot hold code."""

    def save(self, data: dict[str, ProfileReference]) -> None:
        arrays: dict[str, Any] = {}
        for name, reference in data.items():
            parts = asdict(reference)
            parts |= {f"space.{part}": value for part, value in parts.pop("space").items()}
            arrays |= {f"{name}/{part}": value for part, value in parts.items()}
        with written_whole(self._filepath) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)

    def load(self) -> dict[str, ProfileReference]:
        found: dict[str, dict[str, Any]] = {}
        with np.load(self._filepath, allow_pickle=False) as stored:
            for path in stored.files:
                value = stored[path] if stored[path].ndim else stored[path].item()
                name, _, part = path.partition("/")
                parts = found.setdefault(name, {"space": {}})
                of_space, _, own = part.rpartition(".")
                (parts["space"] if of_space else parts)[own] = value
        return {name: ProfileReference.of_arrays(parts) for name, parts in found.items()}
