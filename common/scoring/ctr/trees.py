"""Boosted trees as xgboost wrote them, walked in plain Python, and what each column does to what they say.

A column's part is its Shapley value where a column that is not known takes both ways, each as often as the creatives
that were learned from (path-dependent TreeSHAP; Lundberg et al., 2018). Trees are shallow, so a leaf hangs on few
columns, and all orders of them are counted out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from common.errors import ModelRefused
from common.scoring.ctr import ubj

MOST_TREES: Final = 2000
MOST_NODES: Final = 63  # of one tree
MOST_DEEP: Final = 5  # questions on the way to a leaf: all orders of them are counted out
AHEAD: Final = 3  # questions of a tree up to which the parts of all its ways are worked out when it is read
KEPT: Final = 256  # ways through a larger tree whose parts are remembered
OBJECTIVE: Final = "binary:logistic"

Parts = tuple[tuple[int, float], ...]  # (column, what it does to the margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    value: float
    path: tuple[tuple[int, bool, float], ...]  # (which question, whether its left, the share that goes so)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """`questions`: (column, less than what goes left, whether the unknown goes left), and bit i answers the i-th."""

    questions: tuple[tuple[int, float, bool], ...]
    leaves: tuple[_Leaf, ...]
    base: float  # the mean of its leaves
    seen: dict[int, tuple[float, Parts]] = field(default_factory=dict, repr=False)

    def told(self, answers: int) -> tuple[float, Parts]:
        """The leaf's value, and the part of each column that the tree asks for, by the answers to all its questions."""
        if (known := self.seen.get(answers)) is None:
            known = self._told(answers)
            if len(self.seen) < KEPT:
                self.seen[answers] = known
        return known

    def _told(self, answers: int) -> tuple[float, Parts]:
        parts: dict[int, float] = {}
        value = 0.0
        for leaf in self.leaves:
            columns: dict[int, tuple[float, bool]] = {}
            for question, left, share in leaf.path:
                column = self.questions[question][0]
                product, all_so = columns.get(column, (1.0, True))
                columns[column] = (product * share, all_so and bool(answers >> question & 1) == left)
            if all(so for _, so in columns.values()):
                value = leaf.value
            for column, part in _shapley(columns).items():
                parts[column] = parts.get(column, 0.0) + part * leaf.value
        return value, tuple(parts.items())


Ask = tuple[int, float]  # (where in the doubled row, less than what goes left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """`small` are the trees of up to AHEAD questions, filled up with such as nothing goes left at."""

    columns: int
    trees: tuple[Tree, ...]
    base: float
    small: tuple[tuple[Ask, Ask, Ask, tuple[tuple[float, Parts], ...]], ...]
    large: tuple[tuple[tuple[Ask, ...], Tree], ...]

    def told(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """The margin of a row of float32 values (NaN: not known), and each column's part: they and `base` make it."""
        # The unknown goes where the tree says: the row is held twice, with it below and with it above everything.
        values = [-math.inf if value != value else value for value in row]
        values += [math.inf if value != value else value for value in row]
        margin = 0.0
        parts = [0.0] * self.columns
        for (a, below_a), (b, below_b), (c, below_c), ways in self.small:
            leaf, found = ways[(values[a] < below_a) + 2 * (values[b] < below_b) + 4 * (values[c] < below_c)]
            margin += leaf
            for column, part in found:
                parts[column] += part
        for asks, tree in self.large:
            leaf, found = tree.told(sum(1 << bit for bit, (at, below) in enumerate(asks) if values[at] < below))
            margin += leaf
            for column, part in found:
                parts[column] += part
        return margin, parts


def read(raw: bytes) -> Trees:
    """The trees in the bytes of a model.ubj. Raises ModelRefused; the message has no name of a file yet."""
    try:
        learner = ubj.loads(raw)["learner"]
        objective, param = learner["objective"]["name"], learner["learner_model_param"]
        booster = learner["gradient_booster"]
        columns, targets, classes = (int(param[name]) for name in ("num_feature", "num_target", "num_class"))
        if (objective, booster["name"], targets, classes) != (OBJECTIVE, "gbtree", 1, 0):
            raise ModelRefused(f"it is no {OBJECTIVE} of one target with trees")
        if [float(base) for base in param["base_score"].strip("[]").split(",")] != [0.5]:
            raise ModelRefused("its trees start from something other than one half")
        found = booster["model"]["trees"]
        if len(found) > MOST_TREES:
            raise ModelRefused(f"it has {len(found)} trees, and at most {MOST_TREES} are walked")
        if not 0 < columns < 2**31:
            raise ModelRefused(f"it asks for {columns} columns")
        trees = tuple(_tree(one, columns) for one in found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ModelRefused(f"it is no model that xgboost 3 has written ({type(error).__name__}: {error})") from error
    small, large = [], []
    for tree in trees:
        asks = tuple((at + (0 if left else columns), below) for at, below, left in tree.questions)
        if len(asks) > AHEAD:
            large.append((asks, tree))
            continue
        a, b, c = (*asks, *[(0, -math.inf)] * (AHEAD - len(asks)))
        ways = tuple(tree.told(answers) for answers in range(1 << len(asks)))
        small.append((a, b, c, ways))
    base = math.fsum(tree.base for tree in trees)
    return Trees(columns=columns, trees=trees, base=base, small=tuple(small), large=tuple(large))


def _tree(found: dict[str, Any], columns: int) -> Tree:
    left, right, splits, values, covers, unknown, kinds = (
        found[name]
        for name in (
            "left_children",
            "right_children",
            "split_indices",
            "split_conditions",
            "sum_hessian",
            "default_left",
            "split_type",
        )
    )
    count = len(left)
    if not 0 < count <= MOST_NODES or any(len(one) != count for one in (right, splits, values, covers, unknown, kinds)):
        raise ModelRefused(f"a tree of it has {count} nodes, or not the same of everything; at most {MOST_NODES}")
    if any(kinds) or found["categories"]:
        raise ModelRefused("a tree of it asks for kinds, not for numbers")
    questions: list[tuple[int, float, bool]] = []
    leaves: list[_Leaf] = []
    todo: list[tuple[int, tuple[tuple[int, bool, float], ...]]] = [(0, ())]
    reached = 0
    while todo:
        node, path = todo.pop()
        reached += 1
        if reached > count:
            raise ModelRefused("a tree of it goes round in a circle")
        if left[node] == -1:
            leaves.append(_Leaf(value=float(values[node]), path=path))
            continue
        if len(path) >= MOST_DEEP:
            raise ModelRefused(f"a tree of it asks more than {MOST_DEEP} questions on one way")
        if not 0 <= splits[node] < columns or not (0 < left[node] < count and 0 < right[node] < count):
            raise ModelRefused("a tree of it points at what is not there")
        if not covers[node] > 0:
            raise ModelRefused("a tree of it asks where nothing was learned")
        question = len(questions)
        questions.append((int(splits[node]), float(values[node]), bool(unknown[node])))
        for child, is_left in ((right[node], False), (left[node], True)):
            todo.append((child, (*path, (question, is_left, covers[child] / covers[node]))))
    base = math.fsum(leaf.value * math.prod(share for _, _, share in leaf.path) for leaf in leaves)
    return Tree(questions=tuple(questions), leaves=tuple(leaves), base=base)


def _shapley(columns: dict[int, tuple[float, bool]]) -> dict[int, float]:
    """What each column adds to the share in which one leaf is reached, over all orders of them."""
    count = len(columns)
    found: dict[int, float] = {}
    for column, (share, so) in columns.items():
        others = [pair for other, pair in columns.items() if other != column]
        total = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for known in combinations(range(count - 1), size):
                total += weight * math.prod(float(o) if i in known else z for i, (z, o) in enumerate(others))
        found[column] = total * (float(so) - share)
    return found
