"""What a run hands to the report, made small: two classes and a test set, or five and none."""

from functools import cache
from io import StringIO

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from leukemia_kedro import parameters
from leukemia_kedro.evaluation.champion import held_out_figures
from leukemia_kedro.evaluation.subgroups import list_errors, score_subgroups
from leukemia_kedro.pipelines.reporting.nodes import write_report
from leukemia_kedro.plots import galleries
from leukemia_kedro.plots.study import CohortStudy, ContrastStudy, ModelStudy, gather

TWO = ("ALL", "AML")
FIVE = (
    "Acute_Myeloid_Leukemia_with_maturation",
    "Bone_Marrow",
    "Bone_Marrow_CD34",
    "Peripheral_Blood_of_healthy_donors",
    "PBSC_CD34",
)
MODELS = ("naive_bayes", "svm_linear", "svm_rbf")
N_PROBES = 120
FIGURES_OF_MODELS = [f"{what}-{model}" for model in MODELS for what in ("roc", "risk-coverage")]
GALLERIES = {
    "cohort": ("class-balance", "projection-PCA", "projection-UMAP"),
    "signature": ("signature-heat-map", "signature-heat-map-in-brief"),
    "model": ("model-comparison", "hard-samples", *FIGURES_OF_MODELS),
}


GENE_SETS = pd.DataFrame(
    {
        "contrast": "AML-ALL", "gene_set": ["myeloid", "null_1", "null_2"], "n_genes": 12,
        "n_truly_differential": [7, 0, 0], "correlation": [0.21, 0.35, 0.41],
        "direction": ["Up", "Down", "Up"], "camera_p": [0.001, 0.02, 0.9],
        "camera_fdr": [0.003, 0.03, 0.9], "rotation_direction": ["Up", "Down", "Down"],
        "rotation_p": [0.002, 0.7, 0.8], "rotation_fdr": [0.006, 0.8, 0.8],
        "n_up": [5, 0, 0], "up_fdr": [0.02, 1, 1], "n_down": 0, "down_fdr": 1.0,
    }
)  # fmt: skip
"""Tests of gene sets in one contrast."""


def make_page(classes=TWO, n_train=38, n_test=34, **changes):
    """The report of a made run as HTML; ``changes`` replace single datasets or parameters."""
    return write_report(**make_datasets(classes, n_train, n_test, **changes))


def make_datasets(classes=TWO, n_train=38, n_test=34, **changes):
    """Inputs of the report's node; ``changes`` replace single ones."""
    found = make_found(classes, n_train, n_test) | make_parameters(classes) | changes
    if "contrast_summary" not in changes:
        found["contrast_summary"] = _decided_separately(found["contrast_tables"])
    cohort, models = gather(CohortStudy, found), gather(ModelStudy, found)
    contrasts = gather(ContrastStudy, found)
    projected = project(cohort.sample_split), {"PCA": [0.3, 0.2]}
    table = pd.DataFrame(columns=cohort.sample_split.index, index=cohort.probes.index, dtype=float)
    cv = models.test_predictions.head(0)
    drawn = {
        "cohort": galleries.cohort_gallery(cohort, *projected),
        "model": galleries.model_gallery(cohort, models, table, cv),
        "contrast": galleries.contrast_gallery(cohort, contrasts, table, 0.05),
    }
    return {
        f"interactive_{name}_figures": gallery.interactive() for name, gallery in drawn.items()
    } | found


def make_parameters(classes=TWO):
    criteria, search = ["anova_f", "signal_to_noise"], {"C": [0.1, 1.0]}
    genes = {"criterion": "anova_f", "n_genes": [10, "all"]}
    svm = parameters.ModelParameters(estimator="sklearn.svm.SVC", genes=genes, search=search)
    return {
        "cohort": parameters.CohortParameters(
            scale="raw", floor=100, ceiling=16000, classes=list(classes),
            filter={"min_ratio": 5, "min_range": 500, "drop_controls": True},
        ),
        "feature_selection": parameters.FeatureSelectionParameters(criteria=criteria),
        "resampling": parameters.ResamplingParameters(),
        "modelling": parameters.ModellingParameters(),
        "models": dict.fromkeys(MODELS, svm),
        "differential_expression": parameters.DifferentialExpressionParameters(),
        "gene_sets": parameters.EnrichmentParameters(),
        "reporting": parameters.ReportingParameters(),
        "seed": 0,
    }  # fmt: skip


def make_found(classes=TWO, n_train=38, n_test=34):
    """Datasets under the names of the data catalog."""
    rng = np.random.default_rng(0)
    sample_split = samples_of(classes, n_train, n_test)
    calls = _calls(sample_split[sample_split["split"] == "test"], classes, rng)
    laboratory = np.where(np.arange(len(sample_split)) % 3, "here", "there")
    covariates = sample_split.assign(laboratory=laboratory)
    of_models = pd.concat([calls.assign(model=model) for model in MODELS])
    comparison = _comparison(n_test)
    pairs = [f"{b}-{a}" for i, a in enumerate(classes) for b in classes[i + 1 :]]
    of_contrasts = [f"{what}-{pair}" for pair in pairs for what in ("volcano", "p-values")]
    figures = GALLERIES | {"contrast": ["decision_summary", *of_contrasts]}
    signature = _genes(rng).head(20)
    return {
        "data_quality": _data_quality(classes, sample_split),
        "confounding": [
            {
                "covariate": "laboratory", "n": n_train, "cramers_v": 0.6, "p_value": 0.001,
                "counts": {"here": {classes[0]: n_train}}, "adjusted_p": 0.002,
                "n_predicted": n_train, "n_largest_class": n_train, "separable": False,
                "alarm": True,
            }
        ],
        "identity": identity_of(sample_split),
        "sample_split": sample_split,
        "probes": _genes(np.random.default_rng(1)).set_index("probe"),
        "signature": signature.assign(
            score=1.5, direction=classes[-1], selection_frequency=np.linspace(1, 0.2, 20)
        ),
        "stability_index": {
            "criterion": "signal_to_noise", "n_genes": 20, "n_folds": 25, "n_ever_chosen": 60,
            "n_always_chosen": 7, "stability": 0.68, "stability_low": 0.66, "stability_high": 0.71,
        },
        "signature_overlap": {"reference": None},
        "model_comparison": comparison,
        "champion": _champion(comparison, classes),
        "permutation_test": {
            "model": "svm_linear", "score": 0.95, "p_value": 1 / 101, "n_permutations": 100,
            "permuted_scores": list(rng.normal(0.5, 0.05, 100)),
            "models": ["naive_bayes", "svm_linear"],
        },
        "selection_bias": {
            "model": "svm_linear", "n_permutations": 20,
            "true_labels": {"genes_inside_folds": 0.95, "genes_outside_folds": 0.99},
            "permuted_labels": {"genes_inside_folds": 0.51, "genes_outside_folds": 0.83},
        },
        "learning_curve": learning_curve_of(n_train),
        "shift": {
            "auc": 0.77 if n_test else None, "p_value": 0.005 if n_test else None,
            "n_permutations": 200 if n_test else 0, "hard_samples": [],
        },
        "subgroups": score_subgroups(of_models, covariates),
        "errors": list_errors(calls, covariates),
        "contrast_tables": {pair: _contrast(rng) for pair in pairs},
        "enrichment": pd.DataFrame(columns=["contrast", "gene_set"]),
        "replication": pd.DataFrame(),
        "shrunken_centroid_path": pd.DataFrame(),
        "replication_figures": [],
        "de_truth": [],
        "variance_prior": {
            "prior_df": 7.5, "prior_variance": 0.62, "n_probes": N_PROBES, "n_samples": n_train,
            "contrasts": {pair: pair.replace("-", " - ") for pair in pairs},
            "voom": False, "sample_weights": False, "weights": None, "random_block": None,
            "block_correlation": None,
        },
        "voom_trend": pd.DataFrame(columns=["mean_log_count", "sqrt_sd", "fitted"]),
        "sample_weights": pd.DataFrame(columns=["library_size", "tmm_factor", "weight"]),
        **{f"{name}_figures": [draw(figure) for figure in gallery]
           for name, gallery in figures.items()},
        "model_scores": {model: _scores(classes, n_train, n_test) for model in MODELS},
        "test_predictions": of_models,
        **_linked(covariates, of_models, rng),
    }  # fmt: skip


def _decided_separately(tables):
    """Numbers of probes at a false-discovery rate of 5 % in each contrast by itself."""
    rows = []
    for contrast, table in tables.items():
        found = table.loc[table["adj.P.Val"] < 0.05, "logFC"]
        up, down = int((found > 0).sum()), int((found < 0).sum())
        rows.append((contrast, up, down, len(table) - up - down))
    return pd.DataFrame(rows, columns=["contrast", "up", "down", "not_significant"])


def _linked(covariates, of_models, rng):
    """The whole tables, of which the page shows one gene or sample at a time."""
    probes = [f"X{10000 + i}_at" for i in range(N_PROBES)]
    expression = pd.DataFrame(
        rng.normal(8, 2, (N_PROBES, len(covariates))), index=probes, columns=covariates.index
    )
    training = covariates.index[covariates["split"] == "train"]
    expression.loc[probes[0], training] = 4.0 + (covariates["label"] == covariates["label"].iloc[0])
    expression.loc[probes[1]] = np.nan
    return {
        "log_expression": expression,
        "samples": covariates,
        "gene_ranking": pd.DataFrame(
            {"criterion": "anova_f", "probe": probes[:100], "score": 1.0, "rank": range(1, 101)}
        ),
        "selection_stability": pd.DataFrame(
            {"probe": probes[:80], "selection_frequency": np.linspace(1, 0.1, 80), "mean_rank": 9.0}
        ),
        "cv_predictions": pd.concat(
            [
                covariates.loc[training, ["label"]].rename_axis("sample").reset_index().assign(
                    model=model, repeat=repeat, predicted=covariates["label"].iloc[0],
                    confidence=0.7,
                )
                for model in MODELS
                for repeat in (1, 2)
            ]
        ),
        "projections": project(covariates[["label", "split"]]),
    }  # fmt: skip


def no_alarm():
    """The record of identity where nothing can be told."""
    return {
        "sex": {"column": None, "probes": {}, "samples": []},
        "resemblance": {
            "n_probes": 0, "typical": None, "limit": None, "near_duplicates": [], "lonely": [],
        },
    }  # fmt: skip


def identity_of(sample_split):
    """The record of identity with every kind of alarm."""
    first, second, third, *others = sample_split.index
    states = {first: ("F", True, True), second: ("M", False, True), third: ("M", None, None)}
    states |= dict.fromkeys(others, ("F", False, True))
    return {
        "sex": {
            "column": "sex", "probes": {"XIST": ["X56199_at"], "RPS4Y1": ["M58459_at"]},
            "samples": [
                {
                    "sample": sample, "stated": stated, "y_linked": y_linked, "xist": xist,
                    "contradiction": sample in (first, second),
                }
                for sample, (stated, y_linked, xist) in states.items()
            ],
        },
        "resemblance": {
            "n_probes": 2000, "typical": 0.5, "limit": 0.93,
            "near_duplicates": [{"first": first, "second": third, "correlation": 0.98}],
            "lonely": [{"sample": second, "correlation": 0.02, "usual": 0.9}],
        },
    }  # fmt: skip


@cache
def draw(name, inches=5.6):
    """A figure with letters, a formula and many marks, as the figures' dataset loads it."""
    figure = Figure(figsize=(inches, 2.4), layout="constrained")
    ax = figure.subplots()
    ax.plot(np.arange(40), np.sin(np.arange(40)), marker="o")
    ax.set(xlabel="log2 expression", ylabel="$10^2$ probes", title=name)
    svg = StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return {
        "name": name, "title": f"Title of {name}", "caption": f"What {name} shows.",
        "alt": f"Text alternative of {name}.", "svg": svg.getvalue(),
    }  # fmt: skip


def samples_of(classes, n_train, n_test):
    labels = [*np.resize(classes, n_train), *np.resize(classes, n_test)]
    return pd.DataFrame(
        {"label": labels, "split": ["train"] * n_train + ["test"] * n_test},
        index=pd.Index([f"GSM{239170 + i}" for i in range(n_train + n_test)], name="sample"),
    )


def _data_quality(classes, sample_split):
    counts = pd.crosstab(sample_split["label"], sample_split["split"])
    quantiles = {
        "minimum": -80.0, "lower_quartile": 5.0, "median": 120.0, "upper_quartile": 400.0,
        "maximum": 9000.0,
    }  # fmt: skip
    return {
        "origin": "simulated: made for a test", "published_as": None, "simulated": True,
        "scale": "raw", "oddities": [],
        "n_samples": len(sample_split), "n_probes": 7129, "n_control_probes": 58,
        "n_probes_passing_filter": N_PROBES, "negative_share": 0.287, "missing_values": 0,
        "dropped_probes": 0, "constant_probes": 0, "duplicated_probes": 0, "duplicated_samples": [],
        "classes": {
            label: {split: int(counts.loc[label].get(split, 0)) for split in ("train", "test")}
            for label in classes
        },
        "intensity_per_sample": dict.fromkeys(sample_split.index, quantiles),
    }  # fmt: skip


def project(sample_split):
    points = sample_split.reset_index().assign(x=np.cos(range(len(sample_split))))
    points["y"] = points.index * 0.1
    return pd.concat([points.assign(method="PCA"), points.assign(method="UMAP")], ignore_index=True)


def _comparison(n_test):
    """The third model is best; the second meets the rule, the first does not; then the baseline."""
    score, errors = np.array([0.80, 0.93, 0.96, 0.5]), np.array([4, 2, 1, 17])
    table = {
        "model": [*MODELS, "larger_class"], "n_genes": [10, 50, 50, 0],
        "champion": [False, True, False, False], "baseline": [False, False, False, True],
        "cv_balanced_accuracy": score, "cv_balanced_accuracy_se": 0.05,
        "behind_best": [0.16, 0.03, 0, np.nan], "behind_best_se": [0.06, 0.04, 0, np.nan],
        "difference": [-0.13, np.nan, 0.03, np.nan],
        "difference_low": [-0.3, np.nan, -0.15, np.nan],
        "difference_high": [0.06, np.nan, 0.2, np.nan],
        "mcnemar_p": [0.5, np.nan, 1.0, np.nan], "mcnemar_p_holm": [1.0, np.nan, 1.0, np.nan],
        "cv_balanced_accuracy_low": score - 0.1,
        "cv_balanced_accuracy_high": np.minimum(score + 0.1, 1),
        "cv_auc": 0.99, "cv_brier": 0.03, "overfit_gap": 0.05,
        "cv_calls": [30.2, 29.0, 21.4, np.nan], "own_calls": [38, 36, 38, np.nan],
        "cv_calibration_slope": [0.7, 1.3, np.nan, np.nan],
        "cv_calibration_slope_low": [0.4, 0.8, 1.9, np.nan],
        "cv_calibration_slope_high": [1.1, 2.2, np.nan, np.nan],
    }  # fmt: skip
    test = {
        "test_n": n_test, "test_errors": errors, "test_accuracy": 1 - errors / max(n_test, 1),
        "test_accuracy_low": [0.73, 0.80, 0.85, 0.3],
        "test_accuracy_high": [0.967, 0.993, 0.999, 0.7],
        "test_balanced_accuracy": [0.88, 0.94, 0.97, 0.5],
        "test_balanced_accuracy_low": [0.73, 0.81, 0.85, 0.4],
        "test_balanced_accuracy_high": [0.967, 0.991, 0.999, 0.6],
        "test_brier": 0.03, "test_brier_low": 0.01, "test_brier_high": 0.06,
        "test_calibration_slope": 0.9, "test_calibration_slope_low": 0.5,
        "test_calibration_slope_high": 1.6,
        "test_calls": 32, "test_errors_among_calls": 1,
    }  # fmt: skip
    return pd.DataFrame(table | (test if n_test else dict.fromkeys(test, np.nan)))


REJECT_OPTION = {
    "asked": 0.02, "error": 0.1, "low": 0.007, "high": 0.19, "wrong_calls": 2.0,
    "calls": 29.0, "patients": 38, "own_calls": 36,
}  # fmt: skip


def _champion(comparison, classes):
    row = comparison[comparison["champion"]].iloc[0]
    cv, test = (
        {key.removeprefix(start): row[key] for key in row.index if key.startswith(start)}
        for start in ("cv_", "test_")
    )
    tested = not np.isnan(row["test_n"])
    left_out = {"weighted_voting": "defined for two classes only, the cohort has 5"}
    return {
        "champion": row["model"], "n_genes": int(row["n_genes"]), "threshold": 0.6,
        "reject_option": REJECT_OPTION,
        "conformal": {
            "alpha": 0.1, "patients": dict.fromkeys(classes, 11),
            "smallest_alpha": dict.fromkeys(classes, 1 / 12),
        },
        "rule": "the simplest model whose score is within one standard error of the best one's",
        "classes": list(classes), "cross_validation": cv, "test": test if tested else None,
        "parameters": {"n_genes": 50, "criterion": "anova_f", "C": 0.1},
        "held_out": held_out_figures(row) if tested else None, "published": None,
        "left_out": left_out if len(classes) > 2 else {},
        "corrected": {
            "balanced_accuracy": 0.915, "low": 0.77, "high": 0.98, "n_draws": 2000,
            "best": {"svm_linear": 0.4, "svm_rbf": 0.6},
        },
    }  # fmt: skip


def _scores(classes, n_train, n_test):
    measures = ("accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss", "brier")
    scores = dict.fromkeys(measures, 0.95)
    per_class = {c: {"precision": 0.9, "recall": 0.9, "f1": 0.9, "n": 7} for c in classes}
    of = scores | {"per_class": per_class}
    calibrated = of | {
        "calibration_slope": None, "calibration_slope_low": 1.5, "calibration_slope_high": None,
        "calibration_intercepts": {c: {"value": 0.1, "low": -0.5, "high": 0.7} for c in classes},
    }  # fmt: skip
    return {
        "n_genes": 50, "genes": [f"X{10000 + i}_at" for i in range(50)],
        "reject_option": REJECT_OPTION,
        "cv": {"n": n_train, **calibrated},
        "train": {"n": n_train, **of},
        "test": {"n": n_test, **calibrated, "conformal_sets": _sets(classes)} if n_test else None,
    }  # fmt: skip


def learning_curve_of(n_train):
    """A curve that rises, and can be told."""
    sizes = np.geomspace(n_train / 3, 0.8 * n_train, 5)
    score = 1 - 2 / sizes
    now, doubled = (
        {"n": float(n), "value": 1 - 2 / n, "low": 1 - 4 / n, "high": 1 - 1 / n}
        for n in (n_train, 2 * n_train)
    )
    return {
        "model": "svm_linear", "sizes": sizes.tolist(), "balanced_accuracy": score.tolist(),
        "balanced_accuracy_low": (score - 0.1).tolist(),
        "balanced_accuracy_high": (score + 0.05).clip(max=1).tolist(),
        "above_chance": [True] * 5, "power_law": {"a": 2.0, "b": 1.0, "c": 0.0},
        "now": now, "doubled": doubled, "gain": {"value": 0.026, "low": 0.011, "high": 0.049},
        "can_be_told": True, "fitted": [now, doubled],
    }  # fmt: skip


def _sets(classes):
    of_class = {"n": 17, "missed": 1, "low": 0.0015, "high": 0.287}
    return {"one": 30, "several": 3, "none": 1, "per_class": dict.fromkeys(classes, of_class)}


def _calls(samples, classes, rng):
    probability = rng.dirichlet(np.ones(len(classes)), len(samples))
    table = pd.DataFrame({"sample": samples.index, "label": samples["label"].to_numpy()})
    table["predicted"] = np.array(classes)[probability.argmax(axis=1)]
    table["confidence"] = probability.max(axis=1)
    table["call"] = table["predicted"].where(table["confidence"] > 0.6, "no call")
    table["conformal_set"] = table["predicted"]
    return table.assign(**{f"probability_{c}": probability[:, i] for i, c in enumerate(classes)})


def _genes(rng):
    return pd.DataFrame(
        {
            "probe": [f"X{10000 + i}_at" for i in rng.permutation(N_PROBES)],
            "description": [f"GB DEF = <i>Gene</i> {i} & co" for i in range(N_PROBES)],
            "symbol": [f"GENE{i}" if i % 3 else f"A{i} /// B{i}" for i in range(N_PROBES)],
        }
    )


def _contrast(rng):
    p_values = np.sort(rng.uniform(size=N_PROBES) ** 4)
    genes = _genes(rng)
    statistics = {
        "logFC": rng.normal(size=N_PROBES), "AveExpr": rng.normal(8, 2, N_PROBES),
        "t": rng.normal(size=N_PROBES), "P.Value": p_values,
        "adj.P.Val": np.minimum(p_values * 4, 1), "B": -3.0, "wilcoxon_p": p_values,
        "maxT_p": p_values,
    }  # fmt: skip
    return genes.assign(**statistics)
