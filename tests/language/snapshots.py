"""What programs are compiled to: programs, and what is held of their Python.

Of each Python function there is a hash of its tree with all places, in ``snapshots/hashes.txt``;
of some programs the Python itself. After a deliberate change of the generated code write them anew
with ``python -m tests.language.snapshots`` and look at every difference of the readable ones.
"""

from __future__ import annotations

import ast
import hashlib
import os
import random
import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from benchmarks import bench_scripts
from datacode import Interpreter
from datacode.language import program_cache
from datacode.language.compiler import observed
from datacode.language.tools.listing import listing
from tests.language.random_programs import ProgramMaker
from tests.language.reference import LIMIT, Evaluator, TooLong

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "snapshots"
HASHES = FOLDER / "hashes.txt"
SESSIONS = 240
"""Sessions of random programs."""

PROGRAMS = 3
"""Programs of one session: later ones find what the earlier ones left."""

READABLE = (
    *("scope_local_in_loop_ends_with_iteration", "stmt_next_outer_loop", "stmt_break_inside_try"),
    *("stmt_try_catch_variable_scope", "expr_equality_epsilon", "expr_precedence_logic"),
    *("func_calls_in_conditions", "scope_global_statement_in_function", "expr_spread_array"),
    *("stmt_for_table_rows", "stmt_assign_element_does_not_touch_copies"),
)
"""Programs of the language reference whose Python is kept, beside ``SHAPES`` and benchmarks."""


def _nested(depth: int) -> str:
    """Loops that nest so deeply that some become functions of their own."""
    heads = [f"{'  ' * i}for i{i} in range(2) do" for i in range(depth)]
    inner = "  " * depth + f"total = total + i0 * i{depth - 1}"
    jump = "  " * depth + "if total > 9 do\n" + "  " * depth + "next i0\n" + "  " * depth + "endif"
    ends = [f"{'  ' * i}next i{i}" for i in reversed(range(depth))]
    return "\n".join(["total = 0", *heads, inner, jump, *ends])


SHAPES = {
    "nested_loops": _nested(15),
    "nested_loops_in_function": f"function f() do\n{_nested(14)}\nreturn total\nendfunction\nf()",
    "many_branches": "x = 17\n"
    + "\nelse ".join(f"if x == {i} do\n  y = {i}" for i in range(25))
    + "\nelse do\n  y = 'none'\nendif",
    "finally_with_blocks": """
function f(n) do
  xs = []
  try
    for i in range(n) do
      if i == 2 do
        return xs
      endif
      xs = push(xs, 1 / (i - 1))
    next i
  catch e
    xs = push(xs, e)
  finally
    for x in xs do
      global last = x
    next x
  endtry
  return xs[0] + 1
endfunction
f(1)
f(4)
f("x")
""",
    "short_finally": """
for i in range(3) do
  try
    xs = [i]
    xs[0] = 1 / (i + 1)
    next i
  finally
    done = i
  endtry
next i
""",
    "strings_that_grow": """
s = ""
function more(n) do
  global s = s + n
  s = s + "a" + n + true
  t = ""
  for i in range(n) do
    t = t + s + i + "," + s
  next i
  return t
endfunction
more(2)
s = 5
u = more(3)
u = u + more(1)
""",
    "elements_at_depth": """
m = [[1, 2], [3, 4]]
o = {a: {b: [1]}}
for i in range(2) do
  for j in range(2) do
    m[i][j] = m[i][j] * m[j][i] + m[i][j]
    o.a.b[0] = m[i][j]
    o["k" + i] = m[i]
  next j
next i
row = m[0]
row[1] = o.a.b[0] % 3
print(m, o, row, m.len, len(o), -m[0][0], not m)
""",
    "tables_and_columns": """
t = table([[1, "a"], [2, "b"]], ["n", "s"])
total = 0
for i, row in enum(t) do
  total = total + row[0] * i
  print(row[1] + total)
next i
for n, s in t do
  total = total - n
next n
for n in t["n"] do
  total = total ^ n / 2
next n
limit = 1
function big() do
  least = 1
  return t["n > least and n > limit"]
endfunction
print(big(), total)
""",
    "calls_of_all_kinds": """
function f(a, b) do
  if isset(c) and isset(a) do
    return a
  endif
  return b % 2 + a ^ 2 - -b
endfunction
xs = [1, 2]
print(f(*xs), f(1, 2), round(n=1.26), isinstance(value=xs, type=array))
c = map(xs, "f")
f(1)
""",
    "closures_of_names": """
x = 1
local y = 2
function f(z) do
  x = x + z
  y = y + x
  w = isset(nothing)
  if z > 1 do
    nothing = z
  endif
  return nothing
endfunction
f(1)
for x in [1, "a", null] do
  local y = x
  for y in [x] do
    y = y
    x = [y, y == 1, y != null, y >= 0]
  next y
next x
f(2)
""",
}


def sessions() -> Iterator[tuple[str, list[str]]]:
    """The sessions, each by its name and the texts of its programs."""
    for folder in ("tests/conformance/language", "tests/conformance/builtins", "examples"):
        for path in sorted((ROOT / folder).rglob("*.dc")):
            yield str(path.relative_to(ROOT)), [path.read_text("utf-8")]
    for name, text in SHAPES.items():
        yield f"shapes/{name}", [text]
        yield f"counting steps/{name}", [text]
    for case in bench_scripts.CASES:
        texts = [case.program] if isinstance(case.program, str) else list(case.program)
        yield f"benchmarks/{case.name}", [text.replace("000)", ")") for text in texts]
    for name, text in bench_scripts.CURVES.items():
        yield f"benchmarks/{name}", [text.replace("N", "10")]
    for seed in range(SESSIONS):
        maker = ProgramMaker(seed)
        programs = [maker.program() for _ in range(PROGRAMS)]
        if _ends(programs):
            yield f"random/{seed}", programs


def _ends(programs: list[str]) -> bool:
    """Do random programs come to an end soon?"""
    evaluator = Evaluator()
    try:
        for program in programs:
            evaluator.run(program)
    except (TooLong, RecursionError):
        return False
    return True


def is_readable(name: str) -> bool:
    """Is the Python of this session kept as text?"""
    return name.startswith(("shapes/", "benchmarks/")) or Path(name).stem in READABLE


def compiled(name: str, texts: list[str]) -> list[tuple[str, ast.FunctionDef]]:
    """The Python functions that a session's programs are compiled to, in order, with the texts."""
    made: list[tuple[str, ast.FunctionDef]] = []
    steps = 1_000_000 if name.startswith("counting steps/") else None
    interpreter = Interpreter(recursion_limit=LIMIT, max_steps=steps)
    table = next((c.table for c in bench_scripts.CASES if name == f"benchmarks/{c.name}"), None)
    if table is not None:
        interpreter.define("t", table.slice(0, 10))
    before = os.getcwd()
    os.chdir((ROOT / name).parent if name.endswith(".dc") else ROOT)
    random.seed(1)
    try:
        with mock.patch.object(program_cache, "_programs", OrderedDict()):
            for text in texts:
                with observed(lambda function: made.append((text, function))):  # noqa: B023
                    interpreter.run(text)
    finally:
        os.chdir(before)
        for written in (ROOT / "tests/conformance/builtins/data").glob("tmp_*"):
            written.unlink()
    return made


def digest(function: ast.FunctionDef) -> str:
    """A hash of a tree with its places, the same under every version of Python."""
    parts: list[str] = []
    _describe(function, parts)
    return hashlib.sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:10]


def _describe(node: object, parts: list[str]) -> None:
    if isinstance(node, ast.AST):
        parts.append(f"{node.__class__.__name__}(")
        for name in node._fields:
            value = getattr(node, name, None)
            if value is not None and value != []:
                parts.append(f"{name}=")
                _describe(value, parts)
        if isinstance(node, ast.expr | ast.stmt):
            parts.append(
                f"@{node.lineno}.{node.col_offset}.{node.end_lineno}.{node.end_col_offset}"
            )
        parts.append(")")
    elif isinstance(node, list):
        for each in node:
            _describe(each, parts)
            parts.append(",")
    else:
        parts.append(repr(node))


def hashes(functions: list[tuple[str, ast.FunctionDef]]) -> str:
    """The hashes of a session's functions, in one line."""
    return " ".join(f"{function.name}:{digest(function)}" for _, function in functions)


def readable(functions: list[tuple[str, ast.FunctionDef]]) -> str:
    """The Python of a session's functions."""
    lines: list[str] = []
    for text, function in functions:
        lines += [*listing(function, text), ""]
    return "\n".join(lines)


def readable_file(name: str) -> Path:
    """Where the Python of a session is kept."""
    return FOLDER / f"{Path(name).stem.replace(' ', '_').replace(',', '')}.txt"


def snapshots() -> dict[Path, str]:
    """Every file of the folder with its text."""
    found: dict[Path, str] = {}
    lines = []
    for name, texts in sessions():
        functions = compiled(name, texts)
        lines.append(f"{name}\t{hashes(functions)}\n")
        if is_readable(name):
            found[readable_file(name)] = readable(functions)
    found[HASHES] = "".join(lines)
    return found


def write(files: dict[Path, str]) -> None:
    """Make a folder hold these files alone; each is there as it was until the new one is whole."""
    (folder,) = {path.parent for path in files}
    folder.mkdir(exist_ok=True)
    for path, text in files.items():
        beside = path.with_suffix(".new")
        beside.write_text(text, "utf-8")
        beside.replace(path)
    for old in list(folder.iterdir()):
        if old not in files:
            old.unlink()


def main() -> None:
    """Write the snapshots anew, once all of them have been made."""
    files = snapshots()
    write(files)
    sys.stdout.write(f"{files[HASHES].count(chr(10))} sessions\n")


if __name__ == "__main__":
    main()
