"""What is done with stored tables gives what the same gives in memory: rows, order, errors."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datacode import Interpreter
from datacode.errors import DataCodeError
from datacode.plans.nodes import JoinKind
from datacode.tables import conditions, filters, group, join, keyed_join, select, sort
from datacode.tables.column_types import column_kind
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.types import Currency, Path
from tests.large import StoredTestCase

Outcome = tuple[Any, ...]

QUICK = settings(
    max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "10")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)

NUMBERS = st.sampled_from(
    [0.0, 1.0, -1.0, 2.5, 1e-17, 1.0 + 2**-53, 1e300, -1e300, 3.0, 2**53 + 2.0, 0.1, 0.2]
)
ODD = st.sampled_from([math.inf, -math.inf, math.nan, -0.0])
TEXTS = st.sampled_from(
    ["", "a", "A", "ёж", "Ель", "ель", "007", " 7", "7", "key1", "😀", "\uffff", "a\0b", "yes", "Z"]
)
LIKE_DATES = st.sampled_from(["2024-01-05", "05.01.2024", "1/2/2024", "2024", "2024-01-05 10:00"])
LIKE_MONEY = st.sampled_from(["$5", "5 USD", "10 ₽", "7 руб", "€1,5"])
STRANGE = st.sampled_from(["\ud800", Currency("$5"), Currency("5 €"), Path("a/b")])

COLUMNS: list[st.SearchStrategy[Any]] = [
    NUMBERS,
    st.one_of(st.none(), NUMBERS),
    st.one_of(NUMBERS, ODD),
    TEXTS,
    st.one_of(st.none(), TEXTS),
    st.one_of(TEXTS, LIKE_DATES),
    LIKE_DATES,
    st.one_of(st.none(), LIKE_MONEY),
    st.one_of(st.none(), st.booleans()),
    st.none(),
    st.one_of(st.none(), NUMBERS, ODD, TEXTS, LIKE_DATES, LIKE_MONEY, STRANGE, st.booleans()),
]
NAMES = ["a", "b", "", "a", "д"]


def table_of(names: list[str], columns: list[list[Any]]) -> Table:
    """A table of lists of cells."""
    return Table(names, [ColumnData.of_list(cells) for cells in columns])


@st.composite
def tables(draw: st.DrawFn, least: int = 0) -> Table:
    """A table of up to five columns and a dozen rows; names repeat, one is empty."""
    width = draw(st.integers(1, len(NAMES)))
    rows = draw(st.integers(least, 12))
    cells = [
        draw(st.lists(draw(st.sampled_from(COLUMNS)), min_size=rows, max_size=rows))
        for _ in range(width)
    ]
    return table_of(NAMES[:width], cells)


VALUES = st.one_of(st.none(), NUMBERS, ODD, TEXTS, LIKE_DATES, LIKE_MONEY, st.booleans(), STRANGE)


def rows_of(table: Table) -> list[list[str]]:
    """The rows as texts, in which NaN is NaN and zeros have their signs."""
    return [list(map(repr, row)) for row in table.rows()]


def outcome(work: Callable[[], Any]) -> Outcome:
    """What comes out: names and rows of a table, a value, or the error's text."""
    try:
        made = work()
    except DataCodeError as error:
        return "error", str(error)
    if isinstance(made, Table):
        return made.names, len(made), rows_of(made)
    return "value", repr(made)


class DifferentialTests(StoredTestCase):
    """Each operation on the same table in memory and in files, which are read three rows at a
    time."""

    maxDiff = None

    def setUp(self) -> None:
        """Read in small parts."""
        super().setUp()
        stack = ExitStack()
        for module, name in (
            ("datacode.values.stored_column", "BATCH"),
            ("datacode.plans.rows", "BATCH"),
            ("datacode.plans.rows", "_WINDOW"),
            ("datacode.tables.filters", "BATCH"),
            ("datacode.tables.conditions", "BATCH"),
        ):
            stack.enter_context(patch(f"{module}.{name}", 3))
        self.addCleanup(stack.close)
        self.expressions = Interpreter()._host.engine

    def stored(self, table: Table) -> Table:
        """The table in files."""
        return Table(table.names, self.storage.placed(table.columns), len(table))

    def check(self, work: Callable[..., Any], *given: Table) -> None:
        """The work gives the same for tables in memory and in files, wherever each of them is."""
        wanted = outcome(lambda: work(*given))
        self.assertEqual(outcome(lambda: work(*map(self.stored, given))), wanted)
        if len(given) > 1:
            self.assertEqual(outcome(lambda: work(self.stored(given[0]), given[1])), wanted)
            self.assertEqual(outcome(lambda: work(given[0], self.stored(given[1]))), wanted)

    @QUICK
    @given(tables(), st.data())
    def test_cells(self, table: Table, data: st.DataObject) -> None:
        """Rows, single cells, parts, types."""
        stored = self.stored(table)
        self.assertEqual(rows_of(stored), rows_of(table))
        self.assertEqual(
            [str(column_kind(c).type) for c in stored.columns],
            [str(column_kind(c).type) for c in table.columns],
        )
        start = data.draw(st.integers(0, len(table)))
        stop = data.draw(st.integers(start, len(table)))
        self.check(lambda t: t.slice(start, stop).slice(0, (stop - start) // 2), table)
        places = data.draw(st.lists(st.integers(0, len(table.columns) - 1), max_size=4))
        self.check(lambda t: t.select([0, *places]).slice(start, stop), table)
        for index in range(len(table)):
            self.assertEqual(
                repr(stored.columns[0].cell(index)), repr(table.columns[0].cell(index))
            )

    @QUICK
    @given(tables(1), st.sampled_from(sorted(filters.OPERATORS - {"in"})), VALUES)
    def test_where(self, table: Table, sign: str, value: Any) -> None:
        """Filters by one column."""
        self.check(lambda t: t.keep(filters.where(t.columns[0], sign, value)), table)

    @QUICK
    @given(tables(1), st.lists(VALUES, max_size=4), VALUES, VALUES)
    def test_other_filters(self, table: Table, values: list[Any], low: Any, high: Any) -> None:
        """``in``, ``between``, nulls, different values."""
        self.check(lambda t: t.keep(filters.are_among(t.columns[0], values)), table)
        self.check(lambda t: t.keep(filters.are_between(t.columns[0], low, high)), table)
        self.check(lambda t: t.keep(filters.are_null(t.columns[0])), table)
        self.check(lambda t: t.keep(filters.are_filled(t.columns[0])), table)
        self.check(lambda t: filters.different(t.columns[0]), table)

    @QUICK
    @given(
        tables(1),
        st.sampled_from(
            [
                "a > 1",
                "a = 1 or b != 'a'",
                "not (a < 2.5)",
                "a == b",
                "a < b",
                "len(a) > 1 and a != null",
                "a * 2 > b",
                "`a` is null or д like '%a%'",
                "a in ['a', 1, null]",
                "a between 0 and 2",
                "nothing > 1",
                "a +",
                "a",
            ]
        ),
    )
    def test_conditions(self, table: Table, text: str) -> None:
        """Expressions for each row: the same rows, or the first row's error."""
        self.check(lambda t: conditions.filtered(self.expressions, t, text), table)
        self.check(lambda t: conditions.queried(self.expressions, t, text), table)
        self.check(
            lambda t: Table(["x"], [conditions.computed(self.expressions, t, text)], len(t)), table
        )

    @QUICK
    @given(tables(), st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=3))
    def test_sort(self, table: Table, keys: list[tuple[int, bool]]) -> None:
        """Sorting by one or several columns is stable."""
        positions = [p % len(table.columns) for p, _ in keys]
        descending = [d for _, d in keys]
        self.check(
            lambda t: sort.sorted_by_several(
                Table([*t.names, "n"], [*t.columns, *_numbers(t)], len(t)), positions, descending
            ),
            table,
        )
        self.check(lambda t: sort.sorted_by(t, positions[0], descending=descending[0]), table)

    @QUICK
    @given(
        tables(),
        st.lists(st.integers(0, 4), max_size=2),
        st.lists(
            st.tuples(st.integers(0, 4), st.sampled_from(sorted(group.FUNCTIONS))), max_size=4
        ),
    )
    def test_group(self, table: Table, by: list[int], wanted: list[tuple[int, str]]) -> None:
        """Groups in order of appearance; sums to the last digits."""
        width = len(table.columns)
        keys = [p % width for p in by]
        aggregates = [group.Aggregate(f"{f} {n}", p % width, f) for n, (p, f) in enumerate(wanted)]

        def work(t: Table) -> list[list[Any]] | Table:
            found = group.grouped(t, keys, aggregates, _no_function)
            return [[_rounded(cell) for cell in row] for row in found.rows()]

        self.check(work, table)

    @QUICK
    @given(
        tables(),
        tables(),
        st.sampled_from(list(JoinKind)),
        st.booleans(),
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=2),
    )
    def test_join(
        self, left: Table, right: Table, how: JoinKind, nulls_equal: bool, on: list[tuple[int, int]]
    ) -> None:
        """Joins of every kind, with their warnings."""
        left = Table([f"l{n}" for n in range(len(left.columns))], left.columns, len(left))
        right = Table([f"r{n}" for n in range(len(right.columns))], right.columns, len(right))
        names = [(f"l{a % len(left.columns)}", f"r{b % len(right.columns)}") for a, b in on]

        def equal(one: Table, other: Table) -> Any:
            warnings: list[str] = []
            made = join.equal_join(
                one,
                other,
                names,
                how,
                lambda count: None,
                nulls_equal=nulls_equal,
                warn=lambda message: warnings.append(str(message)),
            )
            return made.names, rows_of(made), warnings

        self.check(equal, left, right)
        for keep_key in (True, False):
            self.check(
                lambda one, other, keep=keep_key: keyed_join.keyed_join(
                    one, other, names, how, lambda count: None, suffixes=("_l", "_r"), keep_key=keep
                ),
                left,
                right,
            )

    @QUICK
    @given(tables(), tables(), st.lists(st.booleans(), min_size=12, max_size=12))
    def test_several_steps(self, one: Table, other: Table, mask: list[bool]) -> None:
        """Tables under each other, filtered, with a column in memory beside, taken by number."""
        other = Table(
            one.names, [other.columns[n % len(other.columns)] for n in range(len(one.names))]
        )

        def work(first: Table, second: Table) -> Table:
            both = select.under_each_other([first, second, first])
            kept = both.keep([mask[row % 12] for row in range(len(both))])
            wide = Table([*kept.names, "n"], [*kept.columns, *_numbers(kept)], len(kept))
            part = wide.slice(len(wide) // 3, len(wide))
            taken = part.take(list(range(len(part) - 1, -1, -2)))
            return select.under_each_other([taken, part, wide])

        self.check(work, one, other)


def _numbers(table: Table) -> Sequence[Any]:
    return table_of(["n"], [[float(row) for row in range(len(table))]]).columns


def _no_function(name: str, cells: list[Any]) -> Any:
    raise AssertionError(name)


def _rounded(cell: Any) -> str:
    return f"{cell:.12g}" if isinstance(cell, float) and cell else repr(cell)
