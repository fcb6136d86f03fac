"""Files as AnnData itself writes them, for tests/datasets/test_h5ad.py to read.

Run by an environment of its own that holds anndata, because no version of it for Python 3.11 works
with the project's pandas:

    python tests/golden/make_h5ad.py tests/golden/h5ad/anndata_0.13.h5ad.gz
"""

import gzip
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

counts = np.array([[5, 0, 12, 7], [1, 30, 2, 0], [0, 9, 4, 11]])
obs = pd.DataFrame(
    {
        "class": pd.Categorical(["ALL", "AML", "ALL"]),
        "age": [7, 54, 12],
        "blasts": [0.5, np.nan, 0.25],
        "sex": pd.Categorical(["f", None, "m"]),
        "ward": ["north", "south", "north"],
        "relapse": pd.array([True, None, False], dtype="boolean"),
        "visits": pd.array([1, None, 3], dtype="Int64"),
    },
    index=["s1", "s2", "s3"],
)
genes = ["ENSG00000000003.15", "ENSG00000000005.6", "ENSG00000000419.14", "ENSG00000000457.14"]
var = pd.DataFrame(
    {"symbol": ["TSPAN6", "TNMD", "DPM1", "SCYL3"], "length": [4536, 1476, 1207, 6883]}, index=genes
)
data = anndata.AnnData(np.log2(counts + 1).astype(np.float32), obs=obs, var=var)
data.layers["counts"] = sparse.csr_matrix(counts)
data.layers["columns"] = sparse.csc_matrix(counts.astype(np.float32))
data.layers["dense"] = counts
with TemporaryDirectory() as folder:
    path = Path(folder) / "cohort.h5ad"
    data.write_h5ad(path)
    Path(sys.argv[1]).write_bytes(gzip.compress(path.read_bytes(), mtime=0))
