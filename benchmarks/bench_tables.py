"""How fast tables are, as ratios to Polars, python-calamine and Python lists in the same run.

``python -m benchmarks.bench_tables [ROWS]`` prints a line for each: our time, the other's, and
the ratio, beside the most that it should be. Both are run in turns, and the best of each counts,
so that what else the machine does weighs the same on both.
"""

from __future__ import annotations

import gc
import importlib
import io
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import polars as pl
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from datacode.language.passes import folds as fold_pass
from datacode.plans.nodes import JoinKind
from datacode.runtime.builtins.arrays import average, sum_
from datacode.runtime.interpreter import Interpreter
from datacode.tables import folds
from datacode.tables.csv.read import read_csv
from datacode.tables.filters import where
from datacode.tables.group import Aggregate, grouped
from datacode.tables.join import equal_join
from datacode.tables.sort import sorted_by
from datacode.tables.xlsx.read import read_xlsx
from datacode.tables.xlsx.write import to_xlsx
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table

NAMES = ["id", "price", "qty", "name", "city", "active", "day", "note"]
TURNS = 7


def race(
    title: str,
    most: float,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    turns: int = TURNS,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Run both in turns and print the best times and their ratio. Where both sides are ours,
    ``clock`` may be processor time, which does not depend on what else the machine does.
    """
    best = [float("inf")] * 2
    for _ in range(turns):
        for side, work in enumerate((ours, theirs)):
            gc.collect()
            start = clock()
            result = work()
            best[side] = min(best[side], clock() - start)
            del result
    ratio = best[0] / best[1]
    verdict = "" if ratio <= most else "   TOO SLOW"
    print(
        f"{title:42} {best[0] * 1000:9.1f} ms {best[1] * 1000:9.1f} ms"
        f" {ratio:6.2f} (at most {most}){verdict}",
        flush=True,
    )


def write_csv(path: Path, rows: int) -> None:
    """A file with numbers, texts, bools, dates and empty cells."""
    choose = random.Random(1)
    cities = ["Oslo", "Riga", "Москва", "Berlin", "Rome"]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(NAMES) + "\n")
        for i in range(rows):
            note = "" if i % 5 == 0 else f"some note {i % 977}"
            file.write(
                f"{i},{choose.random() * 1000:.2f},{choose.randint(0, 500)}"
                f",name{choose.randint(0, 99999)},{choose.choice(cities)}"
                f",{choose.choice(['true', 'false'])}"
                f",2024-{choose.randint(1, 12):02}-{choose.randint(1, 28):02},{note}\n"
            )


# Reading -------------------------------------------------------------------------


def polars_csv(path: Path) -> pl.DataFrame:
    """Read text and cast it, by somebody who knows the columns' types beforehand."""
    text = pl.read_csv(path, infer_schema=False)
    return text.with_columns(
        pl.col("id", "price", "qty").cast(pl.Float64, strict=False),
        (pl.col("active") == "true").alias("active"),
    )


def polars_csv_trimmed(path: Path) -> pl.DataFrame:
    """The same with every cell trimmed, as the language wants it."""
    text = pl.read_csv(path, infer_schema=False).with_columns(pl.all().str.strip_chars())
    return text.with_columns(
        pl.col("id", "price", "qty").cast(pl.Float64, strict=False),
        (pl.col("active") == "true").alias("active"),
    )


def our_csv(path: Path) -> Table:
    """Read by the rules."""
    with path.open("rb") as file:
        return read_csv(file)


def calamine_rows(path: Path) -> list[list[Any]]:
    """What python-calamine gives of itself."""
    with path.open("rb") as file:
        return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()


def our_xlsx(path: Path) -> Table:
    """Read by the rules, sizes bounded before."""
    with path.open("rb") as file:
        return read_xlsx(file)


def openpyxl_alone(table: Table) -> None:
    """Write a workbook of one sheet, a row at a time."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(table.names)
    for row in table.rows():
        sheet.append(row)
    book.save(io.BytesIO())


def bench_reading(folder: Path, rows: int) -> Table:
    """CSV and XLSX, which is written, too."""
    path = folder / "big.csv"
    write_csv(path, rows)
    race(f"CSV, {rows} x 8", 1.3, lambda: our_csv(path), lambda: polars_csv(path))
    race(
        f"CSV, {rows} x 8, cells trimmed",
        1.3,
        lambda: our_csv(path),
        lambda: polars_csv_trimmed(path),
    )
    table = our_csv(path)
    ten = Table([*NAMES, "x", "y"], [*table.columns, table.columns[1], table.columns[2]], rows)
    book = folder / "big.xlsx"
    part = ten.slice(0, rows // 10)
    book.write_bytes(to_xlsx({"Sheet1": part}))
    race(f"XLSX, {len(part)} x 10", 1.25, lambda: our_xlsx(book), lambda: calamine_rows(book))
    race(
        f"write XLSX, {len(part)} x 10",
        0.31,
        lambda: to_xlsx({"Sheet1": part}),
        lambda: openpyxl_alone(part),
        turns=2,
    )
    return table


# Working with columns -------------------------------------------------------------


def no_call(name: str, arguments: list[Any]) -> Any:
    """No function of a program is called."""
    raise NotImplementedError


def bench_columns(table: Table) -> None:
    """Filters, order, groups, joins and sums of a long table."""
    rows = len(table)
    frame = pl.DataFrame(
        {n: c.stored_series() for n, c in zip(table.names, table.columns, strict=True)}
    )
    price, name = table.columns[1], table.columns[3]
    race(
        "filter by a number",
        1.5,
        lambda: table.keep(where(price, ">", 500.0)),
        lambda: frame.filter(pl.col("price") > 500.0),
    )
    race(
        "filter by a text",
        1.5,
        lambda: table.keep(where(name, "=", "name7")),
        lambda: frame.filter(pl.col("name") == "name7"),
    )
    race(
        "sort by a number",
        1.5,
        lambda: sorted_by(table, 1),
        lambda: frame.sort("price", maintain_order=True),
    )
    race(
        "sort by a text",
        1.5,
        lambda: sorted_by(table, 3),
        lambda: frame.sort("name", maintain_order=True),
    )
    wanted = [Aggregate("n", 1, "count"), Aggregate("total", 1, "sum")]
    race(
        "group",
        1.5,
        lambda: grouped(table, [3], wanted, no_call),
        lambda: frame.group_by("name", maintain_order=True).agg(
            pl.col("price").count().alias("n"), pl.col("price").sum().alias("total")
        ),
    )
    right = Table(["key", "factor"], table.take(list(range(0, rows, 3))).columns[:2])
    right_frame = frame.gather_every(3).select(
        pl.col("id").alias("key"), pl.col("price").alias("f")
    )
    race(
        "join",
        1.5,
        lambda: equal_join(table, right, [("id", "key")], JoinKind.INNER, lambda _: None),
        lambda: frame.join(
            right_frame, left_on="id", right_on="key", maintain_order="left_right", coalesce=False
        ),
    )
    column = table.column_named("price")
    series = frame["price"]
    race("sum of a column", 2, lambda: sum_(column), series.sum)
    race("average of a column", 2, lambda: average(column), series.mean)


COMPUTED = {
    "price * qty + 1": pl.col("price") * pl.col("qty") + 1,
    "if(qty > 250, 'big', 'small')": pl.when(pl.col("qty") > 250)
    .then(pl.lit("big"))
    .otherwise(pl.lit("small")),
    "if(note is null, '', note)": pl.when(pl.col("note").is_null())
    .then(pl.lit(""))
    .otherwise(pl.col("note")),
    "city + ' ' + name": pl.col("city") + " " + pl.col("name"),
    "month(day)": pl.col("day").str.to_date().dt.month(),
}
"""Expressions of a new column, and the same in Polars."""

FILTERS = {
    "city in ['Oslo', 'Riga']": pl.col("city").is_in(["Oslo", "Riga"]),
    "price between 100 and 200": pl.col("price").is_between(100, 200),
    "name like 'name1%'": pl.col("name").str.starts_with("name1"),
    "name matches '[13]7$'": pl.col("name").str.contains("[13]7$"),
    "price > qty and note is not null": (pl.col("price") > pl.col("qty"))
    & pl.col("note").is_not_null(),
}
"""Conditions, and the same in Polars."""

CALLS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "table_sort(t, ['city', 'price'], [true, false])": lambda f: f.sort(
        "city", "price", descending=[False, True], maintain_order=True
    ),
    "table_sort(t, 'name', locale='ru')": lambda f: f.sort(
        pl.col("name").str.to_lowercase(), maintain_order=True
    ),
    "table_fill(t, 'note', 'down')": lambda f: f.with_columns(
        pl.col("note").fill_null(strategy="forward")
    ),
    "table_unpivot(t, ['id'], ['price', 'qty'])": lambda f: f.unpivot(
        on=["price", "qty"], index="id"
    ),
    "table_split(t, 'day', '-', ['y', 'm', 'd'])": lambda f: f.with_columns(
        pl.col("day").str.splitn("-", 3).struct.rename_fields(["y", "m", "d"])
    ).unnest("day"),
    "table_explode(t, 'day', '-')": lambda f: f.with_columns(pl.col("day").str.split("-")).explode(
        "day"
    ),
    "table_dedupe(t, ['name', 'city'])": lambda f: f.unique(["name", "city"], maintain_order=True),
    "table_count(t, 'city')": lambda f: f["city"].value_counts(sort=True),
    "table_top(t, 10, 'price')": lambda f: f.top_k(10, by="price"),
    "table_top(t, 3, 'price', 'city')": lambda f: (
        f.sort("price", descending=True, maintain_order=True)
        .group_by("city", maintain_order=True)
        .head(3)
    ),
    "table_window(t, {w: ['qty', 'sum']}, 'city')": lambda f: f.with_columns(
        pl.col("qty").cum_sum().over("city").alias("w")
    ),
    "table_window(t, {w: ['qty', 'lag']}, 'city', 'day')": lambda f: f.with_columns(
        pl.col("qty").shift(1).over("city", order_by="day").alias("w")
    ),
    "table_window(t, {w: ['qty', 'rolling_mean', 7]})": lambda f: f.with_columns(
        pl.col("qty").rolling_mean(7).alias("w")
    ),
    "table_window(t, {w: ['price', 'rank']}, 'city')": lambda f: f.with_columns(
        pl.col("price").rank("min", descending=True).over("city").alias("w")
    ),
    "table_pivot(t, 'day', 'city', 'qty')": lambda f: f.pivot(
        on="city", index="day", values="qty", aggregate_function="sum"
    ),
    "table_months(t, 'day', {n: ['qty', 'sum']})": lambda f: f.group_by(
        pl.col("day").str.to_date().dt.truncate("1mo")
    ).agg(pl.col("qty").sum()),
    "table_quantile(t, 'price', 0.9)": lambda f: f["price"].quantile(0.9, "linear"),
}
"""Calls, and what does the same in Polars."""


def bench_functions(table: Table) -> None:
    """Expressions over rows, and the functions that reshape and sum up tables."""
    frame = pl.DataFrame(
        {n: c.stored_series() for n, c in zip(table.names, table.columns, strict=True)}
    )
    interpreter = Interpreter()
    interpreter.define("t", table)

    def compare(title: str, program: str, theirs: Callable[[], Any]) -> None:
        race(title[:42], 1.5, lambda: run(interpreter, f"x = {program}"), theirs, turns=4)

    for text, expression in COMPUTED.items():
        program = f'table_add_column(t, "x", expression="{text}")'
        compare(text, program, partial(frame.with_columns, expression.alias("x")))
    for text, expression in FILTERS.items():
        compare(text, f'table_filter(t, "{text}")', partial(frame.filter, expression))
    for program, theirs in CALLS.items():
        compare(program, program, partial(theirs, frame))


# Programs --------------------------------------------------------------------------


ROW_LOOP = "total = 0\nfor row in {} do\n    total = total + row[1] * row[2]\nnext row\n"
HELD = "for row in t do\n    last = row\n    a = row[1]\nnext row\n"
UNPACKED = "for a, b, c, d, e, f, g, h in t do\n    last = h\nnext a\n"
ONE_CELL = "for row in t do\n    a = row[1]\nnext row\n"
ALL_CELLS = (
    "for row in t do\n"
    + "".join(f"    {name} = row[{place}]\n" for place, name in enumerate("abcdefgh"))
    + "next row\n"
)
SUMS = ROW_LOOP.format("t")
LOOPS = {"1 cell of 8": ONE_CELL, "all 8 cells": ALL_CELLS, "unpacked": UNPACKED, "held": HELD}
"""Loops that mixed columns allow, too."""


def run(interpreter: Interpreter, program: str) -> None:
    """Run a program that has no errors."""
    outcome = interpreter.run(program)
    assert outcome.error is None, outcome.error


def in_python(program: str) -> CodeType:
    """A loop in Python, word for word the same: at the top of a file, over global variables."""
    return compile(re.sub("next .*", "", program).replace(" do\n", ":\n"), "<loop>", "exec")


def bench_rows(table: Table) -> None:
    """A loop over rows, a table's and an array's that were made before."""
    part = table.slice(0, min(len(table), 100_000))
    interpreter = Interpreter()
    interpreter.define("t", part)
    interpreter.define("rows", list(part.rows()))
    race(
        f"loop over {len(part)} rows",
        1.5,
        lambda: run(interpreter, ROW_LOOP.format("t")),
        lambda: run(interpreter, ROW_LOOP.format("rows")),
    )


def bench_first_pass(table: Table) -> None:
    """The first loop over a table, beside the same loop in Python over lists.

    Every turn has a table of its own, so that nothing is kept. Python goes over the tuples of
    ``zip``: of ``Series.to_list()`` for typed columns, and for mixed ones of the lists of cells,
    which are there already.
    """
    part = table.slice(0, min(len(table), 100_000))
    series = [pl.Series(column.values()) for column in table.slice(0, len(part)).columns]
    lists = [
        ["n/a" if number % 50 == 0 else cell for number, cell in enumerate(column)]
        if place < 3
        else [float(number) if number % 50 == 0 else cell for number, cell in enumerate(column)]
        for place, column in enumerate(part.columns)
    ]
    mixed = [ColumnData.of_list(cells) for cells in lists]
    interpreter = Interpreter()

    def first_pass(columns: list[ColumnData], program: str) -> None:
        interpreter.define("t", Table(part.names, columns))
        run(interpreter, program)

    for title, program in {**LOOPS, "arithmetic": SUMS}.items():
        python = in_python(program)
        race(
            f"first loop over rows, typed, {title}",
            1.5,
            partial(first_pass, part.columns, program),
            lambda python=python: exec(  # type: ignore[misc]
                python, {"t": zip(*(each.to_list() for each in series), strict=True)}
            ),
        )
        if title not in LOOPS:
            continue
        race(
            f"first loop over rows, mixed, {title}",
            1.5,
            partial(first_pass, mixed, program),
            lambda python=python: exec(  # type: ignore[misc]
                python, {"t": zip(*lists, strict=True)}
            ),
        )


FOLDS = {
    "plain sum": (1 / 8, "s = s + row[0]"),
    "sum of a product": (1 / 8, "s = s + row[0] * rate"),
    "filter by number": (1 / 8, "if row[0] > 100 do\n s = s + row[1]\n n = n + 1\n endif"),
    "filter by text": (1 / 10, 'if row[2] == "Москва" do\n s = s + row[1] * rate\n endif'),
    "greatest": (1 / 8, "if row[0] > n do\n n = row[0]\n endif"),
    "push": (1 / 2, "if row[0] > 100 do\n xs = push(xs, row[1])\n endif"),
    "sums by key": (1 / 3, "by[row[2]] = by[row[2]] + row[0]"),
    "year of a date": (1 / 8, "if year(row[3]) == 2024 do\n s = s + row[0]\n endif"),
    "lookup by key": (1 / 3, "s = s + by[row[2]] * row[1]"),
}
"""Bodies of loops, and the most of the time row by row that they should take."""

CITIES = ("Москва", "Тверь", "Омск", "Уфа")
NEVER = 10**12


def fold_program(body: str) -> str:
    """A loop with this body, and its variables."""
    keys = "".join(f'by["{city}"] = 0\n' for city in CITIES)
    return (
        f"s = 0\nn = 0\nrate = 1.2\nxs = []\nby = {{}}\n{keys}for row in t do\n {body}\nnext row\n"
    )


def fold_table(rows: int) -> Table:
    """Two columns of fractions, one of texts, one of dates."""
    numbers = [pl.Series([random.uniform(0, 200) for _ in range(rows)]) for _ in range(2)]
    cities = pl.Series(random.choices(CITIES, k=rows))
    days = [f"202{random.randrange(2, 7)}-{random.randrange(1, 13):02}-17" for _ in range(rows)]
    columns = (*numbers, cities, pl.Series(days))
    return Table("abcd", [ColumnData.of_series(each) for each in columns])


def bench_folds() -> None:
    """Loops over two million rows for many at once, beside the same loops row by row."""
    interpreter = Interpreter()
    interpreter.define("t", fold_table(2_000_000))

    def from_rows(shortest: int, program: str) -> None:
        before, folds.SHORTEST = folds.SHORTEST, shortest
        run(interpreter, program)
        folds.SHORTEST = before

    # As in the processes of clients' programs, where charts have imported it.
    importlib.import_module("numpy")

    for title, (most, body) in FOLDS.items():
        program = fold_program(body)
        race(
            f"2,000,000 rows at once, {title}",
            most,
            partial(from_rows, 0, program),
            partial(from_rows, NEVER, program),
            turns=3,
            clock=time.process_time,
        )


def bench_short_loops() -> None:
    """A loop over 100 rows, beside one that was compiled without a fold."""
    interpreter = Interpreter()
    interpreter.define("t", fold_table(100))
    loop = "for k in range(1000) do\nfor row in t do\n {}\nnext row\nnext k\n"
    for title, body in (("sum", "s = s + row[0]"), ("filter", FOLDS["filter by number"][1])):
        program = "s = 0\nn = 0\n" + loop.format(body)
        unfolded = program + "\n"
        before, fold_pass._fold = fold_pass._fold, lambda *_: None
        run(interpreter, unfolded)
        fold_pass._fold = before
        race(
            f"1,000 loops over 100 rows, {title}",
            1.03,
            partial(run, interpreter, program),
            partial(run, interpreter, unfolded),
            turns=15,
            clock=time.process_time,
        )


def main() -> None:
    """All of it."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{'':42} {'ours':>12} {'theirs':>12}  ratio")
    with tempfile.TemporaryDirectory() as folder:
        table = bench_reading(Path(folder), rows)
    bench_columns(table)
    bench_functions(table)
    bench_rows(table)
    bench_first_pass(table)
    bench_folds()
    bench_short_loops()


if __name__ == "__main__":
    main()
