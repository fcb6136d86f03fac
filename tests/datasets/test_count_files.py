"""A folder of counts of reads: of HTSeq, featureCounts or STAR."""

import gzip

import numpy as np
import pandas as pd
import pytest
from helpers.damaged_files import CLASSES, GENES, READS, feature_counts, htseq, star
from helpers.damages import stranded
from helpers.golub_texts import write
from kedro.io import DatasetError

from leukemia_kedro.datasets import CountFilesDataset, ExpressionTableDataset
from leukemia_kedro.errors import UserError

COUNTS = pd.DataFrame(READS, pd.Index(GENES, name="probe"), dtype=float).T.rename_axis("sample")


def htseq_text(counts, genes=GENES, last="__no_feature\t0\n"):
    return "".join(f"{g}\t{n}\n" for g, n in zip(genes, counts, strict=True)) + last


@pytest.mark.parametrize("layout", [htseq, feature_counts, star])
def test_the_counts_of_each_program_are_read_as_they_stand(layout, tmp_path):
    cohort = layout(tmp_path).load()
    pd.testing.assert_frame_equal(cohort.expression, COUNTS)
    assert list(cohort.samples.columns) == ["label"]
    assert list(cohort.labels) == ["ALL", "AML", "ALL"]
    program = {htseq: "HTSeq", feature_counts: "featureCounts", star: "STAR"}[layout]
    assert cohort.origin.endswith(f": counts of reads by {program}")


def test_reads_of_no_gene_are_told_and_are_no_probe(tmp_path):
    """6 + 1 + 3 = 10 of 34, 43 and 34 reads; s2 then gets 100 more."""
    dataset = htseq(tmp_path)
    assert dataset.load().remarks == (
        "reads of no gene are left out: 29 % of all in the median sample, 29 % in s1",
    )
    path = tmp_path / "s2.counts"
    path.write_text(path.read_text().replace("__no_feature\t6", "__no_feature\t106"))
    assert dataset.load().remarks == (
        "reads of no gene are left out: 29 % of all in the median sample, 77 % in s2; more than "
        "half in s2 (77 %)",
    )


@pytest.mark.parametrize(("strand", "way"), [("unstranded", 1), ("forward", 2), ("reverse", 3)])
def test_strand_chooses_the_column_of_star(strand, way, tmp_path):
    write(
        tmp_path,
        {"s1.tab": "N_unmapped\t0\t0\t0\nN_noFeature\t5\t6\t7\ng1\t10\t3\t7\ng2\t8\t4\t5\n"},
    )
    cohort = CountFilesDataset(filepath=str(tmp_path), strand=strand).load()
    expected = {1: [10, 8], 2: [3, 4], 3: [7, 5]}[way]
    assert cohort.expression.loc["s1"].tolist() == expected
    told, of_no_gene = cohort.remarks
    assert told == (
        f"STAR's counts are read as strand: {strand}; of the reads of genes, 37 % (s1) to "
        "37 % (s1) are on the forward strand"
    )
    share = round(100 * (4 + way) / (4 + way + sum(expected)))
    assert f"{share} % in s1" in of_no_gene


def test_a_library_read_by_its_other_strand_is_told(tmp_path):
    star(tmp_path)
    stranded(tmp_path)
    dataset = CountFilesDataset(
        filepath=str(tmp_path), strand="forward", sample_sheet={"filepath": f"{tmp_path}/sheet.csv"}
    )
    told = dataset.load().remarks[0]
    assert told.endswith("So most reads are left out; did you mean strand: reverse?")


@pytest.mark.parametrize(
    "name",
    ["s1", "s1.txt", "s1.tsv.gz", "s1.htseq.counts.gz", "s1_featureCounts.txt",
     "s1-gene-counts.tsv", "s1ReadsPerGene.out.tab", "s1_ReadsPerGene.out.tab.gz",
     "s1.Aligned.sortedByCoord.out.bam.tsv",
     "s1/counts.txt", "s1/ReadsPerGene.out.tab"],
)  # fmt: skip
def test_a_file_is_that_of_the_sample_whose_id_its_name_begins_with(name, tmp_path):
    """s1_rep2 is another sample, and its file is never taken for one of s1."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    text = htseq_text(READS["s1"]).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    write(tmp_path, {"s1_rep2.txt": htseq_text(READS["s2"]), "sheet.csv": "id\ns1_rep2\ns1\n"})
    sheet = {"filepath": str(tmp_path / "sheet.csv")}
    cohort = CountFilesDataset(filepath=str(tmp_path), sample_sheet=sheet).load()
    assert list(cohort.samples.index) == ["s1_rep2", "s1"]  # the order of the sheet
    assert cohort.expression.loc["s1"].tolist() == READS["s1"]
    assert cohort.expression.loc["s1_rep2"].tolist() == READS["s2"]


def test_a_column_of_the_sheet_names_the_files(tmp_path):
    write(tmp_path / "lane1", {"a.txt": htseq_text(READS["s1"])})
    write(tmp_path, {"b.txt": htseq_text(READS["s2"]), "notes.md": "# none\n",
                     "s.csv": "id,counts of,class\ns1,lane1/a.txt,ALL\ns2,b.txt,B\n"})  # fmt: skip
    sheet = {"filepath": str(tmp_path / "s.csv"), "file": "counts of"}
    cohort = CountFilesDataset(filepath=str(tmp_path), sample_sheet=sheet, label="class").load()
    np.testing.assert_array_equal(cohort.expression, [READS["s1"], READS["s2"]])
    assert list(cohort.samples.columns) == ["label"]
    assert cohort.remarks[-1] == "files that the sample sheet does not name are not read: 1"
    write(tmp_path, {"s.csv": "id,counts of\ns1,b.txt\ns2,b.txt\n"})
    with pytest.raises(DatasetError, match=r"files in 'counts of' occur more than once: b\.txt"):
        CountFilesDataset(filepath=str(tmp_path), sample_sheet=sheet).load()


@pytest.mark.parametrize("file", [None, "bam"])
def test_one_file_of_feature_counts_holds_several_samples(file, tmp_path):
    header = "Geneid\tChr\tStart\tEnd\tStrand\tLength\t/run/s2.bam\tout/s1Aligned.out.bam"
    lines = [header, "g1\tchr1\t1\t9\t+\t9\t3\t4", "g2\tchr2\t1\t9\t-\t9\t5\t6"]
    write(tmp_path, {"counts.txt": "\n".join(lines) + "\n",
                     "sheet.csv": "id,bam\ns1,s1Aligned.out.bam\ns2,/run/s2.bam\n"})  # fmt: skip
    sheet = {"filepath": str(tmp_path / "sheet.csv")} | ({"file": file} if file else {})
    cohort = CountFilesDataset(filepath=str(tmp_path), sample_sheet=sheet).load()
    assert cohort.expression.loc["s1"].tolist() == [4, 6]
    assert cohort.expression.loc["s2"].tolist() == [3, 5]


def table_of_feature_counts(tmp_path):
    """A program line, places of exons, and the counts of all samples."""
    header = ["Geneid", "Chr", "Start", "End", "Strand", "Length", *(f"bam/{s}.bam" for s in READS)]
    rows = [
        [gene, "1;1", "11;40", "19;90", "+;+", "58", *(str(READS[sample][i]) for sample in READS)]
        for i, gene in enumerate(GENES)
    ]
    lines = ["# Program:featureCounts v2.0.6; Command:none", *map("\t".join, [header, *rows])]
    write(tmp_path, {"genes.txt": "\n".join(lines) + "\n", "sheet.csv": CLASSES})
    return tmp_path / "genes.txt"


def test_the_one_table_of_feature_counts_is_read_as_it_comes(tmp_path):
    path = str(table_of_feature_counts(tmp_path))
    sheet = {"filepath": str(tmp_path / "sheet.csv")}
    cohort = CountFilesDataset(filepath=path, sample_sheet=sheet, label="class").load()
    pd.testing.assert_frame_equal(cohort.expression, COUNTS)
    assert list(cohort.labels) == ["ALL", "AML", "ALL"]
    # The general type keeps the headings as names, and what is asked for of the genes.
    general = ExpressionTableDataset(filepath=path, samples="columns", annotations=["Length"])
    read = general.load()
    np.testing.assert_array_equal(read.expression, COUNTS)
    assert list(read.samples.index) == [f"bam/{sample}.bam" for sample in READS]
    assert list(read.probes.columns) == ["description", "is_control", "Length"]
    with pytest.raises(DatasetError, match="State samples: columns; or the type CountFilesDataset"):
        ExpressionTableDataset(filepath=path).load()


def test_without_a_sheet_samples_are_named_after_their_files(tmp_path):
    """Samples to be scored have no labels."""
    htseq(tmp_path)
    (tmp_path / "sheet.csv").unlink()
    cohort = CountFilesDataset(filepath=str(tmp_path)).load()
    assert list(cohort.samples.index) == ["s1", "s2", "s3"]
    assert cohort.labels is None
    write(tmp_path, {"s1.txt": htseq_text([9, 9, 9, 9])})
    with pytest.raises(DatasetError, match="names of the files, occur more than once: s1"):
        CountFilesDataset(filepath=str(tmp_path)).load()


def test_genes_may_be_in_another_order_and_lose_their_versions(tmp_path):
    genes = [f"{gene}.7" for gene in GENES]
    write(tmp_path, {"s1.txt": htseq_text(READS["s1"], genes),
                     "s2.txt": htseq_text(READS["s2"][::-1], genes[::-1])})  # fmt: skip
    cohort = CountFilesDataset(filepath=str(tmp_path)).load()
    pd.testing.assert_frame_equal(cohort.expression, COUNTS.loc[["s1", "s2"]])
    assert cohort.remarks[-1].startswith("4 Ensembl ids are read without their version")


def test_fractions_are_kept_and_told(tmp_path):
    """Of reads shared between genes; whether they may pass as counts is the cohort's question."""
    write(tmp_path, {"s1.txt": htseq_text([1, 2, 3, 4]), "s2.txt": htseq_text([1, 2.5, 3, 4])})
    cohort = CountFilesDataset(filepath=str(tmp_path)).load()
    assert cohort.expression.loc["s2", GENES[1]] == 2.5
    assert cohort.remarks[-1] == "counts with fractions, as of reads shared between genes: s2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strand": "yes"}, "strand is 'yes'; expected one of unstranded, forward, reverse"),
        ({"label": "class"}, "label or split is stated, but no sample_sheet that holds it"),
        (
            {"sample_sheet": {"filepath": "s.csv", "files": "x"}},
            "expected filepath and, if need be",
        ),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(UserError, match=message):
        CountFilesDataset(filepath="counts", **options)


def test_strand_is_an_option_of_star_alone(tmp_path):
    htseq(tmp_path)
    with pytest.raises(
        DatasetError, match=r"is of HTSeq, which counted in one way\. Remove strand"
    ):
        CountFilesDataset(
            filepath=str(tmp_path), strand="reverse",
            sample_sheet={"filepath": str(tmp_path / "sheet.csv")},
        ).load()  # fmt: skip


def test_a_file_in_the_place_of_the_folder_holds_counts(tmp_path):
    write(tmp_path, {"sheet.csv": CLASSES})
    with pytest.raises(DatasetError, match=r"sheet\.csv: not a file of counts: it starts"):
        CountFilesDataset(filepath=str(tmp_path / "sheet.csv")).load()
