"""Large tables in checkpoints: by the files that hold them, on this machine and on another."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.console.state_files import StateFileError, load_state, save_state
from datacode.errors import DataCodeError
from datacode.plans import nodes, table_files
from datacode.plans.facts import Facts
from datacode.plans.local import LocalStorage, local_storage
from datacode.plans.nodes import BadPlan, CellKind
from datacode.plans.table_files import TableFile
from datacode.runtime import checkpoint
from datacode.runtime.checkpoint import CheckpointError
from datacode.values.column_storage import ColumnData, KeptFiles, KeptRows
from datacode.values.stored_column import StoredColumn
from datacode.values.table import Table
from tests.large import StoredTestCase, TablesIn, engine_of, storage

PROGRAM = """
t = table([[1, "a"], [2, null], [3, "c"]], ["n", "s"])
f = table_filter(t, "n > 1")
both = merge_tables([t, f])
c = f["s"]
relate(t["n"], f["n"])
"""
LOOK = 'print(t.idx[0], f.idx[1], both.idx[4], len(both), c[1], both["n"])'


def loaded(data: bytes, **options: object) -> Interpreter:
    """An interpreter with the state of a file."""
    interpreter = Interpreter(**options)  # type: ignore[arg-type]
    interpreter.restore(checkpoint.load(io.BytesIO(data)))
    return interpreter


class FileTests(StoredTestCase):
    """Saved with one engine, loaded with another."""

    def test_round_trip(self) -> None:
        """Tables, views of them and columns are there, in files again; each file is saved once."""
        interpreter = Interpreter(large_tables=self.storage)
        self.assertIsNone(interpreter.run(PROGRAM).error)
        file = io.BytesIO()
        checkpoint.save(interpreter.snapshot(), file, TablesIn(self.storage))
        expected = interpreter.run(LOOK)
        with storage() as other:
            again = Interpreter(large_tables=other)
            file.seek(0)
            again.restore(checkpoint.load(file, TablesIn(other), other.kept))
            self.assertEqual(again.run(LOOK).output, expected.output)
            table = again.globals_for_export().get("t") or again.snapshot().variables["l_t"]
            assert isinstance(table, Table)
            self.assertIsInstance(table.columns[0], StoredColumn)
            twice = io.BytesIO()
            checkpoint.save(again.snapshot(), twice, TablesIn(other))
            self.assertLess(abs(len(twice.getvalue()) - len(file.getvalue())), 2000)
            os.kill(engine_of(other), signal.SIGKILL)
            self.assertEqual(again.run(LOOK).output, expected.output)
            again.close()

    def test_nowhere_to_have_them(self) -> None:
        """Without stored tables a state that has some is refused by name, both ways."""
        interpreter = Interpreter(large_tables=self.storage)
        interpreter.run(PROGRAM)
        with self.assertRaises(CheckpointError) as caught:
            checkpoint.save(interpreter.snapshot(), io.BytesIO())
        self.assertEqual(caught.exception.message.code, "checkpoint_large")
        file = io.BytesIO()
        checkpoint.save(interpreter.snapshot(), file, TablesIn(self.storage))
        with self.assertRaises(CheckpointError) as caught:
            loaded(file.getvalue())
        self.assertEqual(caught.exception.message.code, "checkpoint_large")

    def test_small_again(self) -> None:
        """What has been stored once is small from then on."""
        interpreter = Interpreter(large_tables=self.storage)
        interpreter.run(PROGRAM)
        snapshot = interpreter.snapshot()
        self.assertFalse(checkpoint.is_small(snapshot, frozenset()))
        written = checkpoint.write(snapshot)
        self.assertTrue(written.files)
        self.assertTrue(checkpoint.is_small(snapshot, frozenset(written.names)))

    def test_damaged(self) -> None:
        """A file of which bytes are changed is refused, or its tables are lost with a sentence."""
        interpreter = Interpreter(large_tables=self.storage)
        interpreter.run(PROGRAM)
        file = io.BytesIO()
        checkpoint.save(interpreter.snapshot(), file, TablesIn(self.storage))
        whole = file.getvalue()
        for step in range(10):
            data = bytearray(whole)
            place = 30 + step * (len(data) - 40) // 10
            data[place] ^= 0x55
            with storage() as other:
                again = Interpreter(large_tables=other)
                try:
                    snapshot = checkpoint.load(io.BytesIO(bytes(data)), TablesIn(other), other.kept)
                except CheckpointError:
                    continue
                again.restore(snapshot)
                error = again.run(LOOK).error
                if error is not None:
                    self.assertNotEqual(error.message.code, "internal_error", place)
                again.close()


class DescriptionTests(SynchronousTestCase):
    """What a stranger may say of tables."""

    names = ("00" * 12, "11" * 12)

    def rows(self, **other: object) -> KeptRows:
        """Two rows of a number and a text in each of two files, some things otherwise."""
        kinds = (CellKind.NUMBER, CellKind.TEXT)
        files = [TableFile(name, 2, kinds) for name in self.names]
        facts = [Facts(CellKind.NUMBER), Facts(CellKind.TEXT)]
        described = table_files.described_files(files)
        wanted = {"plan": nodes.Scan(0), "rows": 4, "facts": facts} | other
        return KeptRows(
            (KeptFiles(wanted.pop("names", self.names), described),),  # type: ignore[arg-type]
            table_files.described_rows(**wanted),  # type: ignore[arg-type]
        )

    def test_refused(self) -> None:
        """Other shapes, files that cannot be, plans that are too large."""
        deep: nodes.Source = nodes.Scan(0)
        for _ in range(501):
            deep = nodes.Slice(deep, 0, 4)
        bad = [
            self.rows(rows=5),
            self.rows(plan=nodes.Scan(1)),
            self.rows(plan=nodes.Scan(-1)),
            self.rows(plan=nodes.Slice(nodes.Scan(0), 0, 9)),
            self.rows(plan=nodes.Project(nodes.Scan(0), (1, 0))),
            self.rows(plan=nodes.Concat(())),
            self.rows(plan=deep),
            self.rows(facts=[Facts(CellKind.NUMBER)]),
            self.rows(facts=[Facts(CellKind.NUMBER, 9), Facts(CellKind.TEXT)]),
            self.rows(names=("00" * 12,)),
            self.rows(names=("00" * 12, "../../../etc/passwd")),
            self.rows(names=("00" * 12, "AA" * 12)),
            KeptRows((), b""),
            KeptRows((), b"\x93\xc0\xc0\xc0"),
        ]
        with storage() as own:
            own.kept(self.rows())
            for each in bad:
                with self.assertRaises(BadPlan):
                    own.kept(each)

    @given(st.binary(max_size=60), st.binary(max_size=60))
    @settings(max_examples=200, deadline=None, database=None)
    def test_garbage(self, one: bytes, other: bytes) -> None:
        """Whatever the bytes are, they are refused as what they are not."""
        for read in (
            lambda: table_files.files_of(self.names, one),
            lambda: table_files.rows_described(other),
        ):
            with contextlib.suppress(BadPlan):
                read()

    def test_plans(self) -> None:
        """Every kind of node comes back as it was."""
        one = nodes.Project(nodes.Slice(nodes.Scan(0), 1, 3), (1, 0))
        plan = nodes.Zip((nodes.Concat((one, nodes.Scan(1))), nodes.Scan(0)))
        found = table_files.rows_described(table_files.described_rows(plan, 4, []))
        self.assertEqual(found.plan, plan)

    def test_nodes_out_of_order(self) -> None:
        """A node may be the source of one other, and only of a later one."""
        scan, end = ["scan", 0], [4, []]
        for plan in (
            [scan, ["zip", [0, 0]]],
            [["slice", 0, 0, 4]],
            [scan, ["slice", 2, 0, 4], scan],
            [scan, ["slice", -1, 0, 4]],
            [],
            [scan] * 501,
        ):
            with self.assertRaises(BadPlan):
                table_files.rows_described(msgspec.msgpack.encode([plan, *end]))

    def test_a_file_that_is_not_there(self) -> None:
        """The table is lost, with a sentence."""
        with storage() as own:
            rows = own.kept(self.rows())
            with self.assertRaises(DataCodeError) as caught:
                StoredColumn(rows, 0).values()
            self.assertEqual(caught.exception.message.code, "large_table_lost")
            (column,) = own.placed([ColumnData.of_list([1.0])])
            self.assertEqual(column.values(), [1.0])


class ConsoleTests(SynchronousTestCase):
    """``--save`` and ``--load``, and the prompt's commands."""

    def local(self) -> LocalStorage:
        """Stored tables as ``datacode`` has them; every table is stored."""
        folder = tempfile.mkdtemp()
        made = local_storage(Path(folder), 1 << 28, threshold=0)
        made.small = 0
        self.addCleanup(made.close)
        return made

    def test_save_and_load(self) -> None:
        """Into another process's interpreter, and over itself."""
        name = self.mktemp()
        first = Interpreter(large_tables=self.local())
        self.assertIsNone(first.run(PROGRAM).error)
        save_state(first.snapshot(), name, first.large_tables)
        expected = first.run(LOOK).output
        second = Interpreter(large_tables=self.local())
        load_state(second, name)
        self.assertEqual(second.run(LOOK).output, expected)
        for _ in range(2):
            load_state(first, name)
            self.assertEqual(first.run(LOOK).output, expected)
            first.run('x = table_sort(t, "n", false)')
        first.run("t = 1")
        load_state(second, name)
        self.assertEqual(second.run(LOOK).output, expected)
        without = Interpreter()
        with self.assertRaises(StateFileError) as caught:
            load_state(without, name)
        self.assertIn("larger than memory", str(caught.exception.message.render("en")))

    def test_folder_goes(self) -> None:
        """Nothing is left when the process lets go of it."""
        own = self.local()
        own.placed([ColumnData.of_list([1.0])])
        folder = own.folder.made()
        self.assertTrue(folder.exists())
        own.close()
        self.assertFalse(folder.exists())
