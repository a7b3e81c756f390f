"""Values that a row gets from the rows around it: running sums, ranks, shares; ``table_window``.

Numbers are always worked out by Polars, however they are stored, so that they are the same to the
last digit. Other cells are only moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.date_columns import keyed
from datacode.tables.duration_columns import seconds_of
from datacode.tables.row_groups import group_keys
from datacode.tables.select import under_each_other
from datacode.tables.sort import order_by, order_of, sorted_by
from datacode.tables.whole_groups import numbered_groups
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, Indices
from datacode.values.lazy_polars import pl
from datacode.values.ordering import sort_key
from datacode.values.stored_column import (
    batches,
    compare_by_parts,
    has_no_numbers,
    row_numbers,
    take_rows,
    without_room,
)
from datacode.values.table import Table


@dataclass(frozen=True, slots=True)
class Window:
    """One new column: its name, the column it is made of, the function, and that one's number."""

    name: str
    position: int
    function: str
    count: int | None = None


Make = Callable[[pl.Expr, int], pl.Expr]


def _zeros(e: pl.Expr) -> pl.Expr:
    """A column of zeros, so that a sum is one, too: Polars divides by one number for all rows
    otherwise (``quotient``), and gives one row where nothing but a sum is wanted."""
    return e.is_null().cast(pl.Float64) * 0.0


NUMERIC: dict[str, Make] = {
    "sum": lambda e, _: e.fill_null(0.0).cum_sum(),
    "mean": lambda e, _: _running_mean(e),
    "min": lambda e, _: e.cum_min().forward_fill(),
    "max": lambda e, _: e.cum_max().forward_fill(),
    "diff": lambda e, n: e - e.shift(n),
    "share": lambda e, _: e / (e.sum() + _zeros(e)),
    "total": lambda e, _: e.sum() + _zeros(e),
    "rolling_sum": lambda e, n: e.rolling_sum(n),
    "rolling_mean": lambda e, n: e.rolling_mean(n),
    "rolling_min": lambda e, n: e.rolling_min(n),
    "rolling_max": lambda e, n: e.rolling_max(n),
}
"""What is made of numbers, of those before a row or of all in its group."""

_RANKS = {"rank": "min", "dense_rank": "dense"}
_MOVES = {"lag": 1, "lead": -1}
_COUNTS = {"count", "row_number"}
_NEED_COUNT = {"rolling_sum", "rolling_mean", "rolling_min", "rolling_max"}
_MAY_COUNT = {*_NEED_COUNT, *_MOVES, "diff"}

FUNCTIONS = (*NUMERIC, *_RANKS, *_MOVES, *sorted(_COUNTS))
"""The names of all functions."""

OTHER_NAMES = {
    "running_sum": "sum",
    "running_mean": "mean",
    "running_min": "min",
    "running_max": "max",
    "running_count": "count",
    "average": "mean",
    "avg": "mean",
    "share_of_group": "share",
    "rolling_average": "rolling_mean",
}
"""Names by which the functions can be called, too."""


def _running_mean(e: pl.Expr) -> pl.Expr:
    count = e.is_not_null().cum_sum()
    return pl.when(count > 0).then(e.fill_null(0.0).cum_sum() / count)


def checked(name: str, position: int, function: str, count: int | None) -> Window:
    """A window whose function exists and has the number that it needs."""
    known = function.strip().lower().replace(" ", "_")
    known = OTHER_NAMES.get(known, known)
    if known not in FUNCTIONS:
        raise runtime_error(
            "no_window_function",
            "There is no window function '{function}': there are {functions}",
            function=function,
            functions=", ".join(FUNCTIONS),
        )
    if count is None and known in _NEED_COUNT:
        raise runtime_error(
            "window_needs_count",
            "'{name}': {function} needs the number of rows, as in ['n', '{function}', 3]",
            name=name,
            function=known,
        )
    if count is not None and (known not in _MAY_COUNT or count < (known in _NEED_COUNT)):
        raise runtime_error(
            "window_count",
            "'{name}': {count} is no number of rows for {function}",
            name=name,
            count=count,
            function=known,
        )
    return Window(name, position, known, count)


def windowed(
    table: Table,
    by: Sequence[int],
    order: Sequence[int],
    descending: Sequence[bool],
    wanted: Sequence[Window],
) -> Table:
    """The table with new columns, its rows as they were.

    The rows of a group are those that are equal in the columns ``by``; within it they follow each
    other in the order of the columns ``order``, or as they stand.
    """
    in_groups = _windowed_in_files(table, by, order, descending, wanted)
    if in_groups is not None:
        return in_groups
    length = len(table)
    keys = group_keys([table.columns[p] for p in by], length) if by else []
    names = [key.name for key in keys]
    values = [_values(table, w).alias(f"value {i}") for i, w in enumerate(wanted)]
    frame = pl.DataFrame([*keys, *values])
    if order:
        frame = frame.with_row_index("row")
        rows = as_series(order_by(table, order, descending))
        frame = frame.select(pl.all().gather(rows))
    made = [_expression(w, f"value {i}", length) for i, w in enumerate(wanted)]
    if names:
        made = [e.over(names) for e in made]
    named = [e.alias(f"made {i}") for i, e in enumerate(made)]
    frame = frame.select(*(["row"] if order else []), *named)
    if order:
        frame = frame.sort("row")
    result = table
    for number, window in enumerate(wanted):
        cells = frame[f"made {number}"]
        if window.function in _MOVES:
            (column,) = column_storage.take([table.columns[window.position]], cells)
        else:
            if window.function == "share":
                cells = frame.select(pl.when(cells.is_finite()).then(cells)).to_series()
            column = ColumnData.of_series(_as_stored(cells))
        result = with_column(result, window.name, column)
    return result


def _windowed_in_files(
    table: Table,
    by: Sequence[int],
    order: Sequence[int],
    descending: Sequence[bool],
    wanted: Sequence[Window],
) -> Table | None:
    """The same group by group; None where it has to be done for all at once."""
    others = [*order, *(w.position for w in wanted)]
    ordered = [table.columns[p] for p in order]
    ranked = [table.columns[w.position] for w in wanted if w.function in _RANKS]
    if any(c.source is not None and not compare_by_parts([c]) for c in (*ordered, *ranked)):
        return None
    parts = numbered_groups([table.columns[p] for p in by], [table.columns[p] for p in others])
    if parts is None:
        return None
    other = max((w.name for w in wanted), key=len) + "."
    names = [f"{other}{number}" for number in range(len(by) + len(others) + 1)]
    keys = range(len(by))
    places = range(len(by), len(by) + len(order))
    own = [
        replace(each, position=len(by) + len(order) + number) for number, each in enumerate(wanted)
    ]

    def made(part: list[ColumnData]) -> list[ColumnData]:
        found = windowed(Table(names, part), keys, places, descending, own)
        return [part[-1], *found.columns[-len(own) :]]

    source = without_room([table.columns[p] for p in (*by, *others)])
    assert source is not None
    columns = source.new_columns(map(made, parts))
    back = sorted_by(Table([""] * len(columns), columns), 0)
    for window, column in zip(wanted, back.columns[1:], strict=True):
        table = with_column(table, window.name, column)
    return table


def _as_stored(series: pl.Series) -> pl.Series:
    if series.null_count() == len(series):
        return series.cast(pl.Null)
    return series.cast(pl.Float64)


def with_column(table: Table, name: str, column: ColumnData) -> Table:
    """The table with one more column, or another one in the place of that name."""
    position = table.position(name)
    if position is None:
        return Table([*table.names, name], [*table.columns, column], len(table))
    columns = list(table.columns)
    columns[position] = column
    return Table(table.names, columns, len(table))


def as_series(rows: Indices) -> pl.Series:
    """Numbers of rows as a series."""
    return pl.Series(rows, dtype=pl.UInt32) if isinstance(rows, list) else rows


def _values(table: Table, window: Window) -> pl.Series:
    """What a function works on: numbers, ranks or whether there is something in a cell."""
    cells = table.columns[window.position]
    if window.function in _MOVES or window.function == "row_number":
        return pl.int_range(len(table), dtype=pl.UInt32, eager=True)
    if window.function == "count":
        return _is_filled(cells)
    if window.function in _RANKS:
        return _codes(cells)
    return numbers_of(cells, window.name, window.function)


def _is_filled(cells: ColumnData) -> pl.Series:
    series = cells.series()
    if series is not None:
        return series.is_not_null()
    return pl.Series([cell is not None for cell in cells], dtype=pl.Boolean)


def numbers_of(cells: ColumnData, name: str, function: str) -> pl.Series:
    """A column of numbers and nulls; a Runtime Error where there is anything else."""
    if has_no_numbers(cells):
        raise needs_numbers(name, function)
    series = cells.stored_series()
    if series is not None and series.dtype == pl.Null:
        return series.cast(pl.Float64)
    if series is None or series.dtype != pl.Float64:
        raise needs_numbers(name, function)
    return series


def needs_numbers(name: str, function: str) -> DataCodeError:
    """The error of a function that is given something else than numbers."""
    return runtime_error(
        "aggregate_needs_numbers",
        "Column '{name}': {function} needs numbers, and there are other values",
        name=name,
        function=function,
    )


def _codes(cells: ColumnData) -> pl.Series:
    """A number for each cell, that are in order as the cells are; null for null."""
    series = cells.stored_series()
    if series is not None and series.dtype in (pl.Float64, pl.Null):
        return series.cast(pl.Float64)
    rows = as_series(order_of(cells))
    cells = seconds_of(cells) or keyed(cells)
    series = cells.stored_series()
    if series is not None:
        values = series.gather(rows)
        changed = values.ne_missing(values.shift(1)).cum_sum()
        codes = pl.select(pl.when(values.is_not_null()).then(changed)).to_series()
    else:
        codes = _codes_in_order([cells.cell(row) for row in rows])
    back = pl.DataFrame([rows.alias("row"), codes.alias("code")]).sort("row")
    return back["code"].cast(pl.Float64)


def _codes_in_order(values: list[object]) -> pl.Series:
    codes: list[int | None] = []
    last_key: object = None
    code = 0
    for value in values:
        key = sort_key(value)
        if key != last_key:
            code += 1
            last_key = key
        codes.append(None if value is None else code)
    return pl.Series(codes, dtype=pl.Int64)


def _expression(window: Window, column: str, length: int) -> pl.Expr:
    e = pl.col(column)
    count = 1 if window.count is None else min(window.count, length + 1)
    if window.function in _MOVES:
        return e.shift(_MOVES[window.function] * count)
    if window.function in _RANKS:
        return e.rank(_RANKS[window.function], descending=True)  # type: ignore[arg-type]
    if window.function == "row_number":
        return pl.int_range(1, pl.len() + 1)
    if window.function == "count":
        return e.cast(pl.Float64).cum_sum()
    return NUMERIC[window.function](e, count)


# The best rows -----------------------------------------------------------------------


def top(
    table: Table, count: int, position: int, by: Sequence[int], *, descending: bool = True
) -> Table:
    """The rows with the greatest cells in a column (or the least), in order; of each group."""
    used = [table.columns[p] for p in (position, *by)]
    source = without_room(table.columns)
    if source is not None and compare_by_parts(used):
        return _top_in_parts(table, used, count, row_numbers(source), descending=descending)
    return _top(table, count, position, by, descending=descending)


def _top_in_parts(
    table: Table, used: list[ColumnData], count: int, numbers: ColumnData, *, descending: bool
) -> Table:
    """The same part by part: of each the best rows, and the first row of each group."""
    by = range(1, len(used))
    names = [str(place) for place in range(len(used) + 1)]
    best = firsts = Table(names, [ColumnData.of_list([]) for _ in names])
    for part in batches([*used, numbers]):
        here = Table(names, part)
        best = _top(under_each_other([best, here]), count, 0, by, descending=descending)
        if by:
            firsts = under_each_other([firsts, here])
            keys = group_keys([firsts.columns[p] for p in by], len(firsts))
            frame = pl.DataFrame(keys).with_row_index("row")
            once = frame.unique([k.name for k in keys], keep="first", maintain_order=True)
            firsts = firsts.take(once["row"])
    if by:
        both = under_each_other([firsts, best])
        keys = group_keys([both.columns[p] for p in by], len(both))
        frame = pl.DataFrame(keys).with_row_index("row")
        frame = frame.with_columns(pl.col("row").min().over([k.name for k in keys]).alias("first"))
        frame = frame.filter(pl.col("row") >= len(firsts)).sort("first", maintain_order=True)
        best = both.take(frame["row"])
    return Table(table.names, take_rows(table.columns, best.columns[-1]), len(best))


def _top(
    table: Table, count: int, position: int, by: Sequence[int], *, descending: bool = True
) -> Table:
    if not by:
        table = _candidates(table, count, position, descending=descending)
    rows = _best_first(table, position, descending=descending)
    if not by:
        return table.take(rows[:count])
    numbers = as_series(rows)
    keys = group_keys([table.columns[p] for p in by], len(table))
    names = [key.name for key in keys]
    frame = pl.DataFrame(keys).with_row_index("row").select(pl.all().gather(numbers))
    frame = frame.with_columns(
        pl.int_range(pl.len()).over(names).alias("place"),
        pl.col("row").min().over(names).alias("first"),
    ).filter(pl.col("place") < count)
    return table.take(frame.sort("first", maintain_order=True)["row"])


def _candidates(table: Table, count: int, position: int, *, descending: bool) -> Table:
    """The rows among which the best ones are; of numbers so few that they are sorted at once."""
    series = table.columns[position].series()
    is_simple = series is not None and series.dtype == pl.Float64 and not series.is_nan().any()
    if series is None or not is_simple or not 0 < count <= series.count():
        return table
    if descending:
        return table.keep(series >= series.top_k(count).min())
    return table.keep(series <= series.bottom_k(count).max())


def _best_first(table: Table, position: int, *, descending: bool) -> Indices:
    """The numbers of the rows in the order of a column, with the empty cells last."""
    rows = order_by(table, [position], [descending])
    nulls = 0 if descending else len(table) - int(_is_filled(table.columns[position]).sum())
    if not nulls:
        return rows
    if isinstance(rows, list):
        return rows[nulls:] + rows[:nulls]
    return pl.concat([rows[nulls:], rows[:nulls]])
