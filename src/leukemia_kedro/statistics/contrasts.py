"""Comparisons of classes, written as expressions such as ``(AML + MLL)/2 - ALL``."""

import ast
import re
from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from leukemia_kedro.errors import UserError, first_few
from leukemia_kedro.statistics.class_names import class_in_words
from leukemia_kedro.statistics.design import Design

_BACKTICKS = "a name with spaces, hyphens or a leading digit goes in backticks, such as `B-cell`"
_NAME = re.compile(r"`([^`]+)`|(?<![\w.])([^\W\d][\w.]*)")
_EXACT = 1e-10


def contrast_matrix(expressions: dict[str, str], design: Design) -> pd.DataFrame:
    """Contrasts of classes in terms of the coefficients of a design.

    An expression is a sum of class names with weights that add up to zero. It stands for that
    difference of fitted class means at the same covariates, whatever the formula: ``AML - ALL`` is
    the same comparison under ``~ label``, ``~ 0 + label`` and ``~ label + batch``. With
    interactions see :class:`.Design`. Columns of the design may appear too, in backticks, to test a
    covariate or an interaction such as the column ``label[T.AML]:age``.

    Parameters
    ----------
    expressions : dict of str to str
        Name of each contrast and its expression. The result has the shape
        (n_coefficients, n_contrasts).

    Raises
    ------
    UserError
        Where an expression cannot be read or names neither a class nor a column of the design,
        where class weights do not add up to zero, or where the contrast is zero in this design.
    """
    columns = {name: _coefficients(text, design) for name, text in expressions.items()}
    return pd.DataFrame(columns, index=design.matrix.columns)


def class_weights(expression: str, classes: list[str]) -> pd.Series:
    """Weight of each class in a contrast: ``AML - ALL`` gives 1, −1, and 0 to every other class.

    Names that are no class, such as a covariate's column, are left out.
    """
    names, weights = _linear_form(expression)
    return pd.Series(weights, index=names).reindex(classes, fill_value=0.0)


def pairwise_contrasts(classes: list[str]) -> dict[str, str]:
    """Every class against every earlier one: ``{"AML-ALL": "AML - ALL"}`` of ``["ALL", "AML"]``.

    Raises
    ------
    UserError
        Where there is one class only, or two contrasts would be named the same.
    """
    pairs = combinations(classes, 2)
    return _named(
        classes,
        (
            (f"{class_in_words(b)}-{class_in_words(a)}", f"{_quoted(b)} - {_quoted(a)}")
            for a, b in pairs
        ),
    )


def each_against_rest(classes: list[str]) -> dict[str, str]:
    """Each class against the plain mean of the other classes: ``{"AML-rest": …}``.

    The other classes weigh the same, however many samples each has. Names and errors as in
    :func:`pairwise_contrasts`.
    """

    def rest(name: str) -> str:
        others = [_quoted(other) for other in classes if other != name]
        return others[0] if len(others) == 1 else f"({' + '.join(others)})/{len(others)}"

    return _named(
        classes, ((f"{class_in_words(a)}-rest", f"{_quoted(a)} - {rest(a)}") for a in classes)
    )


def _coefficients(text: str, design: Design) -> np.ndarray:
    names, weights = _linear_form(text)
    rows = design.class_rows
    is_class = np.array([name in rows.index for name in names])
    if unknown := [n for n in names if n not in rows.index and n not in rows.columns]:
        raise UserError(
            f"contrast {text!r}: no class is named {first_few(unknown)}; the classes are "
            f"{first_few(rows.index, 20)} ({_BACKTICKS})"
        )
    if abs(total := weights[is_class].sum()) > _EXACT:
        raise UserError(
            f"contrast {text!r}: the weights of the classes add up to {total:g}, not to 0; "
            "a mean of two classes is written (A + B)/2"
        )
    columns = pd.DataFrame(np.eye(rows.shape[1]), rows.columns, rows.columns)
    # A name that a class and a column share is the class.
    vectors = pd.concat([rows, columns[~columns.index.isin(rows.index)]]).loc[names].to_numpy()
    contrast = weights @ vectors
    # A covariate held fixed cancels but for rounding, and fit_contrasts relies on exact zeros.
    contrast[np.abs(contrast) <= _EXACT * np.abs(vectors).max(axis=0)] = 0.0
    if not contrast.any():
        raise UserError(
            f"contrast {text!r} is zero under the design {design.formula!r}: nothing to test"
        )
    return contrast


def _linear_form(text: str) -> tuple[list[str], np.ndarray]:
    """Names in an expression and the weight of each."""
    names: list[str] = []

    def stand_in(match: re.Match) -> str:
        name = match[1] or match[2]
        if name not in names:
            names.append(name)
        return f"name_{names.index(name)}"

    # Class names are any text; Python's parser, which knows precedence, sees name_0, name_1 …
    plain = _NAME.sub(stand_in, text)
    try:
        value = _evaluate(ast.parse(plain.strip(), mode="eval").body, len(names))
    except SyntaxError as error:
        raise UserError(
            f"contrast {text!r} cannot be read; expected sums and differences of classes such as "
            f"(AML + MLL)/2 - ALL ({_BACKTICKS})"
        ) from error
    if not isinstance(value, np.ndarray):
        raise UserError(f"contrast {text!r} names no class ({_BACKTICKS})")
    return names, value


def _evaluate(node: ast.expr, n_names: int) -> float | np.ndarray:
    """A number, or a vector of weights per name; SyntaxError where it is not linear in them."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return np.eye(n_names)[int(name.removeprefix("name_"))]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, n_names)
        case ast.BinOp(op=op):
            left, right = _evaluate(node.left, n_names), _evaluate(node.right, n_names)
            n_vectors = np.ndim(left) + np.ndim(right)
            match op:
                case ast.Add() if n_vectors != 1:
                    return left + right
                case ast.Sub() if n_vectors != 1:
                    return left - right
                case ast.Mult() if n_vectors < 2:
                    return left * right
                case ast.Div() if np.ndim(right) == 0 and right != 0:
                    return left / right
    raise SyntaxError


def _quoted(name: str) -> str:
    match = _NAME.fullmatch(name)
    return name if match and match[2] else f"`{name}`"


def _named(classes: list[str], contrasts: Iterable[tuple[str, str]]) -> dict[str, str]:
    if len(set(classes)) < 2:
        raise UserError(f"nothing to compare: {first_few(classes) or 'no class'} is all there is")
    named: dict[str, str] = {}
    for name, expression in contrasts:
        if name in named:
            raise UserError(
                f"two contrasts would both be named {name!r}, the second for {expression}; "
                "name the contrasts yourself"
            )
        named[name] = expression
    return named
