"""Versions of the software that results depend on."""

from contextlib import suppress
from functools import cache
from importlib import metadata
from platform import python_version

SOFTWARE = (
    "leukemia-kedro", "formulaic", "itables", "joblib", "kedro", "kedro-datasets", "matplotlib",
    "numpy", "pandas", "plotly", "pyarrow", "scikit-learn", "scipy", "skops", "statsmodels",
    "umap-learn", "xgboost", "xgboost-cpu",
)  # fmt: skip
"""Distributions whose version can change a number or a figure."""


@cache
def package_versions() -> dict[str, str]:
    """Version of Python and of each installed package of :data:`SOFTWARE`."""
    versions = {"python": python_version()}
    for name in SOFTWARE:
        with suppress(metadata.PackageNotFoundError):  # xgboost comes under either of two names
            versions[name] = metadata.version(name)
    return versions
