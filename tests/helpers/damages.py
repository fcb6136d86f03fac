"""Every way a cohort file can be bad, and what is said about it.

``DAMAGES``: for each layout what is wrong, how to make it so, and the message, where ``…`` stands
for any text. ``PUT_RIGHT``: what is read as if it were sound.
"""

from pathlib import Path

from helpers.damaged_files import (
    COHORT,
    HTML,
    SOFT,
    WORKBOOK,
    cell,
    cumida,
    cut,
    delete,
    geo,
    golub,
    golub_semicolons,
    golub_zip,
    instead_of_file,
    lines,
    mll,
    new_samples,
    parquet,
    put,
    replace,
    table,
    table_columns,
    table_gz,
    table_sheet,
    table_split,
)  # fmt: skip
from helpers.golub_texts import LABELS, TEST, TRAIN, golub_texts, write_zip


def re_encode(path: Path, newline: str, encoding: str) -> None:
    path.write_bytes(path.read_text("utf-8").replace("\n", newline).encode(encoding))


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
            f"{TRAIN}: this is a zip, Excel or other binary file"),
        "UTF-16 text": (put(LABELS, "patient,cancer\n1,ALL\n".encode("utf-16")),
            f"{LABELS}: what follows line 0 is not UTF-8 text"),
        "another table": (put(TRAIN, "samples,type,1007_s_at\n1,AML,7.5\n"),
            f"{TRAIN}: not the Golub layout: … expected the columns 'Gene Description'"),
        "a column that is no patient": (
            lambda folder: replace(TRAIN, ",1,call", ",age,call")(folder),
            f"{TRAIN}: columns that are neither a patient's number nor a call: 'age'"),
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
        "a covariate among the probes": (
            lines("t.csv", lambda kept: [kept[0] + ",sex", *(line + ",f" for line in kept[1:])]),
            "t.csv, line 2, column sex: 'f' is not a number\n… label, split or covariates"),
        "decimal commas": (replace("t.csv", "1.5", '"1,5"'),
            "t.csv, line 2, column g1: '1,5' has a decimal comma"),
        "infinite value": (replace("t.csv", "1.5", "-Infinity"),
            "line 2, column g1: '-Infinity' is not a finite number"),
        "a number beyond measure": (replace("t.csv", "1.5", "1e999"),
            "line 2, column g1: '1e999' is not a finite number"),
        "duplicated sample": (replace("t.csv", "s2", "s1"),
            "t.csv: sample ids occur more than once: s1"),
        "duplicated probe": (replace("t.csv", "g2", "g1"),
            "t.csv: probe ids occur more than once: g1"),
        "sample without id": (replace("t.csv", "s2", ""), "a sample id must be text"),
        "probe without name": (replace("t.csv", "g2", ""), "a probe id must be text"),
        "gene name mangled by Excel": (replace("t.csv", "g2", "1-Mar"),
            "t.csv: a spreadsheet has turned gene names into dates or numbers: 1-Mar"),
        "quote left open": (replace("t.csv", "s2", '"s2'),
            "t.csv, line 3: a quotation mark is not closed"),
    },
    table_split: {
        "a split that is neither train nor test": (replace("t.csv", "test", "validation"),
            "split of sample s3 is 'validation'"),
        "split left blank": (replace("t.csv", "test", ""), "split of sample s3 is"),
    },
    table_gz: {
        "gzip cut off": (cut("t.csv.gz", 0.5), "t.csv.gz: cannot be read beyond line"),
        "not gzip": (put("t.csv.gz", "id,g1\ns1,2\n"), "t.csv.gz: cannot be read"),
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
        "an index named like a column": (
            lambda folder: COHORT.expression.rename_axis("g1").to_parquet(folder / "t.parquet"),
            "t.parquet: columns occur more than once: g1"),
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
    },
    table_sheet: {
        "sheet in another order": lines("sheet.csv", lambda kept: [kept[0], *reversed(kept[1:])]),
        "sheet with one more patient": replace("sheet.csv", "s3", "s4,ALL\ns3"),
    },
}
# fmt: on
