"""Sound files of each layout, and ways to damage them.

The docstring of a layout is its title in docs/reference/damage.md.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.cohort_files import (
    gct_lines,
    make_cohort,
    series_matrix_lines,
    table_rows,
    transposed,
    write_h5ad,
    write_rows,
    write_workbook,
)
from helpers.golub_texts import TRAIN, golub_texts, re_saved, write, write_zip
from leukemia_kedro.datasets import (
    CountFilesDataset,
    CumidaDataset,
    ExpressionTableDataset,
    GCTDataset,
    GEOSeriesMatrixDataset,
    GolubDataset,
    H5ADDataset,
    NewSamplesDataset,
)
from leukemia_kedro.datasets.raw_files import CohortFileDataset

Edit = Callable[[Path], None]

# --- sound files of each layout, in a folder ----------------------------------------------------

COHORT = make_cohort(
    [[1.5, 2.5, 3.5], [4.5, 5.5, 6.5], [7.5, 8.5, 9.5]],
    ["s1", "s2", "s3"],
    ["g1", "g2", "AFFX-g3"],
    label=["ALL", "AML", "ALL"],
)


def golub(folder: Path) -> CohortFileDataset:
    """Golub's three files"""
    return GolubDataset(filepath=str(write(folder, golub_texts())))


def golub_semicolons(folder: Path) -> CohortFileDataset:
    """Golub's files, semicolons between cells, calls removed"""
    texts = golub_texts()
    texts[TRAIN] = re_saved(texts[TRAIN], separator=";", calls=False)
    return GolubDataset(filepath=str(write(folder, texts)))


def golub_zip(folder: Path) -> CohortFileDataset:
    """Golub's files in a zip"""
    return GolubDataset(filepath=str(write_zip(folder / "golub.zip", golub_texts())))


def table(folder: Path) -> CohortFileDataset:
    """Expression table, samples in rows"""
    path = write_rows(folder / "t.csv", table_rows(COHORT))
    return ExpressionTableDataset(filepath=str(path), sample_id="id", label="class")


def mll(folder: Path) -> CohortFileDataset:
    """MLL"""
    path = folder / "01_raw" / "mll" / "MLL.csv"
    path.parent.mkdir(parents=True)
    write_rows(path, [row[1:] for row in table_rows(COHORT)])
    return ExpressionTableDataset(filepath=str(path), label="class")


def new_samples(folder: Path) -> CohortFileDataset:
    """New samples"""
    path = write_rows(folder / "new.csv", transposed(table_rows(COHORT, label=None)))
    return NewSamplesDataset(filepath=str(path))


def table_gz(folder: Path) -> CohortFileDataset:
    """Expression table, gzip"""
    path = write_rows(folder / "t.csv.gz", table_rows(COHORT))
    return ExpressionTableDataset(filepath=str(path), sample_id="id", label="class")


def table_split(folder: Path) -> CohortFileDataset:
    """Expression table with a column of splits"""
    rows = [*transposed(table_rows(COHORT)), ["set", "train", "train", "test"]]
    path = write_rows(folder / "t.csv", transposed(rows))
    return ExpressionTableDataset(filepath=str(path), sample_id="id", label="class", split="set")


def table_columns(folder: Path) -> CohortFileDataset:
    """Expression table, samples in columns"""
    path = write_rows(folder / "t.csv", transposed(table_rows(COHORT)))
    return ExpressionTableDataset(filepath=str(path), samples="columns", label="class")


def table_sheet(folder: Path) -> CohortFileDataset:
    """Expression table with a sample sheet"""
    path = write_rows(folder / "t.csv", table_rows(COHORT, label=None))
    sheet = write_rows(
        folder / "sheet.csv", [["id", "class"], ["s3", "ALL"], ["s1", "ALL"], ["s2", "AML"]]
    )
    return ExpressionTableDataset(
        filepath=str(path), sample_id="id", label="class", sample_sheet={"filepath": str(sheet)}
    )


def parquet(folder: Path) -> CohortFileDataset:
    """Expression table, Parquet"""
    COHORT.expression.reset_index().to_parquet(folder / "t.parquet", index=False)
    return ExpressionTableDataset(filepath=str(folder / "t.parquet"), sample_id="sample")


def workbook(folder: Path) -> CohortFileDataset:
    """Expression table, Excel workbook"""
    path = write_workbook(folder / "t.xlsx", {"Data": table_rows(COHORT)})
    return ExpressionTableDataset(filepath=str(path), sample_id="id", label="class")


def gct(folder: Path) -> CohortFileDataset:
    """GCT with CLS"""
    write(folder, {"t.gct": "\n".join(gct_lines(COHORT)), "t.cls": "3 2 1\n# ALL AML\n0 1 0\n"})
    return GCTDataset(filepath=str(folder / "t.gct"), cls=str(folder / "t.cls"))


def h5ad(folder: Path) -> CohortFileDataset:
    """File of AnnData"""
    pytest.importorskip("h5py", reason="the extra h5ad is not installed")
    write_h5ad(folder / "t.h5ad", COHORT)
    return H5ADDataset(filepath=str(folder / "t.h5ad"), layer="counts", label="label")


def cumida(folder: Path) -> CohortFileDataset:
    """CuMiDa"""
    rows = table_rows(COHORT)
    rows[0] = ["samples", *COHORT.probes.index, "type"]
    return CumidaDataset(filepath=str(write_rows(folder / "t.csv", rows)))


def geo(folder: Path) -> CohortFileDataset:
    """GEO series matrix"""
    lines = series_matrix_lines(COHORT, [[f"type: {label}" for label in COHORT.labels]])
    write(folder, {"t.txt": "\n".join(lines)})
    return GEOSeriesMatrixDataset(filepath=str(folder / "t.txt"), label="type")


READS = {"s1": [5, 0, 12, 7], "s2": [1, 30, 2, 0], "s3": [0, 9, 4, 11]}
GENES = ["ENSG00000000003", "ENSG00000000005", "ENSG00000000419", "ENSG00000000457"]
CLASSES = "id,class\ns1,ALL\ns2,AML\ns3,ALL\n"


def htseq(folder: Path) -> CohortFileDataset:
    """Count files of HTSeq"""
    last = "__no_feature\t6\n__ambiguous\t1\n__too_low_aQual\t0\n__not_aligned\t3\n"
    return _count_files(
        folder,
        {
            f"{name}.counts": "".join(f"{g}\t{n}\n" for g, n in zip(GENES, counts, strict=True))
            + last
            for name, counts in READS.items()
        },
    )


def feature_counts(folder: Path) -> CohortFileDataset:
    """Count files of featureCounts"""
    top = "# Program:featureCounts v2.0.6\nGeneid\tChr\tStart\tEnd\tStrand\tLength\t"
    return _count_files(
        folder,
        {
            f"{name}.txt": f"{top}/runs/{name}.bam\n"
            + "".join(
                f"{g}\tchr1;chr1\t11;61\t50;90\t+;+\t70\t{n}\n"
                for g, n in zip(GENES, counts, strict=True)
            )
            for name, counts in READS.items()
        },
    )


def star(folder: Path) -> CohortFileDataset:
    """Count files of STAR"""
    first = (
        "N_unmapped\t3\t3\t3\nN_multimapping\t1\t1\t1\nN_noFeature\t2\t9\t8\nN_ambiguous\t1\t0\t0\n"
    )
    return _count_files(
        folder,
        {
            f"{name}ReadsPerGene.out.tab": first
            + "".join(
                f"{g}\t{n}\t{n // 2}\t{n - n // 2}\n" for g, n in zip(GENES, counts, strict=True)
            )
            for name, counts in READS.items()
        },
    )


def _count_files(folder: Path, files: dict[str, str]) -> CohortFileDataset:
    write(folder, {**files, "sheet.csv": CLASSES})
    sheet = {"filepath": str(folder / "sheet.csv")}
    return CountFilesDataset(filepath=str(folder), sample_sheet=sheet, label="class")


# --- ways to damage them ------------------------------------------------------------------------


def put(name: str, content: str | bytes) -> Edit:
    return lambda folder: write(folder, {name: content}) and None


def delete(*names: str) -> Edit:
    def edit(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return edit


def replace(name: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / name).read_bytes().decode()
        assert old in text, "this damage would do nothing"
        put(name, text.replace(old, new, 1))(folder)

    return edit


def lines(name: str, change: Callable[[list[str]], list[str]]) -> Edit:
    def edit(folder: Path) -> None:
        kept = (folder / name).read_bytes().decode().splitlines()
        put(name, "\n".join(change(kept)) + "\n")(folder)

    return edit


def cell(name: str, line: int, column: int, new: str, separator: str = ",") -> Edit:
    """Replace one cell; lines and columns are counted from 1."""

    def change(kept: list[str]) -> list[str]:
        cells = kept[line - 1].split(separator)
        cells[column - 1] = new
        kept[line - 1] = separator.join(cells)
        return kept

    return lines(name, change)


def cut(name: str, share: float) -> Edit:
    def edit(folder: Path) -> None:
        content = (folder / name).read_bytes()
        put(name, content[: int(share * len(content))])(folder)

    return edit


def instead_of_file(name: str) -> Edit:
    def edit(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return edit


HTML = "<!DOCTYPE html>\n<html><title>Sign in</title></html>"
WORKBOOK = b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml"
SOFT = "^SAMPLE = GSM1\n!Sample_title = patient 1\n#ID_REF = \n!sample_table_begin\nID_REF\tVALUE\n"
