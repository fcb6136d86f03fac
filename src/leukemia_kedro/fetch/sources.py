"""The public data sets: where each comes from, its original files, how a copy is recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.cohort.originals import GOLUB, MLL, OriginalContent
from leukemia_kedro.errors import UserError


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
    """A public cohort.

    Parameters
    ----------
    cohort, run : str
        Its name in ``kedro fetch``, and the command that comes next.
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
            place = f"~/Downloads/{self.files[0].name}"
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
_SOURCES = (
    Source(
        cohort="golub",
        files=tuple(
            OriginalFile(name, sha256=digest)
            for digest, name in map(str.split, GOLUB_SHA256.splitlines())
        ),
        check_copy=_check_golub,
        run="kedro run",
        kaggle="crawford/gene-expression",
    ),
    Source(
        cohort="cumida",
        files=(OriginalFile("Leukemia_GSE9476.csv", git_blob=CUMIDA_GIT_BLOB),),
        check_copy=_check_cumida,
        run="kedro run --env cumida",
        kaggle="brunogrisci/leukemia-gene-expression-cumida",
    ),
    Source(
        cohort="mll",
        files=(OriginalFile("MLL.csv", sha256=MLL_SHA256),),
        check_copy=_check_mll,
        run="kedro run --env mll",
        how_to_get=(
            "Find the table of Armstrong et al. 2002, Nature Genetics 30:41. It circulates in "
            "microarray collections as MLL.csv:\n"
            "72 rows (samples) × 12,582 columns (probes of the Affymetrix U95A chip, raw "
            "intensities), then the label column `class` (ALL 24, AML 28, MLL 20); no sample id."
        ),
    ),
)
SOURCES = {source.cohort: source for source in _SOURCES}
