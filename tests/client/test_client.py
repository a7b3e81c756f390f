"""The Python client, blocking and asynchronous, against a real server with a real share."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.client import (
    AsyncClient,
    Client,
    Completion,
    ConnectionLost,
    RequestFailed,
    connect,
    connect_async,
)
from tests.client.serving import server, share
from tests.daemons import Daemon, twistd
from tests.smb.samba import LOGIN, PASSWORD

ENDLESS = "print('begun')\nfor i in range(1000000000) do\n  n = i\nnext i"


class BlockingTests(SynchronousTestCase):
    """Every method of ``Client``."""

    def setUp(self) -> None:
        """The server."""
        self.url = server("--use-ve")

    def client(self, **options: Any) -> Client:
        """A new connection, closed with the test."""
        made = connect(self.url, **options)
        self.addCleanup(made.close)
        return made

    def test_execute(self) -> None:
        """Output, state from call to call, an error with its place."""
        client = self.client(locale="en")
        self.assertEqual(client.execute("x = 2\nprint(x)").output, "2\n")
        result = client.execute("function f() do\n  return y\nendfunction\nprint(x)\nf()")
        self.assertFalse(result.success)
        self.assertEqual(result.output, "2\n")
        self.assertEqual(result.error, "Variable Error at line 2: Variable 'y' not found")
        assert result.diagnostics is not None
        self.assertEqual(
            (result.diagnostics.line, result.diagnostics.kind, result.diagnostics.function),
            (2, "variable", "f"),
        )

    def test_warnings_of_a_program(self) -> None:
        """What may be wrong with the results comes with them."""
        result = self.client(locale="en").execute("print(len(table([[1], [2, 3]], ['a'])))")
        self.assertEqual(result.output, "1\n")
        self.assertEqual(
            result.warnings, ["table(): 1 of 2 rows were left out: row 2 has 2 cells, not 1"]
        )
        self.assertEqual(self.client().execute("x = 1").warnings, [])

    def test_no_warnings(self) -> None:
        """Nothing is used that websockets is about to change."""
        self.client().execute("x = 2")
        self.assertEqual(self.flushWarnings(), [])

    def test_locale(self) -> None:
        """The server's own where none is asked for."""
        self.assertEqual(self.client().execute("y").error, "Ошибка: переменная 'y' не определена")

    def test_streaming(self) -> None:
        """Output comes in pieces, which together are the whole."""
        pieces: list[str] = []
        client = self.client()
        result = client.execute(
            "for i in range(3000) do\n  print(i)\nnext i", on_output=pieces.append
        )
        self.assertEqual("".join(pieces), result.output)
        self.assertEqual(len(result.output.split()), 3000)

    def test_rows_of_a_kept_table(self) -> None:
        """Sorted, filtered, some columns, in pieces; a table that was not kept has none."""
        client = self.client()
        code = (
            "rows = []\nfor i in range(3000) do\n  rows = push(rows, ['r' + str(i), i])\n"
            "next i\nshow_table(table(rows, ['name', 'n']))"
        )
        (kept,) = client.execute(code, keep_tables=True).tables
        self.assertEqual((kept.row_count, kept.nulls), (3000, [0, 0]))
        found = client.table_rows(
            kept, 1, 2, sort="n", descending=True, filters={"name": "r29"}, columns=["n"]
        )
        self.assertEqual(found.rows, [[2998], [2997]])
        self.assertEqual((found.numbers, found.row_count), ([2998, 2997], 111))
        rows: list[list[Any]] = []
        while len(rows) < kept.row_count:
            rows += client.table_rows(kept, len(rows), 1000).rows
        self.assertEqual(rows[-1], ["r2999", 2999])
        found = client.table_rows(kept, 0, 2, filters={"n": [5, 7, 9]}, then_by={"name": True})
        self.assertEqual((found.rows[0], found.row_count), (["r9", 9], 3))
        values, distinct = client.table_values(kept, "name", search="r29", count=1)
        self.assertEqual((values, distinct), ([("r29", 1)], 111))
        (summary,) = client.table_statistics(kept, ["n"], filters={"name": "r29"})
        self.assertEqual((summary.column, summary.rows, summary.max), ("n", 111, 2999))
        self.assertEqual(sum(count for _, _, count in summary.bars), 111)
        self.assertRaises(ValueError, client.table_rows, kept, sort="none")
        (other,) = client.execute(code).tables
        self.assertRaises(ValueError, client.table_rows, other)

    def test_charts(self) -> None:
        """Charts come as descriptions to who wants them, as text otherwise."""
        code = 'show_chart(chart(table([["a", 2]], ["c", "n"]), "bar", "c", "n"))'
        result = self.client().execute(code, charts=True)
        (shown,) = result.charts
        self.assertEqual((result.output, shown.at), ("", 0))
        self.assertEqual(shown.chart["mark"]["type"], "bar")
        self.assertEqual(self.client().execute(code).charts, [])
        self.assertIn("█", self.client().execute(code).output)

    def test_tables(self) -> None:
        """Tables that are shown come as values, too."""
        code = 'show_table(table([[1, "мир"], [null, "x"]], ["n", "s"]))'
        (table,) = self.client().execute(code).tables
        self.assertEqual(table.columns, ["n", "s"])
        self.assertEqual(table.rows, [[1, "мир"], [None, "x"]])
        self.assertEqual(table.row_count, 2)

    def test_limits_and_export(self) -> None:
        """``max_steps`` ends a run; ``export`` gives the tables as a database."""
        client = self.client(locale="en")
        error = client.execute("for i in range(100) do\n  x = i\nnext i", max_steps=10).error
        self.assertEqual(error, "Limit Error: Step limit exceeded (10 steps)")
        code = 'global t = table([[1, "a"]], ["id", "name"])'
        exported = client.execute(code, export="sqlite").sqlite
        assert exported is not None
        database = sqlite3.connect(":memory:")
        self.addCleanup(database.close)
        database.deserialize(exported)
        self.assertEqual(database.execute("SELECT id, name FROM t").fetchall(), [(1, "a")])

    def test_interrupt(self) -> None:
        """From another thread; variables survive."""
        client = self.client(locale="en")
        begun = threading.Event()

        def interrupt() -> None:
            begun.wait()
            client.interrupt()

        client.execute("n = 0")
        helper = threading.Thread(target=interrupt)
        helper.start()
        result = client.execute(ENDLESS, on_output=lambda text: begun.set())
        helper.join()
        self.assertEqual(result.error, "Limit Error: Execution was interrupted")
        self.assertEqual(client.execute("print(n >= 0)").output, "true\n")

    def test_session(self) -> None:
        """What there is, what it may become, what is wrong, and forgetting it all."""
        client = self.client(locale="en")
        client.execute("price_list = [1, 2]")
        (variable,) = client.variables()
        self.assertEqual(
            (variable.name, variable.type, variable.size, variable.preview),
            ("price_list", "array", 2, "[1, 2]"),
        )
        self.assertEqual(
            client.complete("x = price_"), (4, [Completion("price_list", "variable", "array")])
        )
        found = {c.text: c.detail for c in client.complete("po + 1", 2)[1]}
        self.assertEqual(found["pow"], "pow(base, exp)")
        (problem,) = client.check("print(price_lits)")
        self.assertEqual(
            (problem.severity, problem.message, problem.line, problem.column),
            ("warning", "Variable 'price_lits' not found", 1, 7),
        )
        client.reset()
        self.assertEqual(client.variables(), [])

    def test_info(self) -> None:
        """Limits, and whether there are uploads."""
        info = self.client().info()
        self.assertTrue(info["uploads"]["enabled"])
        self.assertEqual(info["limits"]["recursion"], 10000)

    def test_uploads(self) -> None:
        """Text and bytes arrive as they are; programs read and write beside them."""
        client = self.client()
        client.upload("in/a.csv", "n,s\n1,мир\n")
        client.upload("raw.bin", bytes(range(256)))
        self.assertEqual(client.download("raw.bin"), bytes(range(256)))
        code = 'write_file("out.csv", read_file("in/a.csv"))'
        self.assertIsNone(client.execute(code).error)
        self.assertEqual(client.download("out.csv"), "n,s\n1,мир\n".encode())
        files = client.list_uploads()
        self.assertEqual([f.name for f in files], ["in/a.csv", "out.csv", "raw.bin"])
        self.assertEqual(files[2].size, 256)
        refusal = self.assertRaises(RequestFailed, client.upload, "../x", "")
        self.assertEqual(str(refusal), "Некорректный путь к файлу")
        client.delete_upload("raw.bin")
        self.assertEqual([f.name for f in client.list_uploads()], ["in/a.csv", "out.csv"])

    def test_share(self) -> None:
        """Connect, list, read, run a program over it, disconnect."""
        files = share()
        (files.folder / "отчёт.csv").write_text("n\n1\n2\n")
        (files.folder / "sub").mkdir()
        address = f"127.0.0.1:{files.port}"
        client = self.client()
        offers = client.list_shares(address, LOGIN, PASSWORD)
        self.assertIn(("data", "disk"), [(o.name, o.kind) for o in offers])
        client.connect_share(address, "data", LOGIN, PASSWORD)
        entries = {e.name: e for e in client.list_share("data")}
        self.assertTrue(entries["sub"].is_folder)
        self.assertEqual(entries["отчёт.csv"].size, 6)
        self.assertEqual(client.read_share("data", "отчёт.csv"), b"n\n1\n2\n")
        code = 'print(sum(read_file(path("lib://data/отчёт.csv"))["n"]))'
        self.assertEqual(client.execute(code).output, "3\n")
        client.disconnect_share("data")
        refusal = self.assertRaises(RequestFailed, client.list_share, "data")
        self.assertEqual(str(refusal), "SMB share 'data' не подключена")
        client.connect_share(address, "data", LOGIN, PASSWORD, alias="old")
        self.assertEqual(client.read_share("old", "отчёт.csv"), b"n\n1\n2\n")
        wrong = self.assertRaises(
            RequestFailed, client.connect_share, address, "data", LOGIN, "wrong"
        )
        self.assertEqual(
            str(wrong), "Ошибка подключения к SMB: неверное имя пользователя или пароль"
        )

    def test_progress(self) -> None:
        """Long reads are reported, up to their end."""
        files = share()
        size = 8 * 2**20
        (files.folder / "big.txt").write_bytes(b"x" * size)
        seen: list[tuple[str, int, int | None]] = []
        client = self.client()
        client.connect_share(f"127.0.0.1:{files.port}", "data", LOGIN, PASSWORD)
        content = client.read_share(
            "data", "big.txt", on_progress=lambda *report: seen.append(report)
        )
        self.assertEqual(len(content), size)
        self.assertTrue(all(path.endswith("big.txt") for path, _, _ in seen), seen)
        self.assertEqual(sorted(done for _, done, _ in seen), [done for _, done, _ in seen])

    def test_connection_ends(self) -> None:
        """What is asked then is an error of its own."""
        client = connect(self.url)
        client.close()
        self.assertRaises(ConnectionLost, client.execute, "print(1)")


class AsynchronousTests(SynchronousTestCase):
    """``AsyncClient``: the same methods, any number of calls at a time."""

    def talk(self, conversation: Any, url: str | None = None, **options: Any) -> Any:
        """Run a conversation with a client."""
        url = url or server("--use-ve")

        async def talk() -> Any:
            async with connect_async(url, **options) as client:
                return await conversation(client)

        return asyncio.run(talk())

    def test_same_methods(self) -> None:
        """Both clients offer the same calls with the same parameters."""
        for name, method in inspect.getmembers(Client, inspect.isfunction):
            if name.startswith("_") or name == "close":
                continue
            other = getattr(AsyncClient, name)
            self.assertTrue(inspect.iscoroutinefunction(other), name)
            self.assertTrue(inspect.getdoc(other), name)
            if name != "interrupt":
                self.assertEqual(
                    list(inspect.signature(method).parameters),
                    list(inspect.signature(other).parameters),
                )

    def test_execute(self) -> None:
        """Output in pieces, then the whole."""
        pieces: list[str] = []

        async def conversation(client: AsyncClient) -> None:
            result = await client.execute("print(1)\nprint(2)", on_output=pieces.append)
            self.assertEqual(result.output, "1\n2\n")

        self.talk(conversation)
        self.assertEqual("".join(pieces), "1\n2\n")

    def test_calls_at_once(self) -> None:
        """Programs run one after another, questions are answered meanwhile."""

        async def conversation(client: AsyncClient) -> None:
            await client.execute("n = 0")
            running = asyncio.create_task(client.execute(ENDLESS))
            later = asyncio.create_task(client.execute("print('later')"))
            names = [v.name for v in await client.variables()]
            self.assertIn("n", names)
            while not await client.interrupt():
                await asyncio.sleep(0)
            self.assertEqual((await running).error, "Limit Error: Execution was interrupted")
            self.assertEqual((await later).output, "later\n")
            self.assertFalse(await client.interrupt())

        self.talk(conversation, locale="en")

    def test_refusal(self) -> None:
        """A failed request is an exception with the server's sentence."""

        async def conversation(client: AsyncClient) -> None:
            with self.assertRaises(RequestFailed) as caught:
                await client.read_share("data", "a.txt")
            self.assertEqual(str(caught.exception), "SMB share 'data' не подключена")

        self.talk(conversation)

    def test_server_goes_away(self) -> None:
        """A running program is ended and answered; whoever asks then is told."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        daemon = Daemon(twistd(folder, "--port", "0"), folder)
        self.addCleanup(daemon.close)

        async def conversation(client: AsyncClient) -> None:
            begun = asyncio.Event()
            running = asyncio.create_task(
                client.execute(ENDLESS, on_output=lambda text: begun.set())
            )
            await begun.wait()
            await asyncio.to_thread(daemon.stop)
            self.assertEqual((await running).error, "Limit Error: Execution was interrupted")
            with self.assertRaises(ConnectionLost):
                await client.execute("print(1)")

        url = f"ws://127.0.0.1:{daemon.port()}"
        self.talk(conversation, url, locale="en", reconnect_seconds=0)


class TokenTests(SynchronousTestCase):
    """Servers that want a token."""

    def test_token(self) -> None:
        """The right one lets in, also where no header can carry it; a wrong one does not."""
        with connect(server("--token", "секрет"), token="секрет") as client:
            self.assertEqual(client.execute("print(1)").output, "1\n")
        with connect(server("--token", "t"), token="t") as client:
            self.assertEqual(client.execute("print(1)").output, "1\n")
        with connect(server("--token", "t"), token="wrong") as client:
            lost = self.assertRaises(ConnectionLost, client.execute, "print(1)")
            self.assertIn("4401", str(lost))
