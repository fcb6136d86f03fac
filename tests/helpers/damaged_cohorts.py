"""Cohorts that were read without complaint, but are not what they seem.

``REFUSED`` and ``TOLD`` say of each what is wrong, how it is made from a sound one, and what is
said about it, where ``…`` stands for any text.
"""

import dataclasses

import numpy as np
import pandas as pd

from leukemia_kedro.cohort.cohort import Cohort
from leukemia_kedro.datasets import simulate_cohort
from leukemia_kedro.parameters import CohortParameters

RAW = {"scale": "raw", "floor": 100, "ceiling": 16000, "filter": {"min_ratio": 2}}
LOG2 = {"scale": "log2"}
COUNTS = {"scale": "counts"}


def sound_cohort(scale: str = "raw") -> Cohort:
    """13 training and 9 test samples."""
    return simulate_cohort(
        n_samples={"ALL": 12, "AML": 10}, n_probes=240, test_share=0.4, scale=scale, seed=2
    )


def cohort_of_visits(column: str = "patient") -> Cohort:
    """The sound cohort, two samples in a row of each patient."""
    cohort = sound_cohort()
    visits = [f"p{number // 2}" for number in range(len(cohort.samples))]
    return dataclasses.replace(cohort, samples=cohort.samples.assign(**{column: visits}))


def with_values(change, scale="raw"):
    """The sound cohort with ``change`` done to its values, samples × probes."""

    def make():
        cohort = sound_cohort(scale)
        values = cohort.expression.to_numpy(copy=True)
        change(values)
        expression = pd.DataFrame(values, cohort.expression.index, cohort.expression.columns)
        return dataclasses.replace(cohort, expression=expression)

    return make


def with_samples(**columns):
    """The sound cohort with columns of its samples replaced, or left out where they are None."""

    def make():
        cohort = sound_cohort()
        samples = cohort.samples.assign(**{k: v for k, v in columns.items() if v is not None})
        gone = [name for name, values in columns.items() if values is None]
        return dataclasses.replace(cohort, samples=samples.drop(columns=gone))

    return make


def renamed_class():
    """The sound cohort, its class ALL called by a formula."""
    cohort = sound_cohort()
    renamed = cohort.samples.assign(label=cohort.samples["label"].replace("ALL", "=1+1"))
    return dataclasses.replace(cohort, samples=renamed)


def published_claim():
    """The sound cohort under the name of a published one."""
    return dataclasses.replace(sound_cohort(), origin="Golub et al. 1999, an edited copy")


def with_fact_among_probes(name, facts, scale="raw"):
    """The sound cohort whose first probe is really a column of ``facts(labels)``."""

    def make():
        cohort = sound_cohort(scale)
        expression = cohort.expression.copy()
        expression.iloc[:, 0] = np.asarray(facts(cohort.labels), dtype=float)
        names = pd.Index([name, *expression.columns[1:]], name="probe")
        expression, probes = expression.set_axis(names, axis=1), cohort.probes.set_axis(names)
        return dataclasses.replace(cohort, expression=expression, probes=probes)

    return make


def drawn(labels, most):
    """Whole numbers from 1 to ``most`` that have nothing to do with the labels."""
    return np.random.default_rng(0).integers(1, most, size=len(labels), endpoint=True)


def copy_row(source, target):
    def change(values):
        values[target] = values[source]

    return change


def put(value, rows, columns):
    def change(values):
        values[rows, columns] = value

    return change


def only_in_incomplete_probes(values):
    values[2, 2:] = np.nan
    values[8:14, :2] = np.nan


def undo_log2(row):
    """The values of one sample, as they were before the logarithm."""

    def change(values):
        values[row] = np.exp2(values[row])

    return change


def clip_into_classes(values):
    values[:, 3] = np.where(sound_cohort().labels == "AML", 20_000 + values[:, 3], -values[:, 3])


def make_counts(values):
    rates = np.linspace(0.001, 0.3, 240)
    values[:] = np.random.default_rng(0).negative_binomial(1, rates, values.shape)


def with_counts(change):
    """The sound cohort of counts with ``change`` done to them."""

    def both(values):
        make_counts(values)
        change(values)

    return with_values(both)


def add_totals(values):
    values[:, 7] = 0
    values[:, 7] = values.sum(axis=1)


def lift(values):
    values += 8


def rounded_per_million(values):
    per_million(values)
    np.rint(values, out=values)


def take_log2_of(row):
    """The values of one sample as log counts per million."""

    def change(values):
        values[row] = np.log2((values[row] + 0.5) / values[row].sum() * 1e6)

    return change


def round_log2_of(row):
    """The values of one sample as log2 counts, rounded to whole numbers."""

    def change(values):
        values[row] = np.rint(np.log2(values[row] + 1))

    return change


def only_in_a_rare_gene(values):
    values[4] = 0.0
    values[:, 0] = 0.0
    values[4, 0] = 3.0


def per_million(values):
    values /= values.sum(axis=1, keepdims=True) / 1e6


def with_sample_ids(*ids):
    """The sound cohort with other sample ids."""

    def make():
        cohort = sound_cohort()
        index = pd.Index(ids, name="sample")
        expression, samples = cohort.expression.set_axis(index), cohort.samples.set_axis(index)
        return dataclasses.replace(cohort, expression=expression, samples=samples)

    return make


def class_only_in_test():
    samples = sound_cohort().samples
    labels = samples["label"].where(samples["split"] == "train", "MLL")
    return with_samples(label=labels)()


def small_class():
    return with_samples(label=["MLL", "MLL", *sound_cohort().labels[2:]])()


def renamed(**names):
    """The sound cohort with other names of its classes."""
    return with_samples(label=[names.get(label, label) for label in sound_cohort().labels])


# fmt: off
REFUSED = {
    "no labels": (with_samples(label=None), RAW, "the cohort has no labels"),
    "one class": (with_samples(label="ALL"), RAW,
        "every sample is labelled 'ALL': expected at least two classes"),
    "classes other than those of the parameters": (sound_cohort, RAW | {"classes": ["ALL", "CLL"]},
        "cohort.classes lists ALL, CLL, but the labels are ALL, AML; no sample is labelled 'CLL'; "
        "list 'AML' as well, or leave out: cohort.leave_out: {label: [AML]}"),
    "a class that no class of the parameters holds": (
        renamed(AML="M4"), RAW | {"classes": {"ALL": ["ALL"], "AML": ["M5"]}},
        "cohort.classes: no sample is labelled 'M5'; expected one of ALL, M4"),
    "samples without a label": (with_samples(label=[None, *sound_cohort().labels[1:]]), RAW,
        "samples without a label: patient_001; give each a class in the file, or leave them out: "
        "cohort.leave_out: {label: [null]}"),
    "a class named as what a model says when it is not sure": (renamed(AML="No call"), RAW,
        "a class is named 'No call', which is what a model says when it is not sure; rename it: "
        "cohort.classes: {another name: [No call]}"),
    "a class named as a set of none": (renamed(AML="No class"), RAW,
        "a class is named 'No class', which reads as a set of no class or of several ('no class', "
        "'A or B'); rename it: cohort.classes: {another name: [No class]}"),
    "a class named as a set of several": (renamed(AML="ALL or AML"), RAW,
        "a class is named 'ALL or AML', which reads as a set of no class or of several ('no "
        "class', 'A or B'); rename it: cohort.classes: {another name: [ALL or AML]}"),
    "a class with a backtick": (renamed(AML="5` AML"), RAW,
        "the class '5` AML' has a backtick, which formulas and contrasts put around names; rename "
        "it: cohort.classes: {another name: [5` AML]}"),
    "a sample to be left out that is not there": (
        sound_cohort, RAW | {"leave_out": {"sample": ["patient_1"]}},
        "cohort.leave_out: no sample has 'patient_1' as sample; did you mean patient_021?"),
    "a column to leave out by that is not there": (
        cohort_of_visits, RAW | {"leave_out": {"labels": ["AML"]}},
        "cohort.leave_out names 'labels', which is no column of the samples; expected sample or "
        "one of label, split, batch, patient"),
    "a number where an id stands": (cohort_of_visits, RAW | {"leave_out": {"patient": [7]}},
        'cohort.leave_out: no sample has 7 as patient; put names in quotes, such as "7"'),
    "every sample left out": (sound_cohort, RAW | {"leave_out": {"label": ["ALL", "AML"]}},
        "cohort.leave_out leaves out every sample"),
    "a class with too few samples": (small_class, RAW,
        "too few training samples: class 'MLL' has 2. Nested cross-validation needs at least 3 "
        "training samples of each class. Leave the class out (cohort.leave_out: {label: [MLL]}), "
        "or merge it"),
    "a class that is held out altogether": (class_only_in_test, RAW,
        "classes without a training sample: MLL"),
    "no split, though the parameters say there is": (
        with_samples(split=None), RAW | {"split": {"method": "given"}},
        "… this cohort gives no split; set it to 'stratified', or to 'none'"),
    "a missing value": (with_values(put(np.nan, 2, 3)), RAW,
        "1 values are missing, the first in sample patient_003, probe sim_00002_at; expected a "
        "number in every cell. Set cohort.missing.policy"),
    "a missing value, in a probe that is complete enough to stay": (
        with_values(put(np.nan, 2, 3)), RAW | {"missing": {"policy": "drop"}},
        "1 values are still missing, the first in sample patient_003, probe sim_00002_at, after "
        "the 0 probes that lack more than … set max_share to 0, or cohort.missing.policy to "
        "'impute'"),
    "a sample without any value": (
        with_values(put(np.nan, 2, slice(None))), RAW | {"missing": {"policy": "impute"}},
        "samples without any value: patient_003; remove them"),
    "a sample with values in dropped probes only": (
        with_values(only_in_incomplete_probes), RAW | {"missing": {"policy": "impute"}},
        "samples with values only in the 2 probes that lack more than cohort.missing.max_share 0.2 "
        "of theirs and are dropped: patient_003; remove them, or set a larger max_share"),
    "mostly constant probes": (
        with_values(put(500.0, slice(None), slice(100, None))),
        RAW | {"filter": {}}, "140 of 240 rows of expression do not vary within the design … "
        "filter out the constant ones: set a larger cohort.filter.min_ratio"),
    "every probe short of values": (
        with_values(put(np.nan, slice(0, 8), slice(None))), RAW | {"missing": {"policy": "impute"}},
        "every probe lacks more than cohort.missing.max_share 0.2 of its values"),
    "values already logged, declared raw": (lambda: sound_cohort("log2"), RAW,
        "cohort.scale is 'raw', but the values of a typical array, … look like log2 values; "
        "set cohort.scale to 'log2'"),
    "raw intensities, declared log2": (sound_cohort, LOG2,
        "cohort.scale is 'log2', but the values of a typical array, … look like raw intensities; "
        "set cohort.scale to 'raw'"),
    "counts of reads, declared log2": (with_values(make_counts), LOG2,
        "cohort.scale is 'log2', but … look like raw intensities; if they are counts of reads, set "
        "cohort.scale to 'counts', and floor and ceiling to null, or give log2 counts per million"),
    "negative values, declared counts": (with_counts(put(-3.0, [4, 6], 7)), COUNTS,
        "samples whose values are no counts of reads: patient_005, patient_007; they hold negative "
        "values, such as -3 in patient_005. Give the counts as HTSeq, featureCounts or STAR wrote"),
    "a missing count": (with_counts(put(np.nan, 2, 3)), COUNTS,
        "1 values are missing, the first in sample patient_003, gene sim_00002_at; expected a "
        "count in every cell. A gene that was not counted is no gene with 0 reads: remove the "
        "genes that lack counts from the file"),
    "logarithms, declared counts": (with_counts(take_log2_of(4)), COUNTS,
        "samples whose values are no counts of reads: patient_005; they are fractions of at most "
        "40, as logarithms are, … or, for log2 counts per million, set cohort.scale to 'log2'"),
    "values per million (TPM), declared counts": (with_counts(per_million), COUNTS,
        "samples whose values are no counts of reads: patient_001, … they hold fractions and add "
        "up to a million, as TPM do, … or take log2(TPM + 1), and set cohort.scale to 'log2'"),
    "expected counts with fractions": (with_counts(put(7.25, 2, 3)), COUNTS,
        "samples whose values are no counts of reads: patient_003; they hold fractions, such as "
        "7.25 in patient_003. … Expected counts of RSEM, Salmon or kallisto can be rounded. If you "
        "have looked at the values, set cohort.scale_checked to true"),
    "negative counts, checked by the user": (
        with_counts(put(-3.0, 4, 7)), COUNTS | {"scale_checked": True},
        "samples with negative counts: patient_005; give the counts as the program that counted"),
    "a sample without a read": (with_counts(put(0.0, 4, slice(None))), COUNTS,
        "samples with one value in every gene: patient_005; no gene was counted. Remove them, or "
        "leave them out: cohort.leave_out"),
    "a sample without a read in the genes that are kept": (
        with_counts(only_in_a_rare_gene), COUNTS | {"filter": {"min_total_count": 50}},
        "samples without a read in the 60 genes that pass the filter: patient_005; they cannot be "
        "normalised. Leave them out: cohort.leave_out"),
    "counts of which no gene passes the filter": (
        with_counts(put(0.0, 0, 0)), COUNTS | {"filter": {"min_count": 1e6}},
        "none of 240 genes is left: expected counts per million as of 1e+06 reads"),
    "the class as a probe": (
        with_fact_among_probes("target", lambda labels: (labels == "AML") * 1 + 300), RAW,
        "probes that separate the classes without any spread within them: target; genes scatter, "
        "so these are facts of the samples. Name the columns in the catalog among covariates"),
    "a raw array among log2 ones": (with_values(undo_log2(4), "log2"), LOG2,
        "arrays on another scale than the others: patient_005; 98 % of the values of patient_005 "
        "lie between … Give them as the others are, or leave them out. If you have looked at the "
        "values, set cohort.scale_checked to true"),
    "a sample of one value throughout": (with_values(put(120.0, 4, slice(None))), RAW,
        "samples with one value in every probe: patient_005; an array that measured nothing"),
    "an id column read as a probe": (
        with_fact_among_probes("number", lambda labels: 3 * np.arange(len(labels)) + 7), RAW,
        "probes that count the samples, in whole numbers that rise from row to row: number; name "
        "the column in the catalog"),
    "one array under two labels": (with_values(copy_row(0, 8)), RAW,
        "samples patient_001, patient_009 have the same values, but are labelled ALL, AML"),
    "one array in the training and in the test set": (with_values(copy_row(0, 13)), RAW,
        "samples patient_001, patient_014 have the same values and are on both sides of the split: "
        "the test set is not unseen"),
    "one patient in the training and in the test set": (
        with_samples(patient=["p1"] + ["p2"] * 12 + ["p1"] * 9),
        RAW | {"split": {"method": "given", "group": "patient"}},
        "the given split has samples of one patient on both sides: p1; set cohort.split.method to "
        "'grouped'"),
    "groups that the samples do not name": (
        sound_cohort, RAW | {"split": {"method": "grouped", "group": "donor"}},
        "cohort.split.group is 'donor', which is no column of the samples; they have label, split"),
    "a sample without a group": (
        with_samples(patient=[""] + ["p1"] * 10 + ["p2"] * 11),
        RAW | {"split": {"method": "grouped", "group": "patient"}},
        "samples without a value of 'patient', their group: patient_001"),
    "one probe that passes the filter": (
        with_values(put(120.0, slice(None), slice(1, None))), RAW | {"filter": {"min_ratio": 1}},
        "1 of 240 probes passes the filter: expected at least two"),
    "no probe that passes the filter": (sound_cohort, RAW | {"filter": {"min_ratio": 1000}},
        "none of 240 probes is left: expected maximum / minimum > 1000.0"),
}

TOLD = {
    "a class that a spreadsheet takes for a formula": (
        renamed_class, RAW,
        "classes whose names a spreadsheet would take for formulas: =1+1; import tables as text"),
    "a published cohort with a changed label or value": (
        published_claim, RAW, "this is not the cohort of Golub et al. 1999 as published: it lacks "
        "the samples 1, 2, 3, 4, 5 … (72 in all). For a fresh copy: kedro fetch golub"),
    "two classes that differ in upper and lower case": (
        renamed(AML="all"), RAW,
        "classes whose names differ in case or blanks only: ALL, all; if they are one class, merge "
        "them: cohort.classes: {ALL: [ALL, all]}"),
    "two classes with one accent, written in two ways": (
        renamed(ALL="L\u00e9\u200b", AML="Le\u0301"), RAW,
        'classes whose names are the same to the eye: "Le\\u0301", "L\\u00e9\\u200b"; if they are '
        'one class, merge them: … ["Le\\u0301", "L\\u00e9\\u200b"]}'),
    "lines skipped, or read in one of several ways": (
        lambda: dataclasses.replace(sound_cohort(), remarks=("lines at the top are skipped: 2",)),
        RAW, "lines at the top are skipped: 2"),
    "a probe with the name of an id column": (
        with_fact_among_probes("sample_id", lambda labels: drawn(labels, 500)), RAW,
        "probes with the name of an id column: sample_id"),
    "a class, a sex or an age read as a probe": (
        with_fact_among_probes("age_days", lambda labels: drawn(labels, 20_000)), RAW,
        "probes that may be no genes, by their names: age_days; if they are facts of the samples, "
        "name them in the catalog among covariates"),
    "a probe of two values": (
        with_fact_among_probes("x1", lambda labels: drawn(labels, 2)), RAW,
        "probes that may be no genes, by two values: x1"),
    "a probe of few whole numbers": (
        with_fact_among_probes("x2", lambda labels: drawn(labels, 4)), RAW,
        "probes that may be no genes, by few whole numbers, which repeat: x2"),
    "whole numbers among log2 values": (
        with_fact_among_probes("x3", lambda labels: drawn(labels, 3000), "log2"), LOG2,
        "probes that may be no genes, by whole numbers among fractions: x3"),
    "several samples of one patient, no group stated": (cohort_of_visits, RAW,
        "column 'patient' names 11 patients for 22 samples, and cohort.split.group is not set: "
        "cross-validation may learn from one sample of a patient and be tested on another. Set it "
        "to 'patient'"),
    "sample ids with one stem": (
        with_sample_ids(*(f"P{n // 2:02d}_{'ab'[n % 2]}" for n in range(22))), RAW,
        "sample ids with one stem, such as P00_a, P00_b (11 stems for 22 samples): if a stem is a "
        "patient, cross-validation may learn from one sample of a patient"),
    "counts of reads": (with_values(make_counts), RAW | {"floor": 1, "ceiling": None},
        "values look like counts of reads: whole numbers, … of them zero. … Set cohort.scale to "
        "'counts', and floor and ceiling to null; or give log2 counts per million (edgeR: "
        "cpm(counts, log = TRUE)) with cohort.scale 'log2'"),
    "expected counts, checked by the user": (
        with_counts(put(7.25, 2, 3)), COUNTS | {"scale_checked": True},
        "samples whose values are no counts of reads: patient_003; … Taken as stated, because "
        "cohort.scale_checked is true"),
    "another scale, checked by the user": (
        with_values(undo_log2(4), "log2"), LOG2 | {"scale_checked": True},
        "arrays on another scale than the others: patient_005; … Taken as stated, because "
        "cohort.scale_checked is true"),
    "a row of totals among counts": (with_counts(add_totals), COUNTS,
        "genes whose counts are the sum of all others: sim_00006_at; they are no genes, and half "
        "of each library would be theirs. Remove them from the file"),
    "a sample of rounded logarithms among counts": (with_counts(round_log2_of(4)), COUNTS,
        "sample patient_005 may hold logarithms that were rounded: its largest value is 10, … of "
        "its sum. If it does, give its counts as those of the other samples"),
    "intensities, declared counts": (with_counts(lift), COUNTS,
        "no gene has fewer than 8 reads in any sample, as intensities of arrays do; … set "
        "cohort.scale to 'raw', with a floor"),
    "values per million that were rounded, declared counts": (
        with_counts(rounded_per_million), COUNTS,
        "all samples have nearly the same number of reads, … as values per million do (CPM, TPM) "
        "that were rounded. If they are, give the counts instead"),
    "one odd value among log2 ones": (with_values(put(9999.0, 2, 3), "log2"), LOG2,
        "values larger than 40, which no log2 value is: 1, the first in sample patient_003, "
        "probe sim_00002_at, is 9999. If it marks a missing value, name it in the catalog under "
        "missing"),
    "negative values after the logarithm": (with_values(put(-3.5, 2, 3), "log2"), LOG2,
        "… log2 values are negative: expected of ratios, not of intensities"),
    "one array twice in the training set": (with_values(copy_row(0, 3)), RAW,
        "samples with the same values: patient_001, patient_004; cross-validation may learn from "
        "one and be tested on another"),
}
# fmt: on


def parameters(block: dict) -> CohortParameters:
    """The block of parameters, checked."""
    return CohortParameters(**block)
