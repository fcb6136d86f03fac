"""Simulated patients, whose truth is known."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt, ValidationError

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.errors import UserError
from leukemia_kedro.parameters import Name

# Set so that the arrays look like Golub's 38 training samples: log2 signal of the probes, noise and
# saturation of the scanner (raw units), brightness of whole arrays (log2).
MEAN_SIGNAL, SIGNAL_SD = 7.0, 2.5
SCANNER_NOISE, SATURATION = 120.0, 2.0**16
ARRAY_SD = 0.15
# Variances over patients are drawn from limma's own model, s0² d0 / chi²(d0) (Smyth 2004).
PRIOR_DF, PRIOR_VARIANCE = 7.5, 0.35
# Genes move together: each belongs to one of these modules and shares this part of its variance.
N_MODULES, MODULE_SHARE = 25, 0.3
CONTROL_SHARE = 58 / 7129
LABORATORIES = ("lab_1", "lab_2")
SECOND_LABORATORY_SHARE = {"train": 0.25, "test": 0.75}
CHUNK_CELLS = 4_000_000  # drawn at a time, to bound the memory of a large cohort


class SimulationParameters(BaseModel):
    """What every simulated cohort is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_samples: Annotated[dict[Name, PositiveInt], Field(min_length=1)]
    """Samples of each class."""
    n_probes: int = Field(ge=2)
    differential_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the probes, controls apart, that differ between classes."""
    effect_size: float = 1.0
    """log2 change of a differential probe."""
    heterogeneity: NonNegativeFloat = 0.4
    """Deviation of the programmes' strength between patients, in units of ``effect_size``."""
    batch_shift: NonNegativeFloat = 0.0
    """Deviation over probes of the log2 shift between the two laboratories."""
    test_share: float = Field(default=0.0, ge=0, le=0.9)
    """Share of each class that is put into ``split`` test. Most training samples come from the
    first laboratory and most test samples from the second. With 0 there is no ``split`` and the
    laboratories are of equal size."""
    seed: int = 0

    def __init__(self, **parameters: Any) -> None:
        try:
            super().__init__(**parameters)
        except ValidationError as error:
            faults = (
                f"{'.'.join(map(str, fault['loc']))} is {fault['input']!r}: {fault['msg']}"
                for fault in error.errors()
            )
            raise UserError(f"simulated cohort: {'; '.join(faults)}") from error

    @abstractmethod
    def draw(self) -> Cohort:
        """The cohort."""


class Simulation(SimulationParameters):
    r"""Patients whose classes differ in known probes.

    On the log2 scale, sample i of class c in laboratory b has at probe g

    .. math:: x_{ig} = \mu_g + \sum_k a_{ik}\,\delta_{gk} + \beta_{bg} + s_i + \sigma_g e_{ig}

    where a differential probe is moved in one class k only, by :math:`\delta_{gk}` = plus or minus
    ``effect_size``. The strength :math:`a_{ik}` with which a patient shows the programme of class
    k is normal with mean 1 for the patient's own class, 0 for the others, and deviation
    ``heterogeneity``: some patients look like another class whatever the number of probes, as
    patient 66 of Golub's does. With two classes the best possible accuracy is
    :math:`\Phi(1 / (\sqrt 2\,\text{heterogeneity}))`: .96 at .4.
    Noise is correlated within modules of genes. Raw intensities are
    :math:`2^x`, saturated, plus scanner noise, rounded; weak probes are often negative.
    """

    n_probes: int = Field(ge=2)
    """Of which about 1 in 120 are AFFX controls, never differential."""
    missing_share: float = Field(default=0.0, ge=0, le=0.9)
    """Share of cells, drawn at random, that are missing."""
    scale: Literal["raw", "log2"] = "raw"
    """Intensities as scanned, or :math:`x` itself."""
    dtype: Literal["float64", "float32"] = "float64"
    """float32 halves the memory of a large cohort; other draws, so other numbers."""

    def draw(self) -> Cohort:
        """The cohort.

        ``samples`` has ``label``, ``batch`` (``lab_1``, ``lab_2``) and, with a test share,
        ``split``. ``probes`` holds the truth: ``is_differential``, ``module`` (probes of one
        module are co-expressed), ``true_log2_mean_<class>`` in the first laboratory and, for two
        classes, ``true_log2_fold_change`` of the second class over the first.
        """
        # Independent streams, so that one option does not change what another one draws.
        for_chip, for_patients, for_noise, for_scanner, for_missing = (
            np.random.Generator(np.random.PCG64(stream))
            for stream in np.random.SeedSequence(self.seed).spawn(5)
        )
        samples = arrange_samples(self, "patient")
        chip = draw_chip(self, max(1, round(CONTROL_SHARE * self.n_probes)), for_chip)
        patients = draw_patients(
            self, samples, lambda width: for_patients.standard_normal((len(samples), width))
        )
        probes = _tabulate_probes(chip, list(self.n_samples))
        values = np.empty((len(samples), self.n_probes), dtype=self.dtype)
        step = max(1, CHUNK_CELLS // self.n_probes)
        for rows in (slice(start, start + step) for start in range(0, len(samples), step)):
            block = values[rows]
            _fill_log2(block, chip, Patients(*(part[rows] for part in patients)), for_noise)
            if self.scale == "raw":
                _scan(block, for_scanner)
            if self.missing_share:
                block[for_missing.random(block.shape) < self.missing_share] = np.nan
        # pandas would copy the matrix to own it; nobody else holds this one
        expression = pd.DataFrame(values, samples.index, probes.index, copy=False)
        origin = f"simulated: {len(samples):,} patients, {self.n_probes:,} probes, seed {self.seed}"
        return Cohort(expression, samples, probes, origin, simulated=True)


def simulate_cohort(**parameters: Any) -> Cohort:
    """Draw a :class:`Simulation`; a UserError names a parameter that is out of its range."""
    return Simulation(**parameters).draw()


class SimulatedDataset(AbstractDataset[Cohort, Cohort]):
    """A simulated cohort in the catalog; every parameter of :class:`Simulation` is a key.

    Examples
    --------
    .. code-block:: yaml

        raw_cohort:
          type: leukemia_kedro.datasets.SimulatedDataset
          n_samples: {ALL: 47, AML: 25}
          n_probes: 2000
          differential_share: 0.1
          effect_size: 1.5
          batch_shift: 0.3
          test_share: 0.4
          seed: 2024
    """

    _kind: ClassVar[type[SimulationParameters]] = Simulation

    def __init__(self, *, metadata: dict[str, Any] | None = None, **parameters: Any) -> None:
        self._simulation = self._kind(**parameters)  # a misspelt key fails here
        self.metadata = metadata

    def load(self) -> Cohort:
        return self._simulation.draw()

    def save(self, data: Cohort) -> None:
        raise DatasetError("a simulated cohort is made, never saved")

    def _describe(self) -> dict[str, Any]:
        return self._simulation.model_dump()

    def _exists(self) -> bool:
        return True


def arrange_samples(simulation: SimulationParameters, unit: str) -> pd.DataFrame:
    """Training samples class by class, then test samples; laboratories in fixed shares.

    Index ``sample`` (``<unit>_001`` …), columns ``label``, ``batch`` and, with a test share,
    ``split``.
    """
    test_share, rows = simulation.test_share, []
    for split in ("train", "test"):
        for label, size in simulation.n_samples.items():
            n_test = min(max(1, round(test_share * size)), size - 1) if test_share else 0
            n_here = n_test if split == "test" else size - n_test
            n_second = round(n_here * (SECOND_LABORATORY_SHARE[split] if test_share else 0.5))
            batches = [LABORATORIES[0]] * (n_here - n_second) + [LABORATORIES[1]] * n_second
            rows += [(label, split, batch) for batch in batches]
    width = max(3, len(str(len(rows))))
    names = [f"{unit}_{number:0{width}d}" for number in range(1, len(rows) + 1)]
    index = pd.Index(names, name="sample")
    samples = pd.DataFrame(rows, index, ["label", "split", "batch"])
    return samples if test_share else samples.drop(columns="split")


class Chip(NamedTuple):
    """What is true of each probe; every array has shape (n_probes,)."""

    is_control: np.ndarray
    is_differential: np.ndarray
    mean: np.ndarray  # log2
    moved_class: np.ndarray  # number of the class whose programme the probe belongs to
    change: np.ndarray  # log2, 0 where not differential
    module: np.ndarray
    deviation: np.ndarray  # log2
    shift: np.ndarray  # log2, second laboratory


def draw_chip(simulation: SimulationParameters, n_controls: int, rng: np.random.Generator) -> Chip:
    """The truth of each probe; the first ``n_controls`` never differ."""
    n_probes = simulation.n_probes
    n_differential = round(simulation.differential_share * (n_probes - n_controls))
    is_differential = np.zeros(n_probes, dtype=bool)
    is_differential[rng.permutation(np.arange(n_controls, n_probes))[:n_differential]] = True
    return Chip(
        is_control=np.arange(n_probes) < n_controls,
        is_differential=is_differential,
        mean=rng.normal(MEAN_SIGNAL, SIGNAL_SD, n_probes),
        moved_class=rng.integers(len(simulation.n_samples), size=n_probes),
        change=simulation.effect_size * rng.choice([-1.0, 1.0], n_probes) * is_differential,
        module=rng.integers(N_MODULES, size=n_probes),
        deviation=np.sqrt(PRIOR_VARIANCE * PRIOR_DF / rng.chisquare(PRIOR_DF, n_probes)),
        shift=simulation.batch_shift * rng.standard_normal(n_probes),
    )


class Patients(NamedTuple):
    """What is true of each sample; the first axis of every array has length n_samples."""

    strength: np.ndarray  # of each class's programme, shape (n_samples, n_classes)
    module_score: np.ndarray  # shape (n_samples, N_MODULES)
    brightness: np.ndarray  # log2
    in_second_laboratory: np.ndarray


def draw_patients(
    simulation: SimulationParameters, samples: pd.DataFrame, normal: Callable[[int], np.ndarray]
) -> Patients:
    """The truth of each sample; ``normal(width)`` draws (n_samples, width) standard normal."""
    classes = list(simulation.n_samples)
    strength = simulation.heterogeneity * normal(len(classes))
    strength[np.arange(len(samples)), samples["label"].map(classes.index)] += 1
    return Patients(
        strength=strength,
        module_score=normal(N_MODULES),
        brightness=ARRAY_SD * normal(1)[:, 0],
        in_second_laboratory=samples["batch"].eq(LABORATORIES[1]).to_numpy(),
    )


def _fill_log2(block: np.ndarray, chip: Chip, patients: Patients, rng: np.random.Generator) -> None:
    """Fill rows with x of :func:`simulate_cohort`, in their own precision."""
    rng.standard_normal(dtype=block.dtype, out=block)
    share_modules(block, chip, patients)
    block *= np.asarray(chip.deviation, dtype=block.dtype)
    add_signal(block, chip, patients)


def share_modules(noise: np.ndarray, chip: Chip, patients: Patients) -> None:
    """Correlate standard normal noise, (n_samples, n_probes), within the modules, in place."""
    noise *= np.asarray(np.sqrt(1 - MODULE_SHARE), dtype=noise.dtype)
    scores = np.asarray(np.sqrt(MODULE_SHARE) * patients.module_score, dtype=noise.dtype)
    noise += scores[:, chip.module]


def add_signal(block: np.ndarray, chip: Chip, patients: Patients) -> None:
    """Add all but the noise to rows of log2 values, in place and in their own precision."""

    def real(array):
        return np.asarray(array, dtype=block.dtype)

    block += real(chip.mean)
    block += real(patients.strength)[:, chip.moved_class] * real(chip.change)
    block += real(patients.brightness)[:, None]
    block[patients.in_second_laboratory] += real(chip.shift)


def _scan(block: np.ndarray, rng: np.random.Generator) -> None:
    """Turn log2 signals into raw intensities: saturated, noisy, whole numbers."""
    np.minimum(np.exp2(block, out=block), block.dtype.type(SATURATION), out=block)
    noise = rng.standard_normal(block.shape, dtype=block.dtype)
    noise *= block.dtype.type(SCANNER_NOISE)
    block += noise
    np.round(block, out=block)


def _tabulate_probes(chip: Chip, classes: list[str]) -> pd.DataFrame:
    n_controls = chip.is_control.sum()
    names = [f"AFFX-sim_{number}_at" for number in range(1, n_controls + 1)]
    names += [f"sim_{number:05d}_at" for number in range(1, len(chip.mean) - n_controls + 1)]
    probes = pd.DataFrame(index=pd.Index(names, name="probe"))
    probes["description"] = np.where(chip.is_control, "simulated control", "simulated gene")
    probes["is_control"] = chip.is_control
    add_truth(probes, chip, classes)
    return probes


def add_truth(probes: pd.DataFrame, chip: Chip, classes: list[str]) -> None:
    """Add the columns of the truth, see :meth:`Simulation.draw`, to a table of probes."""
    probes["is_differential"] = chip.is_differential
    probes["module"] = chip.module
    for k, label in enumerate(classes):
        probes[f"true_log2_mean_{label}"] = chip.mean + chip.change * (chip.moved_class == k)
    if len(classes) == 2:
        reference, other = (probes[f"true_log2_mean_{label}"] for label in classes)
        probes["true_log2_fold_change"] = other - reference
