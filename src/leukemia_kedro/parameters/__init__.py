"""The parameters, typed: Kedro checks them against these models before the first node runs.

One class per block of ``conf/<environment>/parameters*.yml``. Each field's meaning and default
stand in this room and nowhere else; the YAML states what a cohort sets.
"""

from .block import Name, NameOrNull, quoted
from .cohort import (
    LARGEST_LOG2,
    CohortParameters,
    FilterParameters,
    MissingParameters,
    SplitParameters,
)
from .compute import ComputeParameters
from .differential_expression import (
    DecisionMethod,
    DifferentialExpressionParameters,
    EnrichmentParameters,
    LimmaVersion,
)
from .external_validation import ExternalValidationParameters
from .feature_selection import FeatureSelectionParameters, SignatureParameters
from .inference import InferenceParameters
from .modelling import (
    NORMALISATIONS,
    GenesParameters,
    ModellingParameters,
    ModelParameters,
    Normalisation,
    ResamplingParameters,
)
from .reporting import ReportingParameters

__all__ = [
    "LARGEST_LOG2",
    "NORMALISATIONS",
    "CohortParameters",
    "ComputeParameters",
    "DecisionMethod",
    "DifferentialExpressionParameters",
    "EnrichmentParameters",
    "ExternalValidationParameters",
    "FeatureSelectionParameters",
    "FilterParameters",
    "GenesParameters",
    "InferenceParameters",
    "LimmaVersion",
    "MissingParameters",
    "ModelParameters",
    "ModellingParameters",
    "Name",
    "NameOrNull",
    "Normalisation",
    "ReportingParameters",
    "ResamplingParameters",
    "SignatureParameters",
    "SplitParameters",
    "quoted",
]
