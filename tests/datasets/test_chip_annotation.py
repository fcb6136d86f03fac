"""Annotations of chips, in the formats in which they are published; nothing where there is none."""

import gzip
import pickle

import pytest
from kedro.io import DatasetError

from leukemia_kedro.datasets import ChipAnnotationDataset
from leukemia_kedro.run.user_message import user_message

# Each is a few lines of a published file of HG-U95Av2, shortened.
MSIGDB = """\
Probe Set ID\tGene Symbol\tGene Title
1000_at\tMAPK3\tmitogen-activated protein kinase 3
1002_f_at\tCYP2C19 /// CYP2C9\tfirst "title" /// second
31307_at\t\t
"""
NCBI_ANNOT = """\
^Annotation
!Annotation_date = Mar 07 2016
!Annotation_platform = GPL8300
#ID = ID from Platform data table
#Gene symbol = Entrez Gene symbol
!platform_table_begin
ID\tGene title\tGene symbol\tGene ID\tUniGene title\tUniGene symbol
1000_at\tmitogen-activated protein kinase 3\tMAPK3\t5595\t\t
1002_f_at\tfirst "title"///second\tCYP2C19///CYP2C9\t1557///1559\t\tX
31307_at\t\t\t\t\t
!platform_table_end
"""
GEO_PLATFORM = """\
#ID = Affymetrix Probe Set ID
#Gene Symbol = A gene symbol, when one is available (from UniGene).
ID\tGB_ACC\tGene Title\tGene Symbol\tENTREZ_GENE_ID
1000_at\tX60188\tmitogen-activated protein kinase 3\tMAPK3\t5595
1002_f_at\tM61855\tfirst "title" /// second\tCYP2C19 /// CYP2C9\t1557 /// 1559
31307_at\tM15530\t\t\t
"""
NETAFFX = """\
#%create_date=Tue Sep 13 13:13:52 2016 GMT-07:00
#%chip_type=HG_U95Av2
#%netaffx-annotation-tabular-format-version=1.10
"Probe Set ID","GeneChip Array","Gene Title","Gene Symbol","Entrez Gene"
"1000_at","HG_U95Av2","mitogen-activated protein kinase 3","MAPK3","5595"
"1002_f_at","HG_U95Av2","first ""title"" /// second","CYP2C19 /// CYP2C9","1557 /// 1559"
"31307_at","HG_U95Av2","---","---","---"
"""
BIOCONDUCTOR = """\
"PROBEID";"SYMBOL";"GENENAME"
"1000_at";"MAPK3";"mitogen-activated protein kinase 3"
"1002_f_at";"CYP2C19 /// CYP2C9";"first ""title"" /// second"
"31307_at";NA;NA
"""
FORMATS = {
    "chip of MSigDB": MSIGDB,
    "annot of NCBI": NCBI_ANNOT,
    "platform of GEO": GEO_PLATFORM,
    "csv of NetAffx": NETAFFX,
    "table of R": BIOCONDUCTOR,
}


@pytest.fixture
def write(tmp_path):
    def write(content, name="given"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


@pytest.mark.parametrize("name", FORMATS)
def test_each_published_format_gives_the_same_table(write, name):
    table = ChipAnnotationDataset(filepath=write(FORMATS[name])).load()
    assert table.reset_index().to_dict("list") == {
        "probe": ["1000_at", "1002_f_at", "31307_at"],
        "symbol": ["MAPK3", "CYP2C19 /// CYP2C9", ""],
        "title": ["mitogen-activated protein kinase 3", 'first "title" /// second', ""],
    }


def test_a_compressed_file_is_read_and_titles_may_be_absent(write):
    path = write(gzip.compress(b"probe,symbol\np1,CD33\n"), "mine.csv.gz")
    table = pickle.loads(pickle.dumps(ChipAnnotationDataset(filepath=path))).load()
    assert table.loc["p1"].to_dict() == {"symbol": "CD33", "title": ""}


def test_without_a_file_there_is_an_empty_table(tmp_path):
    table = ChipAnnotationDataset(filepath=str(tmp_path / "none.chip")).load()
    assert (len(table), list(table)) == (0, ["symbol", "title"])


def test_nothing_is_ever_written(write):
    with pytest.raises(DatasetError, match="raw data"):
        ChipAnnotationDataset(filepath=write(MSIGDB)).save({})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (MSIGDB + "Y_at\tCD19\n", "given, line 5 has 2 cells, the header has 3"),
        (MSIGDB + "1000_at\ta\tb\n", "occur more than once: 1000_at"),
        ("probe,s1,s2\np1,1.5,2\n", "given has no column of gene symbols; its columns are s1, s2"),
        (NCBI_ANNOT.removesuffix("!platform_table_end\n"), "the file is cut off: the line"),
        ("#only = comments\n", "given has no column of gene symbols"),
        ("", "given: the file is empty"),
        ("<html>\n", "given: this is a web page"),
        (b"PK\x03\x04\xff\xfe", "given: this is a zip"),
    ],
)
def test_a_file_that_is_something_else_is_named(write, content, message):
    with pytest.raises(DatasetError) as caught:
        ChipAnnotationDataset(filepath=write(content)).load()
    assert message in user_message(caught.value)
