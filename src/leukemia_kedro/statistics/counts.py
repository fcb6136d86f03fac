"""Counts of reads: which genes have enough, how large a library is, and log counts per million.

Own code, because no maintained Python library gives edgeR's numbers for a sample by itself. It is
written from the papers and edgeR's manual; results are those of edgeR 3.40
(``tests/golden/make_edger.R``). Counts have the shape (n_samples, n_genes).

References
----------
M. D. Robinson & A. Oshlack (2010). A scaling normalization method for differential expression
analysis of RNA-seq data. Genome Biol. 11:R25.
Y. Chen, A. T. L. Lun & G. K. Smyth (2016). From reads to genes to pathways: differential expression
analysis of RNA-Seq experiments using Rsubread and the edgeR quasi-likelihood pipeline. F1000Res.
5:1438.
"""

from typing import NamedTuple, Self

import numpy as np

# Defaults of edgeR's filterByExpr: of a class of more samples than this, only this share of the
# further ones must express a gene.
_LARGE_CLASS = 10
_LEAST_SHARE = 0.7
_TOLERANCE = 1e-14
# Robinson & Oshlack trim so much from each end of the log-ratios and of the intensities.
_TRIMMED_RATIOS = 0.3
_TRIMMED_INTENSITIES = 0.05
_MILLION = 1e6


def filter_by_expression(
    counts: np.ndarray,
    groups: np.ndarray | None = None,
    min_count: float = 10,
    min_total_count: float = 15,
) -> np.ndarray:
    """Which genes have enough reads, shape (n_genes,): edgeR's ``filterByExpr``.

    A gene is kept if it has enough counts per million in enough samples, and ``min_total_count``
    reads in all samples together. Enough counts per million are those of ``min_count`` reads in a
    library of median size. Enough samples are those of the smallest group; of a group of n > 10,
    they are 10 + 0.7 (n - 10).

    Parameters
    ----------
    counts : ndarray, shape (n_samples, n_genes)
    groups : ndarray or None, shape (n_samples,)
        The class of each sample; None: all are of one.
    min_count, min_total_count : float

    References
    ----------
    Chen, Lun & Smyth (2016), section "Filtering to remove low counts".
    """
    library_sizes = counts.sum(axis=1, dtype=float)
    smallest = len(counts) if groups is None else np.unique(groups, return_counts=True)[1].min()
    enough = float(smallest)
    if smallest > _LARGE_CLASS:
        enough = _LARGE_CLASS + (smallest - _LARGE_CLASS) * _LEAST_SHARE
    cutoff = min_count / np.median(library_sizes) * _MILLION
    expressed = np.zeros(counts.shape[1], dtype=int)
    for row, size in zip(counts, library_sizes, strict=True):
        # The order of the operations decides where a gene has just enough: this one is edgeR's. A
        # library without reads expresses nothing.
        expressed += row.astype(float) * (_MILLION / size if size else 0.0) >= cutoff
    total = counts.sum(axis=0, dtype=float)
    return (expressed >= enough - _TOLERANCE) & (total >= min_total_count - _TOLERANCE)


def reference_sample(counts: np.ndarray, library_sizes: np.ndarray) -> int:
    """Position of the sample that others are compared with in :func:`tmm_factors`.

    Its upper quartile, as a share of its library, is nearest the mean one; genes without any read
    are left out. Where most upper quartiles are zero, it is the sample with the largest sum of
    square roots.
    """
    counted = counts[:, counts.any(axis=0)]
    if not counted.shape[1]:
        return 0
    upper = _upper_quartiles(counted) / library_sizes
    if np.median(upper) == 0:
        return int(np.sqrt(counted).sum(axis=1).argmax())
    return int(np.abs(upper - upper.mean()).argmin())


def _upper_quartiles(counts: np.ndarray) -> np.ndarray:
    """``np.quantile(counts, 0.75, axis=1)``, to the last digit, in a quarter of the time."""
    place, beyond = divmod(0.75 * (counts.shape[1] - 1), 1)
    low = int(place)
    around = np.empty((len(counts), 2))
    for row, of_row in zip(counts, around, strict=True):
        # The next larger one is the smallest of the rest.
        ordered = np.partition(row, low)
        of_row[:] = ordered[low], ordered[low + 1 :].min() if beyond else ordered[low]
    return np.quantile(around, beyond, axis=1)


def ratios_to_reference(
    counts: np.ndarray, library_sizes: np.ndarray, reference: np.ndarray, reference_size: float
) -> np.ndarray:
    r"""Trimmed mean of log-ratios to the reference, as a ratio, shape (n_samples,).

    Each sample is compared by itself. With :math:`Y_g` of :math:`N` reads in the sample and
    :math:`R_g` of :math:`N_R` in the reference, for the genes that have reads in both,

    .. math::

        M_g = \log_2 \frac{Y_g / N}{R_g / N_R}, \quad
        A_g = \tfrac12 \log_2 \Bigl(\frac{Y_g}{N} \cdot \frac{R_g}{N_R}\Bigr), \quad
        w_g = \Bigl(\frac{N - Y_g}{N Y_g} + \frac{N_R - R_g}{N_R R_g}\Bigr)^{-1}.

    30 % of the genes are trimmed at each end of M and 5 % at each end of A; the ratio is two to the
    power of the mean of the other M, weighted by w. It is 1 where no gene is left to compare.

    Parameters
    ----------
    counts : ndarray, shape (n_samples, n_genes)
    library_sizes : ndarray, shape (n_samples,)
        Reads of each sample; above 0.
    reference : ndarray, shape (n_genes,)
        Counts of the reference sample.
    reference_size : float
        Its reads.

    References
    ----------
    Robinson & Oshlack (2010), section "A trimmed mean of M-values normalization method".
    """
    in_reference = reference > 0
    of_reference = _Genes.of(reference[in_reference].astype(float), reference_size)
    ratios = [
        _trimmed_ratio(row[in_reference].astype(float), size, of_reference)
        for row, size in zip(counts, library_sizes.astype(float), strict=True)
    ]
    return np.array(ratios)


def tmm_factors(counts: np.ndarray, library_sizes: np.ndarray) -> np.ndarray:
    """Factors to multiply library sizes with, shape (n_samples,); their product is 1.

    Those of edgeR's ``calcNormFactors`` with ``method = "TMM"``.

    Parameters
    ----------
    counts : ndarray, shape (n_samples, n_genes)
        Without the genes that :func:`filter_by_expression` leaves out.
    library_sizes : ndarray, shape (n_samples,)
        Reads of each sample; above 0.

    References
    ----------
    Robinson & Oshlack (2010).
    """
    chosen = reference_sample(counts, library_sizes)
    ratios = ratios_to_reference(counts, library_sizes, counts[chosen], library_sizes[chosen])
    return ratios / geometric_mean(ratios)


def geometric_mean(ratios: np.ndarray) -> float:
    """Of positive numbers: by which edgeR divides its factors, so that their product is 1."""
    return float(np.exp(np.log(ratios).mean()))


def log_counts_per_million(
    counts: np.ndarray,
    library_sizes: np.ndarray,
    prior_count: float = 2,
    mean_size: float | None = None,
) -> np.ndarray:
    r"""Log2 counts per million, shape (n_samples, n_genes): edgeR's ``cpm(log = TRUE)``.

    With a prior count in proportion to the library, :math:`p_i = p N_i / \bar N`,

    .. math::

        \log_2 \frac{10^6 (Y_{ig} + p_i)}{N_i + 2 p_i}.

    Parameters
    ----------
    counts : ndarray, shape (n_samples, n_genes)
    library_sizes : ndarray, shape (n_samples,)
        Times :func:`tmm_factors`, where the libraries are normalised; above 0.
    prior_count : float
        Above 0. Larger ones draw small counts of different libraries together.
    mean_size : float or None
        Mean library size of the training samples; None: of these samples.

    References
    ----------
    Chen, Lun & Smyth (2016); the manual of edgeR on ``cpm`` and ``addPriorCount``.
    """
    prior = prior_count * library_sizes / (library_sizes.mean() if mean_size is None else mean_size)
    offset = np.log2(library_sizes + 2 * prior) - np.log2(_MILLION)
    found = counts + prior[:, np.newaxis]
    np.log2(found, out=found)
    found -= offset[:, np.newaxis]
    return found


class _Genes(NamedTuple):
    """Some genes of a library, all of which have reads."""

    counts: np.ndarray
    size: float
    """Reads of the library."""
    share: np.ndarray
    log2: np.ndarray
    """Of the share."""

    @classmethod
    def of(cls, counts: np.ndarray, size: float) -> Self:
        share = counts / size
        return cls(counts, size, share, np.log2(share))

    def take(self, genes: np.ndarray) -> Self:
        counts, share, log2 = (each.take(genes) for each in (self.counts, self.share, self.log2))
        return self._replace(counts=counts, share=share, log2=log2)

    def variance(self, genes: np.ndarray) -> np.ndarray:
        """Of the logarithm of these genes' shares, but for a factor."""
        counts = self.counts.take(genes)
        return (self.size - counts) / self.size / counts


def _trimmed_ratio(counts: np.ndarray, size: float, reference: _Genes) -> float:
    """Of one sample, for the genes that have reads in the reference."""
    in_both = np.flatnonzero(counts > 0)
    sample, reference = _Genes.of(counts.take(in_both), size), reference.take(in_both)
    # As the paper writes them: equal ratios of small counts tie, or not, by their last digit, and
    # ties decide what is trimmed.
    log_ratios = np.log2(sample.share / reference.share)
    intensities = (sample.log2 + reference.log2) / 2
    kept = _not_trimmed(log_ratios, _TRIMMED_RATIOS)
    kept &= _not_trimmed(intensities, _TRIMMED_INTENSITIES)
    genes = np.flatnonzero(kept)
    variance = sample.variance(genes) + reference.variance(genes)
    varies = variance > 0
    if not varies.any():
        return 1.0
    return float(2 ** np.average(log_ratios[genes][varies], weights=1 / variance[varies]))


def _not_trimmed(values: np.ndarray, share: float) -> np.ndarray:
    """All but ``share`` of the values at either end; tied values have their mean rank."""
    n = len(values)
    cut = int(np.floor(n * share))
    if not 0 < cut < n:
        return np.ones(n, dtype=bool)
    # Sorting all of them takes longer, for each sample of each fold; so does asking for both places
    # in one call.
    low, high = (np.partition(values, place)[place] for place in (cut, n - 1 - cut))
    kept = (values > low) & (values < high)
    for end in (low, high):
        tied = values == end
        rank = np.count_nonzero(values < end) + (np.count_nonzero(tied) + 1) / 2
        if cut + 1 <= rank <= n - cut:
            kept |= tied
    return kept
