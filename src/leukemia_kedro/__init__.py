"""Classify leukemias from gene expression and find the genes that differ between them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leukemia_kedro.model.file import load_champion

__version__ = "0.1.0"
__all__ = ["load_champion"]


def __getattr__(name: str):
    # Every command imports the package; only who opens a model pays for scikit-learn.
    if name == "load_champion":
        from leukemia_kedro.model.file import load_champion

        return load_champion
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
