"""Tables in files, gone through by groups of equal rows: each part holds whole groups.

What is done for each group of rows is then done part by part by what does it in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from datacode.tables.row_groups import group_keys
from datacode.tables.select import concatenated
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import batches, compare_by_parts, row_numbers, without_room


def numbered_groups(
    by: Sequence[ColumnData], others: Sequence[ColumnData]
) -> Iterator[list[ColumnData]] | None:
    """The columns ``by``, the others and the rows' numbers, with the rows of each group together.

    None where all of it can be in memory, or groups cannot be told apart in files. A group for
    which there is no room is a Runtime Error.
    """
    source = without_room([*by, *others])
    if source is None or not by or not compare_by_parts(by):
        return None
    rows = source.together([*by, *others, row_numbers(source)])
    columns = None if rows is None else rows.sorted([(place, False) for place in range(len(by))])
    if rows is None or columns is None:
        return None
    return _whole(columns, len(by), rows.check_room)


def _whole(
    columns: Sequence[ColumnData], keys: int, check_room: Callable[[int], None]
) -> Iterator[list[ColumnData]]:
    """Parts that end where a group does."""
    waiting: list[ColumnData] | None = None
    for part in batches(columns):
        if waiting is not None:
            part = [concatenated(pair) for pair in zip(waiting, part, strict=True)]
        length = len(part[0])
        end = _end_of_groups(part[:keys], length)
        if end:
            yield [column.slice(0, end) for column in part]
        waiting = [column.slice(end, length) for column in part]
        check_room(len(waiting) * len(waiting[0]))
    if waiting is not None and len(waiting[0]):
        yield waiting


def _end_of_groups(keys: Sequence[ColumnData], length: int) -> int:
    """Where the last group begins."""
    frame = pl.DataFrame(group_keys(keys, length))
    every = [pl.col(name).eq_missing(pl.col(name).last()) for name in frame.columns]
    found = frame.select(pl.all_horizontal(every).arg_max()).item()
    return int(found)
