"""The models of the project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from leukemia_kedro.errors import UserError

BLOCKS = Path("conf", "base", "parameters_models.yml")
CHECKOUT = Path(__file__).resolve().parents[3]


def model_names() -> tuple[str, ...]:
    """Names of the models, simplest first: the blocks of ``conf/base/parameters_models.yml``.

    The order is the one in which the one-standard-error rule prefers them. The file is that of the
    project around the current folder, or else of the checkout that holds this code. Kedro makes
    the pipelines before it knows the environment, so a model of an environment alone cannot be.

    Raises
    ------
    UserError
        There is no such file.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, CHECKOUT):
        if (folder / BLOCKS).is_file():
            return _names(folder / BLOCKS)
    raise UserError(f"no {BLOCKS} in {here} or above it: run Kedro in the folder of the project")


@cache
def _names(file: Path) -> tuple[str, ...]:
    import yaml

    try:
        return tuple(yaml.safe_load(file.read_text(encoding="utf-8"))["models"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{file}: expected a block for each model under models: {error}") from error
