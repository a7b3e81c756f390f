"""Tables and cells for tests: values of every kind, and both ways to store a column."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.tables.read_options import DEFAULTS, ReadOptions, unheard
from datacode.tables.xlsx.book import table_of_book
from datacode.tables.xlsx.package import Package
from datacode.tables.xlsx.read import _by_openpyxl
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.text import debug
from datacode.values.types import Currency, Path, Value

Function = TypeVar("Function", bound=Callable[..., Any])

quickly = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""Enough examples to find what a change breaks, few enough to be run all the time."""

NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 1.0 + 2**-52, 1.0 - 2**-53, 2.5, -3.0, 1e300, 2.0**53]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-4, 4).map(float),
)
TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "b", "Z", "я", "ё", "aa", "a%", "_", "5", "1.5", "\n", "$5", "5 USD", "\ud800"]
    ),
    st.text(max_size=4),
)
CURRENCY = st.sampled_from(["$5", "€4,5", "7 USD", "$abc", "$5.00"]).map(Currency)
OTHERS = st.one_of(
    CURRENCY,
    st.sampled_from([Path("a"), Path("b")]),
    st.lists(st.integers(0, 1).map(float), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.booleans(), max_size=1),
)
NULL = st.none()
KINDS = [NUMBERS, TEXTS, st.booleans(), NULL]
VALUES = st.one_of(NUMBERS, TEXTS, st.booleans(), NULL, OTHERS)


def without_minus_zero(number: float) -> float:
    """The number; of the two zeros the one that every spreadsheet keeps."""
    return number + 0.0


SHEET_CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False).map(without_minus_zero),
)
"""What every spreadsheet keeps as it is, texts aside."""


def columns(min_size: int = 0, max_size: int = 12) -> st.SearchStrategy[list[Value]]:
    """Columns of one kind with nulls, which can be typed, and columns of all kinds."""
    one_kind = [st.lists(st.one_of(k, NULL), min_size=min_size, max_size=max_size) for k in KINDS]
    return st.one_of(*one_kind, st.lists(VALUES, min_size=min_size, max_size=max_size))


def typed(values: Iterable[Value]) -> ColumnData:
    """A column that is stored as a series, if it can be."""
    values = list(values)
    series = column_storage.typed(values)
    return ColumnData.of_list(values) if series is None else ColumnData.of_series(series)


def chunked(values: list[Value]) -> ColumnData:
    """The same as a series of several pieces, as readers make them."""
    middle = len(values) // 2
    series = column_storage.typed(values)
    if series is None or not 0 < middle < len(values):
        return typed(values)
    return ColumnData.of_series(pl.concat([series[:middle], series[middle:]], rechunk=False))


def mixed(values: Iterable[Value]) -> ColumnData:
    """A column that is stored as a list."""
    return ColumnData.of_list(list(values))


def table(
    names: str, *columns: list[Value], store: Callable[[list[Value]], ColumnData] = mixed
) -> Table:
    """``table("a b", [1.0, 2.0], ["x", "y"])``."""
    return Table(names.split(), [store(column) for column in columns])


def shown(values: Iterable[Value]) -> list[str]:
    """Values as texts that tell them apart: NaN is like itself, and -0 unlike 0."""
    return [debug(value) for value in values]


def contents(table: Table) -> tuple[list[str], list[list[str]]]:
    """A table's names and cells, to be compared."""
    return list(table.names), [shown(row) for row in table.rows()]


def by_openpyxl(content: bytes, options: ReadOptions = DEFAULTS) -> Table:
    """The table of a workbook, read with the reader that takes what calamine refuses."""
    return table_of_book(_by_openpyxl(Package(io.BytesIO(content))), options, unheard)


class TableTestCase(SynchronousTestCase):
    """Compares tables, and both ways of working on columns."""

    def by_polars(self, work: Callable[[], Any]) -> Any:
        """Do something so that even the shortest typed column goes the way through Polars."""
        before = column_storage.SHORT
        column_storage.SHORT = -1
        try:
            return work()
        finally:
            column_storage.SHORT = before

    def assertTable(self, found: Table, names: str, *rows: list[Value]) -> None:
        """The table has these columns and rows."""
        self.assertEqual(contents(found), (names.split(), [shown(row) for row in rows]))

    def assertSameTable(self, found: Table, expected: Table) -> None:
        """Two tables have the same names and cells."""
        self.assertEqual(contents(found), contents(expected))
