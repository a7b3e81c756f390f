"""Whatever a program does with tables: how their columns are stored and how long they are must not
show.

Each program of a list that names every function for tables and columns runs over the same cells
stored in several ways, and has to give, print, write and fail alike. Unlike the tests of single
functions these go through the whole interpreter: conditions, callbacks, loops and indexing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.runtime.builtins.registry import BUILTINS
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import debug
from datacode.values.types import Currency, Path, Value
from tests.runtime.builtins.calling import MemoryFiles
from tests.tables.making import chunked, mixed, typed

NAN, INF = math.nan, math.inf

KINDS: tuple[list[Value], ...] = (
    [1.0, 2.0, 2.5, -3.0, 0.0, 7.0],
    [1.0, None, 2.5, -3.0, 0.0, None],
    [NAN, -0.0, 0.0, INF, -INF, None, 1e308, -1e308, 5e-324, 1.0, 1.0 + 2**-52, 0.1 + 0.2, 0.3],
    [NAN, -0.0, 0.0, INF, 1.0, 1.0 - 2**-53, 0.3, 2.0**53, 2.0**53 + 2],
    [NAN],
    [None],
    ["a", "b", "", "Z", "я", "ё", "aa", "a%", "_", "\n", '"', ",", ";"],
    ["a", None, "", "b", "straße", "İ", "\U0001f600", "\0", "ﬀ"],
    ["5", "1.5", "007", "1e3", "nan", "inf", " 5 ", "1_000", "+5", "", "null", "true"],
    ["2024-01-31", "31.12.2023", "1/2/2024", "2024-01-01T10:00:00Z", "2024-02-30", None],
    ["$5", "5 USD", "€4,5", "$abc", " " * 210 + "$5", "1,000.50 EUR", None],
    [True, False],
    [True, None, False],
    ["\ud800", "a", None],
    [Currency("$5"), Currency("€4,5"), Currency("7 USD"), Currency("$abc"), None],
    [1.0, "1", True, None, Currency("$1"), Path("a"), [1.0], {"a": 1.0}, "a", NAN, "NaN", 0.0],
    [[1.0], [1.0, [NAN]], [], {}, {"a": [1.0]}, [-0.0], [0.0], ["a"], [[1.0]], [["1"]], None],
)
"""What is in a column: of one kind with and without nulls, and of all kinds."""

VALUES: list[Value] = [
    *(None, 1.0, 0.0, NAN, INF, 2.5, 0.3, 1.0 + 2**-52, "a", "", "5", "1.5", "$5", "я", "\ud800"),
    *("%", "a%", "_%", "b", "2024-01-31", True, False, Currency("$5"), Path("a")),
    *([1.0], [], [1.0, None, "a"], [NAN], {}, {"a": [1.0]}),
]

FUNCTIONS = """
function pair(x) do
    return [x, x]
endfunction
function itself(x) do
    return x
endfunction
function last(x, y) do
    return [x, y][1]
endfunction
function made(row) do
    if row[0] == null do
        return null
    endif
    return table([[row[0], 1], [row[1], 2]], ['a', 'z'])
endfunction
function cells_of(t) do
    local all = []
    for x, y in t do
        all = push(push(all, y), x)
    next x
    for x in t.a do
        all = push(all, x)
    next x
    for row in t do
        all = push(all, row[1])
    next row
    return all
endfunction
function read_again(path, t) do
    write_file(path, t)
    return read_file(path)
endfunction
"""

OF_COLUMNS = """
len(t.a) | length(t.b) | count(t.a) | t.a[0] | t.b[-1] | t.a[1500] | t.a.first | t.b.last
t.a.len | sort(t.a) | sort(t.b) | unique(t.a) | unique(t.b) | reverse(t.a) | sum(t.a) | average(t.b)
avg(t.a) | min(t.a) | max(t.b) | max(*t.a) | any(t.a) | all(t.b) | enum(t.a) | map(t.a, 'pair')
map(t.b, 'typeof') | filter(t.a, 'itself') | filter(t.b, 'isset') | reduce(t.a, 'last')
reduce(t.a, 'push', []) | join(t.a, ',') | contains(t.a, v) | contains(t.b, v) | push(t.a, v)
append(t.a, v) | pop(t.b) | extend(t.a, u.b) | t.a == u.a | t.a == t.b | t.a == t.a | str(t.a)
bool(t.a) | not t.a | typeof(t.a) | isset(t.a) | t.a + 1 | array_builder(t.a) | bulk_create(2, t.a)
bulk_create(2, t.a, t.b) | table(t.a) | table([[1, 2]], t.a) | relate(t.a, u.a) | relate(t.b, u.b)
primary_key(t.a) | range(t.a) | split('a', t.a) | [t.a] | [sort(t.a), t.b] | array()
"""

OF_TABLES = """
t == u | t == t | t == table(t) | len(t) | count(t) | enum(t) | t.rows | t.idx[0] | t.idx[-1]
t.idx[700] | t.idx | t.columns | t.column_names | str(t) | bool(t) | [t] | {k: t} | cells_of(t)
table(t) | table_create(t, ['x', 'y']) | table(t.rows.rows, ['x', 'y']) | table_headers(t)
table_head(t) | table_head(t, 0) | table_tail(t, 2) | show_table(t) | table_info(t)
merge_tables([t, u, t]) | merge_tables([t, u], 'outer') | merge_tables([t, u], 'inner')
merge_tables([table_select(t, ['a']), u], 'outer') | merge_tables([t, table([], ['a', 'b']), u])
to_csv(t) | to_csv(t, ';', decimal=',') | read_again('o.csv', t) | read_again('o.xlsx', t)
table_select(t, ['b', 'a', 'b']) | table_select(t, []) | table_drop(t, 'a')
table_rename(t, {a: 'b'}) | table_add_column(t, 'c', u.a) | table_add_column(t, 'a', t.b)
table_add_column(t, 'c', v) | cross_join(table_head(t, 40), table_head(u, 40)) | zip_join(t, u)
apply_join(table_head(t, 9), 'made') | apply_join(t, 'made', 'left') | len(table_sample(t, 3))
table_suffixes(inner_join(table_head(t, 9), u, 'a'), '', 'x') | t['a']['b'] | t['c'] | t['a > 1']
table_sort(t, 'a') | table_sort(t, 'b', false) | table_sort(table_sort(t, 'b'), 'a', 'desc')
table_distinct(t, 'a') | table_distinct(t, 'b') | table_is_null(t, 'a') | table_not_null(t, 'b')
table_between(t, 'a', v, w) | table_between(t, 'b', v, v) | table_in(t, 'a', [v, w])
table_in(t, 'a', u.b) | table_where(t, 'a', 'IN', u.b) | table_where(t, 'a', 'in', v)
table_group(t, [], {x: ['a', 'size']}) | table_group(t, 'a', {x: ['b', 'pair']})
semi_join(t, u, 'a') | anti_join(t, u, 'b') | left_join(t, u, 'a', 'b') | right_join(t, u, 'b')
full_join(t, u, ['a', 'b']) | join(t, u, 'a', nulls_equal=true) | asof_join(t, u, 'a', 'b')
table_where(cross_join(table_head(t, 30), table_head(u, 30)), 'b_left', '=', v)
table_sort(t, ['b', 'a']) | table_sort(t, ['a', 'b'], [false, true])
table_sort(t, 'a', locale='ru') | table_sort(t, ['b', 'a'], 'desc', locale='ru')
table_fill(t, 'a', 'down') | table_fill(t, 'b', 'up') | table_fill(t, ['a', 'b'], value=v)
table_unpivot(t, []) | table_unpivot(t, 'a') | table_split(t, 'b', '-')
table_split(t, 'a', 'a', ['x', 'y'], keep=true) | table_explode(t, 'a')
table_explode(t, 'b', '.') | table_dedupe(t) | table_dedupe(t, 'a')
table_dedupe(t, ['b', 'a'], 'last') | table_dedupe(t, 'b', 'none') | table_total(t)
table_total(t, ['a', 'b']) | table_total(t, {a: 'count', b: 'max'}) | table_count(t, 'a')
table_count(t, ['b', 'a'], name='n') | table_describe(t) | table_quantile(t, 'a', [0, 0.3, 0.5, 1])
table_bins(t, 'a', 3) | table_bins(t, 'b', [-1, 0, 1, 2.5]) | table_months(t, 'a')
table_top(t, 5, 'a') | table_months(t, 'b', {n: ['a', 'count']}) | table_top(t, 2, 'b', 'a')
table_top(t, 9, 'a', least=true)
table_pivot(table_head(t, 60), 'a', 'b', 'a', ['size', 'max'], totals=true, sort=false)
table_pivot(table_head(t, 60), [], 'a', 'b', 'count', totals='all') | random_choice(t.a, 3, seed=1)
"""

CONDITIONS = """
a > 1 | a > b | a == b | a != b | a = 1 | a == 'a' | a != null | not (a > 1) | a and b | a or b | a
not a | -a > 0 | a + 1 > b | a + b | a * b == b * a | 1 / a > 0 | a % 2 == 1 | a >= v | v <= a
a == v | v == v | b < 'b' | null < a | a > 1 and b < 3 | a > 1 or b > 1 | a + 1 == b + 1 | true | 1
nope | a > nope | (a > 1) == (b > 1) | (a > 1) != null | a == true | a > true | a.len > 1
a in [1, 'a', null] | a not in [v, w] | a between 1 and b | b like 'a%' | a matches '[0-9]'
a is null | if(a is null, 0, a) | case when a > 1 then 'x' when b is null then b else a end
upper(a) = 'A' | case(a = b, 1, a is not null, 2) | round(a, 1) | `a` = `b` | if(a > 0, 1 / a, 0)
starts_with(b, 'a') | a <= b | 2 * a - 1 > b / 4 | a == 1 or 1 / b > 0 | - - a > 0 | v
contains(b, 'a') | len(a) > 1
"""

SIGNS = ("=", "!=", "<", "<=", ">", ">=", "LIKE", "==", "<>", "~")
AGGREGATES = (
    *("sum", "average", "median", "std", "min", "max", "count", "size", "distinct"),
    *("first", "last", "len", "sort", "nowhere"),
)
WINDOWS = (
    *("sum", "mean", "min", "max", "diff", "share", "total", "rolling_sum", "rolling_mean"),
    *("rolling_min", "rolling_max", "rank", "dense_rank", "lag", "lead", "count", "row_number"),
)
JOINS = ("inner", "left", "right", "full", "semi", "anti")


def listed(text: str) -> list[str]:
    """The expressions of a list."""
    return [part.strip() for line in text.strip().split("\n") for part in line.split(" | ")]


def expressions() -> Iterator[str]:
    """Everything that is tried, over the tables t and u and the values v and w."""
    yield from listed(OF_COLUMNS)
    yield from listed(OF_TABLES)
    for condition in listed(CONDITIONS):
        yield f'table_query(t, "{condition}")'
        yield f'table_filter(t, "{condition}")'
        yield f't["{condition}"]'
        yield f"table_add_column(t, 'c', expression=\"{condition}\")"
    for sign in SIGNS:
        yield f"table_where(t, 'a', '{sign}', v)"
        yield f"table_filter(t, 'b {sign} ' + v)"
        for how in JOINS:
            yield f"join_on(table_head(t, 600), table_head(u, 6), 'a {sign} b', '{how}')"
    for function in AGGREGATES:
        yield f"table_group(t, 'b', {{x: ['a', '{function}']}})"
        yield f"table_group(t, ['b', 'a'], {{x: ['a', '{function}'], y: ['b', 'max']}})"
        yield f"table_pivot(table_head(t, 60), 'a', 'b', 'a', '{function}')"
    for how in JOINS:
        for on in ("'a'", "[['a', 'b']]", "[['a', 'a'], ['b', 'b']]"):
            yield f"join(table_head(t, 700), table_head(u, 40), {on}, '{how}')"
            yield f"join(table_head(t, 9), u, {on}, '{how}', nulls_equal=true)"
    for function in WINDOWS:
        yield f"table_window(t, {{x: ['a', '{function}']}}, 'b')"
        yield f"table_window(t, {{x: ['a', '{function}', 2]}}, [], ['b', 'a'], false)"
        yield f"table_window(t, {{x: ['b', '{function}'], y: ['a', 'count']}}, ['a', 'b'], 'b')"
    for how in JOINS:
        yield f"table_join(table_head(t, 600), table_head(u, 40), 'a', '{how}', keep_key=false)"
        yield f"table_join(table_head(t, 600), table_head(u, 40), ['a', 'b'], '{how}')"
        yield f"table_join(table_head(t, 600), u, 'b', '{how}', check='many_to_one')"
        yield f"table_join(table_head(t, 600), table_head(u, 40), 'a', '{how}', tolerance=1)"
    for direction in ("backward", "forward", "nearest"):
        yield f"asof_join(t, u, ['a', 'b'], direction='{direction}')"
        yield f"asof_join(t, u, 'a', 'b', '{direction}')"


def plain(values: list[Value]) -> ColumnData:
    """A column of a list."""
    return mixed(values)


WAYS = ((plain, 1 << 60), (typed, -1), (plain, -1), (chunked, -1), (typed, 512), (plain, 512))
"""How columns are stored, and up to which length they go the plain way."""


def described(value: Value) -> str:
    """A value with all it holds, -0 as 0: no program can tell them apart but by an error's text."""
    if isinstance(value, Column):
        return f"column {value.name} of {described(value.table)}"
    if isinstance(value, Indexer):
        return f"rows of {described(value.table)}"
    if isinstance(value, Table):
        return f"table {value.names} {len(value)} {list(map(described, value.rows()))}"
    if isinstance(value, list):
        return f"[{', '.join(map(described, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {described(part)}' for key, part in value.items())}}}"
    return debug(value)


class StoredBothWays(SynchronousTestCase):
    """The same programs over the same cells."""

    def setUp(self) -> None:
        self.addCleanup(setattr, column_storage, "SHORT", column_storage.SHORT)

    def column(self, chance: Random, length: int) -> list[Value]:
        """Cells of one kind, one after the other or at random."""
        kind = chance.choice(KINDS)
        if chance.random() < 0.4:
            return [kind[place % len(kind)] for place in range(length)]
        return [chance.choice(kind) for _ in range(length)]

    def outcome(
        self, program: str, variables: dict[str, Any], way: tuple[Any, int]
    ) -> tuple[str, ...]:
        """What a program gives, prints and writes, and its error."""
        store, column_storage.SHORT = way
        files = MemoryFiles()
        interpreter = Interpreter(files)
        self.assertIsNone(interpreter.run(FUNCTIONS).error)
        for name, value in variables.items():
            if isinstance(value, tuple):
                names, columns = value
                value = Table(names, map(store, columns))
            interpreter.define(name, value)
        done = interpreter.run(program)
        result = "" if done.error else described(interpreter.globals_for_export()["result"])
        found = (str(done.error), result, done.output, str(files.contents))
        self.assertNotIn("Internal error", found[0])
        return tuple(text.replace("(-0.0)", "(0.0)") for text in found)

    def check(self, seed: int, lengths: list[int]) -> None:
        """Every program once, each over cells of its own."""
        chance = Random(seed)
        for expression in expressions():
            rows, others = chance.choice(lengths), chance.choice(lengths)
            t = [self.column(chance, rows), self.column(chance, rows)]
            if chance.random() < 0.2:
                t[1] = t[0].copy()
            u = [self.column(chance, others), self.column(chance, others)]
            if rows and chance.random() < 0.6:
                u = [[chance.choice(part) for _ in range(others)] for part in t]
            names = ["a", "a" if chance.random() < 0.05 else "b"]
            variables = {
                "t": (names, t),
                "u": (["a", "b"], u),
                "v": chance.choice(VALUES),
                "w": chance.choice(VALUES),
            }
            program = f"# A line\nglobal result = {expression}"
            expected = self.outcome(program, variables, WAYS[0])
            for way in WAYS[1:]:
                found = self.outcome(program, variables, way)
                self.assertEqual(found, expected, (expression, way, variables))

    def test_short_tables(self) -> None:
        """No rows, one, and a few."""
        for seed in range(2):
            self.check(seed, [0, 1, 1, 2, 5, 20])

    def test_long_tables(self) -> None:
        """Beyond the lengths from which Polars does the work, and of rows that are made at once."""
        self.check(100, [1, 513, 600, 1025, 1500])

    def test_nothing_is_left_out(self) -> None:
        """Every function that takes tables, columns or arrays is among what is tried."""
        tried = set(re.findall(r"(\w+)\(", "\n".join(expressions()) + FUNCTIONS))
        families = {"arrays", "functions over arrays", "tables", "row filters", "joins"}
        wanted = {name for name, each in BUILTINS.items() if each.family in families}
        tells_of_the_storage = {"explain"}
        self.assertEqual(wanted - tried, tells_of_the_storage)
