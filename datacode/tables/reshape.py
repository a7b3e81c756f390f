"""Tables in another shape: gaps filled, columns to rows, cells to columns or rows, no repetitions.

Each has a form for typed columns, by Polars, and a plain one for all others with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datacode.errors import runtime_error
from datacode.tables.filters import is_utf8, where
from datacode.tables.join_match import CheckCount
from datacode.tables.row_groups import group_keys
from datacode.tables.select import concatenated, under_each_other
from datacode.tables.sort import sorted_by
from datacode.values.column_storage import ColumnData, constant, typed
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import (
    batches,
    by_parts,
    compare_by_parts,
    row_numbers,
    rows_of,
    take_rows,
    text_beside,
    without_room,
)
from datacode.values.table import Column, Table
from datacode.values.types import Value

# Filling ---------------------------------------------------------------------------


def filled_along(cells: ColumnData, *, is_upward: bool) -> ColumnData:
    """Nulls with the last cell before them that is none, or the first after them."""
    source = without_room([cells])
    if source is not None:
        parts = _filled_upward(cells) if is_upward else _filled_downward(cells)
        return source.new_columns([part] for part in parts)[0]
    series = cells.series()
    if series is not None:
        filled = series.fill_null(strategy="backward" if is_upward else "forward")
        return ColumnData.of_series(filled)
    values = cells.values()
    made: list[Value] = []
    last = None
    for value in reversed(values) if is_upward else values:
        last = last if value is None else value
        made.append(last)
    return ColumnData.of_list(made[::-1] if is_upward else made)


def _filled_downward(cells: ColumnData) -> Iterator[ColumnData]:
    last: Value = None
    for (part,) in batches([cells]):
        below = _beside([last], part)
        filled = filled_along(below, is_upward=False)
        last = filled.cell(len(filled) - 1)
        yield filled.slice(1, len(filled))


def _filled_upward(cells: ColumnData) -> Iterator[ColumnData]:
    """What fills a part from below is looked for before: nothing is read from its end."""
    firsts = [next((v for v in part if v is not None), None) for (part,) in batches([cells])]
    below: list[Value] = [None]
    for first in reversed(firsts[1:]):
        below.append(below[-1] if first is None else first)
    for part, next_one in zip(batches([cells]), reversed(below), strict=True):
        filled = filled_along(_beside(part[0], [next_one]), is_upward=True)
        yield filled.slice(0, len(filled) - 1)


def _beside(above: ColumnData | list[Value], below: ColumnData | list[Value]) -> ColumnData:
    """One column of two parts, of which one is a list of cells."""
    parts = [part if isinstance(part, ColumnData) else _typed(part) for part in (above, below)]
    return concatenated(parts)


def _typed(values: list[Value]) -> ColumnData:
    series = typed(values)
    return ColumnData.of_list(values) if series is None else ColumnData.of_series(series)


def filled_with(cells: ColumnData, value: Value) -> ColumnData:
    """Nulls with a value."""
    if value is None:
        return cells
    return by_parts([cells], lambda part: [_filled_with(part[0], value)])[0]


def _filled_with(cells: ColumnData, value: Value) -> ColumnData:
    series, one = cells.series(), typed([value])
    if series is not None and one is not None:
        if series.dtype == one.dtype:
            return ColumnData.of_series(series.fill_null(value))
        if series.dtype == pl.Null:
            return ColumnData.of_series(one.new_from_index(0, len(series)))
        if not series.null_count():
            return cells
    return ColumnData.of_list([value if cell is None else cell for cell in cells])


# Columns to rows ---------------------------------------------------------------------


def unpivoted(
    table: Table, keys: Sequence[int], columns: Sequence[int], names: tuple[str, str]
) -> Table:
    """A row for each cell of ``columns``: the row's cells in ``keys``, the column's name, the cell.

    The rows of the first column come first.
    """
    count = len(table)
    used = [table.columns[p] for p in (*keys, *columns)]
    if without_room(used) is not None:
        return _unpivoted_in_files(table, keys, columns, names)
    fast = _unpivoted_by_polars(table, keys, columns, names)
    if fast is not None:
        return fast
    kept = [concatenated([table.columns[p]] * len(columns)) for p in keys]
    titles = concatenated([constant(table.names[p], count) for p in columns])
    cells = concatenated([table.columns[p] for p in columns])
    heads = [table.names[p] for p in keys]
    return Table([*heads, *names], [*kept, titles, cells], count * len(columns))


def _unpivoted_by_polars(
    table: Table, keys: Sequence[int], columns: Sequence[int], names: tuple[str, str]
) -> Table | None:
    """The same by Polars, for typed columns of one kind under different names."""
    titles = [table.names[p] for p in columns]
    if set(keys) & set(columns) or len(set(titles)) < len(columns) or typed(titles) is None:
        return None
    series = [table.columns[p].series() for p in (*keys, *columns)]
    names_there = [*(f"\0{p}" for p in keys), *titles]
    found = [s.alias(n) for s, n in zip(series, names_there, strict=True) if s is not None]
    kinds = {s.dtype for s in found[len(keys) :]}
    if len(found) < len(series) or len(kinds) > 1 or len(set(names_there)) < len(found):
        return None
    long = pl.DataFrame(found).unpivot(on=titles, index=names_there[: len(keys)])
    made = [ColumnData.of_series(s) for s in long.get_columns()]
    return Table([*(table.names[p] for p in keys), *names], made, long.height)


def _unpivoted_in_files(
    table: Table, keys: Sequence[int], columns: Sequence[int], names: tuple[str, str]
) -> Table:
    """The same for columns in files: one table under the other."""
    kept = [table.columns[p] for p in keys]
    heads = [*(table.names[p] for p in keys), *names]
    used = [table.columns[p] for p in (*keys, *columns)]
    parts = []
    for place in columns:
        title = text_beside(used, table.names[place], len(table))
        parts.append(Table(heads, [*kept, title, table.columns[place]], len(table)))
    return under_each_other(parts)


# Cells to columns ----------------------------------------------------------------------


def part_count(cells: ColumnData, by: str) -> int:
    """The most parts that a text of the column has between delimiters; 1 without texts."""
    if without_room([cells]) is not None:
        return max((part_count(part, by) for (part,) in batches([cells])), default=1)
    series = cells.series()
    if series is not None and series.dtype == pl.String and is_utf8(by):
        most = series.str.count_matches(by, literal=True).max()
        return 1 + (int(most) if isinstance(most, int) else 0)
    return 1 + max((v.count(by) for v in cells if v.__class__ is str), default=0)


def split_cells(cells: ColumnData, by: str, count: int) -> list[ColumnData]:
    """The parts of each text in ``count`` columns; the last has all that is left.

    Null where there are fewer parts. Cells of other kinds stand in the first column.
    """
    return by_parts([cells], lambda part: _split_cells(part[0], by, count))


def _split_cells(cells: ColumnData, by: str, count: int) -> list[ColumnData]:
    series = cells.series()
    if series is not None and series.dtype == pl.String and is_utf8(by):
        parts = series.str.splitn(by, count).struct.unnest()
        return [ColumnData.of_series(part) for part in parts.get_columns()]
    columns: list[list[Value]] = [[] for _ in range(count)]
    for value in cells:
        found = value.split(by, count - 1) if value.__class__ is str else [value]
        for place, column in enumerate(columns):
            column.append(found[place] if place < len(found) else None)
    return [ColumnData.of_list(column) for column in columns]


# Cells to rows ---------------------------------------------------------------------------


def exploded(table: Table, position: int, by: str | None, check_count: CheckCount) -> Table:
    """A row for each element of the arrays in a column; with ``by`` for each part of its texts.

    An empty array gives a row with null; other cells stay.
    """
    if without_room(table.columns) is None:
        return _exploded(table, position, by, check_count)
    columns = by_parts(
        table.columns,
        lambda part: _exploded(Table(table.names, part), position, by, lambda rows: None).columns,
    )
    return Table(table.names, columns)


def _exploded(table: Table, position: int, by: str | None, check_count: CheckCount) -> Table:
    cells = table.columns[position]
    series = cells.series()
    rows: pl.Series | list[int]
    if series is not None and by is not None and series.dtype == pl.String and is_utf8(by):
        check_count(len(series) + int(series.str.count_matches(by, literal=True).sum()))
        whole = _exploded_by_polars(table, position, series.str.split(by))
        if whole is not None:
            return whole
        parts = pl.DataFrame([series.str.split(by).alias("part")]).with_row_index("row")
        flat = parts.explode("part")
        rows, made = flat["row"], ColumnData.of_series(flat["part"])
    elif series is not None and (by is None or series.dtype != pl.String):
        return table
    else:
        rows, values = [], []
        for row, value in enumerate(cells):
            found = _parts(value, by)
            check_count(len(rows) + len(found))
            rows.extend([row] * len(found))
            values.extend(found)
        made = ColumnData.of_list(values)
    taken = table.take(rows)
    taken.columns[position] = made
    return taken


def _exploded_by_polars(table: Table, position: int, parts: pl.Series) -> Table | None:
    """The same at once, where all columns are typed."""
    series = [cells.series() for cells in table.columns]
    if any(s is None for s in series):
        return None
    series[position] = parts
    frame = pl.DataFrame([s.alias(str(p)) for p, s in enumerate(series) if s is not None])
    flat = frame.explode(str(position))
    columns = [ColumnData.of_series(s) for s in flat.get_columns()]
    return Table(table.names, columns, flat.height)


def _parts(value: Value, by: str | None) -> list[Value]:
    kind = value.__class__
    if kind is list or kind is Column:
        return list(value) or [None]
    if by is not None and kind is str:
        return value.split(by)  # type: ignore[no-any-return]
    return [value]


# Without repetitions -----------------------------------------------------------------------


def deduplicated(table: Table, keys: Sequence[int], keep: str) -> Table:
    """The rows without those that are equal to another in ``keys``.

    ``keep`` says which of them stays: the ``first``, the ``last`` or ``none``.
    """
    if keep not in ("first", "last", "none"):
        raise runtime_error("bad_keep", "keep must be 'first', 'last' or 'none'")
    columns = [table.columns[p] for p in keys]
    if without_room(columns) is not None and compare_by_parts(columns):
        found = _deduplicated_in_files(table, columns, keep)
        if found is not None:
            return found
    series = group_keys(columns, len(table))
    frame = pl.DataFrame(series).with_row_index("row")
    names = [s.name for s in series]
    kept = frame.unique(subset=names, keep=keep, maintain_order=True)  # type: ignore[arg-type]
    rows = kept["row"]
    if len(rows) == len(table):
        return table
    return table.take(rows.sort() if keep == "last" else rows)


def _deduplicated_in_files(table: Table, keys: Sequence[ColumnData], keep: str) -> Table | None:
    """The same by whoever has the rows in files; None where it has to be done here."""
    source = rows_of(keys)
    if source is None:
        return None
    place = len(keys)
    rows = source.together([*keys, row_numbers(source)])
    function = "last" if keep == "last" else "first"
    groups = None if rows is None else rows.grouped(range(place), [(place, function), (0, "size")])
    if groups is None:
        return None
    kept = Table(["row", "size"], groups[place:])
    if len(kept) == len(table):
        return table
    if keep == "none":
        kept = kept.keep(where(kept.columns[1], "=", 1.0))
    elif keep == "last":
        kept = sorted_by(kept, 0)
    return Table(table.names, take_rows(table.columns, kept.columns[0]), len(kept))
