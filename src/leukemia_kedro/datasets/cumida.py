"""CuMiDa: 78 curated cancer data sets of one layout."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from leukemia_kedro.datasets.expression_table import ExpressionTableDataset
from leukemia_kedro.datasets.simulated import simulate_cohort

FIRST_PROBES = [
    "1007_s_at", "1053_at", "117_at", "121_at", "1255_g_at", "1294_at", "1316_at", "1320_at",
]  # fmt: skip
LAST_PROBES = [
    "AFFX-r2-Hs28SrRNA-5_at", "AFFX-r2-Hs28SrRNA-M_at", "AFFX-r2-P1-cre-3_at",
    "AFFX-r2-P1-cre-5_at", "AFFX-ThrX-3_at", "AFFX-ThrX-5_at", "AFFX-ThrX-M_at",
    "AFFX-TrpnX-3_at", "AFFX-TrpnX-5_at", "AFFX-TrpnX-M_at",
]  # fmt: skip


class CumidaDataset(ExpressionTableDataset):
    """A CuMiDa data set: columns ``samples``, ``type``, then probes; log2 (RMA), no given split.

    Parameters
    ----------
    label : str, optional
        ``type``; null for samples without labels, whose file has no such column.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.CumidaDataset
          filepath: data/01_raw/cumida/Leukemia_GSE9476.csv

    References
    ----------
    Feltes et al. 2019, CuMiDa: an extensively curated microarray database for benchmarking and
    testing of machine learning approaches in cancer research, J. Comput. Biol. 26:376-386.
    """

    _advice = "To fetch a fresh copy of Leukemia_GSE9476: kedro fetch cumida"

    def __init__(self, *, filepath: str, label: str | None = "type", **kwargs: Any) -> None:
        super().__init__(filepath=filepath, sample_id="samples", label=label, **kwargs)
        data_set = PurePosixPath(self._filepath).name.split(".")[0]
        self._origin = f"CuMiDa {data_set} (Feltes et al. 2019, J. Comput. Biol. 26:376)"


def rehearse_gse9476(seed: int = 0) -> pd.DataFrame:
    """A simulated table of Leukemia_GSE9476's exact layout, to rehearse with before fetching it.

    Shape (64, 2 + 22283): ``samples``, ``type`` and probes on the log2 scale, with the classes,
    first and last probe ids and first sample ids of the real file. To be written without index.
    """
    classes = {"Bone_Marrow_CD34": 8, "Bone_Marrow": 10, "AML": 26, "PB": 10, "PBSC_CD34": 10}
    cohort = simulate_cohort(
        n_samples=classes, n_probes=22283, effect_size=1.5, scale="log2", seed=seed
    )
    controls = cohort.probes["is_control"]
    names = [*controls.index[~controls], *controls.index[controls]]
    # RMA's weakest signals gather above log2 of the background
    table = pd.DataFrame(np.log2(16 + 2 ** cohort.expression[names]))
    table.columns = FIRST_PROBES + names[len(FIRST_PROBES) : -len(LAST_PROBES)] + LAST_PROBES
    table.insert(0, "samples", [1, *range(12, 12 + len(table) - 1)])
    table.insert(1, "type", cohort.labels)
    return table
