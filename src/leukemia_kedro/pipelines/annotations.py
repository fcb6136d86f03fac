"""Types that node functions name without importing what is slow to import.

Kedro reads the nodes' annotations at start-up to find typed parameters; pandas alone would cost
more than all the rest of a ``kedro registry list``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from leukemia_kedro.cohort.cohort import Cohort
    from leukemia_kedro.cohort.quality import DataQuality
    from leukemia_kedro.cohort.training_set import TrainingSet
    from leukemia_kedro.model.fitted import FittedModel
    from leukemia_kedro.model.setting import RankingSetting, Setting
    from leukemia_kedro.model.training_reference import ProfileReference
    from leukemia_kedro.statistics.confounding import Confounding
else:
    Cohort = Confounding = DataFrame = DataQuality = FittedModel = ProfileReference = Any
    RankingSetting = Series = Setting = TrainingSet = Any

__all__ = [
    "Cohort", "Confounding", "DataFrame", "DataQuality", "FittedModel", "ProfileReference",
    "RankingSetting", "Series", "Setting", "TrainingSet",
]  # fmt: skip
