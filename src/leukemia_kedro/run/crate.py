"""The description of a bundle for programs and archives: RO-Crate 1.1.

P. Sefton et al. (2021). RO-Crate Metadata Specification 1.1. doi:10.5281/zenodo.4541002. Archives
such as Zenodo and WorkflowHub read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from leukemia_kedro.run.record import RunRecord

DESCRIPTION = "ro-crate-metadata.json"
_FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".skops": "application/zip",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yml": "application/yaml",
}
"""Media types. Those of the module mimetypes depend on the machine."""


def describe(files: Mapping[str, bytes], cohort: str, record: RunRecord) -> bytes:
    """``ro-crate-metadata.json`` for a bundle.

    Parameters
    ----------
    files : mapping of str to bytes
        Every other file of the bundle, by path.
    cohort : str
        Its name.
    record : RunRecord
        Of the run. Its start is the date of the bundle, so that the same run gives the same bytes.

    Returns
    -------
    bytes
        JSON-LD. Authors and licence of the results are left to the people who publish them.
    """
    from rocrate.model import ContextEntity, File
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    started = datetime.fromisoformat(record["started"])
    crate.name = f"Results of leukemia-kedro: {cohort}"
    crate.description = (
        "Classification of leukemias from gene expression, and genes that differ: report, tables, "
        "figures, model and record of one run. For research and teaching; not for diagnosis."
    )
    crate.datePublished = started

    def add(identifier: str, kind: str, /, **properties: Any) -> ContextEntity:
        return crate.add(ContextEntity(crate, identifier, {"@type": kind} | properties))

    crate.license = add(
        "#licence",
        "CreativeWork",
        name="Not stated",
        description="The people who made the run decide under which licence others may use it.",
    )
    author = crate.root_dataset["author"] = add(
        "#author",
        "Organization",
        name="The people who made the run",
        description="Put your names here before you publish.",
    )
    for path, content in files.items():
        properties = {
            "name": path,
            "contentSize": str(len(content)),
            "encodingFormat": _FORMATS.get(PurePosixPath(path).suffix, "text/plain"),
        }
        crate.add(File(crate, dest_path=path, properties=properties))
    software = add(
        "#leukemia-kedro",
        "SoftwareApplication",
        name="leukemia-kedro",
        version=record["versions"]["leukemia-kedro"],
        softwareRequirements=[f"{name} {found}" for name, found in record["versions"].items()],
        author=add("#maintainers", "Organization", name="leukemia-kedro maintainers"),
        **({"identifier": f"commit {git['commit']}"} if (git := record["git"]) else {}),
    )
    inputs = [
        add(
            f"#input-{name}-{number}",
            "CreativeWork",
            name=f"{name}: {file}",
            description="Read by the run; not in the bundle.",
            identifier=f"sha256:{content}",
        )
        for name, read in record["inputs"].items()
        for number, (file, content) in enumerate(read["sha256"].items(), start=1)
    ]
    run = add(
        "#run",
        "CreateAction",
        name="The run",
        startTime=started.isoformat(),
        endTime=(started + timedelta(seconds=record.get("seconds", 0))).isoformat(),
        agent=author,
        instrument=software,
        result=crate.root_dataset,
        **({"object": inputs if len(inputs) > 1 else inputs[0]} if inputs else {}),
    )
    crate.root_dataset["mentions"] = run
    return json.dumps(crate.metadata.generate(), indent=2, ensure_ascii=False).encode()
