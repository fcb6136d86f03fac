"""Model files with one thing changed: a bit, an array, a node of the schema, an entry of the card.

Run as a program it opens many of them, so that a crash ends this process and not the tests::

    python -m helpers.forged_models FOLDER SEED NUMBER

FOLDER holds model files and ``samples.csv``. Each forged file must be refused with a message, or
predict without an error; where its checksums were not computed again, it must predict as before.
"""

import copy
import faulthandler
import hashlib
import io
import json
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

SECONDS = 60  # for one file, on a busy machine
ODD = (-1, 0, 1, 2, 2**31, 2**63, -(2**63), 10**30, 1e308, "nan", None, True, "", "x", [], {}, [[]])
NAMES = (
    "sklearn.pipeline.Pipeline", "sklearn.tree._tree.Tree", "sklearn.svm._classes.SVC",
    "xgboost.core.Booster", "sklearn.pipeline.FeatureUnion", "os.system", "builtins.dict",
    "sklearn.calibration.CalibratedClassifierCV", "numpy.ndarray", "sklearn.dummy.DummyClassifier",
)  # fmt: skip


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    """A model file of these parts, with checksums that are right."""
    parts = {name: part for name, part in parts.items() if name not in ("SHA256SUMS", "SIGNATURE")}
    sums = [f"{hashlib.sha256(part).hexdigest()}  {name}\n" for name, part in parts.items()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (parts | {"SHA256SUMS": "".join(sums).encode()}).items():
            archive.writestr(name, part)
    return buffer.getvalue()


def with_a_bit_flipped(path, rng):
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return bytes(content)


def with_an_array_changed(path, rng):
    """Bytes of an array, of its head now and then, or another shape, kind or order."""
    parts = parts_of(path)
    name = rng.choice([name for name in parts if not name.endswith(("json", "SUMS"))])
    content = bytearray(parts[name])
    way = rng.integers(4)
    if way == 0 or not name.endswith("npy"):
        for _ in range(rng.integers(1, 4)):
            content[rng.integers(len(content))] = rng.integers(256)
    elif way == 1:  # a whole value of eight bytes
        start = 128 + 8 * int(rng.integers(max(1, (len(content) - 128) // 8)))
        odd = (2**63, 2**64 - 1, 2**31, 2**40, 0x7FF8 << 48, 1, 50, 10**6)[rng.integers(8)]
        content[start : start + 8] = odd.to_bytes(8, "little")
    else:
        array = np.load(io.BytesIO(content), allow_pickle=False)
        changes = (
            lambda a: a.reshape(-1)[: a.size // 2], lambda a: np.concatenate([a, a]),
            lambda a: a[None], lambda a: a.reshape(-1), lambda a: np.asfortranarray(a.T),
            lambda a: a.astype(str) if a.dtype.names is None else a[:0],
            lambda a: a.astype("f4") if a.dtype.kind == "f" else a[..., :0],
            lambda a: a.astype(a.dtype.newbyteorder()), lambda a: np.zeros_like(a),
        )  # fmt: skip
        buffer = io.BytesIO()
        try:
            np.save(buffer, changes[rng.integers(len(changes))](array), allow_pickle=False)
        except (ValueError, IndexError):
            return packed(parts | {name: bytes(content[:-1])})
        content = buffer.getvalue()
    return packed(parts | {name: bytes(content)})


def _places(item, places):
    if isinstance(item, dict):
        places += [(item, key) for key in item]
        for value in item.values():
            _places(value, places)
    elif isinstance(item, list):
        places += [(item, number) for number in range(len(item))]
        for value in item:
            _places(value, places)
    return places


def _changed(text: bytes, rng) -> bytes:
    content = json.loads(text)
    for _ in range(rng.integers(1, 3)):
        places = _places(content, [])
        holder, key = places[rng.integers(len(places))]
        way = rng.integers(5)
        if way == 0:
            del holder[key]
        elif way == 1:
            other, name = places[rng.integers(len(places))]
            holder[key] = copy.deepcopy(other[name])
        elif way == 2 and isinstance(holder, dict) and "__class__" in holder:
            module, _, kind = str(rng.choice(NAMES)).rpartition(".")
            holder |= {"__module__": module, "__class__": kind}
        elif way == 3 and isinstance(holder, dict) and holder.get("__loader__") == "JsonNode":
            holder["content"] = json.dumps(ODD[rng.integers(len(ODD))])
        elif way == 4 and isinstance(holder[key], str):
            texts = [other[name] for other, name in places if isinstance(other[name], str)]
            holder[key] = texts[rng.integers(len(texts))]
        else:
            holder[key] = ODD[rng.integers(len(ODD))]
    return json.dumps(content).encode()


def with_the_schema_changed(path, rng):
    parts = parts_of(path)
    return packed(parts | {"schema.json": _changed(parts["schema.json"], rng)})


def with_scalars_changed(path, rng):
    """Numbers and words of the schema only: what reaches the objects most often."""
    parts = parts_of(path)
    schema = json.loads(parts["schema.json"])
    scalars = [
        holder
        for holder, key in _places(schema, [])
        if key == "content" and holder.get("__loader__") == "JsonNode"
    ]
    for _ in range(rng.integers(1, 3)):
        scalars[rng.integers(len(scalars))]["content"] = json.dumps(ODD[rng.integers(len(ODD))])
    return packed(parts | {"schema.json": json.dumps(schema).encode()})


def with_the_card_changed(path, rng):
    parts = parts_of(path)
    return packed(parts | {"card.json": _changed(parts["card.json"], rng)})


def with_the_trees_changed(path, rng):
    """XGBoost's trees; of another model, an array."""
    parts = parts_of(path)
    name = next((name for name in parts if name.endswith(".bin")), None)
    if name is None:
        return with_an_array_changed(path, rng)
    text = json.dumps(json.loads(_changed(parts[name], rng)), separators=(",", ":"))
    return packed(parts | {name: text.encode()})


WAYS = (
    with_a_bit_flipped, with_an_array_changed, with_the_schema_changed, with_scalars_changed,
    with_the_card_changed, with_the_trees_changed,
)  # fmt: skip


def main(folder: Path, seed: int, number: int) -> None:
    from leukemia_kedro.errors import UserError
    from leukemia_kedro.model.file import read_model

    warnings.simplefilter("ignore")
    models = sorted(folder.glob("*.skops"))
    samples = pd.read_csv(folder / "samples.csv", index_col=0)
    before = {path: read_model(path).predict(samples) for path in models}
    rng, outcomes = np.random.default_rng(seed), {"refused": 0, "read": 0, "failed": []}
    for trial in range(number):
        path, way = models[trial % len(models)], WAYS[trial // len(models) % len(WAYS)]
        forged = folder / "forged"
        forged.write_bytes(way(path, rng))
        print(trial, path.name, way.__name__, file=sys.stderr, flush=True)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            calls = read_model(forged).predict(samples)
            if way is with_a_bit_flipped:
                pd.testing.assert_frame_equal(calls, before[path])
            outcomes["read"] += 1
        except UserError:
            outcomes["refused"] += 1
        except Exception as error:
            outcomes["failed"].append(f"{trial} {path.name} {way.__name__}: {error!r}"[:300])
        faulthandler.cancel_dump_traceback_later()
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
