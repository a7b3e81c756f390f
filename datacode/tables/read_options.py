"""How a file of a table is to be read (tables and files reference, 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from datacode.i18n.message import Message
from datacode.tables.cell_range import CellRange
from datacode.tables.select import HeaderChoice
from datacode.values.date_picture import DatePicture

Warn: TypeAlias = Callable[[Message], None]
"""Is told what a reader should know of what was read."""

AUTO = "auto"
"""As ``delimiter`` or ``encoding``: find out from the file."""

ToFind: TypeAlias = Literal["delimiter", "encoding", "numbers", "rows", "ragged"]
"""What can be found out: of ``numbers`` decimal and thousands, of ``rows`` header and footer."""

EVERYTHING: frozenset[ToFind] = frozenset(("delimiter", "encoding", "numbers", "rows", "ragged"))

ColumnType: TypeAlias = Literal["String", "Number", "Integer", "Bool", "Date", "Currency"]
"""What a program can want a column to be."""

ALL_SHEETS = "*"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The arguments of ``read_file`` behind the path, checked.

    ``header_row`` counts from 0; ``header_rows`` rows from there on hold the names, none where it
    is 0. ``header`` chooses or renames columns. ``thousands`` of a space stands for every kind of
    space. ``types`` are a type for all columns or for those of these names; ``nulls`` are the
    texts that stand for null, ``dates`` the picture of a date. The last ``skip_footer`` rows are
    left out, and all from the one on whose first filled cell begins with ``until``. ``sheet`` is a
    name, a number from 1, or ``ALL_SHEETS``; None is the first one that is visible. ``cells`` are
    those that count as the file, ``find`` is what is to be found out from them; ``as_text`` makes
    a text of a file of any format. None elsewhere is no wish. ``given`` are the names of
    the arguments that a program gave (``header=false`` is one of its own), of which some mean
    nothing for files of some formats.
    """

    header_row: int = 0
    header_rows: int = 1
    header: HeaderChoice | None = None
    sheet: str | int | None = None
    delimiter: str = ","
    encoding: str | None = None
    decimal: str = "."
    thousands: str | None = None
    types: ColumnType | Mapping[str, ColumnType] | None = None
    nulls: tuple[str, ...] = ()
    dates: DatePicture | None = None
    skip_footer: int = 0
    until: str | None = None
    max_rows: int | None = None
    ragged: Literal["error", "pad", "skip"] = "error"
    columns: tuple[str, ...] | None = None
    cells: CellRange | None = None
    fill_merged: bool = False
    as_text: bool = False
    find: frozenset[ToFind] = frozenset()
    given: frozenset[str] = frozenset()


DEFAULTS = ReadOptions()
"""No wishes."""


def unheard(message: Message) -> None:
    """Nobody listens to warnings."""
