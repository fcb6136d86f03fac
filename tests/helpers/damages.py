"""Every way a cohort file can be bad, and what is said about it.

``DAMAGES``: for each layout what is wrong, how to make it so, and the message, where ``…`` stands
for any text. ``PUT_RIGHT``: what is read as if it were sound.
"""

import datetime
import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.cohort_files import table_rows, write_workbook
from helpers.damaged_files import (
    COHORT,
    HTML,
    SOFT,
    WORKBOOK,
    cell,
    cumida,
    cut,
    delete,
    feature_counts,
    gct,
    geo,
    golub,
    golub_semicolons,
    golub_zip,
    h5ad,
    htseq,
    instead_of_file,
    lines,
    mll,
    new_samples,
    parquet,
    put,
    replace,
    star,
    table,
    table_columns,
    table_gz,
    table_sheet,
    table_split,
    workbook,
)  # fmt: skip
from helpers.golub_texts import LABELS, TEST, TRAIN, golub_texts, write_zip


def sheets(content: dict[str, list[list]]) -> Callable[[Path], None]:
    """Another workbook in the place of t.xlsx."""
    return lambda folder: write_workbook(folder / "t.xlsx", content) and None


def re_encode(path: Path, newline: str, encoding: str) -> None:
    path.write_bytes(path.read_text("utf-8").replace("\n", newline).encode(encoding))


def inside(name: str, change: Callable[[Any], object]) -> Callable[[Path], None]:
    """Change parts of an HDF5 file."""

    def edit(folder: Path) -> None:
        import h5py

        with h5py.File(folder / name, "r+") as file:
            change(file)

    return edit


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def stranded(folder: Path, *names: str) -> None:
    """All reads of the samples are on the reverse strand; of every sample where none is named."""
    for name in names or ("s1", "s2", "s3"):
        path = folder / f"{name}ReadsPerGene.out.tab"
        rows = [line.split("\t") for line in path.read_text().splitlines()]
        path.write_text("".join(f"{gene}\t{n}\t0\t{n}\n" for gene, n, *_ in rows))


# fmt: off
DAMAGES = {
    golub: {
        "no file at all": (delete(TRAIN, TEST, LABELS),
            "the Golub files are not here; … kedro run --env demo … kedro fetch golub"),
        "one file missing": (delete(LABELS), "lacks actual.csv"),
        "empty file": (put(TRAIN, ""), f"{TRAIN}: the file is empty"),
        "blank file": (put(TRAIN, "\n\r\n \n"), f"{TRAIN}: the file is empty"),
        "web page saved as CSV": (put(TEST, HTML),
            f"{TEST}: this is a web page, not a table: it starts with '<!DOCTYPE html>'"),
        "Excel workbook renamed to CSV": (put(TRAIN, WORKBOOK),
            f"{TRAIN}: this is a zip, or an Excel workbook; its name must end in .zip or .xlsx"),
        "UTF-16 text": (put(LABELS, "patient,cancer\n1,ALL\n".encode("utf-16")),
            f"{LABELS}: this is UTF-16 text; state encoding: utf-16 in the catalog"),
        "another table": (put(TRAIN, "samples,type,1007_s_at\n1,AML,7.5\n"),
            f"{TRAIN}: not the Golub layout: … expected the columns 'Gene Description'"),
        "a column that is no patient": (
            lambda folder: replace(TRAIN, ",1,call", ",age,call")(folder),
            f"{TRAIN}: columns that are neither a patient's number nor a call: 'age'"),
        "a patient's number of 5,000 digits": (
            lambda folder: replace(TRAIN, ",1,call", f",{'9' * 5000},call")(folder),
            f"{TRAIN}: columns that are neither a patient's number nor a call: '9999"),
        "header alone": (lines(TRAIN, lambda kept: kept[:1]),
            f"{TRAIN} lacks 40 of the 40 probes in …{TEST}"),
        "no patients": (put(TRAIN, "Gene Description,Gene Accession Number\na,b_at\n"),
            f"{TRAIN}: no column is headed by a patient's number"),
        "separators unlike the header's": (
            lines(TRAIN, lambda kept: [kept[0].replace(",", ";"), *kept[1:]]),
            f"{TRAIN}, line 2 has 2 cells, the header has 12"),
        "cut off within a line": (cut(TRAIN, 0.6), "the header has 12: the file is cut"),
        "cut off at the end of a line": (lines(TEST, lambda kept: kept[:21]),
            f"{TEST} lacks 20 of the 40 probes in …{TRAIN}: X00020_at"),
        "a separator too many": (replace(TRAIN, "gene 1,X00001_at,", "gene 1,X00001_at,,"),
            f"{TRAIN}, line 3: found ''; expected an accession number"),
        "text in a number": (cell(TRAIN, 3, 5, "high"),
            f"{TRAIN}, line 3, probe X00001_at, patient 2: 'high' is not a number"),
        "empty cell": (cell(TRAIN, 3, 5, ""), "patient 2: the cell is empty"),
        "NaN": (cell(TRAIN, 3, 5, "NaN"), "patient 2: 'NaN' is not a finite number"),
        "infinite value": (cell(TRAIN, 3, 5, "inf"), "patient 2: 'inf' is not a finite"),
        "Excel error": (cell(TRAIN, 3, 5, "#N/A"), "patient 2: '#N/A' is not a number"),
        "digits grouped": (cell(TRAIN, 3, 5, "1_000"), "'1_000' is not a number"),
        "probe without accession number": (cell(TRAIN, 3, 2, ""),
            f"{TRAIN}, line 3: found ''; expected an accession number"),
        "duplicated probe": (replace(TRAIN, "X00001_at", "X00002_at"),
            f"{TRAIN}: probes occur more than once: X00002_at"),
        "duplicated patient": (replace(TRAIN, ",1,call", ",2,call"),
            f"{TRAIN}: patients occur more than once: 2"),
        "one patient in both files": (replace(TEST, ",8,call", ",1,call"),
            f"patients are in both …{TRAIN} and …{TEST}: 1"),
        "the same file twice": (put(TEST, golub_texts()[TRAIN]),
            f"patients are in both …{TRAIN} and …{TEST}: 1, 2, 3, 5, 4"),
        "probes of another chip": (replace(TEST, "X00001_at", "Z00001_at"),
            f"{TRAIN} lacks 1 of the 40 probes in …{TEST}: Z00001_at"),
        "patient without a label": (replace(LABELS, "4,AML\n", ""),
            f"{TRAIN}: patients without a label: 4"),
        "label without a patient": (replace(LABELS, "4,AML\n", "4,AML\n99,AML\n"),
            "labels of patients without expression: 99"),
        "labels of other patients": (put(LABELS, "patient,cancer\n11,ALL\n12,AML\n"),
            f"{TRAIN}: patients without a label: 1, 2, 3, 5, 4"),
        "patient labelled twice": (replace(LABELS, "4,AML", "3,AML"),
            f"{LABELS}: cells of 'patient' occur more than once: 3"),
        "unknown label": (replace(LABELS, "4,AML", "4,CML"),
            f"{LABELS}: the label of patient 4 is 'CML'; expected ALL or AML"),
        "empty label": (replace(LABELS, "4,AML", "4,"), "label of patient 4 is ''"),
        "one class": (
            lambda folder: put(LABELS, golub_texts()[LABELS].replace("AML", "ALL"))(folder),
            f"{LABELS}: no patient is labelled AML"),
        "labels under another heading": (replace(LABELS, "patient,", "id,"),
            f"{LABELS} has no column 'patient'; its columns are id, cancer"),
        "label line cut off": (replace(LABELS, "4,AML", "4"),
            f"{LABELS}, line 5 has 1 cells, the header has 2"),
    },
    golub_semicolons: {
        "a separator too many, without calls": (
            lines(TRAIN, lambda kept: [*kept[:2], kept[2] + ";7", *kept[3:]]),
            f"{TRAIN}, line 3: found …; expected an accession number"),
        "decimal commas": (cell(TRAIN, 3, 3, "-214,5", ";"),
            f"{TRAIN}, line 3, probe X00001_at, patient 1: '-214,5' has a decimal comma"),
    },
    golub_zip: {
        "zip of something else": (
            lambda folder: write_zip(folder / "golub.zip", {"notes.txt": "x"}) and None,
            "golub.zip: the Golub files are not here"),
        "zip cut off": (cut("golub.zip", 0.7), "neither a folder nor an intact zip"),
        "web page saved as zip": (put("golub.zip", HTML), "neither a folder nor an"),
    },
    mll: {
        "the public file not yet fetched": (delete("01_raw/mll/MLL.csv"),
            "MLL.csv: no such file; to fetch it: kedro fetch mll"),
    },
    table: {
        "missing file": (delete("t.csv"), "t.csv: no such file\nCorrect the file, … kedro check"),
        "a folder of that name": (instead_of_file("t.csv"), "t.csv is a folder"),
        "empty file": (put("t.csv", b""), "t.csv: the file is empty"),
        "header alone": (lines("t.csv", lambda kept: kept[:1]), "holds headings, but no"),
        "web page saved as CSV": (put("t.csv", HTML), "t.csv: this is a web page"),
        "cut off within a line": (cut("t.csv", 0.8), "the header has 5: the file is cut"),
        "no label column": (replace("t.csv", "class", "kind"),
            "t.csv has no column 'class'; its columns are id, g1, g2, AFFX-g3, kind"),
        "a misspelt column": (replace("t.csv", "class", "calss"),
            "t.csv has no column 'class'; did you mean 'calss'?"),
        "a column without a heading": (
            lines("t.csv", lambda kept: [line + "," for line in kept]),
            "t.csv: column 6 of 6 has no heading; give it one, or remove the column where it is "
            "empty"),
        "titles with as many cells as the table": (
            lines("t.csv", lambda kept: ["Our lab,,,,", *kept]),
            "t.csv has no column 'id'; its columns are Our lab, … "
            "lines above the headings as skip_rows"),
        "a covariate among the probes": (
            lines("t.csv", lambda kept: [kept[0] + ",sex", *(line + ",f" for line in kept[1:])]),
            "t.csv, line 2, column sex: 'f' is not a number\n… label, split or covariates"),
        "decimal commas": (replace("t.csv", "1.5", '"1,5"'),
            "t.csv, line 2, column g1: '1,5' has a decimal comma; expected a decimal point, or "
            'state decimal: "," in the entry of the catalog'),
        "infinite value": (replace("t.csv", "1.5", "-Infinity"),
            "line 2, column g1: '-Infinity' is not a finite number"),
        "a number beyond measure": (replace("t.csv", "1.5", "1e999"),
            "line 2, column g1: '1e999' is not a finite number"),
        "duplicated sample": (replace("t.csv", "s2", "s1"),
            "t.csv: sample ids occur more than once: s1"),
        "duplicated probe": (replace("t.csv", "g2", "g1"),
            "t.csv: ids occur more than once: g1"),
        "sample without id": (replace("t.csv", "s2", ""), "a sample id must be text"),
        "probe without name": (replace("t.csv", "g2", ""), "t.csv: column 3 of 5 has no heading"),
        "gene name mangled by Excel": (replace("t.csv", "g2", "1-Mar"),
            "t.csv: a spreadsheet has turned gene names into dates or numbers: 1-Mar"),
        "a date of Excel in German": (replace("t.csv", "g2", "1-Mrz"),
            "t.csv: a spreadsheet has turned gene names into dates or numbers: 1-Mrz"),
        "a date written year first": (replace("t.csv", "g2", "2021-03-01"),
            "gene names into dates or numbers: 2021-03-01"),
        "the number of a day": (replace("t.csv", "g2", "44256"),
            "gene names into dates or numbers: 44256"),
        "a gene name that Excel took for a number": (replace("t.csv", "g2", "2.31E+13"),
            "gene names into dates or numbers: 2.31E+13"),
        "a gene name that Excel took for a formula": (replace("t.csv", "g2", "#NAME?"),
            "gene names into dates or numbers: #NAME?"),
        "a gene name like a date, where the catalog does not say so": (
            replace("t.csv", "g2", "Oct-4"), "state in the catalog: names_like_dates: ['Oct-4']"),
        "quote left open": (replace("t.csv", "s2", '"s2'),
            "t.csv, line 3: a quotation mark is not closed"),
        "quote closed within a cell": (replace("t.csv", "s2", '"s2"x'),
            "t.csv, line 3: a quotation mark is not closed"),
        "Latin-1 text": (put("t.csv", "id,gä,class\ns1,1,ALL\n".encode("latin-1")),
            "t.csv: line 1 is not UTF-8 text; a byte there is 'ä' in Latin-1. Where "
            "it is text, state its encoding in the catalog, such as encoding: latin-1"),
        "UTF-16 text": (put("t.csv", "id,g1,class\ns1,1,ALL\n".encode("utf-16")),
            "t.csv: this is UTF-16 text; state encoding: utf-16 in the catalog"),
        "UTF-16 text without a byte-order mark": (
            put("t.csv", "id,g1,class\ns1,1,ALL\n".encode("utf-16-le")),
            "t.csv: this is UTF-16 text without a mark of it, or a binary file; where it is text, "
            "state encoding: utf-16-le"),
        "a title above the header": (lines("t.csv", lambda kept: ["Table S1", *kept]),
            "t.csv, line 1 has 1 cells, the lines below it 5: if it is no header, but a title, "
            "state the number of such lines as skip_rows"),
        "a separator too many in every line": (
            lines("t.csv", lambda kept: [kept[0], *(line + "," for line in kept[1:])]),
            "t.csv, line 1 has 5 cells, the lines below it 6: …a separator is one too many"),
        "comments alone": (put("t.csv", "# nothing\n# here\n"), "t.csv has no column 'id'"),
        "an old Excel workbook": (put("t.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
            "t.csv: this is an old Excel workbook (.xls); save it as .xlsx or as CSV"),
        "an Excel workbook under another name": (
            lambda folder: write_workbook(folder / "t.csv", {"Data": table_rows(COHORT)}) and None,
            "t.csv: this is a zip, or an Excel workbook; its name must end in .zip or .xlsx"),
        "compressed under another name": (put("t.csv", gzip.compress(b"id,g1\ns1,1\n")),
            "t.csv: this is compressed; its name must end in .gz. If it is R's .rds"),
        "Parquet under another name": (
            lambda folder: COHORT.expression.to_parquet(folder / "t.csv"),
            "t.csv: this is a Parquet file; its name must end in .parquet"),
        "AnnData (.h5ad)": (put("t.csv", b"\x89HDF\r\n\x1a\n" + bytes(600)),
            "t.csv: this is an HDF5 file. If it is .h5ad, its type in the catalog is "
            "leukemia_kedro.datasets.H5ADDataset"),
        "ARFF": (put("t.csv", "% by Weka\n@relation cohort\n@attribute g1 numeric\n@data\n1\n"),
            "t.csv: this is an ARFF file; convert it in Python, …arff.loadarff(\"in.arff\")"),
        "a GCT file": (put("t.csv", "#1.2\n1\t1\nNAME\tDescription\ts1\ng1\t\t1\n"),
            "t.csv: this is a GCT file; its type in the catalog is "
            "leukemia_kedro.datasets.GCTDataset"),
        "a GEO series matrix": (put("t.csv", '!Series_title\t"x"\n'),
            "t.csv: this is a GEO series matrix; its type in the catalog is …"),
        "two probes of one gene": (replace("t.csv", "g2", "g1"),
            "t.csv: ids occur more than once: g1. One of each: state collapse in the "
            "catalog (highest_mean, highest_variance, mean, median, sum)"),
    },
    table_split: {
        "a split that is neither train nor test": (replace("t.csv", "test", "validation"),
            "split of sample s3 is 'validation'"),
        "split left blank": (replace("t.csv", "test", ""), "split of sample s3 is"),
    },
    table_gz: {
        "gzip cut off": (cut("t.csv.gz", 0.5), "t.csv.gz: the file is cut off or damaged"),
        "gzip cut off far behind its start": (
            lambda folder: put("t.csv.gz", gzip.compress(
                b"id,g1\n" + random.Random(0).randbytes(30_000).hex(",").encode())[:40_000]
            )(folder),
            "t.csv.gz: cannot be read beyond line 1, the file is cut off or damaged"),
        "not gzip": (put("t.csv.gz", "id,g1\ns1,2\n"),
            "t.csv.gz: the file is cut off or damaged (Not a gzipped file"),
    },
    table_columns: {
        "no label row": (replace("t.csv", "class", "kind"),
            "line 5, column s1: 'ALL' is not a number"),
        "label row cut out": (lines("t.csv", lambda kept: kept[:-1]), "t.csv has no row 'class'"),
    },
    table_sheet: {
        "no sheet": (delete("sheet.csv"), "sheet.csv: no such file\nCorrect the file"),
        "sheet of other patients": (put("sheet.csv", "id,class\nx1,ALL\nx2,AML\n"),
            "sheet.csv: samples of …t.csv are absent: s1, s2, s3; the sheet has x1, x2"),
        "patient twice in the sheet": (replace("sheet.csv", "s3", "s1"),
            "sheet.csv: cells of 'id' occur more than once: s1"),
        "no label in the sheet": (replace("sheet.csv", "class", "kind"),
            "sheet.csv has no column 'class'; its columns are kind"),
    },
    parquet: {
        "Parquet cut off": (cut("t.parquet", 0.6), "t.parquet: not an intact Parquet"),
        "CSV renamed to Parquet": (put("t.parquet", "id,g1\n"), "not an intact Parquet"),
        "text among the probes": (
            lambda folder: COHORT.expression.assign(sex="f").to_parquet(folder / "t.parquet"),
            "columns that do not hold numbers: sex"),
        "an index of two levels": (
            lambda folder: COHORT.expression.assign(
                visit=1).set_index("visit", append=True).rename_axis(["patient", "visit"]
            ).to_parquet(folder / "t.parquet"),
            "t.parquet has no column 'sample'"),
        "a date among the probes": (
            lambda folder: COHORT.expression.assign(
                day=pd.Timestamp("2021-03-01")).to_parquet(folder / "t.parquet"),
            "columns that do not hold numbers: day"),
        "true and false among the probes": (
            lambda folder: COHORT.expression.assign(sex=True).to_parquet(folder / "t.parquet"),
            "columns that do not hold numbers: sex"),
        "an index named like a column": (
            lambda folder: COHORT.expression.rename_axis("g1").to_parquet(folder / "t.parquet"),
            "t.parquet: columns occur more than once: g1"),
    },
    workbook: {
        "workbook cut off": (cut("t.xlsx", 0.7), "t.xlsx: not an intact Excel workbook"),
        "CSV renamed to a workbook": (put("t.xlsx", "id,g1\n"), "not an intact Excel workbook"),
        "several sheets that hold something": (
            sheets({"Data": table_rows(COHORT), "Notes": [["made in 2021"]]}),
            "t.xlsx: sheets that hold something are Data, Notes; name one as sheet"),
        "empty sheets": (sheets({"Data": [], "More": []}),
            "t.xlsx: sheets that hold something are none"),
        "a gene name that Excel took for a date": (
            sheets({"Data": [["id", "TP53", datetime.date(2021, 3, 1), "class"],
                             ["s1", 1, 2, "ALL"]]}),
            "t.xlsx: a spreadsheet has turned gene names into dates or numbers: 2021-03-01"),
        "a date among the values": (
            sheets({"Data": [["id", "g1", "class"], ["s1", datetime.date(2021, 3, 1), "ALL"]]}),
            "t.xlsx, sheet 'Data', row 2, column g1: '2021-03-01' is not a number"),
        "a title above the table": (
            sheets({"Data": [["Table S1"], *table_rows(COHORT)]}),
            "t.xlsx, sheet 'Data', row 1 has 1 cells, the lines below it 5: if it is no header"),
        "a note beside the table": (
            sheets({"Data": [*table_rows(COHORT)[:3], [*table_rows(COHORT)[3], "", "late"]]}),
            "t.xlsx, sheet 'Data', row 4 has 7 cells, the header has 5"),
    },
    gct: {
        "another version": (replace("t.gct", "#1.2", "#1.1"),
            "t.gct: not a GCT file: it starts with '#1.1'; expected '#1.2' or '#1.3'"),
        "no sizes": (lines("t.gct", lambda kept: [kept[0], *kept[2:]]),
            "t.gct: line 2 is 'NAME…'; expected sizes such as '7129 38'"),
        "a size of 5,000 digits": (replace("t.gct", "3\t3", f"{'9' * 5000}\t3"),
            "t.gct: line 2 is '9999…'; expected sizes such as '7129 38'"),
        "cut off": (lines("t.gct", lambda kept: kept[:-1]),
            "t.gct: the table has 2 rows; line 2 says 3: the file is cut off"),
        "a sample more than it says": (replace("t.gct", "3\t3", "3\t2"),
            "t.gct: the header has 5 cells; line 2 says 4: 2 samples after 2 columns of text"),
        "no classes": (delete("t.cls"), "t.cls: no such file"),
        "classes of another cohort": (put("t.cls", "2 2 1\n# ALL AML\n0 1\n"),
            "t.cls: line 3 has 2 classes, …t.gct 3 samples"),
        "a class too few": (put("t.cls", "3 2 1\n# ALL AML\n0 1 2\n"),
            "t.cls: line 2 names the classes ALL, AML, line 3 has 0, 1, 2"),
        "classes that start with the second": (put("t.cls", "3 2 1\n# ALL AML\n1 0 1\n"),
            "t.cls: line 3 starts with class 1. GSEA takes it for the first name, 'ALL', others "
            "for number 1 of line 2, 'AML'. Write the names themselves into line 3"),
        "a profile of numbers": (put("t.cls", "#numeric\n#age\n1 2 3\n"),
            "t.cls: profiles of numbers, no classes"),
        "another file for the classes": (put("t.cls", "s1,ALL\ns2,AML\n"),
            "t.cls: not a CLS file: expected a line such as '38 2 1'"),
    },
    htseq: {
        "no folder": (lambda folder: shutil.rmtree(folder), "no such folder"),
        "an empty folder": (
            delete("s1.counts", "s2.counts", "s3.counts"), "the folder holds no file"),
        "a count file cut off within a line": (cut("s2.counts", 0.3),
            "s2.counts, line 3 has 1 cells, the first line has 2: the file is cut off"),
        "a count file cut off at the end of a line": (lines("s2.counts", lambda kept: kept[:3]),
            "s2.counts: cut off, because the rows at the end that sum up the reads of no gene are "
            "absent; other files have them"),
        "a gene lost": (lines("s2.counts", lambda kept: kept[1:]),
            "s2.counts lacks 1 of the genes in s1.counts: ENSG00000000003. The file is cut off, or "
            "was counted with another annotation"),
        "a file counted with another genome": (
            lines("s2.counts", lambda kept: [line.replace("ENSG", "ENSMUSG") for line in kept]),
            "s2.counts lacks 4 of the genes in s1.counts: ENSG00000000003, … and has 4 others: "
            "ENSMUSG00000000003, … count all with the same one"),
        "a file twice": (
            lambda folder: put("s3.counts", (folder / "s1.counts").read_text())(folder),
            "the counts of s1.counts and s3.counts are the same: a file is there twice"),
        "files of several programs": (
            lambda folder: put("s2.counts", "N_unmapped\t1\t1\t1\nENSG00000000003\t1\t1\t1\n"
            )(folder),
            "files of several programs, whose counts are not alike: HTSeq: s1.counts, s3.counts; "
            "STAR: s2.counts. Keep those of one"),
        "another file in the folder": (put("notes.txt", "counted in May\n"),
            "notes.txt: not a file of counts: it starts with … expected two columns, gene and "
            "count (HTSeq), … To pass over it, state the column of file names as file"),
        "a gene twice": (replace("s1.counts", "ENSG00000000005", "ENSG00000000003"),
            "s1.counts: genes occur more than once: ENSG00000000003"),
        "a sample without a file": (delete("s2.counts"), "samples of the sheet without a file: s2"),
        "a file without a sample": (
            lambda folder: (folder / "s1.counts").rename(folder / "s7.counts") and None,
            "samples of the sheet without a file: s1; files that begin with no sample id of the "
            "sheet: s7.counts. State the column of file names as file in sample_sheet"),
        "two files of one sample": (
            lambda folder: put("s1.txt", (folder / "s2.counts").read_text())(folder),
            "sample s1 has several files: s1.counts, s1.txt"),
        "a negative count": (replace("s1.counts", "\t12", "\t-12"),
            "s1.counts, gene ENSG00000000419: the count is -12; expected 0 or more"),
        "text in the place of a count": (replace("s1.counts", "\t12", "\tNA"),
            "s1.counts, gene ENSG00000000419: 'NA' is not a number"),
        "no gene": (lines("s1.counts", lambda kept: kept[4:]), "s1.counts: the file holds no gene"),
    },
    feature_counts: {
        "a count file cut off": (lines("s3.txt", lambda kept: kept[:-1]),
            "s3.txt lacks 1 of the genes in s1.txt: ENSG00000000457"),
        "the header lost": (lines("s3.txt", lambda kept: [kept[0], *kept[2:]]),
            "s3.txt: not a file of counts"),
        "header alone": (lines("s3.txt", lambda kept: kept[:2]), "holds headings, but no counts"),
    },
    star: {
        "a stranded library, strand not stated": (
            lambda folder: stranded(folder),
            "of the reads of genes, 0 % (s1) to 0 % (s1) are on the forward strand; of unstranded "
            "libraries about half are. The libraries look stranded: state strand: reverse"),
        "one library of another strand": (
            lambda folder: stranded(folder, "s2"),
            "of the reads of genes, 0 % (s2) to … The samples were prepared in different ways"),
        "a column lost": (
            lines("s2ReadsPerGene.out.tab", lambda kept: [row.rpartition("\t")[0] for row in kept]),
            "s2ReadsPerGene.out.tab: not a file of counts"),
    },
    h5ad: {
        "cut off": (cut("t.h5ad", 0.6), "t.h5ad: not an intact .h5ad file"),
        "another file under its name": (put("t.h5ad", "id,g1\n"), "not an intact .h5ad file"),
        "an HDF5 file of another program": (
            inside("t.h5ad", lambda file: file.attrs.pop("encoding-type")),
            "t.h5ad: an HDF5 file, but none that anndata 0.8 or later wrote"),
        "no such layer": (inside("t.h5ad", lambda file: file.move("layers/counts", "layers/reads")),
            "t.h5ad has no layer 'counts'; its layers are reads"),
        "no list of columns": (inside("t.h5ad", lambda file: file["obs"].attrs.pop("column-order")),
            "t.h5ad: not an intact .h5ad file"),
        "label under another name": (
            inside("t.h5ad", lambda file: (
                file.move("obs/label", "obs/kind"),
                file["obs"].attrs.__setitem__("column-order", ["kind"]))),
            "t.h5ad, obs has no column 'label'; its columns are kind"),
        "a matrix of other samples": (
            inside("t.h5ad", lambda file: file["layers/counts"].attrs.__setitem__("shape", [2, 3])),
            "t.h5ad: not an intact .h5ad file"),
        "positions beyond the matrix": (
            inside("t.h5ad", lambda file: file["layers/counts/indices"].__setitem__(0, 9)),
            "t.h5ad: not an intact .h5ad file"),
        "a matrix that would fill the memory": (
            inside("t.h5ad", lambda file: file["layers/counts"].attrs.__setitem__(
                "shape", [3, 2_000_000_000])),
            "t.h5ad, layers/counts has … bytes and unpacks to more than"),
    },
    cumida: {
        "no id column": (replace("t.csv", "samples", "id"),
            "t.csv has no column 'samples'; … kedro fetch cumida"),
        "no type column": (replace("t.csv", "type", "class"), "has no column 'type'"),
    },
    new_samples: {
        "no table of new samples": (delete("new.csv"),
            "new.csv: no such file\nName the table of new samples: kedro run --pipelines inference "
            "--params new_samples=PATH"),
        "a class among the new samples' values": (
            lines("new.csv", lambda kept: [*kept, "class,ALL,AML,ALL"]),
            "new.csv, line 5, column s1: 'ALL' is not a number"),
    },
    geo: {
        "another GEO format": (put("t.txt", SOFT), "t.txt: not a GEO series matrix"),
        "web page saved as text": (put("t.txt", HTML), "t.txt: this is a web page"),
        "cut off before its end": (lines("t.txt", lambda kept: kept[:-1]),
            "t.txt: the file is cut off: the line !series_matrix_table_end is absent"),
        "no values, as of a sequencing series": (
            lines("t.txt", lambda kept: [*kept[:-4], kept[-1]]),
            "t.txt: the table is empty; sequencing"),
        "text in a number": (replace("t.txt", "5.5", "P"),
            "t.txt, line 12, probe g2, sample s2: 'P' is not a number"),
        "samples in another order": (
            replace("t.txt", '"ID_REF"\t"s1"\t"s2"', '"ID_REF"\t"s2"\t"s1"'),
            "the table and !Sample_geo_accession list other samples"),
        "accessions lost and a sample too many": (
            lines("t.txt", lambda kept: [
                line + '\t"x"' if line.startswith("!Sample") else line
                for line in kept if not line.startswith("!Sample_geo_accession")
            ]),
            "the table and !Sample_geo_accession list other samples"),
        "Latin-1 in a characteristic": (
            lambda folder: put("t.txt", (folder / "t.txt").read_bytes().replace(
                b"type: AML", b"type: AML f\xfcr")
            )(folder),
            "t.txt, line 8: there are bytes that are not text in the file's encoding; state it in "
            "the catalog, such as encoding: latin-1"),
        "UTF-16 text": (
            lambda folder: re_encode(folder / "t.txt", "\n", "utf-16"),
            "t.txt: this is UTF-16 text; state encoding: utf-16"),
        "a probe twice": (replace("t.txt", '"g2"', '"g1"'),
            "t.txt: ids occur more than once: g1. One of each: state collapse"),
        "two characteristics of the label's name": (
            lines("t.txt", lambda kept: [
                *kept[:8], '!Sample_characteristics_ch1\t"Type: I"\t"Type: II"\t"Type: I"',
                *kept[8:],
            ]),
            "t.txt: label is 'type', but several characteristics are called so"),
        "a label of two channels": (
            lines("t.txt", lambda kept: [
                *kept[:8], '!Sample_characteristics_ch2\t"type: x"\t"type: x"\t"type: x"',
                *kept[8:],
            ]),
            "t.txt: label is 'type', but several characteristics are called so; expected one of "
            "their columns, type_ch1, type_ch2"),
        "a characteristic short of samples": (replace("t.txt", '\t"type: AML"', ""),
            "line 8: !Sample_characteristics_ch1 has 2 samples, earlier lines have 3"),
    },
}

PUT_RIGHT = {
    golub: {
        "labels in another order": lines(LABELS, lambda kept: [kept[0], *reversed(kept[1:])]),
        "probes in another order in the independent file":
            lines(TEST, lambda kept: [kept[0], *reversed(kept[1:])]),
        "Windows line ends": lambda folder: re_encode(folder / TRAIN, "\r\n", "utf-8"),
        "a byte-order mark": lambda folder: re_encode(folder / LABELS, "\n", "utf-8-sig"),
        "no line end at the end":
            lambda folder: put(LABELS, golub_texts()[LABELS].rstrip())(folder),
        "a quotation mark lost": replace(TRAIN, 'chain",', "chain,"),
        "blank lines":
            lambda folder: put(LABELS, golub_texts()[LABELS].replace("\n", "\n\n"))(folder),
    },
    table: {
        "blanks around cells": replace("t.csv", "s2,", " s2 , "),
        "semicolons between cells":
            lambda folder: put("t.csv", (folder / "t.csv").read_text().replace(",", ";"))(folder),
        "blanks between cells":
            lambda folder: put("t.csv", (folder / "t.csv").read_text().replace(",", " "))(folder),
        "columns lined up with blanks":
            lambda folder: put("t.csv", (folder / "t.csv").read_text().replace(",", "   "))(folder),
        "Excel's line that names the separator":
            lambda folder: put(
                "t.csv", "sep=;\n" + (folder / "t.csv").read_text().replace(",", ";"))(folder),
        "comments above the header":
            lines("t.csv", lambda kept: ["# made by hand, in 2021", "#", *kept]),
        "row names of R's write.csv": lines("t.csv", lambda kept: [
            '"",' + kept[0], *(f'"{i}",{line}' for i, line in enumerate(kept[1:], 1))]),
        "row names of R's write.table, a header one cell short": lines("t.csv", lambda kept: [
            kept[0], *(f'"{i}",{line}' for i, line in enumerate(kept[1:], 1))]),
        "quotes around every cell": lines("t.csv", lambda kept: [
            ",".join(f'"{cell}"' for cell in line.split(",")) for line in kept]),
        "old Macintosh line ends": lambda folder: re_encode(folder / "t.csv", "\r", "utf-8"),
    },
    parquet: {
        "pandas' index without a name":
            lambda folder: COHORT.expression.reset_index().set_axis([7, 2, 5]).to_parquet(
                folder / "t.parquet"),
        "an index with a name that is not used":
            lambda folder: COHORT.expression.reset_index().rename_axis("row").to_parquet(
                folder / "t.parquet", index=True),
    },
    workbook: {
        "an empty sheet": lambda folder: sheets({"Data": table_rows(COHORT), "Sheet2": []})(folder),
        "empty rows": lambda folder: sheets(
            {"Data": [table_rows(COHORT)[0], [], *table_rows(COHORT)[1:], []]})(folder),
    },
    htseq: {
        "genes in another order in one file":
            lines("s2.counts", lambda kept: [*reversed(kept[:4]), *kept[4:]]),
        "a summary of featureCounts beside it": put("s1.counts.summary", "Status\ts1\n"),
        "a hidden file": put(".DS_Store", b"\0"),
        "names with other endings": lambda folder: (
            (folder / "s1.counts").rename(folder / "s1_htseq_counts.txt") and None),
        "a file in a folder of its sample":
            lambda folder: shutil.move(folder / "s1.counts", make(folder / "s1") / "reads.txt"),
    },
    gct: {
        "class names in the place of numbers":
            lambda folder: put("t.cls", "3 2 1\n# ALL AML\nALL AML ALL\n")(folder),
        "no blank after # in the line of classes":
            lambda folder: put("t.cls", "3 2 1\n#ALL AML\n0 1 0\n")(folder),
    },
    geo: {
        "line breaks in the head": replace("t.txt", '"not kept"', '"not\nkept"'),
        "a byte in another encoding in a field that is not used":
            lambda folder: put("t.txt", (folder / "t.txt").read_bytes().replace(
                b"not kept", b"nicht f\xfcr uns"))(folder),
    },
    table_sheet: {
        "sheet in another order": lines("sheet.csv", lambda kept: [kept[0], *reversed(kept[1:])]),
        "sheet with one more patient": replace("sheet.csv", "s3", "s4,ALL\ns3"),
    },
}
# fmt: on
