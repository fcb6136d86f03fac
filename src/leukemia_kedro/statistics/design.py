"""Design matrices from formulas over the samples table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import Formula, ModelMatrix, SimpleFormula
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.confounding import inseparable

# R's lm takes a column for a combination of the ones before it where less than this share of its
# length is left over.
_RANK_TOLERANCE = 1e-7
_DOT = "_ˑ_"


@dataclass(frozen=True)
class Design:
    """The design matrix of a formula, and what it says about each class.

    Parameters
    ----------
    matrix : DataFrame, shape (n_samples, n_coefficients), float64
        Indexed by sample, in the order of the samples table.
    class_rows : DataFrame, shape (n_classes, n_coefficients), float64
        The mean row of the design if every sample were of the class and kept its covariates.
        Differences of these rows are differences of fitted class means at the same covariates;
        where the class interacts with a covariate, averages of that difference over the samples.
    groups : dict of str to int
        What the formula takes as groups, such as ``label`` or ``C(site)``, and how many there are.
    slopes : dict of str to list of str
        What it takes as numbers, such as ``np.log(age)``, and the columns behind it.
    """

    formula: str
    matrix: pd.DataFrame
    class_rows: pd.DataFrame
    groups: dict[str, int]
    slopes: dict[str, list[str]]

    def in_words(self) -> str:
        """Each column as groups or as a slope, the parameters and what is left to estimate the
        variance from."""
        parts = [f"{name} as {n} groups" for name, n in self.groups.items()]
        parts += [f"{name} as a slope" for name in self.slopes]
        n_samples, n_parameters = self.matrix.shape
        return (
            f"{self.formula}: {', '.join(parts)}; {n_parameters} parameters, "
            f"{n_samples - n_parameters} residual degrees of freedom ({n_samples} samples)"
        )


def design_matrix(formula: str, samples: pd.DataFrame, classes: list[str]) -> Design:
    """Design matrix of a formula such as ``~ label``, ``~ 0 + label`` or ``~ label + batch``.

    Text columns become one column per level but the first, numeric columns enter as they are
    (write ``C(batch)`` where numbers name batches), ``:`` and ``*`` make interactions and functions
    such as ``np.log(age)`` are allowed; the syntax is formulaic's, which is R's. Names of columns
    may hold dots; those with blanks or other signs go in backticks.

    Parameters
    ----------
    samples : DataFrame, index ``sample``
        Column ``label`` and the covariates that the formula names.
    classes : list of str
        The classes in order, the reference first.

    Raises
    ------
    UserError
        Where the formula cannot be read, names a column that is not there or one with missing
        values, where a class has fewer than two samples, or where the columns of the design depend
        on each other.
    """
    without_dots = {name: name.replace(".", _DOT) for name in samples.columns if "." in name}
    terms = _parse(formula, samples, without_dots)
    labels = samples["label"].astype(str)
    _check_sizes(labels, classes)
    samples = samples.assign(label=pd.Categorical(labels, categories=classes))
    _check_covariates(formula, terms, samples)
    samples = samples.rename(columns=without_dots)
    encoded = _encode(formula, terms, samples)
    matrix = _with_dots(pd.DataFrame(encoded).astype(np.float64))
    _check_full_rank(formula, matrix, terms, samples)
    rows = {}
    for name in classes:
        as_class = pd.Categorical([name] * len(samples), categories=classes)
        of_class = encoded.model_spec.get_model_matrix(samples.assign(label=as_class))
        rows[name] = _with_dots(pd.DataFrame(of_class).astype(np.float64)).mean()
    return Design(formula, matrix, pd.DataFrame(rows).T, *_factors(encoded, samples))


def _factors(
    encoded: ModelMatrix, samples: pd.DataFrame
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """``groups`` and ``slopes`` of a :class:`Design`, in the order of the formula."""
    spec = encoded.model_spec
    groups, slopes = {}, {}
    for factor in dict.fromkeys(factor for term in spec.terms for factor in term.factors):
        kind, state = spec.encoder_state.get(factor.expr, (None, {}))
        name = factor.expr.replace(_DOT, ".")
        if kind is Factor.Kind.CATEGORICAL:
            groups[name] = len(state["categories"])
        elif kind is Factor.Kind.NUMERICAL:
            columns = map(str, spec.factor_variables[factor])
            slopes[name] = sorted(c.replace(_DOT, ".") for c in set(columns) & set(samples))
    return groups, slopes


def _check_full_rank(
    formula: str, design: pd.DataFrame, terms: SimpleFormula, samples: pd.DataFrame
) -> None:
    values = design.to_numpy()
    kept = independent_columns(values)
    if len(kept) == design.shape[1]:
        return
    faults = []
    for column in np.setdiff1d(np.arange(design.shape[1]), kept):
        earlier = kept[kept < column]
        share = np.linalg.lstsq(values[:, earlier], values[:, column])[0]
        parts = design.columns[earlier[np.abs(share) > _RANK_TOLERANCE]]
        why = f"follows from {first_few(parts)}" if len(parts) else "is always 0"
        faults.append(f"{design.columns[column]} {why}")
    confounded = {
        name.replace(_DOT, "."): inseparable(samples[name], samples["label"])
        for name in sorted(terms.required_variables - {"label"})
    }
    why = "".join(
        f" {name} cannot be told from the class ({where})."
        for name, where in confounded.items()
        if where
    )
    raise UserError(
        f"the design {formula!r} is not of full rank over its {len(design)} samples: "
        f"{'; '.join(faults)}.{why} "
        "No data could tell these columns apart; leave out one of the terms they come from."
    )


def independent_columns(values: np.ndarray) -> np.ndarray:
    """Positions of the columns of a design that are no combination of earlier ones, as R's ``lm``
    has it; ``values`` has the shape (n_samples, n_columns)."""
    basis = np.empty((len(values), 0))
    kept = []
    for position, column in enumerate(values.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # once more: the first pass leaves rounding errors
        left_over = np.linalg.norm(rest)
        if left_over > _RANK_TOLERANCE * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / left_over])
            kept.append(position)
    return np.array(kept, dtype=np.intp)


def _with_dots(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=lambda name: name.replace(_DOT, "."))


def _in_backticks(formula: str, samples: pd.DataFrame) -> str:
    """Advice on columns of the formula whose names need backticks, or nothing."""
    bare = re.sub("`[^`]*`", "", formula)
    names = [name for name in samples.columns if name in bare and not re.fullmatch(r"[\w.]+", name)]
    if not names:
        return ""
    return f"; names with blanks or signs go in backticks: {first_few(f'`{n}`' for n in names)}"


def _parse(formula: str, samples: pd.DataFrame, without_dots: Mapping[str, str]) -> SimpleFormula:
    expected = "expected one such as '~ label' or '~ label + batch'"
    if not formula.lstrip().startswith("~"):
        raise UserError(f"the design formula {formula!r} does not start with '~'; {expected}")
    in_r = re.search(r"\b(?:as\.)?factor\(([^()]*)\)", formula)
    if in_r:
        raise UserError(
            f"the design formula {formula!r} has R's {in_r[0]}; write C({in_r[1]}) to make groups "
            "of the values of a column"
        )
    # formulaic takes the dot, which names of R's columns may hold, for Python's
    parsed = formula
    for name in sorted(without_dots, key=len, reverse=True):
        parsed = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w.])", without_dots[name], parsed)
    try:
        terms = Formula(parsed)
        if isinstance(terms, SimpleFormula):
            terms.required_variables  # noqa: B018 - reads the functions in it
    except (FormulaicError, SyntaxError, ValueError) as error:
        why = f"{str(error).splitlines()[0]}; {expected}{_in_backticks(formula, samples)}"
        why = why.replace(_DOT, ".")
        raise UserError(f"the design formula {formula!r} cannot be read: {why}") from error
    if not isinstance(terms, SimpleFormula):
        raise UserError(f"the design formula {formula!r} has several parts; {expected}")
    return terms


def _check_sizes(labels: pd.Series, classes: list[str]) -> None:
    counts = labels.value_counts().reindex(classes, fill_value=0)
    small = counts[counts < 2]
    if len(small):
        found = ", ".join(f"{name} has {count}" for name, count in small.items())
        raise UserError(
            f"too few samples to compare classes: {found}, each class needs at least 2; leave the "
            "class out (cohort.leave_out), merge it with another (cohort.classes), or use more "
            "samples"
        )


def _check_covariates(formula: str, terms: SimpleFormula, samples: pd.DataFrame) -> None:
    needed = sorted(name.replace(_DOT, ".") for name in terms.required_variables)
    if absent := [name for name in needed if name not in samples]:
        raise UserError(
            f"the design formula {formula!r} names {first_few(absent)}, which the samples table "
            f"lacks; its columns are {first_few(samples.columns, 20)}"
            f"{_in_backticks(formula, samples)}"
        )
    for name in needed:
        unknown = samples.index[samples[name].isna()]
        if len(unknown):
            raise UserError(
                f"covariate {name!r} of the design formula {formula!r} has no value for the "
                f"samples {first_few(unknown)}; leave out these samples or the covariate"
            )


def _encode(formula: str, terms: SimpleFormula, samples: pd.DataFrame) -> ModelMatrix:
    try:
        encoded = terms.get_model_matrix(samples, context={}, na_action="raise")
    except Exception as error:  # a function in a formula may raise any
        what = f"the design formula {formula!r} cannot be applied to the samples table"
        raise UserError(f"{what}: {str(error).replace(_DOT, '.')}") from error
    beyond = encoded.columns[~np.isfinite(encoded.to_numpy(dtype=np.float64)).all(axis=0)]
    if len(beyond):
        raise UserError(
            f"the design formula {formula!r} gives values that are not finite in the columns "
            f"{first_few(beyond)}"
        )
    return encoded
