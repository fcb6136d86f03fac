"""Armstrong et al. 2002, three classes and no test set, tuned and compared with the defaults."""

import shutil

import pandas as pd
import pytest

from leukemia_kedro.model.registry import MODELS


@pytest.mark.slow
@pytest.mark.real_data
def test_the_champion_tells_the_three_leukemias_apart(project, mll_file):
    place = project.data("01_raw", "mll", "MLL.csv")
    place.parent.mkdir(parents=True)
    shutil.copy(mll_file, place)
    project.kedro("run", "--env", "mll", "--to-nodes", "modelling.compare_models")
    comparison = pd.read_csv(project.data("08_reporting", "mll", "model_comparison.csv"))
    assert set(MODELS) - set(comparison["model"]) == {"weighted_voting"}, "two classes only"
    assert comparison["test_accuracy"].isna().all()
    champion = comparison[comparison["champion"]].squeeze()
    assert champion["cv_balanced_accuracy"] >= 0.93
    assert champion["cv_balanced_accuracy_low"] > 0.8
