"""XGBoost's trees, checked before XGBoost reads them.

XGBoost is compiled code that follows the numbers of its file. Its own reader checks the sizes of
the arrays, and not every index. So the text is read here with Python's reader, compared with what
XGBoost writes for this project (one tree per class and step, no categories), and handed on only
where it says the same again when it is written: no key twice, no number in another spelling.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Real = Annotated[float, Field(ge=-1e30, le=1e30)]  # sums of them stay within single precision
Flag = Literal[0, 1]
Nothing = Annotated[list[Any], Field(max_length=0)]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
NO_PARENT = 2**31 - 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _TreeSize(_Strict):
    num_deleted: Literal["0"]
    num_feature: Number
    num_nodes: Number
    size_leaf_vector: Literal["1"]


class _Tree(_Strict):
    base_weights: list[Real]
    categories: Nothing
    categories_nodes: Nothing
    categories_segments: Nothing
    categories_sizes: Nothing
    default_left: list[Flag]
    id: Int32
    left_children: list[Int32]
    loss_changes: list[Real]
    parents: list[Int32]
    right_children: list[Int32]
    split_conditions: list[Real]
    split_indices: list[Int32]
    split_type: list[Literal[0]]
    sum_hessian: list[Real]
    tree_param: _TreeSize


class _Categories(_Strict):
    enc: Nothing
    feature_segments: Nothing
    sorted_idx: Nothing


class _TreeNumbers(_Strict):
    num_parallel_tree: Literal["1"]
    num_trees: Number


class _Trees(_Strict):
    cats: _Categories
    gbtree_model_param: _TreeNumbers
    iteration_indptr: list[Int32]
    tree_info: list[Int32]
    trees: list[_Tree] = Field(min_length=1)


class _Booster(_Strict):
    model: _Trees
    name: Literal["gbtree"]


class _LearnerNumbers(_Strict):
    base_score: str
    boost_from_average: Literal["0", "1"]
    num_class: Number
    num_feature: Number
    num_target: Literal["1"]


class _WeightOfPositives(_Strict):
    scale_pos_weight: Literal["1"]


class _TwoClasses(_Strict):
    name: Literal["binary:logistic"]
    reg_loss_param: _WeightOfPositives


class _NumberOfClasses(_Strict):
    num_class: Number


class _ManyClasses(_Strict):
    name: Literal["multi:softprob"]
    softmax_multiclass_param: _NumberOfClasses


class _Learner(_Strict):
    attributes: Annotated[dict[str, str], Field(max_length=0)]
    feature_names: Nothing
    feature_types: Nothing
    gradient_booster: _Booster
    learner_model_param: _LearnerNumbers
    objective: Annotated[_TwoClasses | _ManyClasses, Field(discriminator="name")]


class _Model(_Strict):
    learner: _Learner
    version: Annotated[
        list[Annotated[int, Field(ge=0, lt=1000)]], Field(min_length=3, max_length=3)
    ]


def check_boosted_trees(text: bytes, n_features: int, n_classes: int) -> None:
    """Refuse trees that XGBoost could not follow safely.

    Parameters
    ----------
    text : bytes
        JSON, from :class:`~leukemia_kedro.estimators.xgboost.XGBoostClassifier`.
    n_features, n_classes : int
        Of the classifier.

    Raises
    ------
    ValueError
        With what was found.
    """
    content = json.loads(text)
    learner = _Model.model_validate(content).learner
    if json.dumps(content, separators=(",", ":")).encode() != text:
        raise ValueError("XGBoost's trees are spelled in another way than this project writes them")
    model, size = learner.gradient_booster.model, learner.learner_model_param
    classes = "0" if n_classes == 2 else str(n_classes)
    per_step = 1 if n_classes == 2 else n_classes
    steps, left_over = divmod(len(model.trees), per_step)
    _equal("num_feature", size.num_feature, str(n_features))
    _equal("num_class", size.num_class, classes)
    if isinstance(learner.objective, _ManyClasses):
        _equal("num_class", learner.objective.softmax_multiclass_param.num_class, classes)
    _equal("objective", isinstance(learner.objective, _ManyClasses), n_classes > 2)
    number = r"-?[0-9](\.[0-9]{1,9})?(E-?[0-9]{1,2})?"
    if not re.fullmatch(rf"\[{number}(,{number}){{{per_step - 1}}}\]", size.base_score):
        raise ValueError(f"base_score of XGBoost's trees is {size.base_score}")
    _equal("num_trees", model.gbtree_model_param.num_trees, str(len(model.trees)))
    _equal("trees left over", left_over, 0)
    _equal(
        "iteration_indptr", model.iteration_indptr, list(range(0, len(model.trees) + 1, per_step))
    )
    _equal("tree_info", model.tree_info, list(range(per_step)) * steps)
    for number_of_tree, tree in enumerate(model.trees):
        _equal("id", tree.id, number_of_tree)
        _check_tree(tree, n_features)


def _check_tree(tree: _Tree, n_features: int) -> None:
    size = len(tree.left_children)
    _equal("num_feature", tree.tree_param.num_feature, str(n_features))
    _equal("num_nodes", tree.tree_param.num_nodes, str(size))
    per_node = (
        tree.base_weights, tree.default_left, tree.loss_changes, tree.parents,
        tree.right_children, tree.split_conditions, tree.split_indices, tree.split_type,
        tree.sum_hessian,
    )  # fmt: skip
    _equal("lengths", {len(values) for values in per_node}, {size})
    left, right = np.array(tree.left_children), np.array(tree.right_children)
    check_children(left, right, np.array(tree.split_indices), n_features)
    parents = np.full(size, NO_PARENT)
    for child in (left, right):
        parents[child[child >= 0]] = np.flatnonzero(child >= 0)
    _equal("parents", tree.parents, parents.tolist())


def check_children(
    left: np.ndarray, right: np.ndarray, feature: np.ndarray, n_features: int
) -> None:
    """Refuse a tree that points outside itself or backwards: it would crash or never end.

    Parameters
    ----------
    left, right, feature : ndarray of int, shape (n_nodes,)
        Children of each node, −1 of a leaf, and the feature that it splits by.
    n_features : int

    Raises
    ------
    ValueError
    """
    number, size = np.arange(len(left)), len(left)
    leaf = (left == -1) & (right == -1)
    onwards = (left > number) & (left < size) & (right > number) & (right < size)
    known = (feature >= 0) & (feature < n_features)
    if not size or not (leaf | onwards & known).all():
        raise ValueError("a decision tree points outside itself")


def _equal(name: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise ValueError(f"XGBoost's trees do not fit the model: {name} is {found}, not {expected}")
