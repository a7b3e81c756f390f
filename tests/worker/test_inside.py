"""The language behind the walls: programs do in a worker what they do in this process."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

from datacode.runtime.file_operations import FileOperation, Open
from datacode.runtime.local_files import LocalFiles
from datacode.worker.pool import PoolSettings
from tests.worker.harness import WorkersTestCase

CASES = Path(__file__).resolve().parents[1] / "conformance"
OFFICE = Path(__file__).parents[1] / "tables" / "office"
EVERY = 12


class HereFiles:
    """A broker that answers with the files of this process's working folder."""

    async def do(self, operation: FileOperation[Any]) -> Any:
        answer = operation.on(LocalFiles())
        if not isinstance(operation, Open):
            return answer
        with answer as file:
            return os.dup(file.fileno())

    def give_up(self) -> None:
        pass


class InsideTests(WorkersTestCase):
    """A part of the conformance cases, each in a worker of its own."""

    timeout = 120
    settings = PoolSettings(spare=2, entry="tests.worker.watched:serve")

    async def check(self, folder: Path) -> None:
        """Every twelfth case of a folder: its output, its error, and nothing imported on the way.

        A module that had to be imported in a worker would be one that the zygote has not loaded,
        and that could not be found there.
        """
        before = Path.cwd()
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        await self.started()
        for case in sorted(folder.glob("*.dc"))[::EVERY]:
            interpreter = self.opened(HereFiles())
            outcome = await interpreter.run(case.read_text("utf-8"))
            await interpreter.close()
            error = case.with_suffix(".err")
            expected = error.read_text("utf-8").rstrip("\n") if error.exists() else ""
            self.assertEqual(outcome.output, case.with_suffix(".out").read_text("utf-8"), case.name)
            self.assertEqual(str(outcome.error or ""), expected, case.name)

    async def test_language(self) -> None:
        """The cases of the language."""
        await self.check(CASES / "language")

    async def test_builtins(self) -> None:
        """The cases of builtins, tables and files."""
        await self.check(CASES / "builtins")

    async def test_workbooks(self) -> None:
        """Workbooks are written and read without a file of the worker's own."""
        before = Path.cwd()
        folder = self.mktemp()
        os.makedirs(folder)
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        await self.started()
        interpreter = self.opened(HereFiles())
        outcome = await interpreter.run(
            "t = table([[1, 'a'], [2, '=b']], ['n', 's'])\n"
            "write_file(path('o.xlsx'), t)\n"
            "u = read_file(path('o.xlsx'))\n"
            "print(u.idx[0], u.idx[1], u.idx[0][0])"
        )
        self.assertIsNone(outcome.error, outcome.error)
        self.assertEqual(outcome.output, "[1, a] [2, =b] 1\n")
        outcome = await interpreter.run(
            "write_file(path('o.xlsx'), table(enum(range(10001)), ['i', 'n']))\n"
            "print(len(read_file(path('o.xlsx'))))"
        )
        self.assertEqual((outcome.error, outcome.output), (None, "10001\n"))

    async def test_every_form(self) -> None:
        """Every form of a table is written and read where no module and no file can be found."""
        before = Path.cwd()
        folder = self.mktemp()
        os.makedirs(folder)
        for name in ("xls", "xlsb", "ods"):
            shutil.copy(OFFICE / f"sheetjs.{name}", Path(folder) / f"o.{name}")
        with zipfile.ZipFile(Path(folder) / "o.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("o.csv", "a;b\n1;2\n3;4")
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        await self.started()
        interpreter = self.opened(HereFiles())
        outcome = await interpreter.run(
            "t = table([['2025-12-31', money(5), 1.5, 'x'], ['31.12.2025', null, 2, true]],"
            " ['day', 'm', 'n', 's'])\n"
            "write_file('o.xlsx', {'a': t, 'b': t}, totals=true, formats={'n': '# ##0.00'})\n"
            "write_file('o.xlsx', t, sheet='c', append=true)\n"
            "print(read_file('o.xlsx', 'c').rows.rows)\n"
            "write_file('o.csv', t, excel='ru')\n"
            "for e in ['tsv', 'json', 'jsonl', 'parquet', 'arrow'] do\n"
            "  write_file('o.' + e, t)\n"
            "  print(file_size('o.' + e) > 0)\n"
            "next e\n"
            "print(sheet_names('o.xlsx'))\n"
            "more = 'tsv json jsonl parquet arrow xls xlsb ods zip'\n"
            "for e in split(more, ' ') do\n"
            "  print(len(read_file('o.' + e)))\n"
            "next e"
        )
        self.assertIsNone(outcome.error, outcome.error)
        self.assertEqual(
            outcome.output,
            "[[2025-12-31, 5, 1.5, x], [2025-12-31, null, 2, true]]\n"
            + "true\n" * 5
            + "[a, b, c]\n"
            + "2\n" * 7
            + "1\n2\n",
        )

    async def test_encodings(self) -> None:
        """Every character set that programs may name is there."""
        before = Path.cwd()
        folder = self.mktemp()
        os.makedirs(folder)
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        await self.started()
        interpreter = self.opened(HereFiles())
        names = "['cp1251', 'koi8-r', 'mac-cyrillic', 'cp866', 'gb18030', 'shift_jis', 'utf-16']"
        outcome = await interpreter.run(
            f"for name in {names} do\n"
            " write_file(path('t.txt'), 'Привет', encoding=name)\n"
            " print(read_file(path('t.txt'), encoding=name))\n"
            "next name"
        )
        self.assertIsNone(outcome.error, outcome.error)
        self.assertEqual(outcome.output, "Привет\n" * 7)
