"""What the outputs of each node were made with, so that one run can complete another.

Beside ``run.json``, ``.nodes/<node>.json`` records when a node's outputs were made, in what time,
in which environment, and with what: a hash of each parameter the node takes, of the files it reads,
of its code (:mod:`leukemia_kedro.run.code`) and of the software's versions; what another node made
counts by what that node made it with. The record is empty from before the first output is saved
until after the last. So ``kedro run --changed`` makes outputs again that a killed run left
incomplete, or that a run with other inputs left, and can say why.

It also records the SHA-256 of each file that was written. A node that would read another content
does not start, and ``--changed`` makes a changed file again.

A run also locks the records of its nodes, so that no other run writes the same files at the same
time; runs of other cohorts or nodes can. The lock ends with the process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypedDict, cast

from fsspec.implementations.local import LocalFileSystem
from kedro.framework.project import pipelines
from kedro.io import AbstractDataset, CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Node, Pipeline

from leukemia_kedro.compute.file_names import from_disk
from leukemia_kedro.compute.private_names import file_of, file_system_of, settings_of
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.compute.whole_files import could_not_write, refuse_special_file
from leukemia_kedro.errors import UserError
from leukemia_kedro.run.code import code_of

CODE, SOFTWARE = "code", "versions of the software"
"""What every node's outputs depend on, beside its inputs."""

WITHOUT_EFFECT = "params:compute"
"""Results do not depend on where the work is done."""

MOST_LOCKS = 120
"""Nodes that a run locks one by one, each with an open file. Systems allow 256 files or more, so a
run of more nodes locks the whole cohort."""

FILES = ("filepath", "cls")
"""Settings of a catalog entry that are paths of what it reads."""
PLACES = (*FILES, "credentials", "fs_args", "metadata")
"""Settings of a catalog entry that do not change what is read."""

HOME = {
    "home_champion": "champion_model",
    "home_training_set": "training_set",
    "home_probes": "probes",
}
"""Inputs that a run of another cohort wrote, by what they are called there."""


class NodeRecord(TypedDict, total=False):
    """What is known of a node's outputs; empty where nothing is."""

    started: str  # ISO 8601, UTC
    seconds: float  # to load, compute and save
    made_with: dict[str, str]  # hash of each thing that they depend on, by name
    environment: str | None  # of the run
    outputs: dict[str, dict[str, str]]  # SHA-256 of each file, by dataset and name


class NodeRecords:
    """The records of one cohort, in the folder of the catalog's ``run_record``.

    ``environment`` is that of the run.
    """

    def __init__(self, catalog: CatalogProtocol, environment: str | None = None) -> None:
        self._catalog = catalog
        self._environment = environment
        self._folder = file_of(catalog["run_record"]).parent / ".nodes"
        nodes = [node for pipeline in pipelines.values() for node in pipeline.nodes]
        self._makers = {output: node for node in nodes for output in node.outputs}

    def lock(self, nodes: Iterable[Node]) -> ExitStack:
        """Keep other runs from the outputs of ``nodes`` until the returned locks are closed.

        Raises
        ------
        UserError
            Another run is writing one of them, they are results of another environment, or the
            folder cannot be written to.
        """
        nodes = list(nodes)
        one_by_one = len(nodes) <= MOST_LOCKS
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as locks:
                cohort = locks.enter_context((self._folder / "cohort.lock").open("ab"))
                _lock(cohort, shared=one_by_one)
                for node in nodes if one_by_one else []:
                    _lock(locks.enter_context(self._path(node).open("ab")))
                self.refuse_other_environment(nodes)
                return locks.pop_all()
        except OSError as error:
            raise could_not_write(self._folder, error) from error

    def refuse_other_environment(self, nodes: Iterable[Node]) -> None:
        """Raise a UserError where an output of ``nodes`` is a result of another environment."""
        for made in map(self.read, nodes):
            other = made.get("environment")
            if other and self._environment and other != self._environment:
                folder = self._folder.parent
                raise UserError(
                    f"{folder} holds results of the environment {other}, and this run is one of "
                    f"{self._environment}: it would overwrite them. Both state the same cohort. "
                    f"Give one of them a name of its own in conf/{self._environment}/globals.yml, "
                    f"such as cohort: {self._environment}; or remove the results of {other}: "
                    f"rm -r {folder.parent.parent}/0[2-8]_*/{folder.name}"
                )

    def outdated(self, pipeline: Pipeline) -> dict[Node, list[str]]:
        """Nodes whose outputs on disk, if any, are not what ``pipeline`` would make, and why.

        Returns
        -------
        dict of Node to list of str
            What changed since the outputs were made: names of inputs, :data:`CODE` or
            :data:`SOFTWARE`. Empty where there is no record, or where only the files changed.
        """
        to_be_made: dict[str, str] = {}
        outdated = {}
        for node in pipeline.nodes:
            made_with = self._made_with(node, to_be_made)
            to_be_made |= dict.fromkeys(node.outputs, _hash(made_with))
            record = self.read(node)
            before = record.get("made_with", {})
            if not isinstance(before, dict):  # of an earlier version of this package
                before = {}
            if before != made_with or record.get("outputs") != self._files(node):
                names = made_with.keys() | before.keys() if before else ()
                differ = sorted(name for name in names if made_with.get(name) != before.get(name))
                outdated[node] = differ
        return outdated

    def changed(self, names: Iterable[str]) -> list[str]:
        """Those of the datasets whose files are not as the node that makes them wrote them.

        One without a record is taken as it is, and so is one that is not kept in a local file.
        """
        changed = []
        for name in names:
            made = self._made(name)
            written = made[1].get("outputs", {}).get(HOME.get(name, name)) if made else None
            found = self._content(name) if written else {}
            if found and found != written:
                changed.append(name)
        return changed

    def refuse_changed(self, names: Iterable[str]) -> None:
        """Raise a UserError where one of the datasets is :meth:`changed`, or is a named pipe."""
        names, messages = list(names), []
        for place in filter(None, map(self._place, names)):
            refuse_special_file(place)
        for name, made in ((name, self._made(name)) for name in self.changed(names)):
            assert made is not None  # without a record nothing is known to have changed
            path, record = made
            environment = record.get("environment") or self._environment
            env = f" --env {environment}" if environment else ""
            messages.append(
                f"{file_of(self._catalog[name])} is not as the run wrote it: it was edited, or the "
                f"disk is damaged.\nTo make it again: kedro run{env} --nodes {path.stem}\n"
                f"To use it as it is: rm {path}"
            )
        if messages:
            raise UserError(*messages)

    def begin(self, node: Node) -> dict[str, str]:
        """Empty the record of a node, and return the hashes of what its outputs depend on."""
        self._write(node, "")
        return self._made_with(node, {})

    def end(self, node: Node, made_with: dict[str, str], started: datetime) -> None:
        """Record that all outputs of a node are saved."""
        record: NodeRecord = {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
            "made_with": made_with,
            "environment": self._environment,
            "outputs": self._files(node),
        }
        self._write(node, json.dumps(record))

    def read(self, node: Node) -> NodeRecord:
        """The record of a node."""
        return _read(self._path(node))

    def _made(self, name: str) -> tuple[Path, NodeRecord] | None:
        """The record of the node that made a dataset, here or at home; None: no node makes it."""
        maker = self._makers.get(HOME.get(name, name))
        if maker is None:
            return None
        path = self._path(maker)
        if name in HOME:
            cohort = file_of(self._catalog[name]).parent.name
            path = self._folder.parents[1] / cohort / self._folder.name / path.name
        return path, _read(path)

    def _made_with(self, node: Node, to_be_made: Mapping[str, str]) -> dict[str, str]:
        given = {
            name: to_be_made.get(name) or _hash(self._what_it_is(name))
            for name in node.inputs
            if name != WITHOUT_EFFECT
        }
        return given | {CODE: self._code(node), SOFTWARE: _hash(package_versions())}

    def _code(self, node: Node) -> str:
        named = [self._catalog.load(name) for name in node.inputs if is_parameter(name)]
        # How datasets are read and written is part of what the files hold.
        types = {
            type(self._catalog[name])
            for name in (*node.inputs, *node.outputs)
            if not is_parameter(name) and name in self._catalog
        }
        paths = [f"{each.__module__}.{each.__name__}" for each in types]
        return code_of(node.func, [stated(named), paths])

    def _what_it_is(self, name: str) -> Any:
        """What an input was made with, or its content where no record says what made it."""
        if is_parameter(name):
            return stated(self._catalog.load(name))
        maker = self._makers.get(name)
        made_with = self.read(maker).get("made_with") if maker else None
        return made_with or input_record(self._catalog[name])

    def _files(self, node: Node) -> dict[str, dict[str, str]]:
        content = {name: self._content(name) for name in node.outputs}
        return {name: hashes for name, hashes in content.items() if hashes}

    def _content(self, name: str) -> dict[str, str]:
        """SHA-256 of each file of a dataset by name; of none where it is not on this machine."""
        place = self._place(name)
        return dict(_hashes(self._catalog[name], str(place))) if place else {}

    def _place(self, name: str) -> Path | None:
        """The file or folder of a dataset; None where it is not on this machine."""
        dataset = self._catalog.get(name)
        try:
            place = file_of(dataset)
        except AttributeError:  # kept in memory
            return None
        return place if dataset and _is_local(dataset) else None

    def _path(self, node: Node) -> Path:
        return self._folder / f"{node.name}.json"

    def _write(self, node: Node, text: str) -> None:
        # Not by written_whole: a file moved here would not be the locked one.
        try:
            self._path(node).write_text(text, encoding="utf-8")
        except OSError as error:
            raise could_not_write(self._path(node), error) from error


def _hash(what: Any) -> str:
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> NodeRecord:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # absent, empty or damaged
        found = None
    empty: NodeRecord = {}
    return cast("NodeRecord", found) if isinstance(found, dict) else empty


def _lock(file: IO[bytes], shared: bool = False) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows has no such locks
        return
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"Another run is writing the same files: it has locked {file.name}. Wait for its end, "
            "then type the command again. Runs of other cohorts need not wait."
        ) from None


def stated(parameter: Any) -> Any:
    """A parameter as stated, without defaults, whether or not Kedro has typed it.

    Kedro types the parameters of the pipelines that it runs, and no others.
    """
    if hasattr(parameter, "model_dump"):
        return stated(parameter.model_dump(exclude_unset=True))
    if isinstance(parameter, dict):
        return {str(name): stated(value) for name, value in parameter.items()}
    if isinstance(parameter, list | tuple):
        return [stated(value) for value in parameter]
    if isinstance(parameter, float) and parameter.is_integer():
        return int(parameter)
    return parameter


def input_record(dataset: AbstractDataset) -> dict[str, Any]:
    """What a catalog entry reads, without its place.

    ``type``; the settings of the entry but for :data:`PLACES`; ``sha256`` of each file, by name
    (in a folder, by path from there); of no file where the entry simulates its data, or where an
    optional file is absent.
    """
    settings = settings_of(dataset)
    settings |= settings.pop("kwargs", {})  # of a subclass without its own __init__
    settings.pop("args", None)
    hashes = dict(pair for place in _places(settings) for pair in _hashes(dataset, place))
    return _without_places(settings) | {"sha256": hashes}


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_places(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if name not in PLACES and value is not None
    }


def _places(settings: dict[str, Any]) -> Iterator[str]:
    """Paths of the entry's file or folder, and of others in it, such as a sample sheet."""
    for name, value in settings.items():
        if name in FILES and value is not None:
            yield value
        elif isinstance(value, dict):
            yield from _places(value)


def _hashes(dataset: AbstractDataset, place: str) -> Iterator[tuple[str, str]]:
    from fsspec.core import url_to_fs

    local, path = url_to_fs(str(place))
    system = file_system_of(dataset, local)
    for file in sorted(system.find(path)):
        name = PurePosixPath(file)
        if not name.name.startswith("."):
            relative = name.name if file == path else str(name.relative_to(path))
            yield from_disk(relative), _sha256(system, file, system.checksum(file))


def _is_local(dataset: AbstractDataset) -> bool:
    return isinstance(file_system_of(dataset, LocalFileSystem()), LocalFileSystem)


@cache
def _sha256(system: Any, file: str, state: Any) -> str:
    """Hash of a file, computed once for several nodes; ``state`` differs when the file does."""
    if isinstance(system, LocalFileSystem):
        refuse_special_file(Path(file))
    with system.open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
