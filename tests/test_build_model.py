"""The export of a program's model as a database: every case of the conformance suite."""

from __future__ import annotations

import gc
import importlib.util
import os
import sqlite3
import weakref
from pathlib import Path
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.export.sqlite import export, export_bytes
from datacode.runtime.interpreter import Interpreter

FOLDER = Path(__file__).parent / "conformance" / "builtins"
CASES = FOLDER / "build_model"


def _dump_model() -> ModuleType:
    """The script beside the cases that writes a database in their form."""
    spec = importlib.util.spec_from_file_location("dump_model", CASES / "dump_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dump_model = _dump_model()


class ModelTestCase(SynchronousTestCase):
    """Runs a program and exports what it leaves."""

    def run_program(self, program: str) -> Interpreter:
        """The interpreter after a program that must not fail."""
        interpreter = Interpreter()
        self.addCleanup(interpreter.close)
        outcome = interpreter.run(program)
        self.assertIsNone(outcome.error)
        self.output = outcome.output
        return interpreter

    def export(self, program: str, path: str) -> None:
        """Run a program and write its model to a file."""
        interpreter = self.run_program(program)
        export(path, interpreter.globals_for_export(), interpreter.relations())

    def database(self, program: str) -> sqlite3.Connection:
        """The model of a program, opened."""
        path = self.mktemp()
        self.export(program, path)
        connection = sqlite3.connect(path)
        self.addCleanup(connection.close)
        return connection


class ConformanceTests(ModelTestCase):
    """Each program must print what its ``.out`` says and leave what its ``.dump`` says."""

    def check(self, name: str) -> None:
        path = os.path.abspath(self.mktemp())
        before = os.getcwd()
        os.chdir(FOLDER)
        self.addCleanup(os.chdir, before)
        try:
            self.export((CASES / f"{name}.dc").read_text("utf-8"), path)
            found = dump_model.dump(path)
        except DataCodeError as error:
            self.assertFalse(os.path.exists(path))
            found = f"ERROR {error}\n"
        self.assertEqual(found, (CASES / f"{name}.dump").read_text("utf-8"))
        self.assertEqual(self.output, (CASES / f"{name}.out").read_text("utf-8"))


def _add_cases() -> None:
    for path in sorted(CASES.glob("*.dc")):
        name = path.stem

        def test(self: ConformanceTests, name: str = name) -> None:
            self.check(name)

        test.__doc__ = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
        setattr(ConformanceTests, f"test_{name}", test)


_add_cases()


class ExistingFileTests(ModelTestCase):
    """A database that is there already."""

    def test_earlier_export_is_replaced(self) -> None:
        """Tables and relations of an earlier export go, other tables stay."""
        path = self.mktemp()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE own (a)")
        connection.close()
        self.export("a = table([[1]], ['x'])\nb = table([[1]], ['y'])\nrelate(a.x, b.y)", path)
        self.export("b = table([[5, 6]], ['y', 'z'])", path)
        lines = dump_model.dump(path).splitlines()
        self.assertEqual(
            lines,
            [
                "TABLE b (y:INTEGER, z:INTEGER)",
                "  [5, 6]",
                "TABLE own (a:)",
                'VARIABLE ["b", "Table", "b", 1, 2, null, "Table(1x2)"]',
            ],
        )

    def test_failure_changes_nothing(self) -> None:
        """An export that fails half way leaves the database as it was."""
        path = self.mktemp()
        self.export("a = table([[1]], ['x'])", path)
        before = dump_model.dump(path)
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE VIEW blocked AS SELECT 1")
        connection.close()
        with self.assertRaises(DataCodeError) as caught:
            self.export("a = table([[2]], ['x'])\nblocked = table([[1]], ['x'])", path)
        self.assertIn("Failed to create SQLite database", str(caught.exception))
        self.assertEqual(dump_model.dump(path), before)

    def test_not_a_database(self) -> None:
        """A file that is something else is not touched."""
        path = self.mktemp()
        Path(path).write_text("a letter\n" * 100)
        error = self.assertRaises(DataCodeError, self.export, "a = 1", path)
        self.assertEqual(
            str(error),
            "Runtime Error at line 0: Failed to create SQLite database: "
            f"file is not a database: {path}",
        )
        self.assertEqual(Path(path).read_text()[:8], "a letter")

    def test_impossible_path(self) -> None:
        """A path that cannot be opened is named."""
        error = self.assertRaises(DataCodeError, self.export, "a = 1", "/nowhere/x.db")
        self.assertEqual(
            str(error),
            "Runtime Error at line 0: Failed to create SQLite database: "
            "unable to open database file: /nowhere/x.db",
        )


class ConstraintTests(ModelTestCase):
    """Keys and foreign keys, where the data keep them."""

    def keys_of(self, connection: sqlite3.Connection, table: str) -> list[tuple[str, str, str]]:
        """The foreign keys of a table: column, table and column that it refers to."""
        return [
            (column, other, name)
            for _, _, other, column, name, *_ in connection.execute(
                f'PRAGMA foreign_key_list("{table}")'
            )
        ]

    def test_foreign_key(self) -> None:
        """A relation whose references all have their target is a foreign key."""
        connection = self.database(
            "items = table([[1, 'nut'], [2, 'pin']], ['id', 'name'])\n"
            "sales = table([[7, 1], [8, 2], [9, null]], ['no', 'item'])\n"
            "relate(items.id, sales.item)"
        )
        self.assertEqual(self.keys_of(connection, "sales"), [("item", "items", "id")])
        self.assertEqual(connection.execute("PRAGMA foreign_key_check").fetchall(), [])
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("INSERT INTO sales VALUES (10, 99)")
        self.assertRaises(sqlite3.IntegrityError, connection.commit)

    def test_dangling_reference(self) -> None:
        """A reference without target makes the relation one on paper only."""
        connection = self.database(
            "items = table([[1], [2]], ['id'])\nsales = table([[3]], ['item'])\n"
            "relate(items.id, sales.item)"
        )
        self.assertEqual(self.keys_of(connection, "sales"), [])
        found = connection.execute("SELECT from_table FROM _datacode_relations").fetchall()
        self.assertEqual(found, [("sales",)])

    def test_repeated_target(self) -> None:
        """A target that is not unique cannot be referred to."""
        connection = self.database(
            "items = table([[1], [1]], ['id'])\nsales = table([[1]], ['item'])\n"
            "relate(items.id, sales.item)"
        )
        self.assertEqual(self.keys_of(connection, "sales"), [])

    def test_primary_key(self) -> None:
        """``primary_key`` makes a primary key."""
        connection = self.database(
            "items = table([['a', 1], ['b', 2]], ['code', 'n'])\nprimary_key(items.code)"
        )
        columns = connection.execute("PRAGMA table_info(items)").fetchall()
        self.assertEqual([(c[1], c[5]) for c in columns], [("code", 1), ("n", 0)])

    def test_tables_that_are_gone(self) -> None:
        """A session that relates new tables in every program keeps none of the old ones."""
        program = (
            "a = table([[1], [2]], ['id'])\nb = table([[1]], ['a'])\n"
            "primary_key(a.id)\nrelate(a.id, b.a)"
        )
        interpreter = self.run_program(program)
        first = weakref.ref(interpreter.globals_for_export()["a"])
        for _ in range(5):
            interpreter.run(program)
        gc.collect()
        self.assertIsNone(first())
        self.assertEqual(len(interpreter.relations()), 2)
        path = self.mktemp()
        export(path, interpreter.globals_for_export(), interpreter.relations())
        with sqlite3.connect(path) as connection:
            self.assertEqual(self.keys_of(connection, "b"), [("a", "a", "id")])
            (count,) = connection.execute("SELECT count(*) FROM _datacode_relations").fetchone()
        connection.close()
        self.assertEqual(count, 1)

    def test_no_key_in_the_database(self) -> None:
        """A key whose cells the column's type makes alike, or cannot hold, stays a column."""
        for cells in (
            "[1], [2], ['x']",
            "[1], [2], ['1']",
            "[1], [10 ^ 30]",
            "[1.5], ['1.5']",
            "['a'], ['1'], [1], ['b']",
        ):
            connection = self.database(f"t = table([{cells}], ['n'])\nprimary_key(t.n)")
            columns = connection.execute("PRAGMA table_info(t)").fetchall()
            self.assertEqual([(c[1], c[5]) for c in columns], [("n", 0)], cells)
            (count,) = connection.execute("SELECT count(*) FROM t").fetchone()
            self.assertEqual(count, cells.count("["))

    def test_tables_that_refer_to_each_other(self) -> None:
        """Relations in a circle can be written, and written again."""
        program = (
            "a = table([[1, 5]], ['id', 'b'])\nb = table([[5, 1]], ['id', 'a'])\n"
            "relate(b.id, a.b)\nrelate(a.id, b.a)"
        )
        path = self.mktemp()
        for _ in range(2):
            self.export(program, path)
        with sqlite3.connect(path) as connection:
            self.assertEqual(connection.execute("PRAGMA foreign_key_check").fetchall(), [])
            self.assertEqual(self.keys_of(connection, "a"), [("b", "b", "id")])
        connection.close()


class CellTests(ModelTestCase):
    """What becomes of odd cells and names."""

    def test_numbers_beyond_integers(self) -> None:
        """NaN is null, an infinity and a number beyond 64 bits are reals."""
        connection = self.database(
            "t = table([[float('nan')], [float('inf')], [2 ^ 70], [0 - 2 ^ 53]], ['v'])"
        )
        found = connection.execute("SELECT v, typeof(v) FROM t").fetchall()
        self.assertEqual(
            found, [(None, "null"), (float("inf"), "real"), (2.0**70, "real"), (-(2.0**53), "real")]
        )

    def test_names_that_sqlite_keeps(self) -> None:
        """Variables called as SQLite's own tables or the metadata, or alike but for case."""
        names = ["sqlite_master", "_datacode_variables", "T", "t"]
        path = self.mktemp()
        self.export("\n".join(f"{name} = table([[1]], ['a'])" for name in names), path)
        with sqlite3.connect(path) as connection:
            found = connection.execute(
                "SELECT variable_name, table_name FROM _datacode_variables"
            ).fetchall()
            for _, table in found:
                self.assertEqual(connection.execute(f'SELECT * FROM "{table}"').fetchall(), [(1,)])
        connection.close()
        self.assertEqual(
            found,
            [
                ("sqlite_master", "_sqlite_master"),
                ("_datacode_variables", "_datacode_variables_2"),
                ("T", "T"),
                ("t", "t_2"),
            ],
        )

    def test_table_called_like_an_index(self) -> None:
        """An index gets another name where a table has its own, in any letter case."""
        connection = self.database(
            "Idx_t_id = table([[1]], ['a'])\nidx_t_id_ = table([[1]], ['a'])\n"
            "t = table([[7]], ['id'])"
        )
        found = connection.execute("PRAGMA index_list(t)").fetchall()
        self.assertEqual([index[1] for index in found], ["idx_t_id__"])

    def test_more_columns_than_sqlite_knows(self) -> None:
        """What SQLite cannot hold is said in one sentence, with and without a file."""
        interpreter = self.run_program("t = table([range(3000)])")
        values = interpreter.globals_for_export()
        error = self.assertRaises(DataCodeError, export_bytes, values)
        self.assertEqual(
            str(error),
            "Runtime Error at line 0: Failed to create SQLite database: too many columns on t",
        )
        path = self.mktemp()
        error = self.assertRaises(DataCodeError, export, path, values)
        self.assertIn("too many columns on t", str(error))

    def test_long_values_are_cut(self) -> None:
        """The text of a variable is kept up to 10000 characters."""
        connection = self.database("s = 'x' * 10001")
        (value,) = connection.execute("SELECT value FROM _datacode_variables").fetchone()
        self.assertEqual(value, "x" * 10000 + "... (truncated, len: 10001)")

    def test_bytes(self) -> None:
        """Who cannot write files gets the database as bytes."""
        interpreter = self.run_program("t = table([[1, 'a']], ['n', 'k'])")
        content = export_bytes(interpreter.globals_for_export(), interpreter.relations())
        connection = sqlite3.connect(":memory:")
        self.addCleanup(connection.close)
        connection.deserialize(content)
        self.assertEqual(connection.execute("SELECT * FROM t").fetchall(), [(1, "a")])
