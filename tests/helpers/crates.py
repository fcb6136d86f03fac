"""What RO-Crate 1.1 asks of a crate, checked from the specification alone."""

import json
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile


def check_crate(archive: ZipFile) -> dict[str, dict]:
    """Check the description in a zip, and return its entities by identifier.

    The numbers are sections of https://www.researchobject.org/ro-crate/specification/1.1/.
    """
    content = json.loads(archive.read("ro-crate-metadata.json"))
    assert content["@context"] == "https://w3id.org/ro/crate/1.1/context"  # "RO-Crate JSON-LD"
    graph = content["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    assert len(entities) == len(graph), "an identifier stands for one entity"
    assert all(entity["@type"] for entity in graph)

    # "RO-Crate Metadata File Descriptor"
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}

    # "Root Data Entity": a Dataset with name, description, date and licence.
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert root["name"]
    assert root["description"]
    assert root["datePublished"][:4].isdigit()
    assert entities[root["license"]["@id"]]["@type"] == "CreativeWork"

    # "Data Entities": each file once, by a relative URI; sizes in bytes, as text.
    parts = [part["@id"] for part in root["hasPart"]]
    files = sorted(name for name in archive.namelist() if name != "ro-crate-metadata.json")
    assert sorted(map(unquote, parts)) == files
    for part in parts:
        assert part.isascii()
        assert " " not in part
        assert urlsplit(part).path == part
        entity = entities[part]
        assert entity["@type"] == "File"
        assert entity["contentSize"] == str(archive.getinfo(unquote(part)).file_size)
        assert "/" in entity["encodingFormat"]

    # JSON-LD is flattened: an object within an entity is a reference, to an entity that is there.
    for entity in graph:
        for value in entity.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict):
                    assert list(each) == ["@id"]
                    assert each["@id"] in entities or each["@id"].startswith("https://"), each
    return entities
