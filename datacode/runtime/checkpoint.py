"""The state of an interpreter as bytes, and back (checkpoint reference, 2).

A checkpoint is a manifest and stored columns. Tables never change, so a long column is stored once
and named in every later manifest: what a checkpoint costs is what is new. Functions are kept as
the text of the program that defined them, so that their lines stay right.

Writing takes a ``Snapshot``, which is made between two programs, and may be done in another thread
while the next one runs: what a snapshot refers to does not change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from datacode import __version__
from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.language import program_cache
from datacode.language.compiler import Definition
from datacode.language.program_cache import CachedUnit
from datacode.language.python_names import GLOBAL, TOP_LEVEL_LOCAL
from datacode.runtime import checkpoint_file
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.checkpoint_file import (
    COLUMN,
    LARGEST_MANIFEST,
    MANIFEST,
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
from datacode.values.column_storage import ColumnData, is_short
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
    """A manifest as bytes, and the columns that it names."""

    def __init__(self, manifest: bytes, columns: dict[str, ColumnData]) -> None:
        self.manifest = manifest
        self.columns = columns


_PREFIXES = {"g": GLOBAL, "l": TOP_LEVEL_LOCAL}
_LETTERS = {prefix: letter for letter, prefix in _PREFIXES.items()}
_KEY = "key"
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
                if is_short(len(cells)):
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
    return Checkpoint(_encoder.encode(manifest), columns)


def read(manifest: bytes, column: Callable[[str], bytes], *, keeps_names: bool = True) -> Snapshot:
    """The snapshot of a checkpoint; ``column`` gives stored columns by name. With ``keeps_names``
    the next checkpoint calls them the same, and whoever has them need not write them again.

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

    heap = HeapReader(stored)
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


def save(snapshot: Snapshot, file: BinaryIO) -> None:
    """Write the snapshot to a file, stored columns and all."""
    checkpoint = write(snapshot)
    save_manifest(checkpoint, file)
    for name, cells in checkpoint.columns.items():
        content = list(column_pieces(cells))
        file.write(checkpoint_file.section_head(COLUMN, sum(map(len, content)), name))
        for piece in content:
            file.write(piece)


def save_manifest(checkpoint: Checkpoint, file: BinaryIO) -> None:
    """Write the beginning of a file: all but the stored columns."""
    file.write(checkpoint_file.head())
    file.write(checkpoint_file.section_head(MANIFEST, len(checkpoint.manifest)))
    file.write(checkpoint.manifest)


def load(file: BinaryIO) -> Snapshot:
    """The snapshot in a file; files of a session and names of shares in it are passed over.

    Raises ``CheckpointError``, and ``OSError`` of the file.
    """
    reader = CheckpointFileReader(file)
    manifest = b""
    columns: dict[str, bytes] = {}
    for section in reader.sections():
        if section.kind == MANIFEST:
            manifest = reader.content()
        elif section.kind == COLUMN:
            columns[section.name] = reader.content()
        else:
            for _ in reader.pieces():
                pass

    def column(name: str) -> bytes:
        content = columns.pop(name, None)
        if content is None:
            raise damaged("a column is missing")
        return content

    # The names are those of whoever made the file: ours may be others' there.
    return read(manifest, column, keeps_names=False)
