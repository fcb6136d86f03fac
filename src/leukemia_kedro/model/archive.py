"""The zip behind a model file: the same bytes for the same parts, and every part checked."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.errors import UserError, first_few

SCHEMA, CHECKSUMS, SIGNATURE = "schema.json", "SHA256SUMS", "SIGNATURE"
ADVICE = "To make the model again: kedro run --pipelines modelling"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can state

LARGEST = 2 * 2**30
"""Bytes of all parts together. The largest model of 12,000 samples has a tenth of it."""
LARGEST_TEXT = 64 * 2**20
"""Bytes of a part in JSON. Python takes ten times as many to read it."""
LARGEST_GROWTH = 100
"""So many times as large as the file its parts may be. A model's are 2 to 25 times as large."""


class Archive(NamedTuple):
    """The bytes of a whole archive, and its parts by name.

    It is read once: what was checked is what is used, whatever happens to the file meanwhile.
    """

    content: bytes
    parts: dict[str, bytes]
    sums: bytes
    """The list of checksums, which a signature is of."""
    signature: bytes | None


def write_archive(parts: dict[str, bytes], path: Path, key: bytes | None = None) -> None:
    """Write ``parts``, their checksums and their signature by ``key``, whole or not at all."""
    sums = _checksums(parts).encode()
    signed = {SIGNATURE: signature(sums, key)} if key else {}
    with written_whole(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in (parts | {CHECKSUMS: sums} | signed).items():
            member = zipfile.ZipInfo(name, LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # whatever the platform
            archive.writestr(member, content)


def read_archive(path: Path, required: str) -> Archive:
    """Read what :func:`write_archive` wrote.

    Parameters
    ----------
    path : Path
    required : str
        A part it must hold, beside skops' schema.

    Raises
    ------
    UserError
        The file is no such archive, is too large when unpacked, is not whole or was edited.
    """
    content = _content(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_sizes(archive, len(content))
            names = archive.namelist()
            parts = {name: archive.read(name) for name in names}
    except Exception as error:  # zipfile raises all kinds
        raise UserError(f"{path}: damaged ({error}).\n{ADVICE}") from error
    lacking = [name for name in (SCHEMA, required, CHECKSUMS) if name not in parts]
    if lacking:
        raise UserError(
            f"{path}: a zip, but not a model file of this version of the project: it lacks "
            f"{first_few(lacking)}.\n{ADVICE}"
        )
    signed = parts.pop(SIGNATURE, None)
    sums = parts.pop(CHECKSUMS)
    stated = sums.decode(errors="replace")
    unique = len(names) == len(parts) + 1 + (signed is not None)
    if not unique or _checksums(parts) != stated:
        changed = set(_checksums(parts).splitlines()) ^ set(stated.splitlines())
        raise UserError(
            f"{path}: damaged or edited since it was written, checksums do not match: "
            f"{first_few(sorted({line[66:] for line in changed}))}.\n{ADVICE}"
        )
    return Archive(content, parts, sums, signed)


def signature(sums: bytes, key: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) of the list of checksums, in hexadecimal digits and a line end.

    Only who has the key can make it or check it.
    """
    return hmac.digest(key, sums, "sha256").hex().encode() + b"\n"


def _check_sizes(archive: zipfile.ZipFile, packed: int) -> None:
    """Refuse what would fill the memory.

    The sizes are those that the directory states. zipfile unpacks no more of a member than that,
    and refuses a member whose checksum is another one.
    """
    members = archive.infolist()
    if any(
        each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for each in members
    ):
        raise ValueError("packed in a way that this project does not use")
    whole = sum(each.file_size for each in members)
    most = min(LARGEST, LARGEST_GROWTH * packed)
    text = max((each.file_size for each in members if each.filename.endswith(".json")), default=0)
    if whole > most or text > LARGEST_TEXT:
        raise ValueError(
            f"{packed:,} bytes that unpack to {whole:,}, {text:,} of them in one text; expected at "
            f"most {most:,} and {LARGEST_TEXT:,}"
        )


def _content(path: Path) -> bytes:
    try:
        if not path.is_dir() and not path.is_file() and path.exists():
            raise UserError(f"{path}: no file but a pipe or a device; expected a model file")
        if path.is_file() and (size := path.stat().st_size) > LARGEST:
            raise UserError(f"{path}: {size:,} bytes; a model file has at most {LARGEST:,}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such model file.\n{ADVICE}") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder; expected a file such as champion.skops") from None
    except PermissionError:
        raise UserError(f"{path}: permission to read the file is denied") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise UserError(f"{path}: not a model file, {_what_it_is(content)}.\n{ADVICE}")
    return content


def _what_it_is(content: bytes) -> str:
    if not content:
        return "it is empty"
    if content.startswith(b"\x80"):
        return "it is a pickle, which could execute code; it has not been opened"
    if content.lstrip().startswith(b"<"):
        return "it is a web page"
    if content.startswith(b"PK\x03\x04"):
        return "it is cut off or damaged"
    return "it is neither a zip nor anything else that is known here"


def _checksums(parts: dict[str, bytes]) -> str:
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts.items()
    )


def canonical_parts(dump: bytes) -> dict[str, bytes]:
    """The parts of a skops dump under names that do not depend on the run.

    skops numbers objects by their address in memory and names byte strings at random. Here both
    are numbered as they come, and text and numbers, which cannot be shared, have no number. An
    object that stands in several places is the same in all of them; skops numbers its parts anew,
    and writes their arrays again, 200 times for the random state of gradient-boosted trees. The
    gaps between the fields of a tree's nodes hold what was in memory before; here, zeros.
    """
    with zipfile.ZipFile(io.BytesIO(dump)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(files.pop(SCHEMA))
    numbers: dict[int, int] = {}
    names: dict[str, str] = {}
    first: dict[int, dict[str, Any]] = {}

    def rename(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                rename(item)
        if not isinstance(node, dict):
            return
        if node.get("__loader__") == "JsonNode":
            del node["__id__"]
        elif isinstance(node.get("__id__"), int):
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
            if node["__id__"] in first:
                same = first[node["__id__"]]
                node.clear()
                node.update(same)
                return
            first[node["__id__"]] = node
        old = node.get("file")
        if isinstance(old, str) and old in files:
            node["file"] = names.setdefault(old, f"{len(names) + 1}{Path(old).suffix}")
        for item in node.values():
            rename(item)

    rename(schema)
    parts = {SCHEMA: json.dumps(schema, separators=(",", ":")).encode()}
    return parts | {new: _with_empty_gaps(files[old]) for old, new in names.items()}


def _with_empty_gaps(content: bytes) -> bytes:
    if not content.startswith(np.lib.format.MAGIC_PREFIX):
        return content
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    clean = np.zeros(array.shape, array.dtype)  # unlike zeros_like, the gaps as well
    for name in array.dtype.names:
        clean[name] = array[name]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()
