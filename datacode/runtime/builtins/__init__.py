"""The library of the language, a module a family; importing the package registers every builtin."""

from datacode.runtime.builtins import (  # noqa: F401  (registers them)
    arrays,
    charts,
    conversions,
    date_pictures,
    dates,
    durations,
    file_reading,
    file_writing,
    folders,
    functional,
    joins,
    json_text,
    numbers,
    objects,
    paths,
    plots,
    random_values,
    regular_expressions,
    reports,
    several_files,
    table_filters,
    table_relations,
    table_rows,
    table_shapes,
    table_summaries,
    table_windows,
    tables,
    text,
)
from datacode.runtime.builtins.registry import BUILTINS

__all__ = ["BUILTINS"]
