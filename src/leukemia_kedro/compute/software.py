"""Versions of the software that results depend on."""

from functools import cache
from importlib import metadata
from platform import python_version

SOFTWARE = (
    "leukemia-kedro",
    "formulaic",
    "itables",
    "joblib",
    "kedro",
    "kedro-datasets",
    "matplotlib",
    "numpy",
    "pandas",
    "plotly",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "skops",
    "statsmodels",
    "umap-learn",
    "xgboost",
    "xgboost-cpu",
)
"""Distributions whose version can change a number or a figure."""


@cache
def package_versions() -> dict[str, str]:
    """Version of Python and of each installed package of :data:`SOFTWARE`."""
    installed = {}
    for name in SOFTWARE:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # xgboost comes under either of two names
    return {"python": python_version(), **installed}
