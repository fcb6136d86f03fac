"""Simulated counts of reads, whose truth is known; some patients are measured twice."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets.simulated import (
    SimulatedDataset,
    SimulationParameters,
    add_signal,
    add_truth,
    arrange_samples,
    draw_chip,
    draw_patients,
    share_modules,
)

READS_PER_GENE = 1000  # geometric middle of the library sizes, divided by the number of genes
LOG2_ABUNDANCE_SD = 3.0
# Of Law et al. (2014): the coefficient of variation between patients is 0.2 plus a part that falls
# with the mean count, times a factor of the gene, drawn as sqrt(40 / chi²(40)).
BIOLOGICAL_CV, CV_DF = 0.2, 40.0


class CountSimulation(SimulationParameters):
    r"""Counts of reads of patients whose classes differ in known genes.

    The count of gene g in sample i is Poisson with the mean

    .. math:: 10^{-6}\,L_i\,2^{x_{ig}}\,u_{ig}

    where :math:`L_i` is the library size, :math:`x_{ig}` is what :class:`.Simulation` has without
    its noise, in log2 counts per million, and :math:`u_{ig}` is gamma with mean 1 and variance
    :math:`\phi_g`. So, without ``heterogeneity``, a count is negative binomial with the dispersion
    :math:`\phi_g`. The factors u are made of correlated normal values (a Gaussian copula): within
    modules of genes, and between the two samples of a patient who is measured twice.

    References
    ----------
    C. W. Law, Y. Chen, W. Shi & G. K. Smyth (2014). voom: precision weights unlock linear model
    analysis tools for RNA-seq read counts. Genome Biol. 15:R29. The dispersions are as in its
    simulation.
    """

    library_fold: float = Field(default=10.0, ge=1)
    """The largest library size over the smallest; they are spread evenly on the log scale."""
    repeated_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the samples of each class, and side of the split, that come from patients measured
    twice. The two samples follow one another and mostly have one laboratory."""
    patient_correlation: float = Field(default=0.5, ge=0, le=1)
    """Correlation of the two samples of a patient in what varies between patients. It is that of
    the normal values behind u and of the strength of the classes' programmes."""

    def draw(self) -> Cohort:
        """The cohort.

        ``samples`` has ``label``, ``batch``, ``patient`` and, with a test share, ``split``.
        ``probes`` holds ``symbol`` and the truth: the columns of :meth:`.Simulation.draw`, with
        means in log2 counts per million, and ``true_dispersion``.
        """
        from scipy import special

        for_genes, for_abundance, for_patients, for_libraries, for_reads = (
            np.random.Generator(np.random.PCG64(stream))
            for stream in np.random.SeedSequence(self.seed).spawn(5)
        )
        samples = arrange_samples(self, "sample")
        samples["patient"] = _name_patients(samples, self.repeated_share)
        patient = pd.factorize(samples["patient"])[0]
        n_samples, n_patients = len(samples), patient.max() + 1

        def normal(width: int) -> np.ndarray:
            of_patient = for_patients.standard_normal((n_patients, width))[patient]
            of_sample = for_patients.standard_normal((n_samples, width))
            rho = self.patient_correlation
            return np.sqrt(rho) * of_patient + np.sqrt(1 - rho) * of_sample

        log2_abundance = for_abundance.normal(0, LOG2_ABUNDANCE_SD, self.n_probes)
        log2_cpm = log2_abundance - np.log2(np.exp2(log2_abundance).sum()) + np.log2(1e6)
        genes = draw_chip(self, 0, for_genes)._replace(mean=log2_cpm)
        middle = READS_PER_GENE * self.n_probes
        spread = for_libraries.permutation(np.linspace(-0.5, 0.5, n_samples))
        log2_millions = np.log2(middle / 1e6) + np.log2(self.library_fold) * spread
        patients = draw_patients(self, samples, normal)._replace(brightness=log2_millions)

        factor = np.sqrt(CV_DF / for_abundance.chisquare(CV_DF, self.n_probes))
        cv = (BIOLOGICAL_CV + 1 / np.sqrt(np.exp2(log2_cpm) * middle / 1e6)) * factor
        dispersion = np.square(cv)
        noise = normal(self.n_probes)
        share_modules(noise, genes, patients)
        u = dispersion * special.gammaincinv(1 / dispersion, special.ndtr(noise))
        log2_mean = np.zeros_like(noise)
        add_signal(log2_mean, genes, patients)
        counts = for_reads.poisson(np.exp2(log2_mean) * u).astype(np.float64)

        width = len(str(self.n_probes))
        names = pd.Index([f"gene_{n:0{width}d}" for n in range(1, self.n_probes + 1)], name="probe")
        probes = pd.DataFrame({"description": "simulated gene", "is_control": False}, names)
        probes["symbol"] = names.str.replace("gene_", "SYN")
        add_truth(probes, genes, list(self.n_samples))
        probes["true_dispersion"] = dispersion
        sizes = f"{n_patients:,} patients, {n_samples:,} samples, {self.n_probes:,} genes"
        expression = pd.DataFrame(counts, samples.index, names, copy=False)
        return Cohort(
            expression, samples, probes, f"simulated: {sizes}, seed {self.seed}", simulated=True
        )


def simulate_counts(**parameters: Any) -> Cohort:
    """Draw a :class:`CountSimulation`; a UserError names a parameter that is out of its range."""
    return CountSimulation(**parameters).draw()


class SimulatedCountsDataset(SimulatedDataset):
    """Simulated counts of reads in the catalog; every parameter of :class:`CountSimulation` is a
    key.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.SimulatedCountsDataset
          n_samples: {ALL: 40, AML: 20}
          n_probes: 3000
          repeated_share: 0.4
          patient_correlation: 0.6
          library_fold: 10
          test_share: 0.4
          seed: 2014
    """

    _kind: ClassVar[type[SimulationParameters]] = CountSimulation


def _name_patients(samples: pd.DataFrame, repeated_share: float) -> list[str]:
    """Name of each sample's patient: the first samples of each class and side of the split are
    two by two of one patient."""
    numbers, first = [], 0
    keys = ["label", *samples.columns.intersection(["split"])]
    for size in samples.groupby(keys, sort=False).size():
        n_twice = int(repeated_share * size / 2)
        numbers += [first + position // 2 for position in range(2 * n_twice)]
        numbers += list(range(first + n_twice, first + size - n_twice))
        first += size - n_twice
    width = max(3, len(str(first)))
    return [f"patient_{number + 1:0{width}d}" for number in numbers]
