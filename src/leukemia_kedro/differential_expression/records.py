"""Records of differential expression that are written as JSON."""

from __future__ import annotations

from typing import TypedDict


class ErrorRecord(TypedDict):
    """What the linear models take as known of their errors."""

    voom: bool
    """Whether values are counts, weighted by voom."""
    sample_weights: bool
    """Whether weights of the samples were estimated."""
    weights: str | None
    """The column that states them."""
    random_block: str | None
    """The column of the samples that may be correlated."""
    block_correlation: float | None
    """The consensus of the correlation within it."""


class PriorRecord(ErrorRecord):
    """The moderation of the variances, and what it was estimated from."""

    prior_df: float | None
    """Prior degrees of freedom (the median over probes). None means infinite."""
    prior_variance: float
    """The median over probes, on the log2 scale."""
    n_probes: int
    n_samples: int
    contrasts: dict[str, str]
    """Expressions by name, such as ``{"AML-ALL": "AML - ALL"}``."""


class TruthRecord(TypedDict):
    """The discoveries of one contrast compared with the truth of a simulated cohort."""

    contrast: str
    fdr: float
    tested: int
    """Probes tested."""
    differential_probes: int
    """Of those tested, how many truly differ."""
    discoveries: int
    false_discoveries: int
    false_discovery_proportion: float
    """0 without a discovery."""
    power: float | None
    """Share of the differential probes that are discovered; None without such a probe."""
