"""Tables larger than memory: a CSV of many rows; filters, groups, sorts and joins of it in files.

``python -m benchmarks.bench_large [ROWS [STEP …]]`` makes the file (8 columns, about 63 bytes a
row) in the system's temporary folder, and runs each step, or those whose names begin so, with a
budget of 128 MiB for columns in memory and an engine of 512 MiB. Beside the processor time of a
step, that of the engine included, stands what Polars takes for it in memory, for as many rows as
fit there (``POLARS_ROWS``), reckoned up to all of them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from datacode import Interpreter
from datacode.plans.client import Connection, EngineClient
from datacode.plans.process import start
from datacode.plans.rows import Storage
from datacode.plans.settings import EngineSetting

ROWS = 2_000_000
POLARS_ROWS = int(os.environ.get("POLARS_ROWS", "5000000"))
_AT_ONCE = 1_000_000


def write_csv(path: Path, rows: int) -> None:
    """The file, a million rows at a time."""
    with path.open("wb") as file:
        for first in range(0, rows, _AT_ONCE):
            row = pl.int_range(first, min(first + _AT_ONCE, rows), eager=True)
            spread = (row * 2_654_435_761) % 4_294_967_296
            frame = pl.DataFrame(
                {
                    "id": row,
                    "key": spread % 200_000,
                    "city": _texts("city", spread % 50),
                    "name": _texts("name ", spread % 1_000_003),
                    "amount": (spread % 2_000_003) / 1000 - 1000,
                    "flag": spread % 3 == 0,
                    "year": spread % 30 + 1990,
                    "note": _texts("text ", spread % 997),
                }
            )
            file.write(frame.write_csv(include_header=first == 0).encode())


def _texts(word: str, numbers: pl.Series) -> pl.Series:
    return pl.Series([word]).new_from_index(0, len(numbers)) + numbers.cast(pl.String)


STEPS: list[tuple[str, str, Callable[[pl.DataFrame], Any]]] = [
    (
        "filter",
        "f = table_filter(t, \"amount > 900 and city = 'city7'\")",
        lambda t: t.filter((pl.col("amount") > 900) & (pl.col("city") == "city7")),
    ),
    (
        "group, 50 keys",
        'g = table_group(t, "city", {s: ["amount", "sum"], n: ["amount", "count"]})',
        lambda t: t.group_by("city", maintain_order=True).agg(
            pl.col("amount").sum().alias("s"), pl.col("amount").count().alias("n")
        ),
    ),
    (
        "group, 200,000 keys",
        'k = table_group(t, "key", {s: ["amount", "sum"], n: ["amount", "count"]})',
        lambda t: t.group_by("key", maintain_order=True).agg(
            pl.col("amount").sum().alias("s"), pl.col("amount").count().alias("n")
        ),
    ),
    (
        "sort by number",
        's = table_sort(t, "amount")',
        lambda t: t.sort("amount", maintain_order=True),
    ),
    ("sort by text", 's = table_sort(t, "name")', lambda t: t.sort("name", maintain_order=True)),
    (
        "join",
        's = null\nk = table_group(t, "key", {s: ["amount", "sum"]})\nj = inner_join(t, k, "key")',
        lambda t: t.join(
            t.group_by("key", maintain_order=True).agg(pl.col("amount").sum().alias("s")),
            on="key",
            maintain_order="left_right",
        ),
    ),
    (
        "self join",
        'j = inner_join(t, table_select(t, ["id", "amount"]), "id")',
        lambda t: t.join(t.select("id", "amount"), on="id", maintain_order="left_right"),
    ),
]


def main() -> None:
    """Make the file, run the steps, print a table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    chosen = tuple(sys.argv[2:]) or ("",)
    with tempfile.TemporaryDirectory(prefix="datacode-bench-") as folder:
        path = Path(folder, "large.csv")
        write_csv(path, rows)
        size = path.stat().st_size
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB")
        os.mkdir(f"{folder}/tables")
        engines = []

        def connect() -> Connection:
            process, stream = start(EngineSetting(f"{folder}/tables", quota=100 << 30))
            engines.append(process.pid)
            return Connection(stream)

        client = EngineClient(connect)
        storage = Storage(client, threshold=1 << 20, memory=128 << 20, small=8 << 20)
        interpreter = Interpreter(large_tables=storage, memory_limit=512 << 20)
        begin = _processor(engines)
        _run(interpreter, f't = read_file("{path}")')
        spent = _processor(engines) - begin
        print(f"{'read':20} {spent:8.2f} s  {size / 1e6 / spent:6.0f} MB/s a core")
        part = min(rows, POLARS_ROWS)
        frame = pl.read_csv(path, n_rows=part)
        for name, code, of_polars in STEPS:
            if not name.startswith(chosen):
                continue
            begin = _processor(engines)
            _run(interpreter, code)
            spent = _processor(engines) - begin
            begin = time.process_time()
            of_polars(frame)
            base = (time.process_time() - begin) * rows / part
            print(f"{name:20} {spent:8.2f} s  Polars in memory {base:8.2f} s  {spent / base:6.2f}")
        client.close()


def _run(interpreter: Interpreter, code: str) -> None:
    error = interpreter.run(code).error
    if error is not None:
        raise SystemExit(f"{code}: {error}")


def _processor(engines: list[int]) -> float:
    """The processor time of this process, and of the engine that its first process has forked."""
    return time.process_time() + sum(map(_of_children, engines))


def _of_children(process: int) -> float:
    ticks = os.sysconf("SC_CLK_TCK")
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if fields[1] == str(process):
            return (int(fields[11]) + int(fields[12])) / ticks
    return 0.0


if __name__ == "__main__":
    main()
