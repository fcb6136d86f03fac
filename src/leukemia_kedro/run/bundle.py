"""``kedro bundle``: one zip of a finished run, to hand on or to publish.

It holds what the run made of the data, and not the data: no raw file, no matrix of measured values
and no covariates of each sample. Its tables open in a spreadsheet without computing anything. The
same run gives the same bytes.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Node

from leukemia_kedro.compute.file_names import from_disk, on_disk
from leukemia_kedro.compute.private_names import file_of
from leukemia_kedro.compute.software import package_versions
from leukemia_kedro.compute.spreadsheets import safe_table
from leukemia_kedro.compute.whole_files import written_whole
from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.run.crate import DESCRIPTION, describe
from leukemia_kedro.run.node_records import NodeRecords
from leukemia_kedro.run.record import RunRecord, seal

LEFT_OUT = (
    # What was measured, and the covariates of each patient. identity.json has the sex of each.
    "expression", "log_expression", "training_set", "test_expression", "samples", "identity",
    "voom_expression", "value_weights",
    # Internal files, and those of single models, which the tables of all models repeat.
    "fold_rankings", "ranking_setting", "profile_reference", "error_record", "modelling.*",
)  # fmt: skip
"""Outputs of a run that are not in its bundle."""

LOCK_FILE = "requirements.txt"
OLDEST = datetime(1980, 1, 1, tzinfo=UTC)
"""The earliest time that a zip can state."""


class FinishedRun:
    """The files of the last run of a cohort that wrote a report to its end.

    Parameters
    ----------
    catalog : CatalogProtocol
    environment : str
        Its name, also where the command did not state it.

    Raises
    ------
    UserError
        There is no such run, or ``run.json`` is not the record of all outputs that are there.
    """

    def __init__(self, catalog: CatalogProtocol, environment: str) -> None:
        self._catalog = catalog
        self._command = f"kedro run --env {environment}"
        self.environment = environment
        self.records = NodeRecords(catalog, environment)
        self.folder = file_of(catalog["run_record"]).parent
        self.nodes = pipelines["__default__"].nodes
        if not catalog.exists("run_record"):
            raise UserError(
                f"There is no finished run of {self.folder.name}: "
                f"{file_of(catalog['run_record'])} is missing.\nTo make it: {self._command}"
            )
        self.record: RunRecord = catalog.load("run_record")
        if not isinstance(self.record, dict) or self.record.get("sha256") != seal(self.record):
            self._refuse(
                f"{file_of(catalog['run_record'])} is not as the run wrote it: it was edited, the "
                "disk is damaged, or an older version of the project wrote it."
            )
        self._refuse_part_of_run()
        self._refuse_other_versions()

    def files(self) -> dict[str, bytes]:
        """The content of each file to hand on, by its path in the bundle.

        Raises
        ------
        UserError
            A file is missing, is not as the run wrote it, or was made by another run.
        """
        nodes = [*self.nodes, *self._replication()]
        self._refuse_other_runs(nodes)
        files = {
            "run.json": file_of(self._catalog["run_record"]).read_bytes(),
            "parameters.yml": _yaml(self.record["parameters"]),
        }
        for node in nodes:
            for name, hashes in self.records.read(node).get("outputs", {}).items():
                if not any(fnmatchcase(name, pattern) for pattern in LEFT_OUT):
                    files |= self._of_dataset(name, hashes)
        return files

    def _of_dataset(self, name: str, hashes: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
        place = file_of(self._catalog[name])
        inner = self._inner(name, place)
        for relative, written in hashes.items():
            is_file = not place.is_dir()
            path = place if is_file else place / on_disk(relative)
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                self._refuse(f"{path} is missing, and the run wrote it.")
            if hashlib.sha256(content).hexdigest() != written:
                self._refuse(
                    f"{path} is not as the run wrote it: it was edited, or the disk is damaged."
                )
            member = inner if is_file else f"{inner}/{relative}"
            yield member, safe_table(content) if path.suffix == ".csv" else content
            if name == "champion_model":
                yield "model/card.json", _card(path)

    def _inner(self, name: str, place: Path) -> str:
        """Where the file or folder of a dataset stands in the bundle."""
        if name == "champion_model":
            return f"model/{place.name}"
        data = self.folder.parent.parent
        below = place.relative_to(data).parts[2:] if place.is_relative_to(data) else ()
        parts = below or (place.name,)
        at_top = name == "report" or parts[0] == "figures"
        return "/".join(map(from_disk, parts if at_top else ("tables", *parts)))

    def _replication(self) -> list[Node]:
        """Steps of ``replication``, where it was run before the report, which then shows it."""
        nodes = pipelines["replication"].nodes
        nodes = [node for node in nodes if node not in self.nodes]
        made = [self.records.read(node).get("started") or "" for node in nodes]
        (reporting,) = (node for node in self.nodes if "report" in node.outputs)
        shown = all(made) and max(made) <= self.records.read(reporting).get("started", "")
        return nodes if shown else []

    def _refuse_part_of_run(self) -> None:
        lacking = {node.name for node in self.nodes} - set(self.record.get("nodes", {}))
        if lacking:
            self._refuse(
                f"{self.folder / 'run.json'} records a run of "
                f"{', '.join(self.record['pipelines'])} only; expected a run of all steps that "
                "make the report."
            )

    def _refuse_other_versions(self) -> None:
        then, now = self.record["versions"], package_versions()
        differ = [
            f"{name} {then.get(name, 'absent')} (now {now.get(name, 'absent')})"
            for name in sorted(then | now)
            if then.get(name) != now.get(name)
        ]
        if differ:
            self._refuse(
                f"The run was made with other versions than those installed: {first_few(differ)}. "
                "The bundle would state the wrong ones."
            )

    def _refuse_other_runs(self, nodes: Iterable[Node]) -> None:
        """Refuse files that are not those of the recorded run."""
        then = self.record["nodes"]
        other = [
            node.name
            for node in self.nodes
            if not (made := self.records.read(node).get("started"))
            or made != then[node.name]["started"]
        ]
        if other:
            self._refuse(
                f"Results of these steps were not made by the run that {self.folder / 'run.json'} "
                f"records: {first_few(other)}."
            )
        outputs = [name for node in nodes for name in node.outputs]
        if changed := self.records.changed(outputs):
            places = first_few(file_of(self._catalog[name]) for name in changed)
            self._refuse(f"Not as the run wrote it, so edited or damaged: {places}.")

    def _refuse(self, found: str) -> NoReturn:
        raise UserError(
            f"{found}\nTo make again what does not belong to the run: {self._command} "
            "--changed (and the --params of the run, if it had any)"
        )


def bundle(project: Path, catalog: CatalogProtocol, environment: str) -> tuple[Path, int]:
    """Write the zip of the last finished run beside its report.

    Parameters
    ----------
    project : Path
        Folder with the lock file.
    catalog : CatalogProtocol
    environment : str

    Returns
    -------
    path, n_files : Path, int

    Raises
    ------
    UserError
        The run is not finished or not whole, the zip exists, or it cannot be written.
    """
    run = FinishedRun(catalog, environment)
    cohort = run.folder.name
    place = run.folder / f"{cohort}-bundle.zip"
    if place.exists():
        raise UserError(
            f"{place} exists, and a bundle is never overwritten. Move it elsewhere, or remove it: "
            f'rm "{place}"'
        )
    with run.records.lock(run.nodes):
        files = run.files()
        quality = catalog.load("data_quality")
    lock_file = project / LOCK_FILE
    lock = lock_file.read_text(encoding="utf-8") if lock_file.is_file() else ""
    if lock:
        files[LOCK_FILE] = lock.encode()
    files["README.md"] = _readme(run, quality, lock).encode()
    files = dict(sorted(files.items()))
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    files["SHA256SUMS"] = "".join(sums).encode()
    files[DESCRIPTION] = describe(files, cohort, run.record)
    _write(files, place, max(OLDEST, datetime.fromisoformat(run.record["started"])))
    return place, len(files)


def _write(files: Mapping[str, bytes], place: Path, moment: datetime) -> None:
    with written_whole(place) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, moment.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # whatever the platform
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)


def _card(model_file: Path) -> bytes:
    from leukemia_kedro.model.archive import read_archive
    from leukemia_kedro.model.file import CARD

    return read_archive(model_file, required=CARD).parts[CARD]


def _yaml(parameters: Mapping[str, Any]) -> bytes:
    import yaml

    return yaml.safe_dump(dict(parameters), sort_keys=False, allow_unicode=True).encode()


def _readme(run: FinishedRun, quality: Mapping[str, Any], lock: str) -> str:
    import jinja2

    # One package can have several versions, each for other versions of Python.
    locked: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.+!-]+)", lock, re.MULTILINE):
        locked.setdefault(name, []).append(version)
    used = run.record["versions"]
    template = Path(__file__).with_name("bundle_readme.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(template).render(
        cohort=run.folder.name,
        environment=run.environment,
        record=run.record,
        quality=quality,
        lock=lock,
        not_as_locked={
            name: (version, " or ".join(locked[name]))
            for name, version in used.items()
            if name in locked and version not in locked[name]
        },
    )
