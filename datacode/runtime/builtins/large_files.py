"""Files whose tables are too large for memory: read piece by piece, and stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

from datacode.plans.client import Unavailable
from datacode.plans.rows import Making
from datacode.runtime.host import Host
from datacode.tables.csv.read import warn_of_table
from datacode.tables.csv.stream import stream_of
from datacode.tables.polars_files import PolarsFileParts
from datacode.tables.read_options import ReadOptions, Warn
from datacode.values.column_storage import ColumnData
from datacode.values.stored_column import BATCH
from datacode.values.table import Table

_SIZE_IN_MEMORY = 6
"""So many times the size of a file is about what reading it into memory takes."""

_PIECE = 1 << 20, 8 << 20
"""Bytes of a file that are read at once: with little memory, and at most."""


def stored_csv(
    host: Host, path: str, file: BinaryIO, options: ReadOptions, warn: Warn
) -> Table | None:
    """The table of a large CSV file, stored; None where it is to be read into memory.

    Raises the errors of ``read_csv``.
    """
    storage = host.large_tables
    if storage is None or not file.seekable():
        return None
    size = _size_of(file)
    if not storage.threshold or size * _SIZE_IN_MEMORY <= storage.threshold:
        return None
    stream = stream_of(file, size, options, min(max(host.memory_limit >> 6, _PIECE[0]), _PIECE[1]))
    if stream is None:
        return None
    making: list[Making] = []
    file.seek(0)

    def begin() -> Callable[[list[ColumnData]], None]:
        making[:] = [storage.making()]
        return add

    def add(columns: list[ColumnData]) -> None:
        making[0].add(columns)
        host.progress(path, file.tell(), size)

    try:
        stream.read(begin)
        rows = storage.finished(making[0], "read_file")
    except Unavailable as refused:
        if refused.is_told:
            warn(refused.message)
        file.seek(0)
        return None
    if rows is None:
        return None
    table = Table(stream.names, rows.columns())
    stream.warn_of_rows(warn)
    warn_of_table(table, options, warn)
    return table


def _size_of(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def stored_polars_file(
    host: Host, path: str, kind: str, file: BinaryIO, warn: Warn
) -> Table | None:
    """The table of a large Parquet or Arrow file, stored; None where it is read into memory.

    Raises the errors of ``from_polars_file``.
    """
    storage = host.large_tables
    if storage is None or not storage.threshold or not _has_descriptor(file):
        return None
    size = _size_of(file)
    if not size:
        return None
    found = PolarsFileParts(kind, file)
    if not found.names or found.size_in_memory <= storage.threshold:
        return None
    at_once = max(1024, 8 * BATCH // (len(found.names) + 1))

    def parts() -> Iterator[list[ColumnData]]:
        for number, columns in enumerate(found.parts(at_once)):
            host.progress(path, size * number * at_once // max(found.row_count, 1), size)
            yield columns
        host.progress(path, size, size)

    pieces = parts()
    try:
        rows = storage.store(lambda: next(pieces, None), "read_file")
    except Unavailable as refused:
        if refused.is_told:
            warn(refused.message)
        return None
    return None if rows is None else Table(found.names, rows.columns())


def _has_descriptor(file: BinaryIO) -> bool:
    try:
        return file.seekable() and file.fileno() >= 0
    except (OSError, AttributeError):
        return False
