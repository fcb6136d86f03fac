"""What the models of a run remember of whole profiles, as a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.datasets.files import _LocalDataset
from leukemia_kedro.model.training_reference import ProfileReference


class ProfileReferenceDataset(_LocalDataset):
    """Arrays in NumPy's format, which keeps every bit and cannot hold code."""

    def save(self, data: ProfileReference) -> None:
        parts: dict[str, Any] = asdict(data)
        parts |= {f"space.{name}": value for name, value in parts.pop("space").items()}
        with written_whole(self._filepath) as partial, partial.open("wb") as file:
            np.savez(file, **parts)

    def load(self) -> ProfileReference:
        parts: dict[str, Any] = {"space": {}}
        with np.load(self._filepath, allow_pickle=False) as stored:
            for path in stored.files:
                value = stored[path] if stored[path].ndim else stored[path].item()
                of_space, _, name = path.rpartition(".")
                (parts["space"] if of_space else parts)[name] = value
        return ProfileReference.of_arrays(parts)
