"""Files that are stored as they are read, and columns for which there is no room in memory."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.plans.facts import facts_of
from datacode.plans.local import LocalStorage
from datacode.plans.nodes import CellKind
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from tests.large import storage

ROWS = 150_000
READ = 't = read_file("{path}")\nprint(explain(t).rows.rows[0][1], len(t), t.column_names)\n'


def _frame() -> pl.DataFrame:
    number = pl.int_range(ROWS, eager=True)
    return pl.DataFrame(
        {
            "id": number,
            "long": number * 10**12,
            "small": (number % 100).cast(pl.Int8),
            "name": "имя " + number.cast(pl.String),
            "part": number / 7,
            "flag": number % 3 == 0,
            "day": pl.Series([date(2024, 1, 5)]).new_from_index(0, ROWS),
            "time": pl.Series([datetime(2024, 1, 5, 7, 30)]).new_from_index(0, ROWS),
            "kind": pl.Series(["a"], dtype=pl.Categorical).new_from_index(0, ROWS),
            "gap": pl.Series([None], dtype=pl.String).new_from_index(0, ROWS),
        }
    ).with_columns(pl.when(pl.col("id") % 5 > 0).then(pl.col("part")).alias("part"))


class PolarsFileTests(SynchronousTestCase):
    """Parquet and Arrow, some rows at a time."""

    def test_as_in_memory(self) -> None:
        """The same table, in files; a column of inexact whole numbers is text as a whole."""
        with tempfile.TemporaryDirectory() as folder, storage(threshold=1 << 20) as own:
            frame = _frame()
            for name in ("t.parquet", "t.arrow"):
                path = Path(folder, name)
                if name == "t.arrow":
                    frame.write_ipc(path)
                else:
                    frame.write_parquet(path, row_group_size=40_000)
                code = READ.format(path=path) + "".join(
                    f"print(t.idx[{row}])\n" for row in (0, 1, 77_777, ROWS - 1)
                )
                wanted = Interpreter().run(code)
                found = Interpreter(large_tables=own).run(code)
                self.assertIsNone(wanted.error)
                self.assertIsNone(found.error)
                self.assertTrue(found.output.startswith("files 150000 ["), found.output[:80])
                self.assertEqual(
                    found.output.partition(" ")[2], wanted.output.partition(" ")[2], name
                )

    def test_damaged(self) -> None:
        """The same error as in memory."""
        with tempfile.TemporaryDirectory() as folder, storage(threshold=1 << 10) as own:
            path = Path(folder, "t.parquet")
            _frame().write_parquet(path, row_group_size=40_000)
            data = bytearray(path.read_bytes())
            data[2000:60_000] = bytes(58_000)
            path.write_bytes(data)
            for given in (None, own):
                error = Interpreter(large_tables=given).run(READ.format(path=path)).error
                assert error is not None
                self.assertEqual(error.message.code, "polars_failed")

    def test_what_cannot_be_stored(self) -> None:
        """Lists in cells are read into memory."""
        with tempfile.TemporaryDirectory() as folder, storage(threshold=1 << 10) as own:
            path = Path(folder, "t.parquet")
            pl.DataFrame({"n": pl.Series([[1, 2]] * 2000)}).write_parquet(path)
            found = Interpreter(large_tables=own).run(READ.format(path=path))
            self.assertEqual(found.output, "memory 2000 [n]\n")


class ColumnTests(SynchronousTestCase):
    """Functions of a column that does not fit into memory."""

    def same(self, own: LocalStorage, path: Path, code: str) -> None:
        """A program prints the same of a table in files as of one in memory."""
        wanted = Interpreter().run(READ.format(path=path) + code)
        self.assertIsNone(wanted.error)
        found = Interpreter(large_tables=own).run(READ.format(path=path) + code)
        self.assertIsNone(found.error)
        self.assertEqual(found.output.splitlines()[1:], wanted.output.splitlines()[1:])

    def test_numbers(self) -> None:
        """They go through its parts."""
        code = (
            'c = t["id"]\nprint(sum(c), average(c), min(c), max(c), len(c))\n'
            "k = 0\nfor row in t do\n k = k + row[0] % 7\nnext row\nprint(k)\n"
            's = table_sort(t, "name", false)\nprint(s.idx[0])\n'
            'try\n print(sum(t["part"]))\ncatch e\n print("refused")\nendtry\n'
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "t.parquet")
            _frame().write_parquet(path)
            with storage(threshold=1 << 20, memory=100_000) as own:
                self.same(own, path, code)

    def test_days(self) -> None:
        """Dates in the usual form sort and group as texts do; one of another form ends that."""
        code = (
            's = table_sort(t, "day", false)\n'
            'g = table_group(s, "day", {n: ["id", "count"], last: ["day", "max"]})\n'
            "print(s.idx[0], s.idx[-1], s.idx[7])\nprint(len(g), g.idx[0], g.idx[-1])\n"
        )
        first = date(1999, 1, 1)
        days = [None if n % 97 == 0 else first + timedelta(n * 31 % 20_000) for n in range(ROWS)]
        frame = pl.DataFrame({"id": pl.int_range(ROWS, eager=True), "day": days})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "t.parquet")
            frame.write_parquet(path)
            with storage(threshold=1 << 20, memory=100_000) as own:
                self.same(own, path, code)
                for other in ("2024-02-30", "0000-01-01", "05.01.2024", "2024-1-5", "x"):
                    cells = [*map(str, days[1:50]), other]
                    series = pl.Series(cells)
                    self.assertFalse(
                        facts_of(ColumnData.of_series(series), CellKind.TEXT).are_days, other
                    )
