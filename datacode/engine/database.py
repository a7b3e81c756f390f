"""DuckDB with nothing but a folder: what it may open, how much memory and disk it may take."""

from __future__ import annotations

import os

import duckdb

MEMORY_PART = 0.4
"""DuckDB's own limit as a part of that on the process: it counts only a part of what it takes."""

_LEAST = 128 * 2**20
"""Bytes that it gets at the second try; less helps some sorts and joins that fail with more."""

Interrupted = duckdb.InterruptException
Failure = duckdb.Error


def opened(folder: str, memory: int, quota: int) -> list[duckdb.DuckDBPyConnection]:
    """Databases in memory that see only the folder: the usual one, and one with less memory.

    They look at the machine when they are opened, so that has to be before the walls are up.
    """
    limits = [int(memory * MEMORY_PART), min(_LEAST, int(memory * MEMORY_PART / 2))]
    return [_open(folder, limit, quota, number) for number, limit in enumerate(limits)]


def _open(folder: str, memory: int, quota: int, number: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": f"{memory >> 20}MiB",
            "temp_directory": os.path.join(folder, f"temporary-{number}"),
            "max_temp_directory_size": f"{max(quota >> 20, 1)}MiB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
    )
    connection.execute("SET enable_progress_bar = true")  # counted, not shown
    connection.execute("SET enable_progress_bar_print = false")
    allowed = folder.replace("'", "''")
    connection.execute(f"SET allowed_directories = ['{allowed}']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    connection.execute("SELECT 1").fetchall()
    return connection
