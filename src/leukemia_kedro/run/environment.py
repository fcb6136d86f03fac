"""The environment of a command: refused where it states no cohort, and its slips of the pen.

Kedro merges ``conf/<environment>`` into ``conf/base`` and ignores what it does not know: a misspelt
key of the catalog, a file under another name. So it is asked here, before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fsspec import filesystem

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.parameters import quoted
from leukemia_kedro.run.cohort_name import refuse_unless_folder_name
from leukemia_kedro.run.config_files import SUFFIXES, read_config

READ = re.compile(
    r"globals\.yml|(mlflow|logging).*\.ya?ml|(catalog|parameters|credentials).*\.(ya?ml|json)"
)
"""Names of files that Kedro and its plugins read."""
NEAR = 0.8
"""Names less alike (difflib's ratio) may be the user's own; one letter of five is as much."""
SCALES = (
    "raw (intensities as scanned), log2 (log2 values, such as RMA or log-CPM) or counts (of reads)"
)


class Environment:
    """What a command reads from ``conf``.

    Parameters
    ----------
    loader : OmegaConfigLoader
        Of the command.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._name = loader.env or loader.default_run_env
        self._conf = Path(loader.conf_source)
        self._folder = self._conf / self._name
        self._base = self._conf / loader.base_env
        self._entries = {"raw_cohort"} | _keys(loader, self._base, "catalog")
        self._blocks = _keys(loader, self._base, "parameters")

    def refuse_without_cohort(self) -> None:
        """Refuse an environment that does not state its cohort, or whose parameters are misspelt.

        Raises
        ------
        UserError
            There is no such environment; its globals name no cohort; its catalog has no
            ``raw_cohort``; a block of parameters has nearly the name of a known one; the
            parameters state no scale, and then the message says what the data look like.
        """
        if not self._conf.is_dir():  # an archive, or a place elsewhere: Kedro's messages must do
            return
        if self._folder == self._base:
            raise UserError(
                "conf/base is what all environments share, and describes no cohort; name the "
                f"environment of a cohort: {', '.join(self._environments())}"
            )
        if not self._folder.is_dir():
            raise UserError(
                f"there is no environment {self._name!r}: {self._place('')} is no folder; "
                f"{_did_you_mean(self._name, self._environments())}"
            )
        refusals = [*self._no_cohort()]
        if not refusals:
            refusals += [*self._no_raw_cohort(), *self._misspelt_parameters()]
        if not refusals:
            refusals += self._no_scale()
        if refusals:
            raise UserError(*refusals, *self._files_not_read())

    def slips(self) -> list[str]:
        """What is probably a mistake, but stops nothing, one sentence each."""
        if not self._conf.is_dir():
            return []
        return [
            *self._files_not_read(),
            *self._unused_entries(),
            *self._unused_parameters(),
            *self._shared_folders(),
            *self._local_files(),
        ]

    def _environments(self) -> list[str]:
        found = {path.parent for path in self._conf.glob("*/*.yml")} - {self._base}
        return sorted(folder.name for folder in found)

    def _no_cohort(self) -> Iterator[str]:
        # Its own file: a cohort of conf/base would be shared by all environments.
        path, place = self._folder / "globals.yml", self._place("globals.yml")
        stated = read_config(path) if path.is_file() else {}
        if "cohort" not in stated:
            near = get_close_matches("cohort", map(str, stated), n=1)
            found = f"has {near[0]!r}" if near else "has no key 'cohort'"
            yield (
                f"{place} {found if path.is_file() else 'is missing'}: each environment names its "
                f"cohort, and its files have folders of that name. Write into {place}, for "
                f"example: cohort: {self._name}"
            )
            return
        cohort = stated["cohort"]
        try:
            quoted(cohort)
        except ValueError as error:
            yield f"{place}: cohort: {error}"
            return
        if not isinstance(cohort, str) or not cohort:
            yield (
                f"{place}: cohort is {cohort!r}; expected the name of a folder, such as "
                f"{self._name}"
            )
            return
        try:
            refuse_unless_folder_name(cohort)
        except UserError as error:
            yield f"{place}: {error}"

    def _no_raw_cohort(self) -> Iterator[str]:
        own = _keys(self._loader, self._folder, "catalog")
        if "raw_cohort" in own:
            return
        near = get_close_matches("raw_cohort", sorted(own), n=1)
        place = self._place("catalog.yml")
        yield (
            f"{self._place('catalog*.yml')} {f'has {near[0]!r}, but' if near else 'has'} no entry "
            f"'raw_cohort', the cohort of the environment. Write it into {place}: its type, its "
            "filepath and the column of the labels"
        )

    def _misspelt_parameters(self) -> Iterator[str]:
        for key in self._unknown_parameters():
            near = get_close_matches(key, sorted(self._blocks), n=1, cutoff=NEAR)
            if near:
                yield f"unknown parameters {key!r}; did you mean {near[0]!r}?"

    def _no_scale(self) -> Iterator[str]:
        parameters = self._loader["parameters"].get("cohort")
        if not isinstance(parameters, dict) or parameters.get("scale") is not None:
            return
        near = get_close_matches("scale", {*map(str, parameters)} - {"scale"}, n=1)
        found = f", but {near[0]!r}, which is no parameter" if near else ""
        guess, looks_like = self._looks_like()
        log2, raw = "cohort: {scale: log2}", "cohort: {scale: raw, floor: 100}"
        counts = "cohort: {scale: counts}"
        example = {"log2": log2, "counts": counts, "raw": raw}.get(guess, f"{log2} or {raw}")
        yield (
            f"the scale of the values is not stated{found}; expected {SCALES}. "
            f"{looks_like}Write into {self._place('parameters.yml')}, for example: {example}"
        )

    def _looks_like(self) -> tuple[str, str]:
        """The scale that the values look like, or counts, and a sentence; '' where they cannot be
        read."""
        from kedro.io import DataCatalog, DatasetError

        from leukemia_kedro.cohort.scale import (
            LOG_CPM,
            SCALE_NAMES,
            are_counts_of_reads,
            guess_scale,
        )

        try:
            credentials = self._loader["credentials"]
        except Exception:  # there are none
            credentials = {}
        entry = {"raw_cohort": self._loader["catalog"]["raw_cohort"]}
        try:
            values = DataCatalog.from_config(entry, credentials).load("raw_cohort").expression
        except (KeyError, DatasetError):  # the next command says what is wrong with the entry
            return "", ""
        low, high = values.min(axis=None), values.max(axis=None)
        if are_counts_of_reads(values.to_numpy()):
            return "counts", (
                f"Values from {low:g} to {high:g} look like counts of reads: state counts, or give "
                f"{LOG_CPM}. "
            )
        guess = guess_scale(values.to_numpy())
        return guess, f"Values from {low:g} to {high:g} look like {SCALE_NAMES[guess]}. "

    def _files_not_read(self) -> Iterator[str]:
        for path in sorted(self._folder.iterdir()):
            configures = re.match(r"globals|catalog|parameters|credentials", path.name)
            is_yaml = path.suffix in (".yml", ".yaml")
            if path.is_file() and (configures or is_yaml) and not READ.fullmatch(path.name):
                yield (
                    f"{self._place(path.name)} is not read: Kedro reads globals.yml, catalog*.yml, "
                    "parameters*.yml and credentials*.yml; rename the file"
                )

    def _unused_entries(self) -> Iterator[str]:
        for entry in sorted(_keys(self._loader, self._folder, "catalog") - self._entries):
            near = get_close_matches(entry, sorted(self._entries), n=1, cutoff=NEAR)
            if near:
                yield f"no step uses the catalog's {entry!r}; did you mean {near[0]!r}?"

    def _unused_parameters(self) -> Iterator[str]:
        unknown = self._unknown_parameters()
        if unknown:
            yield f"no step uses the parameters {first_few(unknown)}"

    def _unknown_parameters(self) -> list[str]:
        """Parameters that neither base states nor an entry of the catalog takes."""
        known = set(self._blocks)
        for folder in (self._base, self._folder):
            for path in _files(self._loader, folder, "catalog"):
                known |= set(re.findall(r"runtime_params:\s*(\w+)", path.read_text("utf-8")))
        return sorted(str(key) for key in self._loader["parameters"] if key not in known)

    def _shared_folders(self) -> Iterator[str]:
        cohort = self._loader["globals"].get("cohort")
        for path in sorted(self._conf.glob("*/globals.yml")):
            if path.parent.name == self._name:
                continue
            with suppress(UserError):  # of an environment that this command does not read
                if read_config(path).get("cohort") != cohort:
                    continue
                yield (
                    f"{self._place('globals.yml')} names the cohort {cohort!r}, as conf/"
                    f"{path.parent.name} does: neither can replace the results of the other"
                )

    def _local_files(self) -> Iterator[str]:
        local = self._conf / "local"
        if self._name != "local" and (files := sorted(local.glob("*.yml"))):
            yield (
                f"conf/local is not read ({first_few(file.name for file in files)}): move the "
                f"files to conf/{self._name}"
            )

    def _place(self, name: str) -> str:
        return f"conf/{self._name}/{name}".rstrip("/")


def _files(loader: Any, folder: Path, kind: str) -> list[Path]:
    """The files of one kind that Kedro reads in a folder."""
    system = filesystem("file")
    found = {
        Path(path)
        for pattern in loader.config_patterns[kind]
        for path in system.glob(f"{folder.as_posix()}/{pattern}")
    }
    return sorted(path for path in found if path.is_file() and path.suffix in SUFFIXES)


def _keys(loader: Any, folder: Path, kind: str) -> set[str]:
    return {str(key) for path in _files(loader, folder, kind) for key in read_config(path)}


def _did_you_mean(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
