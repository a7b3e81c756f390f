"""What is to be exported: the variables, their tables as SQL tables, and how those are related.

Source: tables and files reference, 5.2 to 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from datacode.export.names import column_names, table_names
from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.foreign_keys import PrimaryKey, Relation
from datacode.tables.show import size_text
from datacode.values.chart import Chart
from datacode.values.column_storage import ColumnData
from datacode.values.parse_text import currency_amount
from datacode.values.report import Report
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import printed
from datacode.values.types import Currency, Path, PathPattern, Value

Stored: TypeAlias = "int | float | str | None"
"""What SQLite stores."""

_SQL_TYPES = {
    ColumnType.INTEGER: "INTEGER",
    ColumnType.FLOAT: "REAL",
    ColumnType.BOOL: "INTEGER",
    ColumnType.CURRENCY: "REAL",
}

_LONGEST = 10_000
"""Characters of a variable's text that are kept."""


@dataclass(slots=True)
class ModelColumn:
    """A column of an SQL table. ``is_unique`` and ``is_key`` are constraints."""

    original: str
    name: str
    sql_type: str
    cells: ColumnData
    is_currency: bool
    is_unique: bool = False
    is_key: bool = False
    references: tuple[str, str] | None = None

    @property
    def is_identifier(self) -> bool:
        """Is it called as columns that identify something are?"""
        return self.original == "id" or self.original.endswith(("_id", "Id", "ID"))

    def stored(self) -> Iterator[Stored]:
        """The cells as SQLite gets them."""
        convert = _currency if self.is_currency else stored
        return map(convert, self.cells)


@dataclass(slots=True)
class ModelTable:
    """A variable that holds a table, as an SQL table."""

    name: str
    table: Table
    columns: list[ModelColumn]


@dataclass(frozen=True, slots=True)
class ModelVariable:
    """A line of the list of variables."""

    name: str
    type: str
    table_name: str | None
    row_count: int | None
    column_count: int | None
    value: str


@dataclass(frozen=True, slots=True)
class ModelRelation:
    """A line of the list of relations: tables by their SQL names, columns by their own."""

    from_table: str
    from_column: ModelColumn
    to_table: str
    to_column: ModelColumn
    type: str


@dataclass(slots=True)
class Model:
    """Everything that the database will hold, in order."""

    variables: list[ModelVariable] = field(default_factory=list)
    tables: list[ModelTable] = field(default_factory=list)
    relations: list[ModelRelation] = field(default_factory=list)


def build(variables: Mapping[str, Value], recorded: Iterable[Relation | PrimaryKey]) -> Model:
    """The model of global variables, in the order of their definition, and their relations."""
    model = Model()
    holders = [name for name, value in variables.items() if _is_exported(value)]
    sql_names = dict(zip(holders, table_names(holders), strict=True))
    for name, value in variables.items():
        model.variables.append(_variable(name, value, sql_names.get(name)))
        if name in sql_names:
            model.tables.append(ModelTable(sql_names[name], value, _columns(value)))
    recorded = list(recorded)
    _mark_keys(model, [each for each in recorded if isinstance(each, PrimaryKey)])
    _add_relations(model, [each for each in recorded if isinstance(each, Relation)])
    return model


def _is_exported(value: Value) -> bool:
    """A table without columns is listed, but there is no such thing in SQL."""
    return value.__class__ is Table and len(value.columns) > 0


# Variables -----------------------------------------------------------------------

_TYPES: dict[type, str] = {
    Table: "Table",
    list: "Array",
    dict: "Object",
    float: "Number",
    str: "String",
    bool: "Bool",
    Currency: "Currency",
    Column: "TableColumn",
    Indexer: "TableIndexer",
    type(None): "Null",
    Path: "Path",
    Chart: "Chart",
    Report: "Report",
    PathPattern: "PathPattern",
}


def _variable(name: str, value: Value, table_name: str | None) -> ModelVariable:
    table = value.table if value.__class__ is Indexer else value
    is_table = table.__class__ is Table
    return ModelVariable(
        name,
        _TYPES[value.__class__],
        table_name,
        len(table) if is_table else None,
        len(table.columns) if is_table else None,
        _value_text(value),
    )


def _value_text(value: Value) -> str:
    kind = value.__class__
    if kind is Table:
        return f"Table({size_text(value)})"
    if kind is Indexer:
        return f"TableIndexer({size_text(value.table)})"
    text = value.text if kind is PathPattern else printed(value)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... (truncated, len: {len(text)})"
    return _storable(text)


# Cells ---------------------------------------------------------------------------


def _columns(table: Table) -> list[ModelColumn]:
    columns = []
    for original, name, cells in zip(
        table.names, column_names(table.names), table.columns, strict=True
    ):
        kind = column_kind(cells).type
        sql_type = _SQL_TYPES.get(kind, "TEXT")
        columns.append(ModelColumn(original, name, sql_type, cells, kind is ColumnType.CURRENCY))
    return columns


def stored(value: Value) -> Stored:
    """What SQLite gets for a cell."""
    kind = value.__class__
    if kind is float:
        if value.is_integer() and -(2.0**63) <= value < 2.0**63:
            return int(value)
        return value if value == value else None  # SQLite has no NaN
    if kind is str:
        return _storable(value)
    if value is None:
        return None
    if kind is bool:
        return int(value)
    if kind is Currency:
        return _currency(value)
    return _storable(value.text if kind is PathPattern else printed(value))


def _currency(value: Value) -> Stored:
    """Money as its amount, and so is text in a column of money; text without amount stays."""
    kind = value.__class__
    if kind is not str and kind is not Currency:
        return stored(value)
    text: str = value if kind is str else value.text
    amount = currency_amount(text)
    return _storable(text) if amount is None else amount


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


# Relations and keys --------------------------------------------------------------


def _holder(model: Model, table: Table | None) -> ModelTable | None:
    """The first variable's table that is this very table."""
    return next((each for each in model.tables if each.table is table), None)


def _add_relations(model: Model, relations: Sequence[Relation]) -> None:
    for relation in relations:
        source, target = (_holder(model, c.table) for c in (relation.source, relation.target))
        if source is None or target is None:
            continue
        column = source.columns[relation.source.position]
        other = target.columns[relation.target.position]
        model.relations.append(
            ModelRelation(source.name, column, target.name, other, relation.type)
        )
        if column.references is None and column is not other and _is_foreign_key(column, other):
            column.references = target.name, other.name
            other.is_unique = True


def _is_foreign_key(column: ModelColumn, other: ModelColumn) -> bool:
    """Does every filled cell of a column name one different cell of the other one?"""
    numeric = {"INTEGER", "REAL"}
    if column.sql_type != other.sql_type and not {column.sql_type, other.sql_type} <= numeric:
        return False
    if not (_is_plain(column) and _is_plain(other)):
        return False
    named = [value for value in other.stored() if value is not None]
    different = set(named)
    return len(different) == len(named) and different.issuperset(
        value for value in column.stored() if value is not None
    )


def _is_plain(column: ModelColumn) -> bool:
    """Are all cells what the column's type makes of them, so that SQLite changes none?"""
    kinds: tuple[type, ...] = (str,) if column.sql_type == "TEXT" else (int, float)
    return all(value is None or isinstance(value, kinds) for value in column.stored())


def _mark_keys(model: Model, keys: Sequence[PrimaryKey]) -> None:
    for key in keys:
        for table in model.tables:
            if table.table is not key.column.table or any(c.is_key for c in table.columns):
                continue
            column = table.columns[key.column.position]
            column.is_key = _is_key(column)


def _is_key(column: ModelColumn) -> bool:
    """Does every cell name its row, in the database too?

    There text of digits becomes a number in a column of numbers, and a number text in one of
    texts. A key of type INTEGER is the number of the row and takes nothing but integers.
    """
    if not _is_plain(column):
        return False
    values = list(column.stored())
    if column.sql_type == "INTEGER" and not all(isinstance(value, int) for value in values):
        return False
    return None not in values and len(set(values)) == len(values)
