"""The whole library: importing this module registers every family of builtins."""

from datacode.runtime.builtins import (
    arrays,
    dates,
    files,
    folders,
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
from datacode.runtime.builtins.registry import BUILTINS

__all__ = [
    "BUILTINS",
    "arrays",
    "dates",
    "files",
    "folders",
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
