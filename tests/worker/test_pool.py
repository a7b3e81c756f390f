"""Programs run in workers of their own: outcomes, limits, interruption, files, questions."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable
from typing import Any

from msgspec import structs
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.logger import LogEvent, globalLogPublisher

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.runtime.files import Entry, FilesError
from datacode.values.chart import Chart
from datacode.worker.limits import MIB, Limits
from datacode.worker.pool import (
    FindRows,
    FindStatistics,
    FindValues,
    FoundRows,
    PoolSettings,
    RemoteInterpreter,
    RowsWanted,
    SandboxError,
    SandboxReport,
    TableShown,
    WorkerPool,
)
from datacode.worker.wire import SHOWN_TABLES
from tests.worker.harness import TAKEN_OVER, NoFiles, WorkersTestCase, descriptors, until

ENDLESS = """
for i in range(100000) do
  for j in range(100000) do
    x = i + j
  next j
next i
"""


class Files(NoFiles):
    """A broker with files in memory, and one that does not come until it is let."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_", "."): content for name, content in files.items()}
        self.slow: Deferred[None] = Deferred()
        self.asked: list[str] = []

    async def open(self, path: str) -> int:
        self.asked.append(path)
        if path == "slow.txt":
            await self.slow
        elif path == "secret.txt":
            raise FilesError(Message("denied", "Access to {path} is denied", {"path": path}))
        elif path == "broken.txt":
            raise KeyError("a fault of ours")
        elif path not in self.files:
            raise FileNotFoundError(2, "No such file", path)
        with tempfile.TemporaryFile() as file:
            file.write(self.files.get(path, b"late"))
            file.seek(0)
            return os.dup(file.fileno())

    async def list_folder(self, path: str) -> list[Entry]:
        return [Entry(name, False, len(content), 0.0) for name, content in self.files.items()]

    async def match(self, pattern: str) -> list[str]:
        return sorted(name for name in self.files if name.endswith(pattern.lstrip("*")))

    async def kind(self, path: str) -> str | None:
        return "file" if path in self.files else None

    async def write(self, path: str, content: bytes) -> None:
        self.files[path] = content


class ProgramTestCase(WorkersTestCase):
    """Runs programs in one session."""

    async def session(self, broker: object = None, limits: Limits | None = None) -> None:
        """A session on workers of its own."""
        await self.started()
        self.interpreter = self.opened(broker, limits)

    async def output(self, code: str) -> str:
        """What a program prints that does not fail."""
        outcome = await self.interpreter.run(code)
        self.assertIsNone(outcome.error, outcome.error)
        return outcome.output

    async def error(self, code: str) -> str:
        """The error of a program that fails."""
        outcome = await self.interpreter.run(code)
        self.assertIsNotNone(outcome.error)
        return str(outcome.error)

    def running(self, code: str, interpreter: RemoteInterpreter | None = None) -> Deferred[object]:
        """A program that is running."""
        return Deferred.fromCoroutine((interpreter or self.interpreter).run(code))


class OutcomeTests(ProgramTestCase):
    """What a program prints and how it fails arrive as in the in-process interpreter."""

    async def test_output(self) -> None:
        """Everything that was printed, and no error."""
        await self.session()
        self.assertEqual(
            await self.output("print('Hello', 1)\nprint('Привет')"), "Hello 1\nПривет\n"
        )

    async def test_state(self) -> None:
        """Variables and functions stay from one run to the next."""
        await self.session()
        await self.output("x = 5\nfunction f(n) do\n return n + x\nendfunction")
        self.assertEqual(await self.output("print(f(1))"), "6\n")

    async def test_error(self) -> None:
        """An error has its kind and line, in both languages, and the output before it."""
        await self.session()
        outcome = await self.interpreter.run("print(1)\nprint(y)")
        self.assertEqual(outcome.output, "1\n")
        assert outcome.error is not None
        self.assertEqual(str(outcome.error), "Variable Error at line 2: Variable 'y' not found")
        self.assertEqual(
            outcome.error.render("ru"), "Ошибка: переменная 'y' не определена (строка 2)"
        )

    async def test_error_of_one_line(self) -> None:
        """Its Russian text has no line."""
        await self.session()
        outcome = await self.interpreter.run("print(x)")
        assert outcome.error is not None
        self.assertEqual(outcome.error.render("ru"), "Ошибка: переменная 'x' не определена")

    async def test_syntax_error(self) -> None:
        """A text that is no program."""
        await self.session()
        self.assertTrue((await self.error("a =")).startswith("Syntax Error at line 1, column"))

    async def test_in_order(self) -> None:
        """Runs that are asked for together follow one another."""
        await self.session()
        runs = [self.running(f"print({n})") for n in range(5)]
        outcomes = await gatherResults(runs)
        self.assertEqual([o.output for o in outcomes], [f"{n}\n" for n in range(5)])

    async def test_much_output(self) -> None:
        """Output of many pieces arrives whole and in order."""
        await self.session()
        text = await self.output("for i in range(30000) do\n print('line', i)\nnext i")
        self.assertEqual(text, "".join(f"line {i}\n" for i in range(30000)))

    async def test_a_million_characters_at_once(self) -> None:
        """So does a text that is longer than a frame, of characters that are long in UTF-8."""
        await self.session()
        code = "s = 'д'\nfor i in range(21) do\n s = s + s\nnext i\nprint(s)"
        self.assertEqual(await self.output(code), "д" * 2**21 + "\n")


class StreamTests(ProgramTestCase):
    """Output as it is printed."""

    async def test_pieces(self) -> None:
        """The pieces make up the output, which the outcome has all the same."""
        await self.session()
        pieces: list[str] = []
        outcome = await self.interpreter.run(
            "for i in range(20000) do\n print(i)\nnext i", on_output=pieces.append
        )
        whole = "".join(f"{i}\n" for i in range(20000))
        self.assertEqual(outcome.output, whole)
        self.assertEqual("".join([*pieces]), whole)
        self.assertGreater(len(pieces), 1)

    async def test_at_once(self) -> None:
        """The first line comes while the program goes on."""
        await self.session()
        first: Deferred[str] = Deferred()
        running = Deferred.fromCoroutine(
            self.interpreter.run(
                "print('first')\n" + ENDLESS,
                on_output=lambda text: first.called or first.callback(text),
            )
        )
        self.assertEqual(await first, "first\n")
        self.assertFalse(running.called)
        self.interpreter.cancel()
        await running

    async def test_soon(self) -> None:
        """Later lines come soon, though they do not fill a piece."""
        await self.session()
        seen: list[str] = []
        running = Deferred.fromCoroutine(
            self.interpreter.run(
                "for i in range(50) do\n print(i)\nnext i\n" + ENDLESS, on_output=seen.append
            )
        )
        self.assertTrue(await until(lambda: "49\n" in "".join(seen)))
        self.interpreter.cancel()
        await running

    async def test_listener_fails(self) -> None:
        """A fault in the listener is logged, and the program runs on."""
        await self.session()

        def listen(text: str) -> None:
            raise KeyError("a fault of the listener")

        outcome = await self.interpreter.run("print(1)", on_output=listen)
        self.assertEqual((outcome.output, outcome.error), ("1\n", None))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    async def test_slow_reader(self) -> None:
        """While the reader is paused the program waits, questions are answered, nothing is lost."""
        await self.session()
        pieces: list[str] = []
        self.interpreter.pause()
        running = Deferred.fromCoroutine(
            self.interpreter.run(
                "for i in range(300000) do\n print('a line of output', i)\nnext i\nx = 1",
                on_output=pieces.append,
            )
        )
        self.assertTrue(await until(lambda: len(pieces) > 0, within=0.3) or not pieces)
        names = {variable.name for variable in await self.interpreter.inspect()}
        self.assertNotIn("x", names)
        self.assertFalse(running.called)
        self.assertEqual(pieces, [])
        self.interpreter.resume()
        outcome = await running
        self.assertEqual("".join(pieces), outcome.output)
        self.assertEqual(outcome.output.count("\n"), 300000)

    async def test_time_runs_out_for_a_slow_reader(self) -> None:
        """A program whose output nobody reads ends with its time, and keeps its variables."""
        await self.session(limits=Limits(run_seconds=1))
        while (await self.interpreter.run("y = 7")).error is not None:
            pass  # a second is too short for that on a machine that has much to do
        self.interpreter.pause()
        outcome = await self.interpreter.run(
            "for i in range(300000) do\n print('a line of output', i)\nnext i\n" + ENDLESS,
            on_output=lambda text: None,
        )
        self.assertEqual(str(outcome.error), "Limit Error: Run time limit exceeded (1 s)")
        self.assertEqual(await self.output("print(y)"), "7\n")


class LimitTests(ProgramTestCase):
    """A limit ends the program with a sentence; the variables survive."""

    async def survives(self, code: str, limits: Limits, error: str) -> str:
        """A program fails like that, its variables are there; gives its output."""
        await self.session(limits=limits)
        await self.output("kept = 42")
        outcome = await self.interpreter.run(code)
        self.assertEqual(str(outcome.error), error)
        self.assertEqual(await self.output("print(kept)"), "42\n")
        return outcome.output

    async def test_run_time(self) -> None:
        """The clock."""
        await self.survives(
            ENDLESS, Limits(run_seconds=1), "Limit Error: Run time limit exceeded (1 s)"
        )

    async def test_processor_time(self) -> None:
        """The processor."""
        await self.survives(
            ENDLESS, Limits(cpu_seconds=0.2), "Limit Error: CPU time limit exceeded (0.2 s)"
        )

    async def test_catch_and_finally(self) -> None:
        """A program can neither catch a limit nor go on in ``finally``."""
        code = f"try\n{ENDLESS}\ncatch e\n print('caught')\nfinally\n{ENDLESS}\nendtry"
        printed = await self.survives(
            code, Limits(run_seconds=1), "Limit Error: Run time limit exceeded (1 s)"
        )
        self.assertEqual(printed, "")

    async def test_output(self) -> None:
        """Output: what fits is there."""
        printed = await self.survives(
            "for i in range(1000000) do\n print('0123456')\nnext i",
            Limits(output_bytes=MIB),
            "Limit Error: Output limit exceeded (1 MiB)",
        )
        self.assertEqual(len(printed), MIB)

    async def test_memory(self) -> None:
        """Memory."""
        await self.survives(
            "xs = []\nfor i in range(100000) do\n for j in range(100000) do\n"
            "  xs = push(xs, str(i) + str(j))\n next j\nnext i",
            Limits(memory_bytes=64 * MIB),
            "Limit Error: Not enough memory",
        )

    async def test_recursion(self) -> None:
        """Calls within calls."""
        await self.survives(
            "function f(n) do\n return f(n + 1)\nendfunction\nf(1)",
            Limits(recursion=50),
            "Runtime Error at line 2: Превышена максимальная глубина рекурсии (50)",
        )

    async def test_ten_thousand_calls(self) -> None:
        """So many calls deep must work, also through a builtin."""
        await self.session()
        code = (
            "function f(n) do\n if n == 0 do\n  return 0\n endif\n return f(n - 1)\nendfunction\n"
            "print(f(9999))"
        )
        self.assertEqual(await self.output(code), "0\n")

    async def test_steps(self) -> None:
        """Steps, of the session or of one run; always at the same one."""
        printed = await self.survives(
            "for i in range(1000) do\n print(i)\nnext i",
            Limits(max_steps=100),
            "Limit Error: Step limit exceeded (100 steps)",
        )
        outcome = await self.interpreter.run("for i in range(1000) do\n print(i)\nnext i")
        self.assertEqual(outcome.output, printed)
        stricter = await self.interpreter.run(
            "for i in range(1000) do\n print(i)\nnext i", max_steps=50
        )
        self.assertEqual(str(stricter.error), "Limit Error: Step limit exceeded (50 steps)")

    async def test_source(self) -> None:
        """The text of a program."""
        await self.survives(
            "# " + "x" * MIB,
            Limits(source_bytes=MIB),
            "Limit Error: Source size limit exceeded (1024 KiB)",
        )


class KillTests(ProgramTestCase):
    """Where a worker heeds nothing, its process is killed, and the session is told."""

    settings = PoolSettings(spare=0, entry=TAKEN_OVER, limit_grace=0.05)
    native = "import re\nre.match('(a+)+b', 'a' * 50)"

    async def test_cancel(self) -> None:
        """Native code that does not return, cancelled."""
        await self.session()
        running = self.running(self.native)
        await until(lambda: self.interpreter.running)
        self.assertTrue(self.interpreter.cancel())
        self.assertEqual(
            str((await running).error),  # type: ignore[attr-defined]
            "Limit Error: Execution was interrupted; the state of the session was reset",
        )
        self.assertEqual(await self.output("print(1)"), "1\n")

    async def test_run_time(self) -> None:
        """And at its time limit."""
        await self.session(limits=Limits(run_seconds=0.1))
        self.assertEqual(
            await self.error(self.native),
            "Limit Error: Run time limit exceeded (0.1 s); the state of the session was reset",
        )

    async def test_processor_time(self) -> None:
        """And at that of the processor."""
        await self.session(limits=Limits(cpu_seconds=0.1))
        self.assertEqual(
            await self.error(self.native),
            "Limit Error: CPU time limit exceeded (0.1 s); the state of the session was reset",
        )


class CancelTests(ProgramTestCase):
    """Cancelling from outside."""

    async def test_loop(self) -> None:
        """A loop ends, the variables are kept."""
        await self.session()
        await self.output("kept = 1")
        running = self.running("kept = 2\n" + ENDLESS)
        names: list[str] = []
        while "x" not in names:
            names = [variable.name for variable in await self.interpreter.inspect()]
        self.assertTrue(self.interpreter.cancel())
        self.assertEqual(
            str((await running).error),  # type: ignore[attr-defined]
            "Limit Error: Execution was interrupted",
        )
        self.assertEqual(await self.output("print(kept)"), "2\n")

    async def test_nothing_runs(self) -> None:
        """There is nothing to cancel, and the next run is not harmed."""
        await self.session()
        self.assertFalse(self.interpreter.cancel())
        await self.output("x = 1")
        self.assertFalse(self.interpreter.cancel())
        self.assertEqual(await self.output("print(x)"), "1\n")

    async def test_at_once(self) -> None:
        """A cancel that overtakes its program ends it all the same."""
        await self.session()
        running = self.running(ENDLESS)
        self.assertTrue(self.interpreter.cancel())
        outcome = await running
        self.assertEqual(
            str(outcome.error),  # type: ignore[attr-defined]
            "Limit Error: Execution was interrupted",
        )

    async def test_many_at_any_moment(self) -> None:
        """Whenever a cancel comes, that run ends and the next one is not harmed."""
        await self.session()
        for number in range(60):
            running = self.running(
                f"n = {number}\nfor i in range({number * 40}) do\n y = i\nnext i"
            )
            self.interpreter.cancel()
            await running
            self.assertEqual(await self.output(f"print({number})"), f"{number}\n")

    async def test_waiting_for_a_file(self) -> None:
        """A program that waits for the server is cancelled; the late answer harms nobody."""
        files = Files(a_txt=b"right")
        await self.session(files)
        running = self.running("s = read_file(path('slow.txt'))")
        self.assertTrue(await until(lambda: files.asked == ["slow.txt"]))
        self.assertTrue(self.interpreter.cancel())
        self.assertEqual(
            str((await running).error),  # type: ignore[attr-defined]
            "Limit Error: Execution was interrupted",
        )
        files.slow.callback(None)
        self.assertEqual(await self.output("print(read_file(path('a.txt')))"), "right\n")


class FilesTests(ProgramTestCase):
    """Whatever a program does with files is asked of the broker."""

    async def test_read(self) -> None:
        """A file's content comes by its descriptor, which is closed here afterwards."""
        await self.session(Files(a_txt="Привет".encode()))
        await self.output("x = 1")
        before = descriptors()
        self.assertEqual(await self.output("print(read_file(path('a.txt')))"), "Привет\n")
        self.assertTrue(await until(lambda: descriptors() == before))

    async def test_list_and_match(self) -> None:
        """Folders, patterns, kinds, the working folder."""
        await self.session(Files(a_txt=b"1", b_csv=b"2"))
        code = "for p in list_files(path('.')) do\n print(p.name)\nnext p\nprint(getcwd())"
        self.assertEqual(await self.output(code), "a.txt\nb.csv\n/work/folder\n")
        self.assertEqual(
            await self.output("if path('a.txt') do\n print('there')\nendif"), "there\n"
        )

    async def test_errors(self) -> None:
        """What the broker refuses is the program's error, in the broker's words."""
        await self.session(Files())
        missing = await self.error("read_file(path('none.txt'))")
        self.assertIn("No such file or directory", missing)
        refused = await self.error("read_file(path('secret.txt'))")
        self.assertIn("Access to secret.txt is denied", refused)

    async def test_fault(self) -> None:
        """A fault of ours is logged and nothing of it is told."""
        await self.session(Files())
        self.assertIn("Internal error", await self.error("read_file(path('broken.txt'))"))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    async def test_write(self) -> None:
        """Content of many pieces is written whole."""
        files = Files()
        await self.session(files)
        code = "s = 'ab'\nfor i in range(18) do\n s = s + s\nnext i\nwrite_file(path('out.txt'), s)"
        await self.output(code)
        self.assertEqual(files.files["out.txt"], b"ab" * 2**18)

    async def test_write_too_much(self) -> None:
        """More than the limit is refused in a sentence."""
        files = Files()
        await self.session(files, Limits(write_bytes=MIB))
        code = "s = 'ab'\nfor i in range(20) do\n s = s + s\nnext i\nwrite_file(path('out.txt'), s)"
        self.assertIn("1 MiB are allowed", await self.error(code))
        self.assertEqual(files.files, {})


class TableTests(ProgramTestCase):
    """Tables, for which a worker needs what the zygote has imported."""

    settings = PoolSettings(spare=0)

    async def test_read_table(self) -> None:
        """A table, by Polars, behind the walls."""
        rows = "".join(f"{i},name {i}\n" for i in range(5000))
        await self.session(Files(t_csv=("n,name\n" + rows).encode()))
        code = (
            "t = read_file(path('t.csv'))\ns = table_sort(t, 'n', false)\nprint(len(t), s.idx[0])\n"
        )
        self.assertEqual(await self.output(code), "5000 [4999, name 4999]\n")

    async def test_tables(self) -> None:
        """Tables that a program shows come as tables too."""
        await self.session()
        tables: list[TableShown] = []
        outcome = await self.interpreter.run(
            "show_table(table([[1, 'a'], [2, 'b']], ['n', 's']))", on_table=tables.append
        )
        self.assertIsNone(outcome.error)
        (table,) = tables
        self.assertEqual(table.columns, ["n", "s"])
        self.assertEqual(table.rows, [[1.0, "a"], [2.0, "b"]])
        self.assertEqual(table.row_count, 2)

    async def test_charts(self) -> None:
        """Charts come as descriptions, with their place in the output; as text to all others."""
        await self.session()
        found: list[tuple[Chart, int]] = []
        code = (
            "t = table([['Осло', 5], ['Рига', 3]], ['город', 'n'])\nprint('до')\n"
            "show_chart(chart(t, 'bar', 'город', 'n'))\nprint('после')"
        )
        outcome = await self.interpreter.run(code, on_chart=lambda *each: found.append(each))
        self.assertEqual((outcome.output, outcome.error), ("до\nпосле\n", None))
        ((chart, at),) = found
        self.assertEqual((chart.kind, at), ("bar", 3))
        self.assertEqual(chart.data.values[0], {"x": "Осло", "y": 5.0})
        outcome = await self.interpreter.run(code)
        self.assertIn("Осло ████", outcome.output)

    async def test_value_at_the_end(self) -> None:
        """It is shown to those who ask, once, and errors keep their place in the text."""
        await self.session()

        async def shown(code: str) -> str:
            outcome = await self.interpreter.run(code, shows_value=True)
            self.assertIsNone(outcome.error)
            return outcome.output

        self.assertEqual(await shown("x = 2\n x * 3  # six"), "6\n")
        self.assertEqual(await shown("null"), "")
        self.assertEqual(await shown("y = 1"), "")
        self.assertEqual(await shown("print(1)"), "1\n")
        self.assertIn("│ a │", await shown("table([[1]], ['a'])"))
        self.assertEqual((await shown("show_table(table([[1]], ['a']))")).count("┌"), 1)
        self.assertEqual(await self.output("x"), "")
        outcome = await self.interpreter.run("1\n  nothing + 1", shows_value=True)
        assert outcome.error is not None
        self.assertEqual((outcome.error.line, outcome.error.place), (2, (2, 3)))
        outcome = await self.interpreter.run("x = = 1", shows_value=True)
        assert outcome.error is not None
        self.assertEqual(outcome.error.kind.name, "SYNTAX")

    async def test_pictures_and_documents(self) -> None:
        """Behind the walls, where no font can be opened, with little memory."""
        files = Files()
        await self.session(files, Limits(memory_bytes=192 * MIB))
        code = """
t = table([["2026-01-15", "Осло", 5], ["2026-03-02", "Рига", 4]], ["День", "Город", "Сумма"])
all = [chart(t, "bar", "День", "Сумма", by="Город", every="month"),
  chart(t, "line", "День", "Сумма"), chart(t, "area", "День", "Сумма"),
  chart(t, "box", "Город", "Сумма"), chart(t, "heatmap", "День", "Город", every="month"),
  chart(t, "pie", "Город", "Сумма"), chart(t, "histogram", "Сумма"),
  chart(t, "scatter", "Сумма", "Сумма"), chart(t, "combined", "День", "Сумма", line="Сумма")]
for i, c in enum(all) do
  write_file("c" + str(i) + ".svg", c)
next i
write_file("c.png", all[0])
parts = push(push(all, t), "# Глава **1** `x`")
write_file("r.html", report("Отчёт", parts))
write_file("r.pdf", report("Отчёт", parts))
write_file("r.xlsx", report("Отчёт", parts))
"""
        self.assertEqual(await self.output(code), "")
        self.assertEqual(len(files.files), 13)
        self.assertIn("янв 2026".encode(), files.files["c0.svg"])
        self.assertEqual(files.files["r.pdf"][:5], b"%PDF-")

    async def test_many_charts(self) -> None:
        """What is beyond the limit of one program is text."""
        await self.session()
        found: list[Chart] = []
        code = (
            "function row(i) do\n  return [i / 7, i * i]\nendfunction\n"
            "t = table(map(range(9000), 'row'), ['a', 'b'])\n"
            "c = chart(t, 'scatter', 'a', 'b')\n"
            "for i in range(40) do\n  show_chart(c)\nnext i"
        )
        outcome = await self.interpreter.run(code, on_chart=lambda chart, at: found.append(chart))
        self.assertIsNone(outcome.error, str(outcome.error))
        self.assertLess(len(found), 40)
        self.assertGreater(len(found), 5)
        self.assertGreater(outcome.output.count("└"), 0)


class WarningTests(ProgramTestCase):
    """What a program is warned of."""

    async def test_warnings(self) -> None:
        """They come to who asks for them, long texts cut, and never in the output."""
        await self.session()
        warnings: list[Message] = []
        code = (
            "a = table([[1]], ['x' * 5000])\nmerge_tables([table([[1]], ['y']), a])\n"
            "merge_tables([a, table([[1]], ['y'])])\nprint('end')"
        )
        outcome = await self.interpreter.run(code, on_warning=warnings.append)
        self.assertEqual((outcome.output, outcome.error), ("end\n", None))
        self.assertEqual([each.code for each in warnings], ["table_left_out"] * 2)
        difference = warnings[1].params["difference"]
        assert isinstance(difference, Message)
        self.assertEqual(len(difference.value("name")), 1000)
        self.assertEqual(await self.output(code), "end\n")


class RowsTests(ProgramTestCase):
    """Rows of tables that were shown, idle and busy."""

    settings = PoolSettings(spare=0)

    async def shown(self, code: str) -> list[TableShown]:
        """The tables that a program shows, kept."""
        tables: list[TableShown] = []
        self.outcome = await self.interpreter.run(code, on_table=tables.append, keep_tables=True)
        self.assertIsNone(self.outcome.error)
        return tables

    async def ask(self, table: TableShown, **wanted: Any) -> FoundRows:
        """Rows of a table, its first two unless otherwise wanted."""
        assert table.table is not None
        asked = FindRows(0, table.table, 0, 2)
        return await self.interpreter.rows(structs.replace(asked, **wanted))

    async def test_any_rows(self) -> None:
        """Any rows of a long table, sorted and filtered, also while a program runs."""
        await self.session()
        (table,) = await self.shown(LONG_TABLE)
        text = self.outcome.output.splitlines()
        self.assertEqual((len(text), text[-1]), (105, "⋮ 100/3000"))
        self.assertEqual((len(table.rows), table.row_count), (1000, 3000))
        self.assertEqual(table.nulls, [0, 0, 3000])
        running = self.running(ENDLESS)
        found = await self.ask(table, offset=2999)
        self.assertEqual(found.rows, [[2999.0, "row 99", None]])
        found = await self.ask(table, columns=[0], wanted=RowsWanted([(0, True)]))
        self.assertEqual((found.rows, found.numbers), ([[2999.0], [2998.0]], [2999, 2998]))
        found = await self.ask(table, wanted=RowsWanted([(1, False)], [(0, ">= 2990")]))
        self.assertEqual((found.numbers, found.row_count), ([2990, 2991], 10))
        self.assertFalse(running.called)
        self.interpreter.cancel()
        await running

    async def test_kept_with_the_variable_gone(self) -> None:
        """A table outlives its variable, not its session's interpreter."""
        await self.session()
        (table,) = await self.shown("show_table(table([[1], [2]], ['a']))")
        self.assertEqual(await self.output("print('later')"), "later\n")
        self.assertEqual((await self.ask(table)).rows, [[1.0], [2.0]])
        await self.interpreter.reset()
        error = await self.assertFailure(Deferred.fromCoroutine(self.ask(table)), DataCodeError)
        self.assertEqual(error.message.code, "table_gone")
        (fresh,) = await self.shown("show_table(table([[3]], ['a']))")
        self.assertNotEqual(fresh.table, table.table)
        await self.assertFailure(Deferred.fromCoroutine(self.ask(table)), DataCodeError)

    async def test_not_asked_to_keep(self) -> None:
        """Without the wish nothing is kept and nothing is named."""
        await self.session()
        tables: list[TableShown] = []
        await self.interpreter.run("show_table(table([[1]], ['a']))", on_table=tables.append)
        self.assertIsNone(tables[0].table)

    async def test_no_such_column(self) -> None:
        """A column that is not there is named in a sentence."""
        await self.session()
        (table,) = await self.shown("show_table(table([[1]], ['a']))")
        for wanted in (
            {"wanted": RowsWanted([(1, False)])},
            {"columns": [1]},
            {"wanted": RowsWanted([], [(1, "x")])},
            {"wanted": RowsWanted(choices=[(1, ["x"], False)])},
        ):
            error = await self.assertFailure(
                Deferred.fromCoroutine(self.ask(table, **wanted)), DataCodeError
            )
            self.assertEqual(error.message.params, {"column": "1", "count": "1"})

    async def test_long_texts(self) -> None:
        """Rows come as many as fit, and one that does not fit alone is cut."""
        await self.session()
        code = "s = 'x' * 150000\nshow_table(table([[s], [s], [s + s]], ['a']))"
        (table,) = await self.shown(code)
        self.assertEqual(table.rows, [])
        self.assertEqual([len(row[0]) for row in (await self.ask(table)).rows], [150_000])
        (row,) = (await self.ask(table, offset=2)).rows
        self.assertTrue(str(row[0]).endswith("x…"))
        self.assertLess(len(str(row[0])), 200_001)

    async def test_statistics_fit(self) -> None:
        """Statistics and values of columns full of long texts fit into a message."""
        await self.session()
        code = (
            "names = []\nfor k in range(100) do\n names = push(names, 'c' + k)\nnext k\n"
            "rows = []\nfor i in range(12) do\n row = []\n for k in range(100) do\n"
            " row = push(row, i + ' ' + 'я' * 990)\n next k\n rows = push(rows, row)\nnext i\n"
            "show_table(table(rows, names))"
        )
        (table,) = await self.shown(code)
        assert table.table is not None
        asked = FindStatistics(0, table.table, list(range(100)), 0, None, False, RowsWanted())
        found = await self.interpreter.statistics(asked)
        self.assertEqual([each.distinct for each in found.columns], [12] * 100)
        self.assertEqual({len(each.top) for each in found.columns}, {10})
        values = await self.interpreter.values(
            FindValues(0, table.table, 5, 2000, "", RowsWanted())
        )
        self.assertEqual((len(values.values), values.distinct), (12, 12))

    async def test_heads_beyond_measure(self) -> None:
        """A table whose names alone fill a frame ends no session; neither do very many tables."""
        await self.session()
        code = "n = 'x' * 500000\nshow_table(table([[1]], [n]))\nprint('alive')"
        tables: list[TableShown] = []
        outcome = await self.interpreter.run(code, on_table=tables.append, keep_tables=True)
        self.assertIsNone(outcome.error)
        self.assertEqual((tables[0].columns, tables[0].row_count), ([], 1))
        code = (
            "n = 'x' * 300000\nt = table([], [n])\n"
            "for i in range(100) do\n show_table(t)\nnext i\nx = 5"
        )
        tables.clear()
        outcome = await self.interpreter.run(code, on_table=tables.append)
        self.assertIsNone(outcome.error)
        self.assertLess(sum(table.size() for table in tables), SHOWN_TABLES)
        self.assertEqual(await self.output("print(x)"), "5\n")

    async def test_large_tables_cost_nothing(self) -> None:
        """Beyond a share of the memory a table is kept only as long as the program has it."""
        await self.session(limits=Limits(memory_bytes=600 << 20))
        tables = await self.shown(
            "a = []\nfor i in range(1500000) do\n a = push(a, [i])\nnext i\n"
            "global t = table(a, ['n'])\na = null\nshow_table(t)"
        )
        self.assertEqual((await self.ask(tables[0], offset=1_499_999)).rows, [[1_499_999.0]])
        await self.output("global t = null")
        await self.assertFailure(Deferred.fromCoroutine(self.ask(tables[0])), DataCodeError)


LONG_TABLE = """
rows = []
for i in range(3000) do
    rows = push(rows, [i, 'row ' + (i % 100), null])
next i
show_table(table(rows, ['n', 'name', 'e']))
"""


class QuestionTests(ProgramTestCase):
    """Inspect, complete and check, idle and busy."""

    async def both(self, code: str, question: object) -> None:
        """Ask when idle, and again while a program runs."""
        ask: Awaitable[None] = question()  # type: ignore[operator]
        await ask
        running = self.running(code)
        await question()  # type: ignore[operator]
        self.assertFalse(running.called)
        self.interpreter.cancel()
        await running

    async def test_inspect(self) -> None:
        """Names, types, sizes and previews."""
        await self.session()
        self.assertEqual(await self.interpreter.inspect(), [])
        await self.output("n = 5\ns = 'text'\nxs = [1, 2, 3]")

        async def look() -> None:
            found = {v.name: (v.type, v.size, v.preview) for v in await self.interpreter.inspect()}
            self.assertEqual(found["n"], ("int", None, "5"))
            self.assertEqual(found["s"][:2], ("string", 4))
            self.assertEqual(found["xs"], ("array", 3, "[1, 2, 3]"))

        await self.both(ENDLESS, look)

    async def test_inspect_much(self) -> None:
        """A big value has a short preview."""
        await self.session()
        await self.output("xs = range(200000)\ns = 'x'\nfor i in range(20) do\n s = s + s\nnext i")
        for variable in await self.interpreter.inspect():
            self.assertLess(len(variable.preview), 1000)

    async def test_complete(self) -> None:
        """Variables and builtins that begin like that."""
        await self.session()
        await self.output("price_list = [1]")

        async def look() -> None:
            found = await self.interpreter.complete("print(pri", 9)
            self.assertEqual(found.start, 6)
            texts = [suggestion.text for suggestion in found.suggestions]
            self.assertIn("price_list", texts)
            self.assertIn("print", texts)

        await self.both(ENDLESS, look)

    async def test_complete_path(self) -> None:
        """Inside the text of a path its beginning is told, for the server to find what is there."""
        await self.session()
        for text in ("read_file(path('lib://data/re", 'x = path( "sub/', "s = 'lib://"):
            found = await self.interpreter.complete(text, len(text))
            self.assertEqual(found.path, text.rpartition("'")[2].rpartition('"')[2])
            self.assertEqual(text[found.start :], found.path)
            self.assertEqual(found.suggestions, [])
        found = await self.interpreter.complete("path('a') + pri", 15)
        self.assertIsNone(found.path)

    async def test_check(self) -> None:
        """Errors and warnings with their places; the session's names are known."""
        await self.session()
        await self.output('known = 1\nt = table([[1]], ["n"])')

        async def look() -> None:
            self.assertEqual(await self.interpreter.check("print(known)"), [])
            (advice,) = await self.interpreter.check("s = 0\nfor r in t do\n s = s + 1\nnext r")
            self.assertEqual((advice.severity, advice.error.line), ("info", 2))
            (warning,) = await self.interpreter.check("print(1)\nprint(unknown)")
            self.assertEqual((warning.severity, warning.error.line), ("warning", 2))
            (error, *_) = await self.interpreter.check("a = ")
            self.assertEqual((error.severity, error.error.kind), ("error", "Syntax Error"))

        await self.both(ENDLESS, look)


class HostileTests(WorkersTestCase):
    """What a worker that was taken over says is not believed."""

    settings = PoolSettings(spare=0, entry=TAKEN_OVER)

    async def ended(self, message: str, limits: Limits | None = None, before: str = "") -> None:
        """Saying this ends the worker, and the next run has another."""
        await self.started()
        interpreter = self.opened(limits=limits)
        code = (
            f"from datacode.worker import wire\n{before}\n"
            f"said = {message}\n"
            "run_channel.sendall(said if isinstance(said, bytes) else wire.encode(said))\n"
        )
        outcome = await interpreter.run(code + "while True: pass")
        self.assertEqual(
            str(outcome.error),
            "Limit Error: The interpreter has stopped; the state of the session was reset",
        )
        self.assertEqual((await interpreter.run("print(1)")).output, "1\n")

    async def test_more_output_than_allowed(self) -> None:
        """The server counts too."""
        await self.ended("wire.OutputText('x' * 5000)", Limits(output_bytes=4096))

    async def test_flood_of_warnings(self) -> None:
        """The server counts warnings, and what they take."""
        warned = "wire.encode(wire.Warned(wire.Message('x', {!r})))"
        await self.ended(warned.format("x") + " * 200")
        await self.ended(warned.format("x" * 20_000) + " * 60")

    async def test_dangerous_warning(self) -> None:
        """A warning whose text would take a gigabyte to show."""
        await self.ended("wire.Warned(wire.Message('x', '{x:>1000000000}', {'x': 'a'}))")

    async def test_another_run(self) -> None:
        """An end of a run that is not running."""
        await self.ended("wire.Finished(99, '', None)")

    async def test_dangerous_error(self) -> None:
        """An error whose text would take a gigabyte to show."""
        await self.ended(
            "wire.Finished(1, '', wire.Error('Runtime Error', "
            "wire.Message('x', '{x:>1000000000}', {'x': 'a'})))"
        )

    async def test_huge_frame(self) -> None:
        """A frame of four gigabytes, by its length."""
        await self.ended("bytes([255, 255, 255, 255]) + bytes(100)")

    async def test_wrong_direction(self) -> None:
        """A message that only the server sends."""
        await self.ended("wire.Opened(1)")

    async def test_flood_of_troubles(self) -> None:
        """The log is not filled."""
        await self.ended("b''.join([wire.encode(wire.Trouble('x' * 1000))] * 1000)")

    async def test_flood_of_tables(self) -> None:
        """The server counts what shown tables take, in whatever part of them it is."""
        for table in (
            "wire.TableShown(['x' * 900_000], [], [], 0)",
            "wire.TableShown([], ['x' * 900_000], [], 0)",
            "wire.TableShown([], [], [[]] * 900_000, 0)",
            "wire.TableShown([], [], [['x' * 900_000]], 0)",
            "wire.TableShown([], [], [], 0, [0] * 900_000)",
            "wire.TableShown([], [], [], 0, [], 'x' * 900_000)",
        ):
            await self.ended(f"wire.encode({table}) * 9")

    async def test_flood_of_charts(self) -> None:
        """The server counts what charts take, and takes none that nobody asked for."""
        chart = (
            "wire.ChartShown(Chart(data=Data(values=[{'x': 'x' * 900_000}]), "
            "usermeta=Usermeta(kind='bar', language='en', rows=1)))"
        )
        imports = "from datacode.values.chart import Chart, Data, Usermeta"
        await self.ended(chart, before=imports)

    async def test_flood_of_questions(self) -> None:
        """Of many requests at once a few are put to the broker, the others answered busy."""

        class Stuck(NoFiles):
            def __init__(self) -> None:
                self.asked: list[Deferred[None]] = []

            async def kind(self, path: str) -> str | None:
                self.asked.append(Deferred())
                await self.asked[-1]
                return None

        await self.started()
        broker = Stuck()
        interpreter = self.opened(broker)
        outcome = await interpreter.run(
            "from datacode.worker import wire\n"
            "from datacode.runtime.file_operations import FindKind\n"
            "frames = wire.FrameSplitter(1000); decode = wire.Decoder(wire.ToWorker); found = []\n"
            "for n in range(100):\n"
            "  run_channel.sendall(wire.encode(wire.FileRequest(n, FindKind('a'))))\n"
            "  while len(found) < n - 7: found += frames.feed(run_channel.recv(1000))\n"
            "print({decode(f).errno for f in found})\n"
        )
        self.assertEqual(outcome.output, "{16}\n")
        self.assertEqual(len(broker.asked), 8)

    async def test_answers_unread(self) -> None:
        """Who asks on and on and reads nothing is ended, whatever is asked: open files pile up."""
        for operation in ("Open('a')", "FindKind('a')", "ListFolder('')"):
            await self.ended(
                "wire.encode(wire.FileRequest(1, ops." + operation + ")) * 1000",
                before="from datacode.runtime import file_operations as ops",
            )

    async def test_empty_pieces(self) -> None:
        """Pieces of nothing cost the server time, and no limit counts them."""
        await self.ended("wire.OutputText('')")

    async def test_answers_to_nothing(self) -> None:
        """Nobody has asked."""
        await self.ended(
            "control_channel.sendall(wire.encode(wire.VariableList(7, [])) * 1000) or b''"
        )

    async def test_long_reasons(self) -> None:
        """Why a question cannot be answered is shown cut, and told a few times only."""
        await self.started()
        logged: list[LogEvent] = []
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        interpreter = self.opened()
        running = Deferred.fromCoroutine(
            interpreter.run(
                "from datacode.worker import wire\n"
                "frames = wire.FrameSplitter(1 << 20)\n"
                "while True:\n"
                "  for frame in frames.feed(control_channel.recv(1 << 16)):\n"
                "    asked = wire.control(frame)\n"
                "    answer = wire.Unable(asked.request, 'x' * 100_000 + 'the end')\n"
                "    control_channel.sendall(wire.encode(answer))\n"
            )
        )
        for _ in range(21):
            with self.assertRaises(DataCodeError):
                await interpreter.check("x")
        self.assertIn("has stopped", str((await running).error))
        told = [str(each["text"]) for each in logged if "text" in each]
        self.assertEqual(len(told), 20)
        self.assertLess(max(map(len, told)), 1100)
        self.assertTrue(told[0].endswith("the end"))

    async def test_questions_unread(self) -> None:
        """A worker that reads no questions is busy; they do not pile up."""
        await self.started()
        interpreter = self.opened()
        running = Deferred.fromCoroutine(interpreter.run("while True: pass"))
        self.assertTrue(await until(lambda: interpreter.running))
        text = "#" * (4 << 20)
        asked = [Deferred.fromCoroutine(interpreter.check(text)) for _ in range(10)]
        busy = [each for each in asked if each.called]
        self.assertEqual(len(busy), 9)
        for each in asked:
            each.addErrback(lambda failure: failure.trap(DataCodeError))
        await interpreter.reset()
        await running


class StartTests(WorkersTestCase):
    """A server does not start without a wall, unless it is told to."""

    def without_walls(self, settings: PoolSettings) -> WorkerPool:
        """Workers whose zygote reports that no wall stands."""
        from twisted.internet import reactor

        workers = WorkerPool(reactor, settings)
        self.patch(workers._zygote, "start", lambda: succeed(SandboxReport(missing=("all",))))
        self.addCleanup(workers.stop)
        return workers

    async def test_refused(self) -> None:
        """With a sentence."""
        with self.assertRaises(SandboxError):
            await self.without_walls(PoolSettings()).start()

    async def test_told(self) -> None:
        """Told so, it starts."""
        await self.without_walls(PoolSettings(sandbox=False)).start()
