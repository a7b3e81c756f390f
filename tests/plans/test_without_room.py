"""Functions of tables in files none of whose columns has room in memory: the same as in memory."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.plans.rows import Storage
from datacode.values.lazy_polars import pl
from tests.large import storage
from tests.runtime.test_stored_both_ways import described, listed

ROWS = 1500

FUNCTIONS = """
function twice(x) do
    return x * 2
endfunction
function zero(x) do
    return x == 0
endfunction
function plus(a, b) do
    return a + b
endfunction
function spread(cells) do
    return max(cells) - min(cells)
endfunction
"""

TABLES = """
global t = read_file("{path}")
global small = table([['Омск', 1], ['Уфа', 2], ['Пермь', 3]], ['city', 'code'])
global marks = table([[1, 'a'], [500, 'b'], [10000, 'c']], ['id', 'mark'])
"""

COLUMNS = """
sum(t.id) | sum(t.amount) | average(t.amount) | min(t.name) | max(t.day) | min(t.amount)
contains(t.city, 'Омск') | contains(t.id, 5) | contains(t.id, null) | contains(t.id, -1)
any(t.flag) | all(t.flag) | all(t.name) | map(t.qty, 'twice')[5] | len(filter(t.qty, 'zero'))
reduce(t.qty, 'plus') | reduce(t.qty, 'plus', 1) | len(join(t.city, ',')) | primary_key(t.id)
primary_key(t.qty) | primary_key(t.amount) | random_choice(t.id, 3, seed=1) | t.name[1400]
random_choice(t.name, seed='a')
"""

WHOLE = """
table_info(t) | table_fill(t, 'amount', 'down') | table_fill(t, 'amount', 'up')
table_fill(t, ['amount', 'city'], value=0) | table_fill(t, 'empty', 'up')
table_fill(t, 'empty', value='x') | table_fill(t, 'amount', value=null)
table_dedupe(t, 'city') | table_dedupe(t, ['city', 'qty'], 'last') | table_dedupe(t, 'day', 'none')
table_dedupe(t) | table_dedupe(t, 'id', 'last') | table_count(t, 'city') | table_count(t, 'day')
table_count(t, ['city', 'flag'], name='n') | table_total(t) | table_total(t, ['amount'], 'average')
table_total(t, {amount: 'median', qty: 'max', name: 'min', day: 'max', city: 'distinct'})
table_total(t, 'name') | table_describe(t) | table_quantile(t, 'amount', [0, 0.25, 0.3, 0.5, 1])
table_quantile(t, 'id', 0.77) | table_quantile(t, 'name', 0.5) | table_bins(t, 'amount', 3)
"""

RESHAPED = """
table_bins(t, 'qty', [0, 3, 6, 9], ['a', 'b', 'c']) | table_bins(t, 'name', 2)
table_months(t, 'day') | table_months(t, 'day', {n: ['amount', 'sum'], d: ['city', 'distinct']})
table_months(t, 'name') | table_months(t, 'qty') | table_top(t, 5, 'amount')
table_top(t, 2, 'amount', 'city') | table_top(t, 9, 'amount', least=true) | table_top(t, 3, 'day')
table_top(t, 1, 'name', ['city', 'flag'], least=true) | table_top(t, 0, 'id')
table_top(t, 7, 'qty')
table_unpivot(table_select(t, ['id', 'qty', 'amount']), 'id') | table_split(t, 'path', '-')
table_unpivot(table_select(t, ['id', 'qty', 'city']), 'id', name='what')
table_split(t, 'id', '-')
table_split(t, 'path', '-', ['x', 'y'], keep=true) | table_explode(t, 'path', '-')
table_explode(t, 'city', 'м') | table_explode(t, 'qty', 'м')
"""

GROUPED = """
table_pivot(t, 'city', 'flag', 'amount', ['size', 'max'], totals=true)
table_pivot(t, 'path', 'qty', 'amount', 'count', totals='all')
table_pivot(t, [], 'qty', 'amount', 'spread')
table_group(t, 'path', {x: ['qty', 'spread'], n: ['id', 'size']})
table_group(t, ['path', 'flag'], {x: ['id', 'spread'], y: ['qty', 'plus']})
table_window(t, {x: ['amount', 'sum'], y: ['id', 'count']}, 'path')
table_window(t, {x: ['id', 'lag'], y: ['name', 'lead', 2]}, ['path', 'flag'], 'amount', false)
table_window(t, {x: ['amount', 'rank'], qty: ['qty', 'share']}, 'path', ['day', 'name'])
table_window(t, {x: ['id', 'row_number'], y: ['amount', 'rolling_mean', 3]}, 'path', 'amount')
table_window(t, {x: ['name', 'sum']}, 'path') | table_sample(t, 9000) | merge_tables([t, t])
table_join(t, small, 'city') | table_join(t, small, 'city', 'left') | asof_join(marks, t, 'id')
"""


class WithoutRoomTests(SynchronousTestCase):
    """Each expression over a table in memory and over one in files, read in parts of 600 rows."""

    maxDiff = None

    def setUp(self) -> None:
        """Write the file, start the engine, read in small parts."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        for place in (
            "values.stored_column.BATCH",
            "plans.rows.BATCH",
            "plans.rows._WINDOW",
            "tables.conditions.BATCH",
            "tables.filters.BATCH",
        ):
            stack.enter_context(patch(f"datacode.{place}", 600))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self._own = stack.enter_context(storage(threshold=1, memory=13_000, small=0))
        self._path = Path(folder, "t.csv")
        number = pl.int_range(ROWS, eager=True)
        mixed = (number * 7919) % 10_007
        cities = pl.Series(["Москва", "Тверь", "Омск", None, "Уфа"])
        amount = pl.select(pl.when(mixed % 11 > 0).then(mixed % 1000 - 300)).to_series()
        day = pl.select(pl.date(2020, 1, 1) + pl.duration(days=mixed % 1500)).to_series()
        pl.DataFrame(
            {
                "id": number,
                "name": "имя " + mixed.cast(pl.String),
                "city": cities.gather(mixed % 5),
                "amount": amount,
                "flag": mixed % 3 == 0,
                "day": pl.select(pl.when(mixed % 100 > 0).then(day.cast(pl.String))).to_series(),
                "qty": mixed % 9 + 0.5 * (mixed % 2),
                "path": "p" + (mixed % 60).cast(pl.String) + "-" + (mixed % 7).cast(pl.String),
                "empty": pl.Series([None], dtype=pl.String).new_from_index(0, ROWS),
            }
        ).write_csv(self._path)

    def outcomes(self, expressions: list[str], own: Storage | None) -> list[tuple[str, str]]:
        """What each expression gives and prints, or its error; numbers to twelve digits."""
        interpreter = Interpreter(large_tables=own)
        self.assertIsNone(interpreter.run(FUNCTIONS).error)
        self.assertIsNone(interpreter.run(TABLES.format(path=self._path)).error)
        where = interpreter.run("print(explain(t).rows.rows[0][1])").output
        self.assertEqual(where, "memory\n" if own is None else "files\n")
        found = []
        for expression in expressions:
            done = interpreter.run(f"global result = {expression}")
            value = "" if done.error else described(interpreter.globals_for_export()["result"])
            text = f"{done.error} {done.output} {value}"
            found.append((expression, re.sub(r"\d+\.\d{6,}", _rounded, text)))
        return found

    def check(self, expressions: list[str]) -> None:
        """The same of both tables, and never a refusal."""
        wanted = self.outcomes(expressions, None)
        for one, other in zip(self.outcomes(expressions, self._own), wanted, strict=True):
            self.assertEqual(one, other)

    def test_columns(self) -> None:
        """Functions of a column."""
        self.check(listed(COLUMNS))

    def test_whole(self) -> None:
        """What a table amounts to, gaps filled, rows that repeat."""
        self.check(listed(WHOLE))

    def test_reshaped(self) -> None:
        """The best rows, bins, months, other shapes."""
        self.check(listed(RESHAPED))

    def test_grouped(self) -> None:
        """Group by group: windows, functions of the program, joins."""
        self.check(listed(GROUPED))

    def test_workbooks(self) -> None:
        """A sheet of a table in files, made part by part, is the same to the last byte."""
        path = self._path.with_name("t.xlsx")
        found = []
        for own in (None, self._own):
            interpreter = Interpreter(large_tables=own)
            self.assertIsNone(interpreter.run(TABLES.format(path=self._path)).error)
            write = f'write_file("{path}", {{a: t, b: small}}, totals=["amount", "qty"])'
            self.assertIsNone(interpreter.run(write).error)
            found.append(path.read_bytes())
        self.assertEqual(found[0], found[1])

    def test_written_texts(self) -> None:
        """CSV and JSON are the same files, whatever the encoding; a failure leaves the old one."""
        path = self._path.with_name("o.csv")
        texts = {
            "o.csv": "",
            "o.tsv": ", encoding='utf-16'",
            "e.csv": ", excel='ru'",
            "c.csv": ", encoding='cp1251', decimal=',', delimiter=';'",
            "o.json": "",
            "o.jsonl": "",
        }
        told: list[tuple[str, int, int]] = []
        for name, options in texts.items():
            path = self._path.with_name(name)
            found = []
            for own in (None, self._own):
                interpreter = Interpreter(large_tables=own)
                interpreter._host._on_progress = lambda *report: told.append(report)
                self.assertIsNone(interpreter.run(TABLES.format(path=self._path)).error)
                told.clear()
                done = interpreter.run(f"write_file('{path}', t{options})")
                self.assertIsNone(done.error, name)
                found.append(path.read_bytes())
            self.assertEqual(found[0], found[1], name)
            self.assertIn((str(path), ROWS if name != "o.tsv" else told[-1][1], ROWS), told)
            error = interpreter.run(f"write_file('{path}', t, encoding='cp1252')").error
            assert error is not None
            self.assertEqual(path.read_bytes(), found[0], name)

    def test_several_files(self) -> None:
        """Files that are small, and together too large, are one table in files."""
        for number in range(4):
            pl.DataFrame(
                {"n": [float(number * 400 + row) for row in range(400)], "t": ["x", None] * 200}
            ).write_csv(self._path.with_name(f"part{number}.csv"))
        paths = self._path.with_name("part*.csv")
        code = (
            f'many = read_files("{paths}")\nprint(len(many), sum(many["n"]), many.column_names)\n'
            "print(many.idx[0], many.idx[399], many.idx[400], many.idx[1599])\n"
            'show_table(table_group(many, "file", {s: ["n", "sum"], k: ["t", "count"]}))\n'
        )
        wanted = Interpreter().run(code)
        self.assertIsNone(wanted.error)
        with storage(threshold=20_000, memory=13_000, small=0) as own:
            found = Interpreter(large_tables=own).run(
                code + "print(explain(many).rows.rows[0][1])\n"
            )
        self.assertIsNone(found.error)
        self.assertEqual(found.output, wanted.output + "files\n")

    def test_refusals(self) -> None:
        """What cannot fit into memory is refused in one sentence, and the table is still there."""
        for expression in ("sort(t.id)", "push(t.id, 1)", "table_window(t, {x: ['id', 'sum']})"):
            interpreter = Interpreter(large_tables=self._own)
            self.assertIsNone(interpreter.run(TABLES.format(path=self._path)).error)
            error = interpreter.run(f"x = {expression}").error
            assert error is not None, expression
            self.assertEqual(error.message.code, "large_table", expression)
            self.assertEqual(interpreter.run("print(len(t))").output, f"{ROWS}\n")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.12g}"
