"""The public data sets: where each comes from, its original files, how a copy is recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.originals import CHIARETTI, GOLUB, MLL, OriginalContent
from leukemia_kedro.errors import UserError, first_few


@dataclass(frozen=True)
class OriginalFile:
    """A published file, recognised by its bytes."""

    name: str
    sha256: str | None = None
    git_blob: str | None = None
    """Id of the file as a git object, where that is all that is known of it."""

    def is_at(self, path: Path) -> bool:
        """Whether these very bytes are at ``path``."""
        if not path.is_file():
            return False
        content = path.read_bytes()
        if self.sha256:
            return hashlib.sha256(content).hexdigest() == self.sha256
        header = b"blob %d\0" % len(content)
        return hashlib.sha1(header + content, usedforsecurity=False).hexdigest() == self.git_blob


@dataclass(frozen=True)
class Source:
    """A public cohort, or the annotation of a chip.

    Parameters
    ----------
    cohort, holds, run : str
        Its name in ``kedro fetch``, what its files hold in plain words, and the command that comes
        next.
    files : tuple of OriginalFile
        All of them are needed.
    check_copy : callable
        From the folder with files of other bytes to what was verified; raises
        :class:`~leukemia_kedro.errors.UserError` where they are not this cohort.
    kaggle, how_to_get : str or None
        Handle of the Kaggle data set; where there is none, where the files are found.
    """

    cohort: str
    files: tuple[OriginalFile, ...]
    check_copy: Callable[[Path], str]
    holds: str
    run: str
    kaggle: str | None = None
    how_to_get: str | None = None

    @property
    def expected(self) -> str:
        return f"Expected: {', '.join(file.name for file in self.files)}."

    @property
    def by_hand(self) -> str:
        """What to do without a download, up to the command."""
        if self.kaggle is None:
            place = f"~/Downloads/{self.files[0].name if len(self.files) == 1 else ''}"
            return f"{self.how_to_get}\nThen type\n  kedro fetch {self.cohort} --from {place}"
        return (
            f"By hand: open https://www.kaggle.com/datasets/{self.kaggle}, press Download, then "
            f"type\n  kedro fetch {self.cohort} --from ~/Downloads/archive.zip"
        )


def _check_golub(folder: Path) -> str:
    from leukemia_kedro.datasets import GolubDataset

    return same_numbers(GolubDataset(filepath=str(folder)).load(), GOLUB)


def _check_mll(folder: Path) -> str:
    from leukemia_kedro.datasets import ExpressionTableDataset

    path = str(folder / "MLL.csv")
    return same_numbers(ExpressionTableDataset(filepath=path, label="class").load(), MLL)


def _check_chiaretti(folder: Path) -> str:
    from leukemia_kedro.datasets import ExpressionTableDataset

    table, sheet = (str(folder / name) for name in CHIARETTI_FILES)
    dataset = ExpressionTableDataset(
        filepath=table, samples="columns", sample_sheet={"filepath": sheet}, label="lineage"
    )
    return f"{same_numbers(dataset.load(), CHIARETTI)} and classes; covariates were not compared"


def _check_annotation(folder: Path) -> str:
    from leukemia_kedro.datasets import ChipAnnotationDataset

    table = ChipAnnotationDataset(filepath=str(folder / ANNOTATION_FILE)).load()
    chip = [f"{number}_at" for number in HG_U95_PROBES]
    known = table.index.isin(chip).sum()
    if known < len(chip) / 2:
        raise UserError(
            f"it names {known:,} of the {len(chip):,} probes {chip[0]} to {chip[-1]} of the chip "
            f"HG-U95Av2; it starts with {first_few(table.index, 3)}"
        )
    n_named = (table["symbol"] != "").sum()
    return f"symbols of {n_named:,} of {len(table):,} probes"


def same_numbers(cohort: Cohort, original: OriginalContent) -> str:
    """What was verified of a copy; refuses one that differs from the original."""
    difference = original.difference(cohort)
    if difference:
        raise UserError(difference)
    return "re-saved copy, same numbers"


CUMIDA_CLASSES = {"AML": 26, "Bone_Marrow": 10, "Bone_Marrow_CD34": 8, "PB": 10, "PBSC_CD34": 10}
CUMIDA_PROBES = 22_283
CUMIDA_GIT_BLOB = "8a3f4602441de50feb408ded8310c57d0813c5d1"


def _check_cumida(folder: Path) -> str:
    from leukemia_kedro.datasets import CumidaDataset

    cohort = CumidaDataset(filepath=str(folder / "Leukemia_GSE9476.csv")).load()
    classes = cohort.labels.value_counts().sort_index().to_dict()
    if len(cohort.probes) != CUMIDA_PROBES:
        raise UserError(f"it has {len(cohort.probes):,} probes, the original {CUMIDA_PROBES:,}")
    if classes != CUMIDA_CLASSES:
        raise UserError(
            f"its classes are {_counts(classes)}; in the original {_counts(CUMIDA_CLASSES)}"
        )
    return "not the original bytes; only the layout was verified: samples, probes, classes"


def _counts(classes: dict[str, int]) -> str:
    return ", ".join(f"{label} {count}" for label, count in classes.items())


GOLUB_SHA256 = """\
697e46bc396878dcd735a28cf56f04dd7be82d7e35a05c96a104a314c15b6f0b  data_set_ALL_AML_train.csv
d89649c714ae356ff3f9ea79aef024e3932096d71b72600592c0baaef830de6c  data_set_ALL_AML_independent.csv
af291eced4116e257af0b73043e83b55d9b42f0d815440a4c5bc72424d2f44e1  actual.csv
"""
MLL_SHA256 = "5374a95b9335abe5a1960ff87e88f598919eca13e150e51fe9a7a653d2ea02e4"
CHIARETTI_FILES = ("expression.csv.gz", "samples.csv")
CHIARETTI_SHA256 = (
    "a058a4b91c96de4277d49e598c03ed568d856a894c3fbb2e72cbb00f5cecd549",
    "a81121bc53b78c59dfd6d54a1341ef5ffd92e6b3f6dc8ddc08b3498f00f5ac14",
)
ANNOTATION_FILE = "hgu95av2.chip"
HG_U95_PROBES = range(1000, 1200)
"""Most numbers from 1000 on are names of probes ``1000_at`` … of HG-U95A and HG-U95Av2."""
_SOURCES = (
    Source(
        cohort="golub",
        files=tuple(
            OriginalFile(name, sha256=digest)
            for digest, name in map(str.split, GOLUB_SHA256.splitlines())
        ),
        check_copy=_check_golub,
        holds=(
            "72 patients with acute leukemia (47 ALL, 25 AML) and 7,129 probes, of Golub et al. "
            "1999"
        ),
        run="kedro run",
        kaggle="crawford/gene-expression",
    ),
    Source(
        cohort="cumida",
        files=(OriginalFile("Leukemia_GSE9476.csv", git_blob=CUMIDA_GIT_BLOB),),
        check_copy=_check_cumida,
        holds=(
            f"{sum(CUMIDA_CLASSES.values())} samples ({_counts(CUMIDA_CLASSES)}) and "
            f"{CUMIDA_PROBES:,} probes, GSE9476 in CuMiDa"
        ),
        run="kedro run --env cumida",
        kaggle="brunogrisci/leukemia-gene-expression-cumida",
    ),
    Source(
        cohort="mll",
        files=(OriginalFile("MLL.csv", sha256=MLL_SHA256),),
        check_copy=_check_mll,
        holds=(
            "72 patients with acute leukemia (24 ALL, 28 AML, 20 MLL) and 12,582 probes, of "
            "Armstrong et al. 2002"
        ),
        run="kedro run --env mll",
        how_to_get=(
            "Find the table of Armstrong et al. 2002, Nature Genetics 30:41. It circulates in "
            "microarray collections as MLL.csv:\n"
            "72 rows (samples) × 12,582 columns (probes of the Affymetrix U95A chip, raw "
            "intensities), then the label column `class` (ALL 24, AML 28, MLL 20); no sample id."
        ),
    ),
    Source(
        cohort="chiaretti",
        files=tuple(map(OriginalFile, CHIARETTI_FILES, CHIARETTI_SHA256)),
        check_copy=_check_chiaretti,
        holds=(
            "128 patients with acute lymphoblastic leukemia (95 B-ALL, 33 T-ALL) and 12,625 "
            "probes, of Chiaretti et al. 2004"
        ),
        run="kedro run --env chiaretti",
        how_to_get=(
            "The patients of Chiaretti et al. 2004, Blood 103:2771, are the package ALL 1.40 of "
            "Bioconductor (licence Artistic-2.0), in Debian r-bioc-all. In R these lines write "
            "the two files:\n"
            "  library(ALL); data(ALL); p <- pData(ALL)\n"
            "  values <- data.frame(probe = featureNames(ALL), round(exprs(ALL), 4), "
            "check.names = FALSE)\n"
            '  write.csv(values, gzfile("expression.csv.gz"), row.names = FALSE, quote = FALSE)\n'
            "  sheet <- data.frame(patient = rownames(p), sex = p$sex, age = p$age,\n"
            "    lineage_stage = p$BT, molecular_biology = p$mol.biol, remission = p$remission,\n"
            '    relapse = p$relapse, lineage = paste0(substr(p$BT, 1, 1), "-ALL"))\n'
            '  write.csv(sheet, "samples.csv", row.names = FALSE, quote = FALSE)'
        ),
    ),
    Source(
        cohort="annotation",
        files=(OriginalFile(ANNOTATION_FILE),),
        check_copy=_check_annotation,
        holds="the genes of the chip HG-U95Av2, the one of MLL's and Chiaretti's cohorts",
        run="kedro run --env mll, or --env chiaretti",
        how_to_get=(
            "The genes of the chip HG-U95Av2 (MLL's and Chiaretti's cohorts) are in any of these "
            "files:\n"
            "  NCBI, GPL8300.annot.gz:\n"
            "    https://ftp.ncbi.nlm.nih.gov/geo/platforms/GPL8nnn/GPL8300/annot/\n"
            "  MSigDB, Human_AFFY_HG_U95_MSigDB.….chip (licence CC BY 4.0):\n"
            "    https://data.broadinstitute.org/gsea-msigdb/msigdb/annotations/human/\n"
            "  Affymetrix, HG_U95Av2.….annot.csv.zip: Thermo Fisher's support pages\n"
            "Golub's chip HU6800 needs none: its genes come with the project. NCBI's file of it is "
            "GPL80.annot.gz."
        ),
    ),
)
SOURCES = {source.cohort: source for source in _SOURCES}
