"""The block ``compute``: where the work is done."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from leukemia_kedro.parameters.block import Block


class ComputeParameters(Block):
    """Where resampling, permutations and rankings are computed. Results do not depend on it."""

    n_jobs: int = -1
    """Parallel workers of this machine; −1: one per core, −2: all cores but one, and so on."""
    backend: Literal["local", "dask"] = "local"
    """``local``: the cores of this machine; ``dask``: the workers of a Dask cluster."""
    scheduler: str | None = None
    """Address of the cluster's scheduler, such as ``tcp://192.168.0.2:8786``; where not stated,
    the cluster is ``n_jobs`` worker processes of this machine."""

    @model_validator(mode="after")
    def _works(self):
        if self.n_jobs == 0:
            raise ValueError("n_jobs is 0; expected at least 1, or -1 for one per core")
        if self.scheduler is not None and self.backend != "dask":
            raise ValueError(f"scheduler is {self.scheduler}: it needs backend: dask")
        return self
