"""Reading several files into one table (tables and files reference, 2.9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.plans.client import Unavailable
from datacode.runtime.builtins.file_errors import path_text
from datacode.runtime.builtins.file_options import named_options
from datacode.runtime.builtins.file_reading import Refuse, read_path
from datacode.runtime.builtins.paths import list_files
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.host import Host
from datacode.tables.file_arguments import READ, no_meaning
from datacode.tables.file_warnings import FileWarnings
from datacode.tables.read_options import ReadOptions, Warn
from datacode.tables.select import merged_outer, under_each_other
from datacode.values.stored_column import text_beside
from datacode.values.table import Table
from datacode.values.types import PathPattern, Value

_MOST = 10_000
"""Files that are read at once."""

_SHOWN = 10

_CELL = 24
"""Bytes that a cell takes in memory, about."""


@builtin(
    "files",
    signature="read_files(paths, file_column='file', header_row=..., auto=..., delimiter=',', ...)",
)
def read_files(
    host: Host,
    paths: Value,
    *,
    file_column: Value = "file",
    header_row: Value = ABSENT,
    header: Value = ABSENT,
    delimiter: Value = ABSENT,
    encoding: Value = ABSENT,
    decimal: Value = ABSENT,
    thousands: Value = ABSENT,
    types: Value = ABSENT,
    nulls: Value = ABSENT,
    dates: Value = ABSENT,
    header_rows: Value = ABSENT,
    skip_footer: Value = ABSENT,
    until: Value = ABSENT,
    max_rows: Value = ABSENT,
    ragged: Value = ABSENT,
    columns: Value = ABSENT,
    range_: Value = ABSENT,
    sheet: Value = ABSENT,
    fill_merged: Value = ABSENT,
    auto: Value = ABSENT,
) -> Table:
    """The rows of several files, under a column of their names, by default ``file``.

    ``paths`` is an array of paths or a pattern such as ``'reports/*.xlsx'``, whose files come in
    the order of their names. All other arguments are those of ``read_file``, and hold for every
    file for whose format they mean something; one that means nothing for all of them is an error.
    The columns are those of all files; a file that lacks some is told of, and has null there.

    Raises an error that names the file if one cannot be read, and if there is none.

    Example::

        write_file("may.csv", table([["bolt", 5]], ["item", "sum"]))
        write_file("june.csv", table([["nut", 7]], ["item", "sum"]))
        print(read_files("*.csv").rows.rows)        # [[june.csv, nut, 7], [may.csv, bolt, 5]]
    """
    named = {
        "header_row": header_row,
        "header": header,
        "delimiter": delimiter,
        "encoding": encoding,
        "decimal": decimal,
        "thousands": thousands,
        "types": types,
        "nulls": nulls,
        "dates": dates,
        "header_rows": header_rows,
        "skip_footer": skip_footer,
        "until": until,
        "max_rows": max_rows,
        "ragged": ragged,
        "columns": columns,
        "range": range_,
        "sheet": sheet,
        "fill_merged": fill_merged,
        "auto": auto,
    }
    if file_column.__class__ is not str or not file_column:
        raise runtime_error("text_expected", "{name} must be a text", name="file_column")
    options = named_options(ReadOptions(), named, has_delimiter=False)
    found = _listed(host, paths)
    labels = _labels(found)
    warnings = FileWarnings()
    meaning = _Meaning(options.given)
    try:
        tables = []
        for path, label in zip(found, labels, strict=True):
            warn = partial(warnings.add, label)
            tables.append(_table(host, path, options, warn, meaning.add))
            _store_if_large(host, tables)
        meaning.check()
        _tell_of_missing(warnings, labels, tables)
    finally:
        warnings.give(host.warn)
    return _together(host, str(file_column), labels, tables)


def _store_if_large(host: Host, tables: list[Table]) -> None:
    """Put the tables into files where together they would take too much memory."""
    storage = host.large_tables
    if storage is None:
        return
    loaded = [t for t in tables if all(c.source is None for c in t.columns)]
    cells = sum(len(table) * len(table.names) for table in loaded)
    if not storage.threshold or cells * _CELL <= storage.threshold:
        return
    try:
        for number, table in enumerate(tables):
            if any(table is each for each in loaded) and table.columns:
                tables[number] = Table(table.names, storage.placed(table.columns), len(table))
    except Unavailable:
        return  # they stay in memory, as one that is read alone does


class _Meaning:
    """Which arguments mean something for at least one of the files."""

    def __init__(self, given: Iterable[str]) -> None:
        self._without = set(given)
        self._kinds: dict[str, None] = {}

    def add(self, kind: str, names: Sequence[str]) -> None:
        """A file of this kind, and the arguments that mean nothing for it."""
        self._without &= set(names)
        self._kinds.setdefault(kind)

    def check(self) -> None:
        """Raise the error of an argument that means nothing for all the files."""
        for name in READ:
            if name in self._without:
                kind = next(iter(self._kinds))
                raise no_meaning("read_files", name, kind, READ[name])


def _listed(host: Host, paths: Value) -> list[str]:
    """The paths of the files, at least one."""
    if paths.__class__ is list:
        found = [path_text(each, "Array of Paths") for each in paths]
    else:
        text = paths.text if paths.__class__ is PathPattern else path_text(paths, "Path or Array")
        is_pattern = any(mark in text for mark in "*?[")
        if is_pattern and host.file_kind(text) != "file":
            found = [p.text for p in list_files(host, paths) if host.file_kind(p.text) == "file"]
        else:
            found = [text]
    if not found:
        shown = "[]" if paths.__class__ is list else text
        raise runtime_error("no_files_to_read", "No file is named '{pattern}'", pattern=shown)
    if len(found) > _MOST:
        raise runtime_error(
            "more_files_than_read_at_once", "At most {most} files can be read at once", most=_MOST
        )
    return found


def _table(host: Host, path: str, options: ReadOptions, warn: Warn, refuse: Refuse) -> Table:
    try:
        found = read_path(host, path, options, warn, refuse)
    except DataCodeError as error:
        message = Message("file_failed", "{path}: {problem}").filled(
            path=path, problem=error.message
        )
        raise DataCodeError(Kind.RUNTIME, message) from None
    if not isinstance(found, Table):
        raise runtime_error("file_is_text", "'{path}' is a text, not a table", path=path)
    return found


def _labels(paths: Sequence[str]) -> list[str]:
    """The names of the files, or their whole paths if two have the same name."""
    names = [path.rpartition("/")[2] for path in paths]
    return names if max(Counter(names).values()) == 1 else list(paths)


def _tell_of_missing(
    warnings: FileWarnings, labels: Sequence[str], tables: Sequence[Table]
) -> None:
    """Warn of files that lack columns which others have."""
    every = dict.fromkeys(name for table in tables for name in table.names)
    for label, table in zip(labels, tables, strict=True):
        missing = [name for name in every if name not in table.names]
        if missing:
            shown = ", ".join(f"'{name[:100]}'" for name in missing[:_SHOWN])
            columns = shown + (", …" if len(missing) > _SHOWN else "")
            warnings.add_missing(label, columns)


def _together(host: Host, column: str, labels: Sequence[str], tables: Sequence[Table]) -> Table:
    if all(cells.source is None for table in tables for cells in table.columns):
        host.check_size(sum(len(table) * (len(table.names) + 1) for table in tables), 8)
    parts = []
    for label, table in zip(labels, tables, strict=True):
        if column in table.names:
            raise runtime_error(
                "file_column_exists",
                "File '{file}' has a column '{column}' of its own: choose another file_column",
                file=label,
                column=column,
            )
        names = text_beside(table.columns, label, len(table))
        parts.append(Table([column, *table.names], [names, *table.columns], len(table)))
    if all(part.names == parts[0].names for part in parts):
        return under_each_other(parts)
    for label, table in zip(labels, tables, strict=True):
        repeated = [name for name, count in Counter(table.names).items() if count > 1]
        if repeated:
            raise runtime_error(
                "file_repeats_column",
                "File '{file}' has two columns '{column}', and the files differ in their columns",
                file=label,
                column=repeated[0],
            )
    return merged_outer(parts)
