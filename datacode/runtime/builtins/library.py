"""The whole library: importing this module registers every family of builtins."""

from datacode.runtime.builtins import (
    arrays,
    conversions,
    dates,
    files,
    folders,
    functional,
    joins,
    numbers,
    objects,
    paths,
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
    "conversions",
    "dates",
    "files",
    "folders",
    "functional",
    "joins",
    "numbers",
    "objects",
    "paths",
    "table_filters",
    "table_relations",
    "table_rows",
    "tables",
    "text",
]
