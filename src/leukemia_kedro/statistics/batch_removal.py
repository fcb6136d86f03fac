"""Expression without the differences between batches, for pictures."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukemia_kedro.statistics.design import independent_columns
from leukemia_kedro.statistics.linear_model import fit_linear_model


def remove_batch_effect(
    expression: pd.DataFrame,
    design: pd.DataFrame,
    batches: Sequence[pd.Series] = (),
    covariates: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Expression less its fitted differences between batches, as limma's ``removeBatchEffect``.

    One linear model per gene holds the design, whose differences are kept, and the batches. The
    effects of one column of batches add up to zero over its values, so that a gene keeps its level.
    Not for tests or models: these would count the degrees of freedom of the batches as their own
    and hold the classes for further apart than they are. Batches belong in their design.

    Parameters
    ----------
    expression : DataFrame, shape (n_probes, n_samples)
        log2 scale. NaN marks a missing value, and stays.
    design : DataFrame, shape (n_samples, n_coefficients)
        Of full rank, such as the classes, or an intercept alone.
    batches : sequence of Series, index ``sample``
        Columns of batches, such as laboratory and year.
    covariates : DataFrame, shape (n_samples, n_covariates), optional
        Numbers whose linear effect is removed as well.

    Returns
    -------
    DataFrame, shape (n_probes, n_samples), float64
        An effect that a gene's values cannot tell from the design is not removed.

    References
    ----------
    M. E. Ritchie et al. (2015). limma powers differential expression analyses for RNA-sequencing
    and microarray studies. Nucleic Acids Res. 43:e47.
    """
    columns = [_deviations(batch) for batch in batches]
    columns += [] if covariates is None else [covariates.to_numpy(dtype=np.float64)]
    removed = np.column_stack(columns)
    both = np.column_stack([design.to_numpy(dtype=np.float64), removed])
    kept = independent_columns(both)
    fit = fit_linear_model(expression, pd.DataFrame(both[:, kept], design.index))
    effects = np.zeros((len(expression), both.shape[1]))
    effects[:, kept] = np.nan_to_num(fit.coefficients.to_numpy())
    return expression - effects[:, design.shape[1] :] @ removed.T


def _deviations(batch: pd.Series) -> np.ndarray:
    """Sum-to-zero coding, shape (n_samples, n_values − 1)."""
    codes, values = pd.factorize(batch, sort=True)
    coding = np.vstack([np.eye(len(values) - 1), -np.ones(len(values) - 1)])
    return coding[codes]
