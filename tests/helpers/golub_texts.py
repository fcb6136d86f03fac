"""Files of the Golub layout: as published, as other programs save them, and damaged."""

import random
import zipfile
from pathlib import Path

from leukemia_kedro.fetch.sources import SOURCES

TRAIN, TEST, LABELS = NAMES = tuple(file.name for file in SOURCES["golub"].files)


def golub_texts(n_probes=40, train=(1, 2, 3, 5, 4), test=(8, 6, 7), seed=0) -> dict[str, str]:
    """The three files as published: comma, LF, calls, patients not in order, CRLF at the end."""
    rng = random.Random(seed)
    texts = {}
    for name, patients in ((TRAIN, train), (TEST, test)):
        lines = [
            ",".join(["Gene Description,Gene Accession Number", *(f"{p},call" for p in patients)])
        ]
        for i in range(n_probes):
            cells = [f"{rng.randint(-2000, 40_000)},{rng.choice('APM')}" for _ in patients]
            description = '"enzyme, alpha; chain"' if i % 7 == 0 else f"gene {i}"
            lines.append(",".join([description, f"X{i:05d}_at", *cells]))
        texts[name] = "\n".join(lines) + "\n\r\n"
    everyone = sorted([*train, *test])
    labels = [f"{patient},{'ALL' if patient % 2 else 'AML'}" for patient in everyone]
    texts[LABELS] = "\n".join(["patient,cancer", *labels]) + "\n\r\n"
    return texts


def matrix_rows(text: str) -> list[list[str]]:
    """Rows of a matrix file; what stands before the accession number is one cell."""
    header, *lines = text.strip().splitlines()
    n_cells = header.count(",") + 1
    return [header.split(","), *(line.rsplit(",", n_cells - 1) for line in lines)]


def re_saved(text: str, *, separator=",", end="\n", calls=True, sort=False, last="\n") -> str:
    """The same table as another program would save it."""
    rows = matrix_rows(text)
    header = rows[0]
    values = list(range(2, len(header)))
    if sort and header[2:]:
        pairs = [values[i : i + 2] for i in range(0, len(values), 2)]
        values = [i for pair in sorted(pairs, key=lambda pair: int(header[pair[0]])) for i in pair]
    if not calls:
        values = [i for i in values if not header[i].startswith("call")]
    lines = [separator.join([row[0], row[1], *(row[i] for i in values)]) for row in rows]
    return end.join(lines) + last


FORMS = {
    "CRLF": {"end": "\r\n", "last": "\r\n"},
    "no final newline": {"last": ""},
    "semicolon": {"separator": ";"},
    "tab": {"separator": "\t"},
    "no calls": {"calls": False},
    "patients sorted": {"sort": True},
}


def in_form(texts: dict[str, str], form: str) -> dict[str, bytes]:
    if form == "byte-order mark":
        return {name: text.encode("utf-8-sig") for name, text in texts.items()}
    if form == "quotes lost":
        return {name: text.replace('"', "").encode() for name, text in texts.items()}
    return {name: re_saved(text, **FORMS[form]).encode() for name, text in texts.items()}


ALL_FORMS = [*FORMS, "byte-order mark", "quotes lost"]


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write_zip(path: Path, files: dict[str, str], prefix="") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(prefix + name, text)
    return path


def damaged(texts: dict[str, str], damage: str) -> dict[str, str]:
    rows = matrix_rows(texts[TRAIN])
    if damage == "one value":
        rows[3][4] = str(int(rows[3][4]) + 7)
    elif damage == "headers swapped":
        rows[0][2], rows[0][4] = rows[0][4], rows[0][2]
    elif damage == "not a number":
        rows[3][4] = "n/a"
    elif damage == "last line cut":
        rows[-1] = rows[-1][:4]
    elif damage == "lines lost":
        rows = rows[:-5]
    elif damage == "label":
        return {**texts, LABELS: texts[LABELS].replace("\n2,AML", "\n2,ALL")}
    elif damage == "web page":
        return {**texts, TRAIN: "<!DOCTYPE html><title>Sign in</title>"}
    return {**texts, TRAIN: "\n".join(",".join(row) for row in rows) + "\n"}
