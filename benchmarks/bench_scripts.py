"""Programs against hand-written Python: the same work on floats, lists and strings in a function.

Run ``python benchmarks/bench_scripts.py``; each line has the two times and their ratio, taken in
turns in one process. Before them stands the time to compile the programs of the tests and examples;
behind them the curves: the time for each step of building arrays and strings and of assigning
elements must not grow with their number.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import statistics
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datacode import Interpreter
from datacode.errors import DataCodeError
from datacode.language.analysis.environment import CompileEnvironment
from datacode.language.compiler import (
    Definition,
    TopLevelChunk,
    compile_chunk,
    compile_function,
    split,
)
from datacode.language.syntax.parser import parse
from datacode.runtime.builtins.registry import BUILTINS
from datacode.values.table import Table

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7


@dataclass(frozen=True)
class Case:
    """A program, or several of one session, and what a Python programmer would write for it.

    ``table`` is the variable ``t`` of the program. ``is_quadratic``: over globals Python copies a
    string again and again, which would take minutes.
    """

    name: str
    program: str | tuple[str, ...]
    python: Callable[[], object]
    table: Table | None = None
    is_quadratic: bool = False


def loop() -> float:
    total = 0.0
    for i in range(300_000):
        total = total + i % 7.0 * 2.0 + 1.0
    return total


LOOP = """
total = 0
for i in range(300000) do
  total = total + i % 7 * 2 + 1
next i
"""


def branches() -> float:
    odd = even = 0.0
    for i in range(300_000):
        x = float(i)
        if x % 2.0 == 0.0:
            even = even + x
        elif x > 1000.0:
            odd = odd + 1.0
    return odd + even


BRANCHES = """
function work() do
  odd = 0
  even = 0
  for i in range(300000) do
    if i % 2 == 0 do
      even = even + i
    else if i > 1000 do
      odd = odd + 1
    endif
  next i
  return odd + even
endfunction
work()
"""


def fib(n: float) -> float:
    if n < 2.0:
        return n
    return fib(n - 1.0) + fib(n - 2.0)


FIB = """
function fib(n) do
  if n < 2 do
    return n
  endif
  return fib(n - 1) + fib(n - 2)
endfunction
fib(23)
"""


def add_up(a: float, b: float, c: float) -> float:
    return a * b + c


def calls() -> float:
    total = 0.0
    for i in range(200_000):
        total = add_up(total, 0.5, float(i))
    return total


CALLS = """
function add_up(a, b, c) do
  return a * b + c
endfunction
total = 0
for i in range(200000) do
  total = add_up(total, 0.5, i)
next i
"""


def strings() -> str:
    text = ""
    for i in range(200_000):
        text = text + ("item " + str(i) + ", ")  # without brackets Python copies the text
    return text


STRINGS = """
text = ""
for i in range(200000) do
  text = text + "item " + i + ", "
next i
"""


def words() -> float:
    count = 0.0
    for word in ("the quick brown fox jumps over the lazy dog " * 20_000).split(" "):
        if word == "fox" or len(word) > 4:
            count = count + 1.0
    return count


WORDS = """
count = 0
for word in split("the quick brown fox jumps over the lazy dog " * 20000, " ") do
  if word == "fox" or len(word) > 4 do
    count = count + 1
  endif
next word
"""


def build() -> list[float]:
    xs: list[float] = []
    for i in range(200_000):
        xs.append(float(i * i))
    return xs


BUILD = """
xs = []
for i in range(200000) do
  xs = push(xs, i * i)
next i
"""


def indexing() -> float:
    xs = [float(i) for i in range(1000)]
    total = 0.0
    for _ in range(200):
        for i in range(len(xs)):
            total = total + xs[i]
    return total


INDEXING = """
function work() do
  xs = range(1000)
  total = 0
  for k in range(200) do
    for i in range(len(xs)) do
      total = total + xs[i]
    next i
  next k
  return total
endfunction
work()
"""


def sieve() -> list[bool]:
    n = 200_000
    prime = [True] * (n + 1)
    for i in range(2, 448):
        if prime[i]:
            for j in range(i * i, n + 1, i):
                prime[j] = False
    return prime


SIEVE = """
n = 200000
prime = bulk_create(n + 1, true)
for i in range(2, 448) do
  if prime[i] do
    for j in range(i * i, n + 1, i) do
      prime[j] = false
    next j
  endif
next i
"""


def sort_by_hand() -> list[float]:
    xs = [float(i * 7919 % 1009) for i in range(400)]
    for i in range(1, len(xs)):
        for j in range(i, 0, -1):
            if xs[j] >= xs[j - 1]:
                break
            t = xs[j]
            xs[j] = xs[j - 1]
            xs[j - 1] = t
    return xs


SORT = """
xs = []
for i in range(400) do
  xs = push(xs, i * 7919 % 1009)
next i
for i in range(1, len(xs)) do
  for j in range(i, 0, -1) do
    if xs[j] >= xs[j - 1] do
      break
    endif
    t = xs[j]
    xs[j] = xs[j - 1]
    xs[j - 1] = t
  next j
next i
"""


def matrix() -> list[list[float]]:
    n = 40
    a = [[float(i + j) for j in range(n)] for i in range(n)]
    b = [[float(i - j) for j in range(n)] for i in range(n)]
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total = total + a[i][k] * b[k][j]
            c[i][j] = total
    return c


MATRIX = """
function work(n) do
  a = bulk_create(n, bulk_create(n, 0))
  b = a
  c = a
  for i in range(n) do
    for j in range(n) do
      a[i][j] = i + j
      b[i][j] = i - j
    next j
  next i
  for i in range(n) do
    for j in range(n) do
      total = 0
      for k in range(n) do
        total = total + a[i][k] * b[k][j]
      next k
      c[i][j] = total
    next j
  next i
  return c
endfunction
work(40)
"""


def objects() -> dict[str, float]:
    stock: dict[str, float] = {}
    for i in range(100_000):
        key = "k" + str(i % 100)
        if key not in stock:
            stock[key] = 0.0
        stock[key] = stock[key] + 1.0
    return stock


OBJECTS = """
stock = {}
for i in range(100) do
  stock["k" + i] = 0
next i
for i in range(100000) do
  key = "k" + i % 100
  stock[key] = stock[key] + 1
next i
"""


def records() -> float:
    people = [{"name": "n" + str(i), "age": float(i % 90), "n": 0.0} for i in range(1000)]
    total = 0.0
    for _ in range(100):
        for person in people:
            if person["age"] > 30.0:
                total = total + person["age"]
    return total


RECORDS = """
people = []
for i in range(1000) do
  people = push(people, {name: "n" + i, age: i % 90, n: 0})
next i
function work() do
  total = 0
  for k in range(100) do
    for person in people do
      if person.age > 30 do
        total = total + person.age
      endif
    next person
  next k
  return total
endfunction
work()
"""


def errors() -> float:
    count = 0.0
    for i in range(50_000):
        try:
            if i % 2 == 0:
                raise ValueError(str(i))
        except ValueError as error:
            if str(error) != "":
                count = count + 1.0
    return count


ERRORS = """
count = 0
for i in range(50000) do
  try
    if i % 2 == 0 do
      throw "" + i
    endif
  catch error
    if error != "" do
      count = count + 1
    endif
  endtry
next i
"""


def logic() -> float:
    count = 0.0
    for i in range(200_000):
        x = float(i % 100)
        if (x > 50.0 and x < 80.0) or (x == 7.0 and i <= 1000):
            count = count + 1.0
    return count


LOGIC = """
function work() do
  count = 0
  for i in range(200000) do
    x = i % 100
    if (x > 50 and x < 80) or (x == 7 and not (i > 1000)) do
      count = count + 1
    endif
  next i
  return count
endfunction
work()
"""


def sum_of_unknown() -> float:
    total = 0.0
    for i in range(200_000):
        total = total + NUMBERS[i % 4]
    return total


NUMBERS = [1.0, 2.5, 3.0, 4.0]
SUM_OF_UNKNOWN = """
function total_of(values, start) do
  total = start
  for i in range(200000) do
    total = total + values[i % 4]
  next i
  return total
endfunction
mixed = [1, 2.5, 3, 4, "x"]
total_of(mixed, mixed[0])
"""


def second_cell() -> float:
    total, step = 0.0, 1.5
    values = [float(i) for i in range(100)]
    for i in range(200_000):
        total = total + values[i % 100] * step
        if total > 1e9:
            total = total - 1e9
    return total


SECOND_CELL = (
    """
total = 0
step = 1.5
values = range(100)
""",
    """
for i in range(200000) do
  total = total + values[i % 100] * step
  if total > 1000000000 do
    total = total - 1000000000
  endif
next i
""",
)


def collatz() -> float:
    longest = 0.0
    for i in range(1, 3000):
        n = float(i)
        steps = 0.0
        for _ in range(1000):
            if n == 1.0:
                break
            if n % 2.0 == 0.0:  # noqa: SIM108 - as in the program
                n = n / 2.0
            else:
                n = 3.0 * n + 1.0
            steps = steps + 1.0
        if steps > longest:
            longest = steps
    return longest


COLLATZ = """
longest = 0
for i in range(1, 3000) do
  n = i
  steps = 0
  for k in range(1000) do
    if n == 1 do
      break
    endif
    if n % 2 == 0 do
      n = n / 2
    else
      n = 3 * n + 1
    endif
    steps = steps + 1
  next k
  if steps > longest do
    longest = steps
  endif
next i
"""


ROWS = [[float(i), "abc" if i % 3 else float(i % 7), float(i % 10)] for i in range(100_000)]


def rows() -> float:
    total = 0.0
    for row in ROWS:
        if row[2] > 1.0:
            total = total + row[0] * 2.0
        if row[1] == "abc":
            total = total + 1.0
    return total


ROW_LOOP = """
function work(t) do
  total = 0
  for row in t do
    if row[2] > 1 do
      total = total + row[0] * 2
    endif
    if row[1] == "abc" do
      total = total + 1
    endif
  next row
  return total
endfunction
work(t)
"""


def mixed_rows() -> float:
    total = 0.0
    for first, mixed, last in ROWS:
        if mixed != "abc":
            total = total + first * mixed + last
    return total


MIXED_ROW_LOOP = """
function work(t) do
  total = 0
  for first, mixed, last in t do
    if mixed != "abc" do
      total = total + first * mixed + last
    endif
  next first
  return total
endfunction
work(t)
"""


def column() -> float:
    total = 0.0
    for row in ROWS:
        total = total + row[0] / 2.0
    return total


COLUMN_LOOP = """
function work(t) do
  total = 0
  for x in t["number"] do
    total = total + x / 2
  next x
  return total
endfunction
work(t)
"""
ROWS_TABLE = Table.from_rows(["number", "mixed", "digit"], ROWS)


CASES = [
    Case("loop, arithmetic", LOOP, loop),
    Case("loop, branches", BRANCHES, branches),
    Case("recursive calls", FIB, lambda: fib(23.0)),
    Case("calls in a loop", CALLS, calls),
    Case("building a string", STRINGS, strings, is_quadratic=True),
    Case("looking at words", WORDS, words),
    Case("building an array", BUILD, build),
    Case("reading elements", INDEXING, indexing),
    Case("sieve", SIEVE, sieve),
    Case("insertion sort", SORT, sort_by_hand),
    Case("matrix product", MATRIX, matrix),
    Case("counting by key", OBJECTS, objects),
    Case("members of objects", RECORDS, records),
    Case("errors caught", ERRORS, errors),
    Case("and, or, not", LOGIC, logic),
    Case("sum of unknown kinds", SUM_OF_UNKNOWN, sum_of_unknown),
    Case("second cell", SECOND_CELL, second_cell),
    Case("collatz", COLLATZ, collatz),
    Case("rows of a table", ROW_LOOP, rows, ROWS_TABLE),
    Case("rows of mixed columns", MIXED_ROW_LOOP, mixed_rows, ROWS_TABLE),
    Case("a column", COLUMN_LOOP, column, ROWS_TABLE),
]


def seconds(run: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


def run_program(program: str | tuple[str, ...], table: Table | None = None) -> None:
    interpreter = Interpreter()
    if table is not None:
        interpreter.define("t", table)
    for part in (program,) if isinstance(program, str) else program:
        outcome = interpreter.run(part)
        assert outcome.error is None, str(outcome.error)


def over_globals(function: Callable[[], object]) -> Callable[[], object]:
    """The body of a function as a program of its own, whose variables are globals."""
    _, *body = textwrap.dedent(inspect.getsource(function)).splitlines()
    text = textwrap.dedent("\n".join(body)).replace("return ", "result = ")
    code = compile(text, function.__name__, "exec")
    return lambda: exec(code, dict(globals()))


def ratios() -> None:
    """Behind a program without functions stands the ratio to the same Python over globals."""
    print(f"{'':22}{'DataCode':>10}{'Python':>10}{'ratio':>8}{'to globals':>12}")
    to_locals, to_globals = [], []
    for case in CASES:

        def run(case: Case = case) -> None:
            run_program(case.program, case.table)

        run()
        runs = [run, case.python]
        is_top_level = isinstance(case.program, str) and "function" not in case.program
        if is_top_level and not case.is_quadratic:
            runs.append(over_globals(case.python))
        rounds = [[seconds(each) for each in runs] for _ in range(ROUNDS)]
        ours, theirs, *others = map(min, zip(*rounds, strict=True))
        line = f"{case.name:22}{ours * 1e3:8.1f}ms{theirs * 1e3:8.1f}ms{ours / theirs:8.2f}"
        print(line + "".join(f"{ours / other:12.2f}" for other in others))
        if is_top_level:
            to_locals.append(ours / theirs)
        to_globals += [ours / other for other in others]
    medians = statistics.median(to_locals), statistics.median(to_globals)
    print(f"{'median at the top level':40}{medians[0]:10.2f}{medians[1]:12.2f}")


CURVES = {
    "push": "xs = []\nfor i in range(N) do\n  xs = push(xs, i)\nnext i",
    "concatenation": 's = ""\nfor i in range(N) do\n  s = s + "abc"\nnext i',
    "element assignment": ("xs = range(N)\nfor i in range(N) do\n  xs[i] = i + 1\nnext i"),
    "nested assignment": (
        "m = bulk_create(N / 10, range(10))\nfor i in range(N) do\n  m[i / 10][i % 10] = i\nnext i"
    ),
    "push in a function": (
        "function build(n) do\n  xs = []\n  for i in range(n) do\n    xs = push(xs, i)\n  next i\n"
        "  return xs\nendfunction\nbuild(N)"
    ),
    "global in a function": (
        "xs = []\nfunction more(i) do\n  xs = push(xs, i)\nendfunction\n"
        "for i in range(N) do\n  more(i)\nnext i"
    ),
}


def curves() -> None:
    sizes = (10_000, 100_000, 1_000_000)
    print(f"\n{'ns for each step of':22}" + "".join(f"{size:>12,}" for size in sizes))
    for name, program in CURVES.items():
        figures = []
        for size in sizes:
            text = program.replace("N", str(size))
            best = min(seconds(lambda: run_program(text)) for _ in range(2))  # noqa: B023
            figures.append(best / size * 1e9)
        print(f"{name:22}" + "".join(f"{figure:12.0f}" for figure in figures))


def compiling() -> None:
    """The time to compile every program of the tests and examples, and to read them before."""
    folders = ("tests/conformance", "examples")
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.dc"))
    texts = [path.read_text("utf-8") for path in paths]
    programs: list[list[TopLevelChunk | Definition]] = []

    def read() -> None:
        programs.clear()
        for text in texts:
            with contextlib.suppress(DataCodeError):
                programs.append(split(parse(text), BUILTINS))

    def compile_all() -> None:
        for program in programs:
            for part in program:
                if isinstance(part, Definition):
                    _ = compile_function(part, CompileEnvironment(), BUILTINS).code
                else:
                    _ = compile_chunk(part, CompileEnvironment(), BUILTINS).code

    reading = min(seconds(read) for _ in range(ROUNDS))
    making = min(seconds(compile_all) for _ in range(ROUNDS))
    units = sum(map(len, programs))
    print(f"\n{units} units of {len(programs)} programs:", end=" ")
    print(f"read in {reading * 1e3:.1f}ms, compiled in {making * 1e3:.1f}ms")


if __name__ == "__main__":
    compiling()
    ratios()
    curves()
