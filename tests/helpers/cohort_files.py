"""Cohorts written out in each layout, for the readers to read back."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort


def make_cohort(values, sample_ids, probe_ids, origin="made for a test", **facts) -> Cohort:
    """A cohort from bare arrays; ``facts`` are columns of its samples table."""
    samples = pd.Index(sample_ids, name="sample", dtype=str)
    probes = pd.Index(probe_ids, name="probe", dtype=str)
    of_probes = {"description": "", "is_control": probes.str.startswith("AFFX")}
    return Cohort(
        pd.DataFrame(np.asarray(values, dtype=float), samples, probes),
        pd.DataFrame(facts, samples),
        pd.DataFrame(of_probes, probes),
        origin,
    )


def assert_same_cohort(found: Cohort, expected: Cohort) -> None:
    """Every table equal to the last bit; only the origin may differ."""
    for table in ("expression", "samples", "probes"):
        tables = getattr(found, table), getattr(expected, table)
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def number(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def table_rows(cohort: Cohort, *, label: str | None = "class") -> list[list[str]]:
    """Samples in rows: id, expression, and the label last."""
    rows = [["id", *cohort.probes.index]]
    rows += [[row[0], *map(number, row[1:])] for row in cohort.expression.itertuples()]
    if label is not None:
        rows = transposed([*transposed(rows), [label, *cohort.labels]])
    return rows


def transposed(rows: list[list[str]]) -> list[list[str]]:
    return [list(column) for column in zip(*rows, strict=True)]


def write_rows(path: Path, rows, separator=",", newline="\n", encoding="utf-8") -> Path:
    """Text of the rows; compressed where the name ends in ``.gz``."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator=newline).writerows(rows)
    content = buffer.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_workbook(path: Path, sheets: dict[str, list[list]]) -> Path:
    """An Excel workbook; text that is a number is stored as one."""
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append([_number_or_text(cell) for cell in row])
    workbook.save(path)
    return path


def _number_or_text(cell):
    try:
        return float(cell)
    except (TypeError, ValueError):
        return cell


def gct_lines(cohort: Cohort) -> list[str]:
    """A GCT file of version 1.2."""
    about = cohort.probes["description"]
    rows = cohort.expression.T.itertuples()
    return [
        "#1.2",
        f"{len(cohort.probes)}\t{len(cohort.samples)}",
        "\t".join(["NAME", "Description", *cohort.samples.index]),
        *("\t".join([row[0], about[row[0]], *map(number, row[1:])]) for row in rows),
    ]


def write_h5ad(path: Path, cohort: Cohort) -> Path:
    """A file as AnnData writes it, by h5py: counts of the cohort as a layer, half of them as X."""
    import h5py

    def encoded(part, kind: str, version: str = "0.2.0"):
        part.attrs.update({"encoding-type": kind, "encoding-version": version})
        return part

    with h5py.File(path, "w") as file:
        encoded(file, "anndata", "0.1.0")
        encoded(file.create_dataset("X", data=cohort.expression / 2), "array")
        layer = encoded(file.create_group("layers/counts"), "csr_matrix", "0.1.0")
        values = cohort.expression.to_numpy()
        rows, columns = np.nonzero(values)
        starts = np.searchsorted(rows, np.arange(len(values) + 1))
        layer.attrs["shape"] = values.shape
        for name, content in (
            ("data", values[rows, columns]), ("indices", columns), ("indptr", starts)
        ):  # fmt: skip
            encoded(layer.create_dataset(name, data=content), "array")
        for name, table in (("obs", cohort.samples), ("var", cohort.probes[["description"]])):
            group = encoded(file.create_group(name), "dataframe")
            group.attrs.update({"_index": "_index", "column-order": list(table.columns)})
            for column, cells in {"_index": table.index, **table}.items():
                encoded(group.create_dataset(column, data=list(cells)), "string-array")
    return path


def series_matrix_lines(cohort: Cohort, characteristics: list[list[str]]) -> list[str]:
    """A GEO series matrix; each list of characteristics is one line, one cell for each sample."""
    ids = list(cohort.samples.index)

    def quoted(*cells: str) -> str:
        return "\t".join(f'"{cell}"' for cell in cells)

    return [
        '!Series_title\t"Acute "leukemias" and normal marrow"',
        '!Series_geo_accession\t"GSE1"',
        '!Series_summary\t"not kept"',
        "",
        f"!Sample_title\t{quoted(*(f'patient {i}' for i in ids))}",
        f"!Sample_geo_accession\t{quoted(*ids)}",
        f"!Sample_platform_id\t{quoted(*('GPL96' for _ in ids))}",
        *(f"!Sample_characteristics_ch1\t{quoted(*cells)}" for cells in characteristics),
        "!series_matrix_table_begin",
        quoted("ID_REF", *ids),
        *(
            "\t".join([f'"{row[0]}"', *map(number, row[1:])])
            for row in cohort.expression.T.itertuples()
        ),
        "!series_matrix_table_end",
    ]
