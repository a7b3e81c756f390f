"""``table_pivot``: a row for each value of some columns, a column for each value of another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from datacode.tables.date_columns import has_several_forms, keyed
from datacode.tables.group import Aggregate, FunctionCaller, grouped
from datacode.tables.join_match import CheckCount
from datacode.tables.sort import order_of
from datacode.tables.summaries import appended, of_all
from datacode.values.column_storage import ColumnData
from datacode.values.hashing import HashKeys
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value


@dataclass(slots=True)
class _Heading:
    """A value of the column that goes across, and the answers of each row below it."""

    value: Value
    answers: dict[int, list[Value]] = field(default_factory=dict)


def pivoted(
    table: Table,
    rows: Sequence[int],
    across: int,
    wanted: Sequence[Aggregate],
    call: FunctionCaller,
    check_count: CheckCount,
    *,
    is_sorted: bool = True,
    total: str | None = None,
) -> Table:
    """A row for each different set of values in ``rows``, a column for each in ``across``.

    A cell is what the function makes of the values that belong to both, null if there are none.
    With several functions each has a column, ``heading / name``. ``total`` is the name of a row
    and of columns for what the functions make of whole columns and rows; None for neither.
    ``check_count`` is told how many cells there will be.
    """
    table = _with_one_text_each(table, [*rows, across])
    summed = grouped(table, [*rows, across], wanted, call)
    lines: dict[Hashable, int] = {}
    firsts: list[int] = []
    headings: dict[Hashable, _Heading] = {}
    keys_of = HashKeys(nan_equal=True)
    width = len(rows)
    for number, row in enumerate(summed.rows()):
        place = lines.setdefault(keys_of.of_row(row[:width]), len(lines))
        if place == len(firsts):
            firsts.append(number)
        heading = headings.setdefault(keys_of.of(row[width]), _Heading(row[width]))
        heading.answers[place] = row[width + 1 :]
    ordered = list(headings.values())
    if is_sorted:
        values = ColumnData.of_list([heading.value for heading in ordered])
        ordered = [ordered[place] for place in order_of(values)]
    has_total_row = total is not None and bool(rows) and bool(firsts)
    check_count((len(firsts) + 1) * (width + (len(ordered) + 1) * len(wanted)))
    keys = summed.select(range(width)).take(firsts)
    made = _columns(ordered, len(firsts), len(wanted))
    names = [_name(printed(h.value), a, wanted) for h in ordered for a in wanted]
    if total is not None:
        names += [_name(total, each, wanted) for each in wanted]
        made += grouped(table, rows, wanted, call).columns[width:] if firsts else made[:0]
        names = names[: len(made)]
    columns = [*keys.columns, *made]
    if has_total_row and total is not None:
        last = [total, *[None] * (width - 1)]
        last += _totals(table, across, ordered, wanted, call, keys_of)
        columns = [appended(cells, v) for cells, v in zip(columns, last, strict=True)]
    return Table([*keys.names, *names], columns, len(firsts) + has_total_row)


def _with_one_text_each(table: Table, positions: Sequence[int]) -> Table:
    """The table in which a date of a column always has its first text, if it has several."""
    columns = list(table.columns)
    for position in positions:
        cells = columns[position]
        if has_several_forms(cells):
            first: dict[Value, Value] = {}
            made = [first.setdefault(k, v) for k, v in zip(keyed(cells), cells, strict=True)]
            columns[position] = ColumnData.of_list(made)
    return Table(table.names, columns, len(table))


def _columns(ordered: list[_Heading], rows: int, count: int) -> list[ColumnData]:
    nothing: list[Value] = [None] * count
    return [
        ColumnData.of_list([heading.answers.get(row, nothing)[each] for row in range(rows)])
        for heading in ordered
        for each in range(count)
    ]


def _name(heading: str, one: Aggregate, wanted: Sequence[Aggregate]) -> str:
    return heading if len(wanted) == 1 else f"{heading} / {one.name}"


def _totals(
    table: Table,
    across: int,
    ordered: list[_Heading],
    wanted: Sequence[Aggregate],
    call: FunctionCaller,
    keys_of: HashKeys,
) -> list[Value]:
    """What the functions make of the cells of each heading, and of all."""
    found = grouped(table, [across], wanted, call)
    answers = {keys_of.of(heading): rest for heading, *rest in found.rows()}
    below = [v for heading in ordered for v in answers[keys_of.of(heading.value)]]
    return below + [of_all(table, each.position, each.function, call) for each in wanted]
