"""Relations and primary keys, recorded for the export (tables and files reference, 1.5, 5.5)."""

from __future__ import annotations

from datacode.errors import runtime_error, type_error
from datacode.runtime.builtins.registry import builtin, expects_range
from datacode.runtime.host import Host
from datacode.tables.column_types import ColumnType, are_compatible, column_kind
from datacode.tables.filters import different_count
from datacode.tables.foreign_keys import ColumnReference, PrimaryKey, Relation
from datacode.values.table import Column, Table
from datacode.values.types import Currency, Path, PathPattern, Value

_KINDS: dict[type, str] = {
    float: "Number",
    str: "String",
    bool: "Bool",
    dict: "Object",
    Table: "Table",
    Currency: "Currency",
    type(None): "Null",
    Path: "Path",
    PathPattern: "PathPattern",
}


def _column(value: Value) -> Column:
    if value.__class__ is Column:
        return value
    if value.__class__ is list:
        raise runtime_error(
            "relate_needs_columns",
            'relate() expects table columns (use table["column_name"]), not arrays',
        )
    found = _KINDS.get(value.__class__, "Unknown")
    raise type_error("TableColumn", found)


@builtin("tables", count_error=expects_range(2, 2))
def relate(host: Host, column1: Value, column2: Value) -> dict[str, Value]:
    """Record that the second column refers to the first, for the export of the data model.

    Gives an object with the tables, the names of the columns, and the type of both.

    Raises an error if the columns have types that cannot be equal.

    Example::

        items = table([[1, "bolt"]], ["id", "item"])
        sales = table([[10, 1]], ["no", "item_id"])
        print(relate(items["id"], sales["item_id"]).type)       # Integer
    """
    target, source = _column(column1), _column(column2)
    one, other = column_kind(target.stored).type, column_kind(source.stored).type
    if not are_compatible(one, other):
        raise runtime_error(
            "relate_types_differ",
            "Cannot relate columns with incompatible types: "
            "{name1} ({type1}) and {name2} ({type2})",
            name1=target.name,
            type1=one,
            name2=source.name,
            type2=other,
        )
    common = str(_common_type(one, other))
    host.relations.append(Relation(ColumnReference(source), ColumnReference(target), common))
    return {
        "table1": target.table,
        "column1": target.name,
        "table2": source.table,
        "column2": source.name,
        "type": common,
    }


def _common_type(one: ColumnType, other: ColumnType) -> ColumnType:
    if {one, other} == {ColumnType.INTEGER, ColumnType.FLOAT}:
        return ColumnType.FLOAT
    return other if one is ColumnType.NULL else one


@builtin("tables")
def primary_key(host: Host, column: Value) -> Column:
    """Record that a column identifies the rows of its table, for the export of the data model.

    No cell may be empty, or equal to another one.

    Example::

        items = table([[1, "bolt"], [2, "nut"]], ["id", "item"])
        print(primary_key(items["id"]))     # Column(id)
    """
    key = _column(column)
    if column_kind(key.stored).filled < len(key):
        raise runtime_error(
            "key_with_empty_cells", "Column '{name}' is no key: it has empty cells", name=key.name
        )
    if different_count(key.stored) < len(key):
        raise runtime_error(
            "key_with_repeated_cells", "Column '{name}' is no key: its cells repeat", name=key.name
        )
    host.relations.append(PrimaryKey(ColumnReference(key)))
    return key
