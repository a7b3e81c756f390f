"""Grouping: ``table_group``.

Nulls are left out of every function but ``first``, ``last`` and ``size``. A function that is not
listed here is one of the program or the library, and gets the array of a group's cells.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeAlias

from datacode.errors import runtime_error
from datacode.tables.date_columns import dates_of, has_several_forms, keyed
from datacode.tables.date_parsing import Dates
from datacode.tables.duration_columns import are_durations
from datacode.tables.money_columns import is_money
from datacode.tables.sort import sorted_by
from datacode.tables.whole_groups import numbered_groups
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import duration_seconds, duration_text_of
from datacode.values.hashing import HashKeys
from datacode.values.lazy_polars import pl
from datacode.values.ordering import sort_key
from datacode.values.parse_text import amount_of, amounts_of
from datacode.values.stored_column import rows_of, without_room
from datacode.values.table import Table
from datacode.values.types import Value

FunctionCaller: TypeAlias = "Callable[[str, list[Value]], Value]"
"""Calls the function of that name, the program's or the library's, with an array."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One column of the result: its name, the position of the column it sums up, and how."""

    name: str
    position: int
    function: str


def grouped(
    table: Table, by: Sequence[int], wanted: Sequence[Aggregate], call: FunctionCaller
) -> Table:
    """One row for each different set of values in the columns ``by``, in order of appearance."""
    fast = _in_files(table, by, wanted) or _in_whole_groups(table, by, wanted, call)
    fast = fast or _by_polars(table, by, wanted)
    if fast is not None:
        return fast
    groups = _rows_of_groups([keyed(table.columns[p]) for p in by], len(table))
    firsts = [rows[0] for rows in groups]
    keys = table.select(by).take(firsts)
    columns = [_aggregated(table.columns[a.position], a, groups, call) for a in wanted]
    names = [*keys.names, *(a.name for a in wanted)]
    return Table(names, [*keys.columns, *columns], len(groups))


def _in_files(table: Table, by: Sequence[int], wanted: Sequence[Aggregate]) -> Table | None:
    """The groups by whoever has the rows in files; None where it has to be done here."""
    if any(a.function not in FUNCTIONS for a in wanted):
        return None
    rows = rows_of([table.columns[p] for p in (*by, *(a.position for a in wanted))])
    if rows is None:
        return None
    functions = [(place, a.function) for place, a in enumerate(wanted, len(by))]
    columns = rows.grouped(range(len(by)), functions)
    if not columns:
        return None
    return Table([*(table.names[p] for p in by), *(a.name for a in wanted)], columns)


def _in_whole_groups(
    table: Table, by: Sequence[int], wanted: Sequence[Aggregate], call: FunctionCaller
) -> Table | None:
    """The groups of a table in files, some at a time; None where it is done for all at once.

    A function of the program is called for the groups in the order of their keys.
    """
    positions = list(dict.fromkeys(a.position for a in wanted))
    used = [*by, *positions]
    source = without_room([table.columns[p] for p in used])
    parts = numbered_groups([table.columns[p] for p in by], [table.columns[p] for p in positions])
    if source is None or parts is None:
        return None
    names = [*(table.names[p] for p in used), ""]
    own = [replace(a, position=len(by) + positions.index(a.position)) for a in wanted]
    own.append(Aggregate("", len(used), "first"))

    def made(part: list[ColumnData]) -> list[ColumnData]:
        return grouped(Table(names, part), range(len(by)), own, call).columns

    columns = source.new_columns(map(made, parts))
    titles = [*(table.names[p] for p in by), *(a.name for a in wanted)]
    if not columns:
        return None
    return sorted_by(Table([*titles, ""], columns), len(titles)).select(range(len(titles)))


# Row by row ----------------------------------------------------------------------


def _rows_of_groups(keys: Sequence[ColumnData], length: int) -> list[list[int]]:
    """The numbers of each group's rows. NaN is in one group with NaN, null with null.

    Without keys nothing tells rows apart, so that all are one group.
    """
    if not keys:
        return [list(range(length))] if length else []
    groups: dict[Hashable, list[int]] = {}
    key_of = HashKeys(nan_equal=True).of_row
    for row, values in enumerate(zip(*keys, strict=True)):
        groups.setdefault(key_of(values), []).append(row)
    return list(groups.values())


def _aggregated(
    cells: ColumnData, aggregate: Aggregate, groups: list[list[int]], call: FunctionCaller
) -> ColumnData:
    values = cells.values()
    own = FUNCTIONS.get(aggregate.function)
    if own is not None and aggregate.function in _BY_DATES:
        dates = dates_of(cells)
        if dates is not None:
            return _of_dates(cells, dates, aggregate.function, groups)
    if own is None:
        name = aggregate.function
        return ColumnData.of_list([call(name, [values[row] for row in rows]) for rows in groups])
    try:
        return ColumnData.of_list([own.of_values([values[row] for row in rows]) for rows in groups])
    except _NotNumbers:
        raise runtime_error(
            "aggregate_needs_numbers",
            "Column '{name}': {function} needs numbers, and there are other values",
            name=aggregate.name,
            function=aggregate.function,
        ) from None


_BY_DATES = frozenset({"min", "max", "distinct"})
"""The functions that compare, and so take dates for dates."""


def _of_dates(
    cells: ColumnData, dates: Dates, function: str, groups: list[list[int]]
) -> ColumnData:
    """The earliest or latest date of each group, or how many there are; texts come after dates."""
    values = cells.values()
    if function == "distinct":
        keys = keyed(cells).values()
        return ColumnData.of_list(
            [FUNCTIONS[function].of_values([keys[row] for row in rows]) for rows in groups]
        )
    moments = dates.keys if isinstance(dates.keys, list) else dates.keys.to_list()
    choose: Callable[..., Any] = min if function == "min" else max
    found: list[Value] = []
    for rows in groups:
        dated = [row for row in rows if moments[row] is not None]
        if dated:
            found.append(values[choose(dated, key=lambda row: moments[row])])
        else:
            found.append(_extreme(choose, [values[row] for row in rows]))
    return ColumnData.of_list(found)


class _NotNumbers(Exception):
    """A function of numbers is given something else than numbers and nulls."""


def _filled(values: list[Value]) -> list[Value]:
    return [value for value in values if value is not None]


def _numbers(values: list[Value]) -> list[float]:
    values = _filled(values)
    if not set(map(type, values)) - {float}:
        return values
    amounts = amounts_of(values)
    if amounts is None:
        raise _NotNumbers
    return amounts


def _sum(values: list[Value]) -> Value:
    seconds = _durations(values)
    return _total(_numbers(values)) if seconds is None else duration_text_of(sum(seconds))


def _durations(values: list[Value]) -> list[float] | None:
    """The durations of a group in seconds; None where there is anything else, or nothing."""
    found: list[float] = []
    for value in _filled(values):
        seconds = duration_seconds(value) if value.__class__ is str else None
        if seconds is None:
            return None
        found.append(seconds)
    return found or None


def _total(numbers: list[float]) -> float:
    """Kahan summation, which is what Polars does in a group: the same to the last digit."""
    total = lost = 0.0
    for number in numbers:
        number -= lost
        before, total = total, total + number
        lost = total - before - number
    return total if math.isfinite(total) else reduce(operator.add, numbers, 0.0)


def _average(values: list[Value]) -> Value:
    seconds = _durations(values)
    if seconds is not None:
        return duration_text_of(sum(seconds) / len(seconds))
    numbers = _numbers(values)
    return _total(numbers) / len(numbers) if numbers else None


def _median(values: list[Value]) -> Value:
    numbers = sorted(_numbers(values), key=sort_key)
    if not numbers:
        return None
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    low, high = numbers[middle - 1 : middle + 1]
    return low if low == high else low + (high - low) * 0.5


def _deviation(values: list[Value]) -> Value:
    numbers = _numbers(values)
    if len(numbers) < 2:
        return None
    mean = squares = 0.0
    for count, number in enumerate(numbers, 1):  # Welford's algorithm, which is that of Polars
        difference = number - mean
        mean += difference / count
        squares += difference * (number - mean)
    return math.sqrt(squares / (len(numbers) - 1))


def _extreme(choose: Callable[..., Value], values: list[Value]) -> Value:
    """The first or last by the order of ``sort``; NaN only where there is nothing else."""
    filled = _filled(values)
    seconds = _durations(filled[:1]) and _durations(filled)
    if seconds:
        return choose(zip(seconds, filled, strict=True), key=operator.itemgetter(0))[1]
    if any(amount_of(v) for v in filled[:1]) and all(amount_of(v) for v in filled):
        amounts = amounts_of(filled) or []
        return choose(zip(amounts, filled, strict=True), key=operator.itemgetter(0))[1]
    return choose([v for v in filled if v == v] or filled, key=sort_key, default=None)


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """A function over the cells of a group, in Python and in Polars.

    ``needs_numbers`` says for which columns the Polars form is the same.
    """

    of_values: Callable[[list[Value]], Value]
    of_series: Callable[[pl.Expr], pl.Expr]
    needs_numbers: bool = False


FUNCTIONS: dict[str, AggregateFunction] = {
    "sum": AggregateFunction(_sum, lambda e: e.sum(), True),
    "average": AggregateFunction(_average, lambda e: e.mean(), True),
    "median": AggregateFunction(_median, lambda e: e.median(), True),
    "std": AggregateFunction(_deviation, lambda e: e.std(), True),
    "min": AggregateFunction(lambda v: _extreme(min, v), lambda e: e.min()),
    "max": AggregateFunction(lambda v: _extreme(max, v), lambda e: e.max()),
    "count": AggregateFunction(lambda v: float(len(_filled(v))), lambda e: e.count()),
    "size": AggregateFunction(lambda v: float(len(v)), lambda e: e.len()),
    "distinct": AggregateFunction(
        lambda v: float(len(set(map(HashKeys(nan_equal=True).of, _filled(v))))),
        lambda e: e.drop_nulls().n_unique(),
    ),
    "first": AggregateFunction(lambda v: v[0], lambda e: e.first()),
    "last": AggregateFunction(lambda v: v[-1], lambda e: e.last()),
}
FUNCTIONS["avg"] = FUNCTIONS["mean"] = FUNCTIONS["average"]


# In Polars -----------------------------------------------------------------------


def _by_polars(table: Table, by: Sequence[int], wanted: Sequence[Aggregate]) -> Table | None:
    """The groups by Polars, for typed columns and the functions above; None for all else."""
    if not by or any(a.function not in FUNCTIONS for a in wanted):
        return None
    used = sorted({*by, *(a.position for a in wanted)})
    series = {position: table.columns[position].series() for position in used}
    if any(s is None for s in series.values()):
        return None
    frame = pl.DataFrame([_with_type(s).alias(str(p)) for p, s in series.items() if s is not None])
    keyed_by = {p: _date_key(table.columns[p]) for p in used}
    frame = frame.with_columns(s.alias(f"date {p}") for p, s in keyed_by.items() if s is not None)
    answers = []
    for number, aggregate in enumerate(wanted):
        function = FUNCTIONS[aggregate.function]
        column = str(aggregate.position)
        cells = table.columns[aggregate.position]
        if aggregate.function in _BY_DATES and (is_money(cells) or are_durations(cells)):
            return None
        if function.needs_numbers and frame.schema[column] != pl.Float64:
            return None
        of_series = function.of_series
        if keyed_by[aggregate.position] is not None and aggregate.function in _BY_DATES:
            answer = _answer_of_dates(column, aggregate.function)
        else:
            answer = of_series(pl.col(column))
        answers.append(answer.alias(f"answer {number}"))
    by_date = [has_several_forms(table.columns[p]) for p in by]
    keys = [
        pl.coalesce([pl.col(f"date {p}").dt.to_string("iso"), pl.col(str(p))]).alias(f"key {n}")
        if by_date[n]
        else pl.col(str(p)).alias(f"key {n}")
        for n, p in enumerate(by)
    ]
    shown = [pl.col(str(p)).first().alias(f"shown {n}") for n, p in enumerate(by) if by_date[n]]
    found = frame.group_by(keys, maintain_order=True).agg([*shown, *answers])
    if shown:
        found = found.select(
            *(pl.col(f"{'shown' if by_date[n] else 'key'} {n}") for n in range(len(by))),
            *(f"answer {n}" for n in range(len(wanted))),
        )
    names = [*(table.names[p] for p in by), *(a.name for a in wanted)]
    columns = [ColumnData.of_series(_stored_type(s)) for s in found.get_columns()]
    return Table(names, columns, found.height)


def _date_key(cells: ColumnData) -> pl.Series | None:
    """The moments of a column that is called Date and has several forms of dates."""
    dates = dates_of(cells)
    return None if dates is None or isinstance(dates.keys, list) else dates.keys


def _answer_of_dates(column: str, function: str) -> pl.Expr:
    text, date = pl.col(column), pl.col(f"date {column}")
    texts = text.filter(date.is_null())
    if function == "distinct":
        return date.drop_nulls().n_unique() + texts.drop_nulls().n_unique()
    place, other = (
        (date.arg_min(), texts.min()) if function == "min" else (date.arg_max(), texts.max())
    )
    return pl.coalesce([text.get(place), other])


def _with_type(series: pl.Series) -> pl.Series:
    return series.cast(pl.Float64) if series.dtype == pl.Null else series


def _stored_type(series: pl.Series) -> pl.Series:
    """In a type of stored columns: counts as Float64, nulls alone as Null."""
    if series.null_count() == len(series):
        return series.cast(pl.Null)
    is_stored_so = series.dtype in (pl.Float64, pl.String, pl.Boolean)
    return series if is_stored_so else series.cast(pl.Float64)
