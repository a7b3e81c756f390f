"""The state of a notebook beside its connection file: what is written, and what comes back."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.console.state_files import StateFileError, load_state, save_state
from datacode.kernel.state_file import KernelStateFile

PATIENCE = 60.0
TABLE = """
rows = []
for i in range(2000) do
    rows = push(rows, [i, "cell " + str(i)])
next i
t = table(rows, ["n", "text"])
rows = null"""


class KernelStateFileTests(SynchronousTestCase):
    """One notebook, in this process."""

    def setUp(self) -> None:
        """A connection file, and the state beside it."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.connection = self.folder / "kernel-1.json"
        self.connection.write_text("{}")
        self.columns = self.folder / "kernel-1.datacode-columns"
        self.file = self.folder / "kernel-1.datacode-state"
        self.kept = KernelStateFile(str(self.connection))
        self.addCleanup(lambda: self.kept.forget())
        self.interpreter = Interpreter()

    def cell(self, program: str) -> None:
        """Run a cell, and wait until its state is written."""
        self.assertIsNone(self.interpreter.run(program).error)
        before = self.file.stat().st_ino if self.file.exists() else None
        self.kept.keep(self.interpreter.snapshot())
        end = time.monotonic() + PATIENCE
        while not self.file.exists() or self.file.stat().st_ino == before:
            self.assertLess(time.monotonic(), end, "the state is not written")
            self.assertIsNone(self.kept.failure)
            time.sleep(0.002)

    def again(self) -> Interpreter:
        """A kernel that was killed is started again: its interpreter."""
        self.kept = KernelStateFile(str(self.connection))
        fresh = Interpreter()
        self.assertTrue(self.kept.restore(fresh))
        return fresh

    def files(self) -> dict[str, int]:
        """The files of columns, each with what tells it from one that was written later."""
        return {path.name: path.stat().st_mtime_ns for path in self.columns.iterdir()}

    def test_columns_once(self) -> None:
        """A cell that changes no table writes a small file only, also after a kernel was killed."""
        self.cell(TABLE)
        written = self.files()
        self.assertEqual(len(written), 2)
        self.cell("x = 5")
        self.assertEqual(self.files(), written)
        self.assertLess(self.file.stat().st_size, 1000)
        self.interpreter = self.again()
        self.cell("print(len(t), t.text[1999], x)")
        self.assertEqual(self.files(), written)
        self.cell("u = table_where(t, 'n', '>=', 1000)")
        self.assertEqual(len(self.files()), 4)
        self.assertLessEqual(written.items(), self.files().items())
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (self.columns, self.file)}
        self.assertEqual(modes, {0o700, 0o600})

    def test_columns_go(self) -> None:
        """What no variable has any more is deleted; what a kill left is, too."""
        self.cell(TABLE)
        (self.columns / "unfinished").write_bytes(b"x" * 100)
        self.interpreter = self.again()
        self.assertEqual(len(self.files()), 2)
        self.cell("t = null")
        end = time.monotonic() + PATIENCE
        while self.files():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        self.kept.forget()
        self.assertEqual(list(self.folder.iterdir()), [self.connection])

    def test_loaded_names(self) -> None:
        """Columns of a file that was loaded are written, whatever they are called there."""
        self.cell(TABLE)
        saved = self.folder / "saved"
        save_state(self.interpreter.snapshot(), str(saved))
        other = self.folder / "other"
        other.write_bytes(saved.read_bytes().replace(b"cell 1999", b"CELL 1999"))
        load_state(self.interpreter, str(other))
        self.cell("x = 1")
        self.assertEqual(self.again().run("print(t.text[1999])").output, "CELL 1999\n")

    def test_damaged(self) -> None:
        """A sentence; and the kernel begins anew."""
        self.cell(TABLE)
        for path in self.columns.iterdir():
            path.unlink()
        fresh = KernelStateFile(str(self.connection))
        error = self.assertRaises(StateFileError, fresh.restore, Interpreter())
        self.assertIn("a column is missing", str(error))
        self.file.write_bytes(b"nothing of the kind")
        self.assertRaises(StateFileError, fresh.restore, Interpreter())
        fresh.keep(self.interpreter.snapshot())
        end = time.monotonic() + PATIENCE
        while self.file.read_bytes() == b"nothing of the kind":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        self.assertEqual(self.again().run("print(len(t))").output, "2000\n")

    def test_not_written(self) -> None:
        """A disk that takes nothing is told of, and once it does, all is there."""
        self.cell("x = 1")
        self.columns.write_bytes(b"in the way")
        self.assertIsNone(self.interpreter.run(TABLE).error)
        self.kept.keep(self.interpreter.snapshot())
        end = time.monotonic() + PATIENCE
        while self.kept.failure is None:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        self.assertIn("was not saved", str(self.kept.failure))
        os.unlink(self.columns)
        self.kept.failure = None
        self.cell("x = 2")
        self.assertEqual(self.again().run("print(x, len(t))").output, "2 2000\n")

    def test_orphans(self) -> None:
        """What kernels left whose connection files are gone is deleted, and nothing else."""
        (self.folder / "kernel-2.datacode-columns").mkdir()
        (self.folder / "kernel-2.datacode-state").write_bytes(b"")
        (self.folder / "kernel-3.datacode-columns").mkdir()
        (self.folder / "kernel-3.json").write_text("{}")
        (self.folder / "kernel-4.datacode-session").write_text("")
        KernelStateFile(str(self.connection))
        left = {path.name for path in self.folder.iterdir()}
        self.assertEqual(
            left,
            {
                "kernel-1.json",
                "kernel-3.datacode-columns",
                "kernel-3.json",
                "kernel-4.datacode-session",
            },
        )
