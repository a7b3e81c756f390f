"""What a column amounts to: totals, quantiles, bins, counts, and all of it for every column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from datacode.errors import runtime_error
from datacode.tables.column_types import column_kind
from datacode.tables.date_columns import dates_of, keyed
from datacode.tables.duration_columns import are_durations
from datacode.tables.group import FUNCTIONS, Aggregate, FunctionCaller, grouped
from datacode.tables.money_columns import is_money
from datacode.tables.row_groups import group_keys
from datacode.tables.select import concatenated, under_each_other
from datacode.tables.sort import sorted_by
from datacode.tables.windows import needs_numbers, numbers_of
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, typed
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import (
    by_parts,
    compare_by_parts,
    has_no_numbers,
    has_numbers,
    parts_of,
    rows_of,
    without_room,
)
from datacode.values.table import Table
from datacode.values.text import number_text
from datacode.values.types import Value

# One value of a column ------------------------------------------------------------------


def of_all(table: Table, position: int, function: str, call: FunctionCaller) -> Value:
    """What a function of ``table_group`` makes of all cells of a column."""
    cells = table.columns[position]
    own = FUNCTIONS.get(function)
    if own is not None and without_room([cells]) is not None:
        if own.needs_numbers and has_no_numbers(cells):
            raise needs_numbers(table.names[position], function)
        return _by_group(table, position, function, call)
    series = cells.stored_series()
    if own is None or series is None or not len(cells):
        return _by_group(table, position, function, call)
    if series.dtype == pl.Null:
        series = series.cast(pl.Float64)
    if series.dtype == pl.String and (own.needs_numbers or is_money(cells) or are_durations(cells)):
        return _by_group(table, position, function, call)
    dates = dates_of(cells) if function in ("min", "max", "distinct") else None
    if dates is not None:
        keys = dates.keys
        if isinstance(keys, list) or dates.count + series.null_count() < len(series):
            return _by_group(table, position, function, call)
        if function == "distinct":
            return float(keys.drop_nulls().n_unique())
        place = keys.arg_min() if function == "min" else keys.arg_max()
        return None if place is None else cells.cell(place)
    if own.needs_numbers and series.dtype != pl.Float64:
        raise needs_numbers(table.names[position], function)
    frame = pl.DataFrame([series.alias("cells")])
    answer = own.of_series(pl.col("cells"))
    if own.needs_numbers:  # in a group Polars adds up as ``table_group`` does in Python
        frame = frame.with_columns(pl.lit(0).alias("all")).group_by("all").agg(answer)
    else:
        frame = frame.select(answer)
    found = frame["cells"][0]
    return float(found) if found.__class__ is int else found


def _by_group(table: Table, position: int, function: str, call: FunctionCaller) -> Value:
    if not len(table):
        own = FUNCTIONS.get(function)
        return call(function, []) if own is None else of_nothing(function)
    wanted = Aggregate(table.names[position], position, function)
    return grouped(table, [], [wanted], call).columns[0].cell(0)


def of_nothing(function: str) -> Value:
    """What a function makes of no cells at all: a sum or number of 0, otherwise null."""
    return 0.0 if function in ("sum", "count", "size", "distinct") else None


def quantile(cells: ColumnData, name: str, parts: Sequence[float]) -> list[Value]:
    """The values below which such a part of the numbers lies, from 0 to 1; between two numbers
    in proportion. Nulls and NaN do not count; null where there are no numbers."""
    if without_room([cells]) is not None and compare_by_parts([cells]) and has_numbers(cells):
        return _quantiles_in_files(cells, parts)
    series = numbers_of(cells, name, "quantile")
    if series.is_nan().any():
        series = series.drop_nans()
    return [series.quantile(part, "linear") for part in parts]


def _quantiles_in_files(cells: ColumnData, parts: Sequence[float]) -> list[Value]:
    """The same for a column of numbers for which there is no room: it is sorted in files."""
    ordered = sorted_by(Table(["n"], [cells]), 0, descending=True).columns[0]
    last = rows_filled(cells) - 1
    found: list[Value] = []
    for part in parts:
        place = part * last
        low = math.floor(place)
        below = ordered.cell(last - low)
        above = ordered.cell(last - math.ceil(place))
        found.append(below if below == above else (above - below) * (place - low) + below)
    return found


def rows_filled(cells: ColumnData) -> int:
    """How many cells are not null."""
    return column_kind(cells).filled


# All columns -------------------------------------------------------------------------------

_DESCRIBED = ("column", "type", "count", "nulls", "distinct", "min", "max", "sum", "mean", "std")


def described(table: Table, call: FunctionCaller) -> Table:
    """A row for each column: its name and type, how many cells are filled and different, the least
    and greatest of them, and for numbers sum, mean, standard deviation and quartiles."""
    rows: list[list[Value]] = []
    for position, name in enumerate(table.names):
        cells = table.columns[position]
        kind = column_kind(cells)
        row: list[Value] = [name, str(kind.type)]
        row += [of_all(table, position, f, call) for f in ("count",)]
        row.append(len(table) - row[-1])
        row += [of_all(table, position, f, call) for f in ("distinct", "min", "max")]
        if has_numbers(cells):
            row += [of_all(table, position, f, call) for f in ("sum", "mean", "std")]
            row += quantile(cells, name, [0.25, 0.5, 0.75])
        else:
            row += [None] * 6
        rows.append(row)
    return Table.from_rows([*_DESCRIBED, "q25", "median", "q75"], rows)


# A row of totals --------------------------------------------------------------------------


def with_total(table: Table, totals: dict[int, str], label: str, call: FunctionCaller) -> Table:
    """The table with one more row: what functions make of columns, null elsewhere.

    The label stands in the first column that has no total.
    """
    last: list[Value] = [None] * len(table.columns)
    for position, function in totals.items():
        last[position] = of_all(table, position, function, call)
    for position in range(len(last)):
        if position not in totals:
            last[position] = label
            break
    if without_room(table.columns) is not None:
        return under_each_other([table, Table.from_rows(table.names, [last])])
    columns = [appended(cells, v) for cells, v in zip(table.columns, last, strict=True)]
    return Table(table.names, columns, len(table) + 1)


def appended(cells: ColumnData, value: Value) -> ColumnData:
    """The column with one more cell, typed if it was and still can be."""
    if not cells.is_stored_as_series():
        return ColumnData.of_list([*cells.values(), value])
    one = typed([value])
    last = ColumnData.of_list([value]) if one is None else ColumnData.of_series(one)
    return concatenated([cells, last])


# Counts and bins ----------------------------------------------------------------------------


def counted(table: Table, by: Sequence[int], name: str) -> Table:
    """How often each set of values occurs in the columns, the most frequent first."""
    columns = [table.columns[p] for p in by]
    if without_room(columns) is not None and compare_by_parts(columns):
        rows = rows_of(columns)
        groups = None if rows is None else rows.grouped(range(len(by)), [(0, "size")])
        if groups is not None:
            sizes = Table([*(table.names[p] for p in by), name], groups)
            return sorted_by(sizes, len(by), descending=True)
    keys = group_keys(columns, len(table))
    names = [key.name for key in keys]
    size = pl.len().cast(pl.Float64).alias("rows")
    if all(keyed(cells) is cells and cells.series() is not None for cells in columns):
        found = pl.DataFrame(keys).group_by(names, maintain_order=True).agg(size)
        found = found.sort("rows", descending=True, maintain_order=True)
        values = [ColumnData.of_series(_as_stored(found[key])) for key in names]
    else:
        frame = pl.DataFrame(keys).with_row_index("row")
        found = frame.group_by(names, maintain_order=True).agg(size, pl.col("row").first())
        found = found.sort("rows", descending=True, maintain_order=True)
        values = column_storage.take(columns, found["row"])
    titles = [table.names[p] for p in by]
    return Table([*titles, name], [*values, ColumnData.of_series(found["rows"])])


def _as_stored(series: pl.Series) -> pl.Series:
    return series if series.count() else series.cast(pl.Null)


def edges_of(cells: ColumnData, name: str, count: int) -> list[float]:
    """The limits of bins of the same width that hold all the column's numbers."""
    found: list[float] = []
    for (part,) in parts_of([cells]):
        series = numbers_of(part, name, "table_bins")
        finite = series.filter(series.is_finite())
        found += [] if not len(finite) else [finite.min(), finite.max()]  # type: ignore[list-item]
    if not found:
        return [0.0, 1.0]
    least, most = float(min(found)), float(max(found))
    if least == most:
        return [least, least + 1]
    width = most / count - least / count
    edges = [least + width * number for number in range(count)] + [most]
    return sorted(set(edges))


def bin_labels(edges: Sequence[float]) -> list[str]:
    """``[0, 10)`` for every bin; the last holds its end, too."""
    texts = [number_text(edge) for edge in edges]
    pairs = list(pairwise(texts))
    ends = [")"] * (len(pairs) - 1) + ["]"]
    return [f"[{low}, {high}{end}" for (low, high), end in zip(pairs, ends, strict=True)]


def binned(
    cells: ColumnData, name: str, edges: Sequence[float], labels: Sequence[str]
) -> ColumnData:
    """The label of the bin that each number lies in; null for what lies in none."""
    return by_parts([cells], lambda part: [_binned(part[0], name, edges, labels)])[0]


def _binned(
    cells: ColumnData, name: str, edges: Sequence[float], labels: Sequence[str]
) -> ColumnData:
    series = cells.stored_series()
    if series is None or series.dtype not in (pl.Float64, pl.Null):
        raise needs_numbers(name, "table_bins")
    series = series.cast(pl.Float64)
    inside = series.is_between(edges[0], edges[-1]) & series.is_not_nan()
    places = pl.Series(edges[1:-1], dtype=pl.Float64).search_sorted(
        series.fill_null(0.0).fill_nan(0.0), side="right"
    )
    frame = pl.DataFrame([places.alias("place"), inside.alias("inside")])
    chosen = frame.select(pl.when("inside").then(pl.col("place"))).to_series()
    names = typed(list(labels))
    if names is None:
        rows = chosen.to_list()
        return ColumnData.of_list([None if row is None else labels[row] for row in rows])
    found = names.gather(chosen)
    return ColumnData.of_series(found.cast(pl.Null) if not found.count() else found)


def checked_edges(edges: list[Value]) -> list[float]:
    """Limits in ascending order, at least two."""
    is_numeric = all(e.__class__ is float and math.isfinite(e) for e in edges)
    if len(edges) < 2 or not is_numeric or any(low >= high for low, high in pairwise(edges)):
        raise runtime_error(
            "bad_bins", "bins must be a whole number from 1, or an array of ascending numbers"
        )
    return edges
