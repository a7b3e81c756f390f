"""The whole library: importing this module registers every family of builtins."""

from datacode.runtime.builtins import (
    arrays,
    dates,
    files,
    functional,
    joins,
    numbers,
    objects,
    paths,
    system,
    table_filters,
    table_relations,
    table_rows,
    tables,
    text,
)

__all__ = [
    "arrays",
    "dates",
    "files",
    "functional",
    "joins",
    "numbers",
    "objects",
    "paths",
    "system",
    "table_filters",
    "table_relations",
    "table_rows",
    "tables",
    "text",
]
