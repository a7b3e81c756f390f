"""The state of an interpreter as bytes, and back (checkpoint reference, 2).

A checkpoint is a manifest and stored columns. Tables never change, so a long column is stored once
and named in every later manifest: what a checkpoint costs is what is new. Of tables that are larger
than memory it names the files that hold them. Functions are kept as
the text of the program that defined them, so that their lines stay right.

Writing takes a ``Snapshot``, which is made between two programs, and may be done in another thread
while the next one runs: what a snapshot refers to does not change.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Container
from typing import Any, BinaryIO, Protocol

import msgspec
from msgspec import Struct

from datacode import __version__
from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.language import program_cache
from datacode.language.compiler import Definition
from datacode.language.program_cache import CachedUnit
from datacode.language.python_names import GLOBAL, TOP_LEVEL_LOCAL
from datacode.plans.nodes import BadPlan
from datacode.runtime import checkpoint_file
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.checkpoint_file import (
    COLUMN,
    LARGEST_MANIFEST,
    MANIFEST,
    TABLE,
    VERSION,
    CheckpointFileReader,
)
from datacode.runtime.namespace import Snapshot
from datacode.tables.foreign_keys import ColumnReference, PrimaryKey, Relation
from datacode.values.column_encoding import (
    SIMPLE,
    CheckpointError,
    column_from_bytes,
    column_pieces,
    damaged,
    decoded,
    encoded,
)
from datacode.values.column_storage import ColumnData, KeptRows, StoredRows, is_short
from datacode.values.heap_encoding import Encoded, HeapReader, HeapWriter, Record
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Value

__all__ = [
    "LARGEST_MANIFEST",
    "VERSION",
    "Checkpoint",
    "CheckpointError",
    "is_small",
    "load",
    "read",
    "save",
    "save_manifest",
    "write",
]


class Manifest(Struct, array_like=True, frozen=True):
    """Everything but the stored columns.

    ``variables`` have the letter ``g`` (global) or ``l`` (local to the top level) and their name.
    ``functions`` are parts of ``texts`` by number. A relation is the record and position of two
    columns and a type; a key the record and position of one, twice, with the type ``key``.
    """

    made_by: str
    variables: list[tuple[str, str, Encoded]]
    records: list[Record]
    texts: list[bytes]
    functions: list[tuple[int, int]]
    relations: list[tuple[int, int, int, int, str]]


class Checkpoint:
    """A manifest as bytes, and the columns that it names; ``files`` are names of files that hold
    tables outside of memory."""

    def __init__(
        self, manifest: bytes, columns: dict[str, ColumnData], files: tuple[str, ...]
    ) -> None:
        self.manifest = manifest
        self.columns = columns
        self.files = files

    @property
    def names(self) -> tuple[str, ...]:
        """Of columns and files."""
        return (*self.columns, *self.files)


NO_LARGE_TABLES = Message(
    "checkpoint_large",
    "The state has a table that is larger than memory, and such tables are not kept here",
)

_PREFIXES = {"g": GLOBAL, "l": TOP_LEVEL_LOCAL}
_LETTERS = {prefix: letter for letter, prefix in _PREFIXES.items()}
_KEY = "key"
_AT_ONCE = 1 << 20
_SMALL = 4096
"""A measure of what is written in a fraction of a millisecond: some 1,000 numbers."""
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Manifest)


def is_small(snapshot: Snapshot, stored: Container[str]) -> bool:
    """Is the manifest written in a moment, and all that goes with it ``stored`` already?

    Takes no longer than such a state is small.
    """
    room = _SMALL - 4 * len(snapshot.variables)
    texts = {unit.text for unit in snapshot.functions.values()}
    room -= sum(map(len, texts)) // 8
    rows: set[int] = set()
    waiting: list[Any] = list(snapshot.variables.values())
    seen: set[int] = set()
    while waiting and room > 0:
        value = waiting.pop()
        kind = value.__class__
        if kind is str:
            room -= len(value) // 8
        elif kind is list or kind is dict:
            room -= 8 + 4 * len(value)
            if room > 0:
                waiting += value if kind is list else value.values()
        elif kind is Column or kind is Indexer:
            waiting.append(value.table)
        elif kind is Table and id(value) not in seen:
            seen.add(id(value))
            room -= 16 + 16 * len(value.columns)
            for cells in value.columns:
                if cells.source is not None:
                    kept = cells.source.kept()
                    if id(kept) in rows:
                        continue
                    rows.add(id(kept))
                    names = [name for files in kept.files for name in files.names]
                    room -= 8 * len(names) + len(kept.description) // 4
                    if room > 0 and not all(name in stored for name in names):
                        return False
                elif is_short(len(cells)):
                    room -= 4 * len(cells)
                    if room > 0:
                        waiting += cells.values()
                elif cells.checkpoint_name not in stored:
                    return False
        elif kind not in SIMPLE and kind is not Table:
            return False
    return room > 0


def write(snapshot: Snapshot) -> Checkpoint:
    """The snapshot as a checkpoint; columns that have a name of an earlier one keep it."""
    columns: dict[str, ColumnData] = {}

    def name_of(cells: ColumnData) -> str:
        name = cells.checkpoint_name
        if name is None:
            name = cells.checkpoint_name = os.urandom(12).hex()
        columns[name] = cells
        return name

    heap = HeapWriter(name_of)
    values = heap.write(list(snapshot.variables.values()))
    variables = [
        (_LETTERS[python[:2]], python[2:], value)
        for python, value in zip(snapshot.variables, values, strict=True)
    ]
    texts: dict[str, int] = {}
    functions = [
        (texts.setdefault(unit.text, len(texts)), unit.index)
        for unit in snapshot.functions.values()
    ]
    relations = []
    for each in snapshot.relations:
        source, target = (
            (each.column, each.column)
            if isinstance(each, PrimaryKey)
            else (each.source, each.target)
        )
        numbers = [
            None if reference.table is None else heap.number_of(reference.table)
            for reference in (source, target)
        ]
        if numbers[0] is None or numbers[1] is None:
            continue  # no variable holds the table
        kind = _KEY if isinstance(each, PrimaryKey) else each.type
        relations.append((numbers[0], source.position, numbers[1], target.position, kind))
    manifest = Manifest(
        __version__, variables, heap.records, list(map(encoded, texts)), functions, relations
    )
    return Checkpoint(_encoder.encode(manifest), columns, tuple(heap.files))


def read(
    manifest: bytes,
    column: Callable[[str], bytes],
    rows: Callable[[KeptRows], StoredRows] | None = None,
    *,
    keeps_names: bool = True,
) -> Snapshot:
    """The snapshot of a checkpoint; ``column`` gives stored columns by name, ``rows`` tables that
    are larger than memory; without that there may be none. With ``keeps_names`` the next
    checkpoint calls columns the same, and whoever has them need not write them again.

    Raises ``CheckpointError`` for whatever does not keep to the format.
    """
    try:
        found = _decoder.decode(manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise damaged(str(fault)) from None
    columns: dict[str, ColumnData] = {}

    def stored(name: str, length: int) -> ColumnData:
        cells = columns.get(name)
        if cells is None:
            cells = columns[name] = column_from_bytes(column(name), length)
            if keeps_names:
                cells.checkpoint_name = name
        if len(cells) != length:
            raise damaged("a column of two lengths")
        return cells

    def outside(kept: KeptRows) -> StoredRows:
        if rows is None:
            raise CheckpointError(NO_LARGE_TABLES)
        try:
            return rows(kept)
        except BadPlan as fault:
            raise damaged(str(fault)) from None

    heap = HeapReader(stored, outside)
    for record in found.records:
        heap.add(record)
    variables: dict[str, Value] = {}
    for letter, name, value in found.variables:
        if letter not in _PREFIXES or not name:
            raise damaged("a variable's name")
        variables[_PREFIXES[letter] + name] = heap.value(value)
    functions: dict[str, CachedUnit[Definition]] = {}
    texts = list(map(decoded, found.texts))
    for number, index in found.functions:
        unit = _definition(texts, number, index)
        functions[unit.tree.node.name] = unit
    relations: list[Value] = []
    for source, place, target, other, kind in found.relations:
        first = ColumnReference(heap.column(source, place))
        if kind == _KEY:
            relations.append(PrimaryKey(first))
        else:
            relations.append(Relation(first, ColumnReference(heap.column(target, other)), kind))
    return Snapshot(variables, functions, relations)


def _definition(texts: list[str], number: int, index: int) -> CachedUnit[Definition]:
    if not 0 <= number < len(texts):
        raise damaged("a function without its text")
    try:
        units = program_cache.read(texts[number], BUILTINS)
    except DataCodeError as error:
        raise CheckpointError(
            Message(
                "checkpoint_program",
                "The checkpoint has a program that cannot be read: {reason}",
                {"reason": error.message},
            )
        ) from None
    if not 0 <= index < len(units) or not isinstance(units[index].tree, Definition):
        raise damaged("a function that its text does not have")
    return units[index]  # type: ignore[return-value]


# Files --------------------------------------------------------------------------------------


class TableFolder(Protocol):
    """Where the files are that hold tables larger than memory."""

    def open_file(self, name: str) -> BinaryIO:
        """One of them, to read. Raises OSError."""

    def new_file(self, name: str) -> BinaryIO | None:
        """One more, to write, where engines find it; None where it is there: they never change.
        Raises OSError, and ValueError for a name that no such file has."""


def save(snapshot: Snapshot, file: BinaryIO, tables: TableFolder | None = None) -> None:
    """Write the snapshot to a file, stored columns and all; files of ``tables`` are copied."""
    checkpoint = write(snapshot)
    save_manifest(checkpoint, file)
    for name, cells in checkpoint.columns.items():
        content = list(column_pieces(cells))
        file.write(checkpoint_file.section_head(COLUMN, sum(map(len, content)), name))
        for piece in content:
            file.write(piece)
    for name in checkpoint.files:
        if tables is None:
            raise CheckpointError(NO_LARGE_TABLES)
        with tables.open_file(name) as source:
            size = os.fstat(source.fileno()).st_size
            file.write(checkpoint_file.section_head(TABLE, size, name))
            shutil.copyfileobj(source, file, _AT_ONCE)


def save_manifest(checkpoint: Checkpoint, file: BinaryIO) -> None:
    """Write the beginning of a file: all but the stored columns."""
    file.write(checkpoint_file.head())
    file.write(checkpoint_file.section_head(MANIFEST, len(checkpoint.manifest)))
    file.write(checkpoint.manifest)


def load(
    file: BinaryIO,
    tables: TableFolder | None = None,
    rows: Callable[[KeptRows], StoredRows] | None = None,
) -> Snapshot:
    """The snapshot in a file; files of a session and names of shares in it are passed over.

    ``tables`` gets the files of tables that are larger than memory, and ``rows`` makes rows of
    them. Raises ``CheckpointError``, and ``OSError`` of a file.
    """
    reader = CheckpointFileReader(file)
    manifest = b""
    columns: dict[str, bytes] = {}
    for section in reader.sections():
        if section.kind == MANIFEST:
            manifest = reader.content()
        elif section.kind == COLUMN:
            columns[section.name] = reader.content()
        elif section.kind == TABLE and tables is not None:
            _take_in(reader, section.name, tables)
        else:
            for _ in reader.pieces():
                pass

    def column(name: str) -> bytes:
        content = columns.pop(name, None)
        if content is None:
            raise damaged("a column is missing")
        return content

    # The names are those of whoever made the file: ours may be others' there.
    return read(manifest, column, rows, keeps_names=False)


def _take_in(reader: CheckpointFileReader, name: str, tables: TableFolder) -> None:
    try:
        target = tables.new_file(name)
    except ValueError:
        raise damaged("the name of a table's file") from None
    if target is None:
        for _ in reader.pieces():
            pass
        return
    with target:
        for piece in reader.pieces():
            target.write(piece)
