"""What ``relate`` and ``primary_key`` record for the export (tables and files reference, 5.5).

Only tables that a variable holds are exported, so that a record need not keep any: one of a table
that is gone says nothing any more. A session of many programs would grow with each of them
otherwise.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from datacode.values.table import Column, Table


class ColumnReference:
    """A column of a table that may be gone."""

    __slots__ = ("_table", "position")

    def __init__(self, column: Column) -> None:
        self._table = weakref.ref(column.table)
        self.position = column.position

    @property
    def table(self) -> Table | None:
        """The table, as long as anything else holds it."""
        return self._table()


@dataclass(frozen=True, slots=True)
class Relation:
    """``source`` refers to ``target``; ``type`` is the type of what they share."""

    source: ColumnReference
    target: ColumnReference
    type: str

    @property
    def is_alive(self) -> bool:
        """Are both tables still there?"""
        return self.source.table is not None and self.target.table is not None


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """A column whose cells identify the rows of its table."""

    column: ColumnReference

    @property
    def is_alive(self) -> bool:
        """Is the table still there?"""
        return self.column.table is not None
