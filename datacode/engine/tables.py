"""The tables that an engine has in its folder: which files they are, and what is in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from datacode.plans.nodes import BadPlan, CellKind, Shape, common_kind
from datacode.plans.settings import ALLOWANCE
from datacode.plans.table_files import NAME_BYTES, SUFFIX, TableFile, file_name

MOST_TABLES = 10_000
MOST_PIECES = 100_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A file with some of a table's rows, from ``first`` on, and the kinds of its columns."""

    path: str
    first: int
    rows: int
    kinds: tuple[CellKind, ...]

    @property
    def file(self) -> TableFile:
        """The same for whoever wants it again later."""
        name = os.path.basename(self.path).removesuffix(SUFFIX)
        return TableFile(name, self.rows, self.kinds)


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows that stand together in a file, and the bytes of each column's texts when unpacked."""

    first: int
    rows: int
    texts: dict[str, int]

    def bytes_of(self, names: Iterable[str]) -> int:
        """The bytes of some columns' texts."""
        return sum(self.texts.get(name, 0) for name in names)


@dataclass(slots=True)
class StoredTable:
    """A table whose rows stand in files, piece after piece."""

    pieces: list[Piece] = field(default_factory=list)
    groups: dict[str, list[RowGroup]] = field(default_factory=dict)
    """Those of the files that have been looked at, by their paths."""
    shape: Shape = field(default_factory=lambda: Shape((), 0))
    is_whole: bool = False

    def add(self, piece: Piece) -> None:
        """The next rows. Raises ``BadPlan`` for other columns than before."""
        if not self.pieces:
            kinds = piece.kinds
        elif len(piece.kinds) != len(self.shape.kinds):
            raise BadPlan("a piece of another width")
        else:
            kinds = tuple(map(common_kind, zip(self.shape.kinds, piece.kinds, strict=True)))
        self.pieces.append(piece)
        self.shape = Shape(kinds, self.shape.rows + piece.rows)

    def between(self, start: int, stop: int) -> list[Piece]:
        """The pieces that have any of the rows from ``start`` to before ``stop``."""
        return [p for p in self.pieces if p.first < stop and p.first + p.rows > start]


class TooMuch(Exception):
    """There is no room for more files."""


class Tables:
    """The tables in a folder. ``quota`` bytes are for all of its files together."""

    def __init__(self, folder: str, quota: int) -> None:
        self.folder = folder
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):  # of an engine that was killed
                shutil.rmtree(entry.path, ignore_errors=True)
        self._quota = quota
        self._tables: dict[int, StoredTable] = {}
        self._last = 0

    def __getitem__(self, number: int) -> StoredTable:
        """A table that is whole. Raises ``BadPlan``."""
        table = self._tables.get(number)
        if table is None or not table.is_whole:
            raise BadPlan("no such table")
        return table

    def unfinished(self, number: int) -> StoredTable:
        """A table that is being made; numbers of new ones are those of whoever makes them."""
        table = self._tables.get(number)
        if table is None:
            if len(self._tables) >= MOST_TABLES or number < 0:
                raise BadPlan("too many tables")
            table = self._tables[number] = StoredTable()
        if table.is_whole or len(table.pieces) >= MOST_PIECES:
            raise BadPlan("a table that is whole already")
        return table

    def new_number(self) -> int:
        """A number for a result, which no table has."""
        self._last += 1
        return -self._last

    def put(self, number: int, pieces: Sequence[Piece]) -> None:
        """A table of pieces, one at least."""
        table = self._tables[number] = StoredTable(is_whole=True)
        for piece in pieces:
            table.add(piece)

    def new_path(self) -> str:
        """Where the next file goes."""
        return self.path_of(os.urandom(NAME_BYTES).hex())

    def path_of(self, name: str) -> str:
        """Where the file of that name is."""
        return os.path.join(self.folder, file_name(name))

    def take_up(self, number: int, pieces: list[Piece]) -> None:
        """Go on with a table whose files are there. Raises ``BadPlan``."""
        if number in self._tables or len(self._tables) >= MOST_TABLES or not pieces:
            raise BadPlan("a table that is there already")
        table = StoredTable()
        for piece in pieces:
            table.add(piece)
        table.is_whole = True
        self._tables[number] = table
        self._last = max(self._last, -number)

    def remove_others(self) -> None:
        """Delete the files of the folder that no table has."""
        known = {piece.path for table in self._tables.values() for piece in table.pieces}
        for entry in os.scandir(self.folder):
            if entry.name.endswith(SUFFIX) and entry.path not in known:
                os.unlink(entry.path)

    def drop(self, number: int) -> None:
        """Remove a table and its files."""
        table = self._tables.pop(number, None)
        for piece in table.pieces if table is not None else ():
            if os.path.exists(piece.path):  # two tables may have a file in common
                os.unlink(piece.path)

    def free(self, others: int = 0) -> int:
        """How many bytes files may still take, beside so many that a step has for itself.

        Raises ``TooMuch`` if that is none.
        """
        taken = sum(entry.stat().st_size for entry in os.scandir(self.folder) if entry.is_file())
        taken += others
        quota = self.quota()
        if taken >= quota:
            raise TooMuch
        return quota - taken

    def quota(self) -> int:
        """How many bytes files may take just now."""
        try:
            with open(os.path.join(self.folder, ALLOWANCE), encoding="ascii") as file:
                return min(self._quota, int(file.read(32)))
        except FileNotFoundError:
            return self._quota
