"""What the rows, columns and values of a cohort are called, in the report, its figures and the log.

Arrays measure intensities by probes. Sequencing counts reads of genes in libraries. A sentence
takes these words from :class:`Terms`, so that no other place asks for the scale to choose one.
"""

from typing import NamedTuple


class Terms(NamedTuple):
    """Words in the singular. Plurals of rows and columns end in ``s``."""

    row: str
    """What is measured, as in ``266 of 2,508 probes differ``."""
    name: str
    """The heading of its id, beside a column of gene symbols."""
    value: str
    column: str
    """What is normalised by itself."""


OF_ARRAYS = Terms("probe", "probe", "intensity", "array")
OF_COUNTS = Terms("gene", "gene id", "count", "sample")


def terms_of(scale: str) -> Terms:
    """The words for values of a ``cohort.scale``: ``counts``, or ``raw`` and ``log2`` of arrays."""
    return OF_COUNTS if scale == "counts" else OF_ARRAYS
