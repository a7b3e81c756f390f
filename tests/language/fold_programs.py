"""Random loops over random tables, to compare folds with the same loops row by row.

Run by hand for many: ``python -m tests.language.fold_programs 100000``.
"""

from __future__ import annotations

import gc
import math
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest import mock

import numpy

from datacode import Interpreter
from datacode.tables import folds, running_sums
from datacode.values.column_storage import ColumnData
from datacode.values.table import Column, Table
from datacode.values.types import Value

NUMBERS = (0.0, -0.0, 1.0, -1.0, 2.0, 0.1, 0.2, 0.3, 1e300, -1e300, 1e-300, 7.0, 100.0, 1e16, 3.5)
CLOSE = (1.0, 1.0 + 2.0**-52, 1.0 - 2.0**-53, 0.5, 0.5 + 2.0**-53, 2.0**-52, 2.0**-53, 0.0, -0.0)
ODD = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5)
TEXTS = ("a", "b", "Москва", "", "2024-01-02", "01.02.2024", "$5", "10", "z", "A", ":", "a\x00b")

COLUMNS: tuple[Callable[[Random], Value], ...] = (
    lambda r: float(r.randrange(-5, 20)),
    lambda r: float(r.randrange(1, 9)),
    lambda r: r.uniform(-1e3, 1e3) * 10.0 ** r.randrange(-9, 9),
    lambda r: r.uniform(0, 100),
    lambda r: r.choice(NUMBERS),
    lambda r: r.choice(CLOSE),
    lambda r: r.choice(ODD),
    lambda r: r.choice(TEXTS),
    lambda r: r.choice("abc"),
    lambda r: r.random() < 0.5,
    lambda r: None,
    lambda r: r.choice((1.0, "a", None, True)),
    lambda r: f"{r.randrange(2023, 2027)}-{r.randrange(1, 14):02}-{r.randrange(1, 32):02}",
)

WIDTH = 5
_WHOLE, _COUNT, _ANY_SIZE, _AMOUNT, _SPECIAL, _CLOSE, _ODD, _TEXT, _LETTER, _BOOL = COLUMNS[:10]
TAME = (
    (_WHOLE, _COUNT, _ANY_SIZE, _AMOUNT),
    (_ANY_SIZE, _AMOUNT, _SPECIAL, _CLOSE),
    (_LETTER, _TEXT),
    (_BOOL, _AMOUNT, _LETTER),
    (_LETTER, _TEXT, _ODD, COLUMNS[-1]),
)


def random_table(random: Random, most_rows: int) -> Table:
    """A table of numbers, texts and bools, with a few cells or columns of other kinds."""
    rows = random.choice((0, 1, random.randrange(most_rows), most_rows, most_rows))
    columns = []
    tame = random.choice((0.8, 0.95, 1.0))
    for index in range(WIDTH):
        is_tame = random.random() < tame
        make = random.choice(TAME[index] if is_tame else COLUMNS)
        holes = 0.0 if is_tame else random.choice((0.0, 0.1, 1.5 / (rows + 1)))
        cells = [None if random.random() < holes else make(random) for _ in range(rows)]
        column = ColumnData.of_list(cells)
        if random.random() < 0.7:
            series = column.stored_series()
            column = column if series is None else ColumnData.of_series(series)
        columns.append(column)
    return Table([f"c{i}" for i in range(WIDTH)], columns, rows)


class Programs:
    """Makes programs that loop over the table ``t``."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._set: list[str] = []

    def program(self) -> str:
        """A program: variables, a loop, and what has become of them."""
        random = self._random
        lines = [
            "s = " + random.choice(("0", "0", "5", "0.1", "-3", "-0", "9007199254740990", "null")),
            f"n = {random.choice(('0', '0', '10', '0.5'))}",
            f"best = {random.choice(('null', '0', '5', '-1000', '7'))}",
            f"rate = {random.choice(('2', '0.1', '-1', '0', 'null', '12345678912345'))}",
            "word = " + random.choice(('"a"', '"Москва"', '""', '"z"', '"2024-01-02"')),
            "last = null",
            "xs = []",
            "cfg = {rate: 1.5, word: 'b', parts: [2, 'a', null], more: {rate: -0.1}}",
            random.choice(("rates = {a: 1, b: 2.5, c: -3}", "rates = {a: 'x', b: 'y', z: null}")),
        ]
        if random.random() < 0.5:
            lines.append('rates["Москва"] = rates.a')
        lines += random.choice((["by = {}"], ["by = {a: 0, b: 0.1, c: 5}"]))
        self._shape = random.choice((0, 0, 0, 1, 2, 3))
        self._is_wild = random.random() < 0.4
        self._set = []
        head, end = (
            ("for row in t do", "next row"),
            ("for i, row in enum(t) do", "next i"),
            ("for c0, c1, c2, c3, c4 in t do", "next c0"),
            ('for x in t["c0"] do', "next x"),
        )[self._shape]
        body = self._block(random.randrange(1, 5), 1)
        if random.random() < 0.15:
            return "\n".join([*self._in_function(lines, head, body, end), *_AFTER])
        if random.random() < 0.1:
            body = ["  try", *body, "  catch e", "    last = e", "  endtry"]
        return "\n".join([*lines, head, *body, end, *_AFTER])

    def _in_function(self, lines: list[str], head: str, body: list[str], end: str) -> list[str]:
        made = ["function f(t) do", *(f"  {line}" for line in lines)]
        made += [f"  {line}" for line in (head, *body, end)]
        made.append("  return [s, n, best, last, xs, by]")
        return [*made, "endfunction", *lines, "last = f(t)"]

    # Statements -----------------------------------------------------------------

    def _block(self, count: int, depth: int) -> list[str]:
        known = list(self._set)
        made = []
        for _ in range(count):
            made += self._statement(depth)
        self._set = known
        return made

    def _statement(self, depth: int) -> list[str]:
        random, space = self._random, "  " * depth
        kind = random.random()
        if kind < 0.25 and depth < 4:
            return self._if(depth)
        if not self._is_wild and kind < 0.6:
            kind = 0.6 + kind / 2
        if kind < 0.30:
            if depth > 1 and random.random() < 0.3:
                test = self._condition(1)
                return [f"{space}if {test} do", f"{space}  next {self._next()}", f"{space}endif"]
            name = random.choice(("u", "v", "last"))
            made = [f"{space}{name} = {self._any(2)}"]
            self._set.append(name)
            return made
        if kind < 0.40:
            return self._extreme(space)
        if kind < 0.46:
            return [f"{space}xs = push(xs, {self._any(2)})"]
        if kind < 0.52:
            return self._by_key(space)
        if kind < 0.66:
            name = random.choice(("u", "last", "v"))
            made = [f"{space}{name} = {self._number(2)}"]
            self._set.append(name)
            return made
        if kind < 0.75:
            return [f"{space}n = n + 1"]
        if kind < 0.78:
            return [f"{space}s = s + {self._number(2)} - {self._number(1)}"]
        if kind < 0.80:
            return [f"{space}s = {self._number(1)} + s"]
        if kind < 0.82:
            return [f"{space}last = {random.choice(('s', 'n', 'last', 'rate'))}"]
        name = random.choice("ssn")
        return [f"{space}{name} = {name} {random.choice('++-')} {self._number(2)}"]

    def _if(self, depth: int) -> list[str]:
        random, space = self._random, "  " * depth
        made = [
            f"{space}if {self._condition(2)} do",
            *self._block(random.randrange(1, 3), depth + 1),
        ]
        if random.random() < 0.15:
            made.append(f"{space}  next {self._next()}")
        if random.random() < 0.25:
            made.append(f"{space}else if {self._condition(1)} do")
            made += self._block(1, depth + 1)
        if random.random() < 0.3:
            made += [f"{space}else", *self._block(1, depth + 1)]
        return [*made, f"{space}endif"]

    def _next(self) -> str:
        return ("row", "i", "c0", "x")[self._shape]

    def _extreme(self, space: str) -> list[str]:
        random = self._random
        value, sign = self._number(1), random.choice(("<", ">", "<=", ">="))
        test = f"{value} {sign} best" if random.random() < 0.7 else f"best {sign} {value}"
        more = [f"{space}  last = {self._any(1)}"] if random.random() < 0.4 else []
        choice = [f"{space}if {test} do", f"{space}  best = {value}", *more, f"{space}endif"]
        if random.random() < 0.4:
            choice[0] = f"{space}else {choice[0].strip()}"
            choice = [f"{space}if best == null do", f"{space}  best = {value}", *choice]
        return choice

    def _by_key(self, space: str) -> list[str]:
        key, value = self._text(), self._number(1)
        if self._random.random() < 0.5:
            key = self._cell(2)
        add = f"{space}by[{key}] = by[{key}] + {value}"
        if self._random.random() < 0.5:
            return [add]
        return [
            f"{space}if not has_key(by, {key}) do",
            f"{space}  by[{key}] = 0",
            f"{space}endif",
            add,
        ]

    # Expressions ----------------------------------------------------------------

    def _cell(self, column: int | None = None) -> str:
        random = self._random
        column = random.randrange(WIDTH) if column is None else column
        if self._shape == 3:
            return "x"
        if self._shape == 2:
            return f"c{column}"
        return f"row[{column - WIDTH if random.random() < 0.1 else column}]"

    def _number(self, depth: int) -> str:
        random = self._random
        kind = random.random()
        if depth == 0 or kind < 0.45:
            kind = random.random()
            if kind < 0.65:
                return self._cell(random.randrange(2))
            if kind < 0.67:
                return self._cell()
            if kind < 0.75 and self._set:
                return random.choice(self._set)
            if kind < 0.8 and self._shape == 1:
                return "i"
            if kind < 0.86:
                return random.choice(_PARTS)
            if kind < 0.9:
                return "rate"
            return random.choice(("1", "2", "0.1", "7", "-1", "0", "3.5", "100", "1000"))
        if kind < 0.5:
            return f"-{self._number(0)}"
        if kind < 0.56:
            value = self._number(depth - 1)
            calls = [f"round({value}, 2)", f"round({value})", f"abs({value})"]
            calls += [f"len({self._text()})", f"{self._cell(2)}.len", f"sqrt({value})"]
            calls += [f"{name}({self._cell(4)})" for name in ("year", "month", "weekday")]
            calls += [f"number({self._text()})", f"rates[{self._cell(2)}]"]
            return random.choice(calls)
        sign = random.choice("+-*+-*+-*/%^")
        return f"({self._number(depth - 1)} {sign} {self._number(depth - 1)})"

    def _text(self) -> str:
        random = self._random
        if random.random() < 0.6:
            return self._cell(random.choice((2, 2, 2, 3, 4)))
        if random.random() < 0.2:
            cell = self._cell(2)
            calls = [f"upper({cell})", f"trim({cell})", f"{cell}.lower", f"substring({cell}, 0, 1)"]
            calls += [f"str({self._number(0)})", "cfg.word", "cfg.parts[1]", f"rates[{cell}]"]
            return random.choice(calls)
        return random.choice(("word", '"2024-05-01"', '"a"', '"b"', '"z"', '"10"', '"Москва"'))

    def _any(self, depth: int) -> str:
        random = self._random
        kind = random.random()
        if kind < 0.5:
            return self._number(depth)
        if kind < 0.8:
            return self._text()
        return random.choice(
            (self._condition(1), "null", "true", f"{self._text()} + {self._text()}")
        )

    def _condition(self, depth: int) -> str:
        random = self._random
        kind = random.random()
        if depth and kind < 0.3:
            word = random.choice(("and", "or"))
            return f"({self._condition(depth - 1)} {word} {self._condition(depth - 1)})"
        if depth and kind < 0.38:
            return f"not ({self._condition(depth - 1)})"
        if kind < 0.65:
            sign = random.choice(("<", "<=", ">", ">=", "==", "!="))
            return f"{self._number(1)} {sign} {self._number(0)}"
        if kind < 0.85:
            if random.random() < 0.1:
                return f"{random.choice(('contains', 'starts_with'))}({self._text()}, word)"
            if random.random() < 0.2:
                day = f'"{random.randrange(2023, 2027)}-0{random.randrange(1, 10)}-01"'
                return f"{self._cell(4)} {random.choice(('<', '<=', '>', '>='))} {day}"
            sign = random.choice(("==", "==", "==", "!=", "!=", "<", ">="))
            return f"{self._text()} {sign} {self._text()}"
        if kind < 0.92:
            return f"{self._cell()} {random.choice(('==', '!='))} null"
        return random.choice((self._cell(), "true", f"{self._cell()} == true", self._number(0)))


_PARTS = ("cfg.rate", 'cfg["rate"]', "cfg.parts[0]", "cfg.more.rate", "rates.b", "cfg.parts[2]")

_AFTER = ("print(s, n, best, last)", "print(xs)", "print(by)")


def exact(value: Value) -> Any:
    """What two values have in common only if they are the same, down to the sign of zero."""
    if value.__class__ is float:
        return "nan" if value != value else struct.pack("<d", value)
    if value.__class__ is list:
        return [exact(each) for each in value]
    if value.__class__ is dict:
        return {key: exact(each) for key, each in value.items()}
    if isinstance(value, Table | Column):
        return value.__class__
    return value.__class__, value


def outcome(program: str, table: Table, max_steps: int | None = None) -> tuple[Any, ...]:
    """What a program prints, its error with its place, and its variables."""
    interpreter = Interpreter(max_steps=max_steps)
    interpreter.define("t", table)
    found = interpreter.run(program)
    error = found.error
    place = None if error is None else (str(error), error.line, error.column)
    variables = interpreter.globals_for_export()
    return found.output, place, {name: exact(value) for name, value in variables.items()}


@contextmanager
def chunks_of(rows: int, shortest: int = 0) -> Iterator[None]:
    """While tables of so many rows are folded, in chunks of ``rows``."""
    before = folds.SHORTEST, folds.SHORTEST_COSTLY, folds.CHUNK
    folds.SHORTEST, folds.SHORTEST_COSTLY, folds.CHUNK = shortest, shortest, rows
    try:
        yield
    finally:
        folds.SHORTEST, folds.SHORTEST_COSTLY, folds.CHUNK = before


@contextmanager
def numpy_imported(is_imported: bool) -> Iterator[None]:
    """While folds are run with NumPy, also for a few numbers, or as if it were not imported."""
    with mock.patch.multiple(
        running_sums,
        SHORT=3,
        SHORT_WITHOUT_NUMPY=3,
        FEW_KEYS=3,
        imported_numpy=lambda: numpy if is_imported else None,
    ):
        yield


def differences(seeds: range) -> Iterator[str]:
    """The programs for which folds and rows differ."""
    with rarely_collected():
        yield from _differences(seeds)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """While Python looks for garbage rarely, which takes three times as long as all the rest."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _differences(seeds: range) -> Iterator[str]:
    for seed in seeds:
        random = Random(seed)
        table = random_table(random, 30)
        program = Programs(random).program()
        steps = random.randrange(2000) if random.random() < 0.05 else None
        with chunks_of(random.choice((1, 2, 3, 7, 100))), numpy_imported(random.random() < 0.5):
            folded = outcome(program, table, steps)
        with chunks_of(1, shortest=sys.maxsize):
            one_by_one = outcome(program, table, steps)
        if folded != one_by_one:
            yield f"seed {seed}\n{program}\n{folded}\n{one_by_one}"


if __name__ == "__main__":
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found = 0
    for text in differences(range(start, start + int(sys.argv[1]))):
        print(text, flush=True)
        found += 1
    print(f"{sys.argv[1]} programs, {found} differences")
