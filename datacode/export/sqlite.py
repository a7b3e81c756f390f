"""The model of a program as an SQLite database: ``--build_model``.

Source: tables and files reference, 5.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from datacode.errors import DataCodeError, runtime_error
from datacode.export.model import Model, ModelColumn, ModelTable, build
from datacode.export.names import cleaned, quoted
from datacode.tables.foreign_keys import PrimaryKey, Relation
from datacode.values.types import Value

_METADATA = (
    "CREATE TABLE IF NOT EXISTS _datacode_variables ("
    "variable_name TEXT PRIMARY KEY, variable_type TEXT NOT NULL, table_name TEXT, "
    "row_count INTEGER, column_count INTEGER, created_at TEXT, description TEXT, value TEXT)",
    "CREATE TABLE IF NOT EXISTS _datacode_relations ("
    "id INTEGER PRIMARY KEY AUTOINCREMENT, from_table TEXT NOT NULL, from_column TEXT NOT NULL, "
    "to_table TEXT NOT NULL, to_column TEXT NOT NULL, relation_type TEXT, created_at TEXT)",
)

_OTHER_NAMES = "SELECT name FROM sqlite_master WHERE type <> 'index'"
"""Tables and views, whose names no index can have."""


@contextmanager
def _at_line_0() -> Iterator[None]:
    """Give errors of the export line 0: no statement of the program has failed."""
    try:
        yield
    except DataCodeError as error:
        error.line = 0
        raise


@_at_line_0()
def export(
    path: str, variables: Mapping[str, Value], relations: Iterable[Relation | PrimaryKey] = ()
) -> None:
    """Write global variables, in the order of their definition, to the database ``path``.

    An existing database is kept; the tables of an earlier export are replaced, all at once or
    not at all. Raises Runtime Errors of line 0.
    """
    model = _model(variables, relations)
    try:
        # A file name that begins with "file:" is one, not a URI.
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _write(connection, model)
    except (sqlite3.Error, OSError, ValueError) as error:
        raise runtime_error(
            "database_not_created_at",
            "Failed to create SQLite database: {reason}: {path}",
            reason=error,
            path=path,
        ) from None


@_at_line_0()
def export_bytes(
    variables: Mapping[str, Value], relations: Iterable[Relation | PrimaryKey] = ()
) -> bytes:
    """The same as the bytes of a new database, for who cannot write files.

    Raises Runtime Errors of line 0, such as of a table with more columns than SQLite knows.
    """
    model = _model(variables, relations)
    try:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            _write(connection, model)
            return connection.serialize()
    except sqlite3.Error as error:
        raise runtime_error(
            "database_not_created", "Failed to create SQLite database: {reason}", reason=error
        ) from None


def _model(variables: Mapping[str, Value], relations: Iterable[Relation | PrimaryKey]) -> Model:
    if not variables:
        raise runtime_error("export_without_tables", "No global variables found to export")
    return build(variables, relations)


# Writing -------------------------------------------------------------------------


def _write(connection: sqlite3.Connection, model: Model) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _prepare(connection, model)
        for table in model.tables:
            _write_table(connection, table)
        created_at = datetime.now(UTC).isoformat()
        _write_metadata(connection, model, created_at)
        _write_indexes(connection, model)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, model: Model) -> None:
    """Make room: the metadata of an earlier export and its tables go."""
    for statement in _METADATA:
        connection.execute(statement)
    earlier = connection.execute(
        "SELECT table_name FROM _datacode_variables WHERE table_name IS NOT NULL"
    )
    names = [str(name) for (name,) in earlier] + [table.name for table in model.tables]
    for name in names:
        connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
    connection.execute("DELETE FROM _datacode_variables")
    connection.execute("DELETE FROM _datacode_relations")


def _write_table(connection: sqlite3.Connection, table: ModelTable) -> None:
    columns = ", ".join(map(_definition, table.columns))
    connection.execute(f"CREATE TABLE {quoted(table.name)} ({columns})")
    places = ", ".join("?" * len(table.columns))
    connection.executemany(
        f"INSERT INTO {quoted(table.name)} VALUES ({places})",  # noqa: S608 - quoted
        zip(*(column.stored() for column in table.columns), strict=True),
    )


def _definition(column: ModelColumn) -> str:
    """A column with its type, and the constraints that its cells keep."""
    parts = [quoted(column.name), column.sql_type]
    if column.is_key:
        parts.append("PRIMARY KEY NOT NULL")
    elif column.is_unique:
        parts.append("UNIQUE")
    if column.references is not None:
        table, name = column.references
        parts.append(f"REFERENCES {quoted(table)} ({quoted(name)}) DEFERRABLE INITIALLY DEFERRED")
    return " ".join(parts)


def _write_metadata(connection: sqlite3.Connection, model: Model, created_at: str) -> None:
    connection.executemany(
        "INSERT INTO _datacode_variables VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
        (
            (v.name, v.type, v.table_name, v.row_count, v.column_count, created_at, v.value)
            for v in model.variables
        ),
    )
    connection.executemany(
        "INSERT INTO _datacode_relations "
        "(from_table, from_column, to_table, to_column, relation_type, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                r.from_table,
                r.from_column.original,
                r.to_table,
                r.to_column.original,
                r.type,
                created_at,
            )
            for r in model.relations
        ),
    )


def _write_indexes(connection: sqlite3.Connection, model: Model) -> None:
    """On every column that refers to another one, and on those called like identifiers."""
    wanted = [(relation.from_table, relation.from_column) for relation in model.relations]
    for table in model.tables:
        wanted += [(table.name, column) for column in table.columns if column.is_identifier]
    taken = {str(name).lower() for (name,) in connection.execute(_OTHER_NAMES)}
    for name, column in wanted:
        index = f"idx_{name}_{cleaned(column.name)}"
        while index.lower() in taken:
            index += "_"
        connection.execute(
            f"CREATE INDEX IF NOT EXISTS {quoted(index)} ON {quoted(name)} ({quoted(column.name)})"
        )
