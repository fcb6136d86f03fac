"""A run reproduces the numbers of the tutorial.

The run has all models: the corrected score depends on each of them. It draws no figure.
"""

import json
import re

import pandas as pd
import pytest
from helpers.documented import PROJECT
from helpers.project_copy import ProjectCopy

PAGE = (PROJECT / "docs" / "tutorial" / "reading-the-report.md").read_text(encoding="utf-8")
RESULTS = (
    "data_quality", "champion", "permutation_test", "model_comparison", "explained_variance",
    "selection_bias", "shift", "stability_index", "de_truth", "enrichment", "probes", "signature",
)  # fmt: skip
TEXT = re.sub(r"\s+", " ", PAGE)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The records and tables of the run, by name."""
    demo = ProjectCopy(tmp_path_factory.mktemp("tutorial"))
    demo.rank_by("signal_to_noise", "anova_f")
    demo.kedro("run", "--env", "demo", "--to-outputs", ",".join(RESULTS))
    files = [
        path
        for layer in ("02_intermediate", "04_feature", "08_reporting")
        for path in demo.data(layer, "demo").rglob("*.*")
        if not any(
            part.startswith(".") or part == "figures"
            for part in path.relative_to(demo.folder).parts
        )
    ]
    tables = {path.stem: pd.read_csv(path) for path in files if path.suffix == ".csv"}
    return tables | {
        path.stem: json.loads(path.read_text()) for path in files if path.suffix == ".json"
    }


def assert_on_the_page(*texts):
    """The page writes a space before every percent sign."""
    assert [text for text in texts if re.sub(r" ?%", " %", text) not in TEXT] == []


def test_the_cohort(found):
    quality = found["data_quality"]
    sizes = quality["classes"]
    assert_on_the_page(
        f"{quality['n_samples']} simulated patients",
        f"({sizes['ALL']['train']} ALL, {sizes['AML']['train']} AML)",
        f"({sizes['ALL']['test']} and {sizes['AML']['test']})",
        f"{quality['n_probes']:,} probes, of which {quality['n_probes_passing_filter']} pass",
    )


def test_the_answer(found):
    champion, permutation = found["champion"], found["permutation_test"]
    test, cv, corrected = (champion[name] for name in ("test", "cross_validation", "corrected"))
    wrong, option = champion["held_out"]["errors_among_calls"], champion["reject_option"]
    assert champion["champion"] == "weighted_voting"
    assert_on_the_page(
        f"Balanced accuracy {corrected['balanced_accuracy']:.3f} ({corrected['low']:.3f} to "
        f"{corrected['high']:.3f}), corrected for the choice",
        f"own score is {cv['balanced_accuracy']:.3f} ({cv['balanced_accuracy_low']:.3f} to "
        f"{cv['balanced_accuracy_high']:.3f})",
        f"{test['n'] - test['errors']:.0f} of {test['n']:.0f} test samples classified correctly, "
        f"balanced accuracy {test['balanced_accuracy']:.3f} ({test['balanced_accuracy_low']:.3f} "
        f"to {test['balanced_accuracy_high']:.3f})",
        f"The accuracy, {test['accuracy']:.1%}, has an exact 95 % interval of "
        f"{test['accuracy_low']:.1%} to {test['accuracy_high']:.1%}",
        f"{wrong['count']} of {wrong['of']} calls wrong",
        f"up to {wrong['high']:.1%}",
        f"{option['error']:.1%} wrong calls are to be expected (95 % interval "
        f"{option['low']:.1%} to {option['high']:.1%})",
        f"Permutation p = {permutation['p_value']:.4f}",
    )
    assert test["n"] - test["calls"] == 9
    assert test["errors"] == 3


def test_the_comparison(found):
    """As the page says: the champion is the best, and every interval of a difference holds 0."""
    compared = found["model_comparison"]
    models = compared[~compared["baseline"]]
    assert len(models) == 14
    assert models.loc[models["champion"], "behind_best"].item() == 0
    others = models[~models["champion"]]
    assert ((others["difference_low"] < 0) & (others["difference_high"] > 0)).all()
    assert others["difference_low"].max() < -0.15
    assert compared["cv_balanced_accuracy"].iloc[-1] == 0.5


def test_projections_bias_and_shift(found):
    first, second = found["explained_variance"]["PCA"]
    bias = found["selection_bias"]["permuted_labels"]
    shift = found["shift"]
    assert_on_the_page(
        f"they explain {100 * first:.1f} % and {100 * second:.1f} % of the variance",
        f"scores {bias['genes_inside_folds']:.2f} when its genes are chosen inside each fold, and "
        f"{bias['genes_outside_folds']:.2f} when",
        f"AUC of {shift['auc']:.2f}",
        f"p = {shift['p_value']:.2f}",
    )


def test_the_signature(found):
    stability = found["stability_index"]
    truth = found["probes"].set_index("probe")["is_differential"]
    right = int(truth[found["signature"]["probe"]].sum())
    assert_on_the_page(
        f"Over {stability['n_folds']} training folds {stability['n_always_chosen']} of them",
        f"and {stability['n_ever_chosen']} genes at least once",
        f"the stability index is {stability['stability']:.2f}",
        f"{right} of the {len(found['signature'])} do differ",
    )


def test_differential_expression_and_gene_sets(found):
    (truth,) = found["de_truth"]
    (summary,) = found["contrast_summary"].to_dict("records")
    n_found, n_false = truth["discoveries"], truth["false_discoveries"]
    assert_on_the_page(
        f"{n_found} of {truth['tested']} genes have an adjusted",
        f"{summary['up']} are higher in AML and {summary['down']} in ALL",
        f"{truth['differential_probes']} of the {truth['tested']} differ",
        f"{n_found - n_false} of the {n_found} are among them and {n_false} are false",
        f"proportion of {100 * truth['false_discovery_proportion']:.1f} %",
        f"a power of {100 * truth['power']:.0f} %",
    )
    assert (found["AML-ALL"]["maxT_p"] < 0.05).sum() == 7
    sets = found["enrichment"].set_index("gene_set")
    adjusted = sets[["camera_fdr", "rotation_fdr"]]
    assert (adjusted.filter(like="HIGHER", axis=0) < 0.001).all(axis=None)
    assert (adjusted.drop(["HIGHER_IN_ALL", "HIGHER_IN_AML"]) > 0.05).all(axis=None)
    assert sets.index.str.split("_").str[0].value_counts().to_dict() == {
        "RANDOM": 8, "COEXPRESSED": 4, "HIGHER": 2,
    }  # fmt: skip
    assert (sets.filter(like="COEXPRESSED", axis=0)["n_truly_differential"] == 0).all()
