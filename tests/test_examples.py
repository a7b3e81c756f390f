"""Every program in ``examples/`` prints what stands beside it.

To write the expected output anew after a deliberate change, look at every difference of
``python -m tests.test_examples`` before committing it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from unittest import mock

import openpyxl
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.runtime import shipped_files
from tests.console.terminal import CommandTestCase

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def programs() -> list[Path]:
    """The programs, in the order of their folders."""
    return sorted(EXAMPLES.glob("*/*.dc"))


def run(program: Path) -> str:
    """What a program prints, run in its own folder."""
    before = os.getcwd()
    os.chdir(program.parent)
    try:
        outcome = Interpreter().run(program.read_text("utf-8"))
    finally:
        os.chdir(before)
    error = "" if outcome.error is None else f"{outcome.error}\n"
    return outcome.output + error


class ExampleTests(SynchronousTestCase):
    """The programs as a reader would run them."""

    def test_programs(self) -> None:
        """Each prints its ``.out``; there is one for each."""
        self.assertGreater(len(programs()), 20)
        for program in programs():
            expected = program.with_suffix(".out").read_text("utf-8")
            self.assertEqual(run(program), expected, str(program))

    def test_report_is_what_its_generator_makes(self) -> None:
        """The committed report is the generator's, cell by cell."""
        path = EXAMPLES / "data" / "generate_report.py"
        spec = importlib.util.spec_from_file_location("generate_report", path)
        assert spec is not None
        assert spec.loader is not None
        generator = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(generator)
        made = Path(f"{self.mktemp()}.xlsx")
        generator.main(made)
        books = [openpyxl.load_workbook(each) for each in (made, generator.PATH)]
        one, other = ({sheet.title: list(sheet.values) for sheet in book} for book in books)
        self.assertEqual(one, other)

    def test_shipped_data_is_that_of_the_examples(self) -> None:
        """``sample://`` has the same files, and nothing else."""
        for name in shipped_files.NAMES:
            with shipped_files.open_shipped(f"sample://{name}") as file:
                self.assertEqual(file.read(), (EXAMPLES / "data" / name).read_bytes())
        program = 'print(len(read_file("sample://sales.csv")), path("sample://sales.csv").exists)'
        self.assertEqual(Interpreter().run(program).output, "1043 true\n")
        for path in ("sample://../x.csv", "sample:///etc/x.csv", "sample://x.csv"):
            outcome = Interpreter().run(f'read_file("{path}")')
            self.assertIsNotNone(outcome.error, path)
            self.assertIn(path, str(outcome.error))
        for change in (
            'write_file("sample://sales.csv", "x")',
            'delete_file("sample://sales.csv")',
            'make_folder("sample://a")',
            'copy_file("sample://sales.csv", "sample://b.csv")',
        ):
            self.assertIn("comes with DataCode", str(Interpreter().run(change).error))

    def test_none_fails(self) -> None:
        """No expected output ends in an error."""
        for program in programs():
            self.assertNotRegex(
                program.with_suffix(".out").read_text("utf-8"), r"(?m)^\w+ Error at"
            )

    def test_sample_data_is_what_its_generator_makes(self) -> None:
        """The committed files are the generator's, cell by cell."""
        path = EXAMPLES / "data" / "generate_sales.py"
        spec = importlib.util.spec_from_file_location("generate_sales", path)
        assert spec is not None
        assert spec.loader is not None
        generator = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(generator)
        committed = {
            n: (EXAMPLES / "data" / f"{n}.csv").read_text("utf-8") for n in generator.TABLES
        }
        book = openpyxl.load_workbook(EXAMPLES / "data" / "sales.xlsx")
        cells = {sheet.title: list(sheet.values) for sheet in book}
        generator.FOLDER = Path(self.mktemp())
        generator.FOLDER.mkdir()
        generator.main()
        for name, text in committed.items():
            self.assertEqual((generator.FOLDER / f"{name}.csv").read_text("utf-8"), text)
        again = openpyxl.load_workbook(generator.FOLDER / "sales.xlsx")
        self.assertEqual({sheet.title: list(sheet.values) for sheet in again}, cells)


class ModelTests(CommandTestCase):
    """The reports that end in an SQLite model, run as their first lines say."""

    def model(self, name: str) -> sqlite3.Connection:
        """The database that a report leaves."""
        shutil.copytree(EXAMPLES / "data", self.folder / "data")
        program = self.folder / "report" / name
        program.parent.mkdir()
        shutil.copy(EXAMPLES / "09-data-model" / name, program)
        database = str(self.folder / "model.db")
        with mock.patch.object(self, "folder", program.parent):
            done = self.datacode("-q", name, "--build_model", database)
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(done.out, run(EXAMPLES / "09-data-model" / name))
        connection = sqlite3.connect(database)
        self.addCleanup(connection.close)
        return connection

    def rows(self, connection: sqlite3.Connection, query: str) -> list[tuple[object, ...]]:
        """What a query gives."""
        return connection.execute(query).fetchall()

    def check_references(self, connection: sqlite3.Connection) -> None:
        """Each sale has its product and its customer, and the database knows it."""
        self.assertEqual(self.rows(connection, "PRAGMA foreign_key_check"), [])
        keys = self.rows(connection, "PRAGMA foreign_key_list(sales)")
        self.assertEqual(
            sorted((str(key[2]), str(key[3])) for key in keys),
            [("customers", "customer_id"), ("products", "product_id")],
        )

    def test_sales_model(self) -> None:
        """Out of CSV files: every sale, 36 months that add up to it."""
        model = self.model("sales_model.dc")
        self.check_references(model)
        ((sales, revenue),) = self.rows(model, "SELECT count(*), sum(revenue) FROM sales")
        ((months, total),) = self.rows(model, "SELECT count(*), sum(revenue) FROM monthly")
        self.assertEqual((sales, months), (1043, 36))
        self.assertAlmostEqual(float(str(revenue)), float(str(total)), places=2)

    def test_annual_report(self) -> None:
        """Out of the workbook: the figures are those that SQL works out by itself."""
        model = self.model("annual_report.dc")
        self.check_references(model)
        line = "quantity * price * (1 - discount)"
        for query, ours in (
            (
                f"SELECT CAST(substr(date, 1, 4) AS INT), count(*), sum({line}) FROM sales"
                " GROUP BY 1 ORDER BY 1",
                "SELECT year, orders, revenue FROM years ORDER BY year",
            ),
            (
                f"SELECT name, count(*), sum({line}) FROM sales JOIN customers"
                " ON customers.id = customer_id WHERE paid = 'no' GROUP BY 1 ORDER BY 1",
                "SELECT customer, orders, debt FROM debts ORDER BY customer",
            ),
        ):
            expected, found = self.rows(model, query), self.rows(model, ours)
            self.assertEqual([row[:2] for row in found], [row[:2] for row in expected])
            for row, other in zip(found, expected, strict=True):
                self.assertAlmostEqual(float(str(row[2])), float(str(other[2])), places=2)


if __name__ == "__main__":
    for example in programs():
        example.with_suffix(".out").write_text(run(example), "utf-8")
        sys.stdout.write(f"{example.relative_to(EXAMPLES)}\n")
