"""A route that is described as minding If-Match does, and no other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest

from functions.api.route import Route
from functions.api.table import TABLE


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
def test_if_match_is_minded_where_it_is_described(route: Route) -> None:
    assert isinstance(route.handler, FunctionType)
    sources = [inspect.getsource(one) for one in (route.handler, *called(route.handler))]
    assert any("ask.if_match" in source for source in sources) == route.conditional


def called(function: FunctionType) -> Iterator[FunctionType]:
    """The functions that it names, its own module's and others'."""
    names, there = function.__code__.co_names, function.__globals__
    modules = [there[name] for name in names if isinstance(there.get(name), ModuleType)]
    for name in names:
        for one in (there.get(name), *(getattr(module, name, None) for module in modules)):
            if isinstance(one, FunctionType):
                yield one
