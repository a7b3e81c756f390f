"""Tables that tests write down column by column."""

from __future__ import annotations

from collections.abc import Iterable

from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.types import Value


def table_of_columns(names: Iterable[str], columns: Iterable[list[Value]]) -> Table:
    """A table of lists of cells, which belong to it from now on."""
    return Table(names, [ColumnData.of_list(column) for column in columns])
