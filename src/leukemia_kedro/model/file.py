"""Model files: a fitted pipeline, what it remembers of its training samples, and its card.

A model file is one zip in the skops format, which rebuilds objects from plain data and cannot
execute code. It holds

- ``schema.json`` and arrays: the pipeline, its :class:`.TrainingReference` and its
  :class:`.ConformalSets`, as skops describes them;
- ``card.json``: what the model is, for people and programs, in plain JSON;
- ``SHA256SUMS``: a checksum of every other part, in the layout that ``sha256sum -c`` reads;
- ``SIGNATURE``, where a key was given: a signature of the checksums
  (:mod:`leukemia_kedro.model.signature`).

Four checks stand before a prediction. The zip is whole and does not unpack to more than a model
needs (:mod:`~leukemia_kedro.model.archive`). Its schema asks for this project's types only, each
by its own loader (:mod:`~leukemia_kedro.model.schema`); then the objects are built. Each holds
what its type may hold, in the order of this project's pipeline
(:mod:`~leukemia_kedro.model.contents`). The card is valid and says what the pipeline says
(:mod:`~leukemia_kedro.model.card`). Last, the model judges a made-up sample.

The checksums tell a file that was damaged or edited; they do not tell a forgery, because whoever
forges a part can compute its checksum as well. A forged file cannot run code or crash the process,
but its calls may be wrong: take models from people you trust, or share a key with them.

The same model gives the same file, byte for byte, on the same day (``date`` on its card).
"""

from __future__ import annotations

import json
import logging
import warnings
from copy import copy
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

from leukemia_kedro.errors import UserError
from leukemia_kedro.model.archive import (
    ADVICE,
    SCHEMA,
    Archive,
    canonical_parts,
    read_archive,
    write_archive,
)
from leukemia_kedro.model.card import (
    Card,
    LeftOutCard,
    check_card,
    other_versions,
    read_card,
)
from leukemia_kedro.model.conformal import ConformalSets
from leukemia_kedro.model.contents import TRUSTED_TYPES, check_memory, check_pipeline
from leukemia_kedro.model.fitted import FittedModel
from leukemia_kedro.model.schema import LOADERS, UntrustedTypesError, check_schema
from leukemia_kedro.model.signature import CHECKED, NOT_CHECKED, UNSIGNED, check_signature, read_key
from leukemia_kedro.model.training_reference import TrainingReference

FORMAT = "leukemia-kedro model, version 3"
CARD = "card.json"

SIGNATURES = {
    CHECKED: "signature checked",
    NOT_CHECKED: "signed, signature not checked: no key was given (check_with)",
    UNSIGNED: "not signed: no key was given (sign_with)",
}

logger = logging.getLogger(__name__)


def write_model(model: FittedModel, path: Path, sign_with: Path | None = None) -> None:
    """Write ``model`` to ``path``, whole or not at all, signed with the key in ``sign_with``."""
    import skops.io

    key = read_key(sign_with) if sign_with else None
    pipeline = _with_names_as_text(model.pipeline)
    reference = asdict(model.reference) if model.reference else None
    conformal = asdict(model.conformal) if model.conformal else None
    dump = skops.io.dumps({"pipeline": pipeline, "reference": reference, "conformal": conformal})
    stated = {"format": FORMAT, **model.card}
    stated.pop("signature", None)  # of the file that it was read from
    card = json.dumps(stated, indent=2, ensure_ascii=False, allow_nan=False)
    write_archive(canonical_parts(dump) | {CARD: card.encode()}, path, key)


def read_model(path: Path, check_with: Path | None = None) -> FittedModel:
    """Read what :func:`write_model` wrote, and warn of other versions in the log.

    Parameters
    ----------
    path : Path
    check_with : Path or None
        File of the key that the model must have been signed with.

    Raises
    ------
    UserError
        The file is not a model file of this project, is not whole, was edited, is not signed with
        the key, or holds what no model of this project holds. Nothing of it has been executed.
    """
    archive = read_archive(path, required=CARD)
    signed = check_signature(archive, path, check_with)
    try:
        found = _stated_format(archive.parts[CARD])
        if found != FORMAT:
            raise UserError(f"{path}: its format is {found!r}; expected {FORMAT!r}.\n{ADVICE}")
        card = read_card(archive.parts[CARD])
        model = _rebuilt(archive, card)
    except UserError:
        raise
    except UntrustedTypesError as error:
        raise UserError(
            f"{path}: refused, nothing of it has been executed. {error}. If you know the type, add "
            "it to CLASSIFIERS in src/leukemia_kedro/model/classifier_contents.py. If an older "
            f"version of this project wrote the file: {ADVICE}"
        ) from error
    except Exception as error:  # whatever a hostile or foreign schema provokes
        raise UserError(
            f"{path}: refused, its content is not that of a model of this project "
            f"({type(error).__name__}: {error}).\n{ADVICE}"
        ) from error
    if isinstance(card, Card) and (others := other_versions(card)):
        logger.warning(
            "%s: trained with %s; its calls may differ. %s", path, "; ".join(others), ADVICE
        )
    if signed != UNSIGNED or model.card.get("name"):  # of every model would be a line too many
        logger.info("%s: %s", path, SIGNATURES[signed])
    return replace(model, card=model.card | {"signature": signed})


def _stated_format(card: bytes) -> Any:
    content = json.loads(card)
    if not isinstance(content, dict):
        raise ValueError(f"its card is a {type(content).__name__}")
    return content.get("format")


def _rebuilt(archive: Archive, card: Card | LeftOutCard) -> FittedModel:
    """The model of a file, each object of it checked; of any error: refused."""
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    check_schema(json.loads(archive.parts[SCHEMA]), archive.parts, TRUSTED_TYPES)
    with warnings.catch_warnings():  # one line of the log instead of one for each estimator
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        built = skops.io.loads(archive.content, trusted=[*TRUSTED_TYPES, *chain(*LOADERS.values())])
    stated = json.loads(archive.parts[CARD])
    if isinstance(card, LeftOutCard):
        if built != dict.fromkeys(("pipeline", "reference", "conformal")):
            raise ValueError("its card says that the model was left out, and there is one")
        return FittedModel(None, stated)
    pipeline = built["pipeline"]
    check_pipeline(pipeline)
    reference = TrainingReference.of_arrays(built["reference"])
    conformal = ConformalSets(**built["conformal"])
    check_memory(pipeline, reference, conformal)
    check_card(card, pipeline, conformal)
    model = FittedModel(pipeline, stated, reference, conformal)
    model.try_out()
    return model


def load_champion(path: str | Path, check_with: str | Path | None = None) -> FittedModel:
    """Open a model file, the champion's or any other's, to call new samples with.

    Parameters
    ----------
    path : str or Path
        Such as ``data/06_models/golub/champion.skops``.
    check_with : str or Path, optional
        File of the key that the model must have been signed with. ``card["signature"]`` says
        whether it was checked.

    Raises
    ------
    UserError
        The file is not a whole model file of this project, or holds no model.

    Examples
    --------
    .. code-block:: python

        from leukemia_kedro import load_champion

        table = pandas.read_csv("new_samples.csv", index_col="sample")  # samples × probes
        calls = load_champion("data/06_models/golub/champion.skops").predict(table)
    """
    model = read_model(Path(path), None if check_with is None else Path(check_with))
    if model.left_out:
        raise UserError(f"{path}: the model was left out of the run: {model.left_out}")
    return model


def _with_names_as_text(pipeline: Any) -> Any:
    """The pipeline with its probe names in one array of text.

    Of scikit-learn's array of objects skops makes a part of its own for each of thousands of
    names, nine tenths of the time that writing and reading take.
    """
    if not hasattr(pipeline, "feature_names_in_"):
        return pipeline
    (name, first), *others = pipeline.steps
    first = copy(first)
    first.feature_names_in_ = first.feature_names_in_.astype(str)
    renamed = copy(pipeline)
    renamed.steps = [(name, first), *others]
    return renamed
