"""Values as records, and back (checkpoint reference, 3): shared parts stay shared.

A value is written as it is, in msgpack, where it has no part in common with others and is not
nested deeply. Shared and deep parts become records of their own with a number, and are referred to
by it; a record refers only to records before it, so there are no circles. Tables and their columns
are always records.

What is read may be anybody's: every record is decoded for a type that allows nothing but values
and only so deep, and a reference is good only for what is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.msgpack import Ext

from datacode.values.chart import Chart, is_within_limits
from datacode.values.column_encoding import (
    CheckpointError,
    can_be_encoded,
    damaged,
    decoded,
    encoded,
    extension,
    from_extension,
)
from datacode.values.column_storage import ColumnData, KeptFiles, KeptRows, StoredRows, is_short
from datacode.values.report import Report
from datacode.values.stored_column import StoredColumn
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Value

DEEPEST = 6
"""So many arrays and objects stand within each other in one record."""

_REFERENCE, _COLUMN, _INDEXER = 1, 5, 6
"""Extensions: a record; a table's record and the position of a column; a table's record."""

_PLAIN, _REFERRING, _BYTES = 0, 1, 2
"""Forms of a value: without extensions; with them; with them, and every text as bytes."""

_SCALARS = frozenset({float, str, bool, type(None)})
_OF_RECORDS = (Table, Chart, Report)
"""Classes of values that always are records."""

_encoder = msgspec.msgpack.Encoder()


class ValueRecord(Struct, tag="v", array_like=True, frozen=True):
    """An array or object."""

    number: int
    form: int
    value: Raw


class CellsRecord(Struct, tag="c", array_like=True, frozen=True):
    """A column that is short, or has cells with parts: the array of its cells."""

    number: int
    form: int
    cells: Raw


class StoredRecord(Struct, tag="s", array_like=True, frozen=True):
    """A column whose cells are stored apart, once for all checkpoints, by this name."""

    number: int
    name: str
    length: int


class FilesRecord(Struct, tag="f", array_like=True, frozen=True):
    """Files that hold a table outside of memory: their names, and what is in them."""

    number: int
    names: list[str]
    description: bytes


class RowsRecord(Struct, tag="e", array_like=True, frozen=True):
    """Rows outside of memory: the records of the files that have them, and a plan."""

    number: int
    files: list[int]
    description: bytes


class FileColumnRecord(Struct, tag="w", array_like=True, frozen=True):
    """A column of such rows: their record, and its position."""

    number: int
    rows: int
    position: int


class TableRecord(Struct, tag="t", array_like=True, frozen=True):
    """A table: the records of its columns, whose names are UTF-8."""

    number: int
    names: list[bytes]
    row_count: int
    columns: list[int]


class Encoded(Struct, array_like=True, frozen=True):
    """A value, which may refer to records."""

    form: int
    value: Raw


class ChartRecord(Struct, tag="g", array_like=True, frozen=True):
    """A chart: its description, as a map."""

    number: int
    description: Chart


class ReportRecord(Struct, tag="r", array_like=True, frozen=True):
    """A report: its title, and its blocks, which are texts, tables and charts."""

    number: int
    title: bytes
    blocks: list[Encoded]


Record = (
    ValueRecord
    | CellsRecord
    | StoredRecord
    | FilesRecord
    | RowsRecord
    | FileColumnRecord
    | TableRecord
    | ChartRecord
    | ReportRecord
)


class HeapWriter:
    """Writes values; ``name_of`` gives a long column the name by which it is stored apart.

    ``files`` are the names of all files that hold tables outside of memory.
    """

    def __init__(self, name_of: Callable[[ColumnData], str]) -> None:
        self.records: list[Record] = []
        self.files: dict[str, None] = {}
        self._name_of = name_of
        self._numbers: dict[int, int] = {}
        self._written: set[int] = set()
        self._shared: set[int] = set()
        self._needed: list[Any] = []
        self._keep: list[Any] = []
        self._references: dict[int, Ext] = {}

    def write(self, values: Sequence[Value]) -> list[Encoded]:
        """The values; their records are added to ``records``. May be called once."""
        is_plain = self._look_through(values)
        if is_plain:
            return [self._encoded(value) for value in values]
        return [self._encoded_with_records(value) for value in values]

    def number_of(self, value: Value) -> int | None:
        """The record of a table that has been written."""
        number = self._numbers.get(id(value))
        return number if number in self._written else None

    # Looking for what is shared -----------------------------------------------------------------

    def _look_through(self, values: Iterable[Value]) -> bool:
        """Find the parts that need records of their own; is nothing but plain data there?

        The parts of all values are looked at level by level, which is fast where there are many.
        """
        seen: set[int] = set()
        is_plain = True
        level = [value for value in values if value.__class__ not in _SCALARS]
        depth = 0
        while level:
            depth += 1
            containers: list[Any] = []
            for value in level:
                kind = value.__class__
                if kind is list or kind is dict:
                    if id(value) in seen:
                        self._shared.add(id(value))
                    else:
                        seen.add(id(value))
                        containers.append(value)
                    continue
                is_plain = False
                if kind is Column or kind is Indexer:
                    value = value.table
                for table in value.blocks if kind is Report else (value,):
                    if table.__class__ is Table and id(table) not in seen:
                        seen.add(id(table))
                        containers += self._lists_of(table, seen)
            if depth % DEEPEST == 0:
                self._shared.update(map(id, containers))
            level = [
                part
                for each in containers
                for part in (each if each.__class__ is list else each.values())
                if part.__class__ not in _SCALARS
            ]
        return is_plain and not self._shared

    def _lists_of(self, table: Table, seen: set[int]) -> list[list[Value]]:
        """The cells of those columns that have parts to be looked at."""
        found = []
        for cells in table.columns:
            if id(cells) not in seen:
                seen.add(id(cells))
                if cells.source is not None or cells.checkpoint_name is not None:
                    continue
                if not can_be_encoded(cells):
                    found.append(cells.values())
        return found

    # Writing -----------------------------------------------------------------------------------

    def _encoded(self, value: Value) -> Encoded:
        """A value without references."""
        try:
            return Encoded(_PLAIN, Raw(_encoder.encode(value)))
        except UnicodeEncodeError:
            return Encoded(_BYTES, Raw(_encoder.encode(_with_bytes(value))))

    def _encoded_with_records(self, value: Value) -> Encoded:
        part = self._part(value)
        self._write_needed()
        return _form_of(part)

    def _write_needed(self) -> None:
        """Write the records that have been referred to, each after those it refers to itself."""
        stack, self._needed = self._needed, []
        pending: dict[int, Callable[[], None]] = {}
        while stack:
            value = stack[-1]
            number = self._numbers[id(value)]
            if number in self._written:
                stack.pop()
            elif number in pending:
                pending.pop(number)()
                self._written.add(number)
                stack.pop()
            else:
                pending[number] = self._prepared(value, number)
                needed, self._needed = self._needed, []
                stack += [each for each in needed if self._numbers[id(each)] not in self._written]

    def _prepared(self, value: Any, number: int) -> Callable[[], None]:
        """What adds the record of a value; what that refers to is ``_needed`` from now on."""
        kind = value.__class__
        if kind is list or kind is dict:
            form = _form_of(self._inside(value))
            return lambda: self.records.append(ValueRecord(number, form.form, form.value))
        if kind is Table:
            columns = [self._number(cells) for cells in value.columns]
            names = [encoded(name) for name in value.names]
            count = len(value)
            return lambda: self.records.append(TableRecord(number, names, count, columns))
        if kind is Chart:
            return lambda: self.records.append(ChartRecord(number, value))
        if kind is Report:
            blocks = [_form_of(self._part(block)) for block in value.blocks]
            title = encoded(value.title)
            return lambda: self.records.append(ReportRecord(number, title, blocks))
        if kind is KeptFiles:
            self.files.update(dict.fromkeys(value.names))
            record = FilesRecord(number, list(value.names), value.description)
            return lambda: self.records.append(record)
        if kind is KeptRows:
            files = [self._number(each) for each in value.files]
            return lambda: self.records.append(RowsRecord(number, files, value.description))
        return self._prepared_column(value, number)

    def _prepared_column(self, cells: ColumnData, number: int) -> Callable[[], None]:
        length = len(cells)
        if cells.source is not None:
            rows, position = self._number(cells.source.kept()), cells.position
            return lambda: self.records.append(FileColumnRecord(number, rows, position))
        is_simple = cells.checkpoint_name is not None or can_be_encoded(cells)
        if is_simple and not is_short(length):
            name = self._name_of(cells)
            return lambda: self.records.append(StoredRecord(number, name, length))
        form = _form_of(self._inside(cells.part(0, length)))
        return lambda: self.records.append(CellsRecord(number, form.form, form.value))

    def _number(self, value: Any) -> int:
        """The number of a value's record, which is written soon if it is not yet."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._numbers)
            self._keep.append(value)
        if number not in self._written:
            self._needed.append(value)
        return number

    def _reference(self, code: int, value: Any, position: int = 0) -> Ext:
        numbers = [self._number(value), position] if code == _COLUMN else [self._number(value)]
        return Ext(code, b"".join(number.to_bytes(4, "big") for number in numbers))

    def _part(self, value: Value) -> Any:
        """A part of a record: as it is, or with references in it."""
        kind = value.__class__
        if kind in _SCALARS:
            return value
        if kind is list or kind is dict:
            if id(value) in self._shared:
                known = self._references.get(id(value))
                if known is None:
                    known = self._references[id(value)] = self._reference(_REFERENCE, value)
                elif self._numbers[id(value)] not in self._written:
                    self._needed.append(value)  # before this one, whoever needs it beside
                return known
            return self._inside(value)
        if kind in _OF_RECORDS:
            return self._reference(_REFERENCE, value)
        if kind is Column:
            return self._reference(_COLUMN, value.table, value.position)
        if kind is Indexer:
            return self._reference(_INDEXER, value.table)
        return extension(value)

    def _inside(self, value: Value) -> Any:
        """An array or object with its parts; itself where they are texts and numbers."""
        if value.__class__ is list:
            if _SCALARS.issuperset(map(type, value)):
                return value
            return [part if part.__class__ in _SCALARS else self._part(part) for part in value]
        if _SCALARS.issuperset(map(type, value.values())):
            return value
        return {
            key: part if part.__class__ in _SCALARS else self._part(part)
            for key, part in value.items()
        }


def _form_of(value: Any) -> Encoded:
    try:
        return Encoded(_REFERRING, Raw(_encoder.encode(value)))
    except UnicodeEncodeError:
        return Encoded(_BYTES, Raw(_encoder.encode(_with_bytes(value))))


def _with_bytes(value: Any) -> Any:
    """The same with every text as bytes; some have halves of surrogate pairs in them."""
    kind = value.__class__
    if kind is str:
        return encoded(value)
    if kind is list:
        return [_with_bytes(part) for part in value]
    if kind is dict:
        return {encoded(key): _with_bytes(part) for key, part in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that a record stands for."""

    rows: StoredRows


class HeapReader:
    """Reads what ``HeapWriter`` wrote; ``column`` gives a stored column by name and length,
    ``rows`` those that are outside of memory.

    Every method raises ``CheckpointError`` for what does not keep to the format.
    """

    def __init__(
        self, column: Callable[[str, int], ColumnData], rows: Callable[[KeptRows], StoredRows]
    ) -> None:
        self._column = column
        self._rows = rows
        self._values: dict[int, Any] = {}

    def add(self, record: Record) -> None:
        """Read the next record."""
        if record.number in self._values:
            raise damaged("two records of one number")
        self._values[record.number] = self._read(record)

    def _read(self, record: Record) -> Any:
        if isinstance(record, ValueRecord):
            return self._decoded(record.form, record.value)
        if isinstance(record, StoredRecord):
            if record.length < 0:
                raise damaged("a column's length")
            return self._column(record.name, record.length)
        if isinstance(record, CellsRecord):
            cells = self._decoded(record.form, record.cells)
            if cells.__class__ is not list:
                raise damaged("a column that is no array")
            return ColumnData.of_list(cells)
        if isinstance(record, ChartRecord):
            if not is_within_limits(record.description):
                raise damaged("a chart that is too large")
            return record.description
        if isinstance(record, ReportRecord):
            return self._report(record)
        if isinstance(record, FilesRecord):
            return KeptFiles(tuple(record.names), record.description)
        if isinstance(record, RowsRecord):
            files = tuple(self._of_class(number, KeptFiles) for number in record.files)
            return _Rows(self._rows(KeptRows(files, record.description)))
        if isinstance(record, FileColumnRecord):
            source = self._of_class(record.rows, _Rows).rows
            if not 0 <= record.position < source.column_count:
                raise damaged("a column that the rows do not have")
            return StoredColumn(source, record.position)
        columns = [self._of_class(number, ColumnData, StoredColumn) for number in record.columns]
        try:
            return Table(map(decoded, record.names), columns, record.row_count)
        except ValueError as fault:
            raise damaged(str(fault)) from None

    def _report(self, record: ReportRecord) -> Report:
        blocks = [self._decoded(block.form, block.value) for block in record.blocks]
        if not all(block.__class__ in (str, Table, Chart) for block in blocks):
            raise damaged("a part of a report that cannot be one")
        return Report(decoded(record.title), tuple(blocks))

    def table(self, number: int) -> Table:
        """A table that has been read."""
        found: Table = self._of_class(number, Table)
        return found

    def column(self, number: int, position: int) -> Column:
        """A column of a table that has been read."""
        table = self.table(number)
        if not 0 <= position < len(table.columns):
            raise damaged("a column that the table does not have")
        return Column(table, position)

    def value(self, written: Encoded) -> Value:
        """A value; its records have been read."""
        return self._decoded(written.form, written.value)

    def _of_class(self, number: int, *wanted: type) -> Any:
        found = self._values.get(number)
        if found.__class__ not in wanted:
            raise damaged(f"record {number} is missing")
        return found

    def _decoded(self, form: int, data: Raw) -> Value:
        if form not in (_PLAIN, _REFERRING, _BYTES):
            raise damaged(f"form {form}")
        try:
            found = _decoder(form).decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise damaged(str(fault)) from None
        return found if form == _PLAIN else self._resolved(found)

    def _resolved(self, found: Any) -> Value:
        """The same with values in place of references, and texts in place of bytes."""
        kind = found.__class__
        if kind is list:
            if _SCALARS.issuperset(map(type, found)):
                return found
            return [self._resolved(part) for part in found]
        if kind is dict:
            resolved = {}
            for key, part in found.items():
                name = key if key.__class__ is str else decoded(key)
                resolved[name] = part if part.__class__ in _SCALARS else self._resolved(part)
            return resolved
        if kind is bytes:
            return decoded(found)
        return self._of_extension(found) if kind is Ext else found

    def _of_extension(self, found: Ext) -> Value:
        data = bytes(found.data)
        if found.code not in (_REFERENCE, _COLUMN, _INDEXER):
            return from_extension(found)
        if len(data) != (8 if found.code == _COLUMN else 4):
            raise damaged("a reference of another size")
        number = int.from_bytes(data[:4], "big")
        if found.code == _INDEXER:
            return Indexer(self.table(number))
        if found.code == _COLUMN:
            return self.column(number, int.from_bytes(data[4:], "big"))
        value = self._values.get(number, CheckpointError)
        if value.__class__ not in (list, dict, *_OF_RECORDS):
            raise damaged(f"record {number} is missing")
        return value


@lru_cache(maxsize=3)
def _decoder(form: int) -> msgspec.msgpack.Decoder[Any]:
    """A decoder of values that are at most ``DEEPEST`` deep, and of nothing else."""
    text: Any = bytes if form == _BYTES else str
    part: Any = float | bool | text | None
    if form != _PLAIN:
        part = part | Ext
    value: Any = part
    for _ in range(DEEPEST):
        value = part | list[value] | dict[text, value]
    return msgspec.msgpack.Decoder(value)
