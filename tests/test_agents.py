"""``datacode mcp`` as an agent's host uses it: a process that speaks over its standard streams,
asked by the client of the official library."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from twisted.trial.unittest import SynchronousTestCase

from datacode.agents.options import AgentOptions, parse
from datacode.agents.server import INSTRUCTIONS
from datacode.console.options import UsageError
from datacode.i18n.message import Message
from tests.daemons import Daemon, foreground

Asked = Callable[[Client], Awaitable[None]]


@asynccontextmanager
async def agent(*words: str, **environment: str) -> AsyncIterator[Client]:
    """A client of a server that was started with these words."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "datacode", "mcp", "--locale", "en", *words],
        env={**os.environ, **environment},
    )
    async with Client(parameters, read_timeout_seconds=300) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool gives; its sentence where it fails."""
    answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        return answer.content[0].text
    found = answer.structured_content
    assert found is not None
    return found["result"] if set(found) == {"result"} else found


def converse(asking: Asked, *words: str, **environment: str) -> None:
    """Run a conversation. A failure comes as it is, not in the groups of the library's tasks."""

    async def run() -> None:
        async with agent(*words, **environment) as client:
            await asking(client)

    try:
        asyncio.run(run())
    except BaseExceptionGroup as failures:
        failure: BaseException = failures
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        raise failure from None


class PrivateServerTests(SynchronousTestCase):
    """Without an address: a server of its own."""

    def test_session(self) -> None:
        """Programs, their mistakes, variables, tables, states and files, in one session."""

        async def asking(client: Client) -> None:
            done = await call(client, "execute", code='t = table([[1, "a"]], ["n", "s"])\nx = 5\nt')
            self.assertEqual((done["success"], done["error"]), (True, None))
            (shown,) = done["tables"]
            self.assertEqual((shown["columns"], shown["rows"]), (["n", "s"], [[1, "a"]]))
            rows = await call(client, "table_rows", table=shown["table"], sort="n")
            self.assertEqual(rows, {"columns": ["n", "s"], "rows": [[1, "a"]], "row_count": 1})
            self.assertIn(
                "missing", await call(client, "table_rows", table=shown["table"], sort="missing")
            )
            self.assertIn("show it again", await call(client, "table_rows", table="9.9"))

            failed = await call(client, "execute", code="y = 1\nprint(z)")
            self.assertEqual((failed["success"], failed["line"], failed["column"]), (False, 2, 7))
            self.assertIn("Variable 'z' not found", failed["error"])
            (problem,) = await call(client, "check", code="print(z)")
            self.assertEqual((problem["line"], problem["column"]), (1, 7))
            variables = {each["name"]: each for each in await call(client, "inspect")}
            self.assertEqual(variables["x"]["preview"], "5")
            self.assertIn("y", variables)
            await call(client, "execute", code="y = 2\nprint(z)", all_or_nothing=True)
            self.assertEqual((await call(client, "execute", code="y"))["output"], "1\n")

            self.assertEqual(await call(client, "save_state", name="a"), "a")
            await call(client, "execute", code='x = 6\nwrite_file("a.txt", "hello")')
            self.assertEqual(await call(client, "restore_state", name="a"), "a")
            self.assertEqual((await call(client, "execute", code="x"))["output"], "5\n")
            self.assertEqual((await call(client, "list_folder"))["entries"], [])
            await call(client, "execute", code="x = 7")
            self.assertEqual(await call(client, "restore_state", name="a"), "a")
            self.assertEqual((await call(client, "execute", code="x"))["output"], "5\n")
            self.assertIn("There is no state b", await call(client, "restore_state", name="b"))

            await call(client, "execute", code='write_file("a.txt", "one\ntwo")')
            (entry,) = (await call(client, "list_folder"))["entries"]
            self.assertEqual((entry["name"], entry["size"]), ("a.txt", 7))
            self.assertEqual(await call(client, "read_text", path="a.txt"), "one\ntwo")
            self.assertEqual(await call(client, "read_text", path="a.txt", offset=4), "two")
            self.assertIn("No such file", await call(client, "read_text", path='no"ne.txt'))
            self.assertEqual(await call(client, "list_shares"), [])
            self.assertIn("is not connected", await call(client, "list_folder", path="lib://x/y"))

        converse(asking)

    def test_limits(self) -> None:
        """Steps and time end a program, long output is cut, and an agent that waits no longer
        has its program ended; the session goes on."""

        async def asking(client: Client) -> None:
            done = await call(client, "execute", code="for i in range(1000000) do\nx = i\nnext i")
            self.assertIn("50000", done["error"])
            long = await call(client, "execute", code='print("a" * 50000)')
            self.assertLess(len(long["output"]), 21_000)
            self.assertIn("characters …]", long["output"])
            waiting = asyncio.ensure_future(call(client, "execute", code="sleep(100)\nx = 1"))
            await asyncio.sleep(1)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
            done = await call(client, "execute", code="print(2)")
            self.assertEqual(done["output"], "2\n")

        converse(asking, "--max-steps", "50000")

    def test_states_are_few(self) -> None:
        """The oldest of nine is given up, and told."""

        async def asking(client: Client) -> None:
            for number in range(8):
                self.assertEqual(await call(client, "save_state"), f"state{number + 1}")
            self.assertIn("given up for it: state1", await call(client, "save_state", name="last"))
            self.assertIn(
                "There is no state state1", await call(client, "restore_state", name="state1")
            )

        converse(asking)

    def test_files(self) -> None:
        """Programs read the folder that was named, and nothing else; they write nowhere."""
        folder = Path(tempfile.mkdtemp())
        (folder / "sales.csv").write_text("city,amount\nOslo,200\nOslo,120\nBergen,90\n")
        example = "\n".join(re.findall(r"^    (.*)$", INSTRUCTIONS, re.MULTILINE))

        async def asking(client: Client) -> None:
            done = await call(client, "execute", code=example)
            self.assertEqual(done["error"], None)
            self.assertEqual(done["output"].splitlines()[0], "Oslo 400")
            self.assertEqual(done["tables"][0]["rows"], [["Oslo", 320, 2], ["Bergen", 90, 1]])
            self.assertEqual([each["path"] for each in done["files_read"]], ["sales.csv"])
            refused = await call(client, "execute", code='read_file("/etc/hostname", text=true)')
            self.assertIn("Access denied", refused["error"])
            refused = await call(client, "execute", code='write_file("x.txt", "x")')
            self.assertIn("Access denied", refused["error"])

        converse(asking, "--files", str(folder))

    def test_library(self) -> None:
        """All signatures; one function with its text; words."""

        async def asking(client: Client) -> None:
            every = await call(client, "library")
            self.assertGreater(len(every), 100)
            (one,) = await call(client, "library", search="table_group")
            self.assertIn("One row for each group", one["documentation"])
            found = await call(client, "library", search="regular expression")
            self.assertIn("regex_find", [each["name"] for each in found])
            self.assertEqual(
                {tool.name for tool in (await client.list_tools()).tools},
                {
                    *("execute", "check", "inspect", "table_rows", "library", "list_shares"),
                    *("list_folder", "read_text", "save_state", "restore_state"),
                },
            )

        converse(asking)

    def test_killed(self) -> None:
        """The server goes with the process that started it, even if that is killed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "datacode", "mcp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        try:
            child = self.child_of(process.pid)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.until(lambda: not Path(f"/proc/{child}").exists(), "the server goes on")
        finally:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def child_of(self, pid: int) -> int:
        """The server that a process has started, once it has."""
        children = Path(f"/proc/{pid}/task/{pid}/children")
        self.until(lambda: bool(children.read_text().split()), "no server was started")
        return int(children.read_text().split()[0])

    def until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Wait for something."""
        end = time.monotonic() + 60
        while not holds():
            self.assertLess(time.monotonic(), end, otherwise)
            time.sleep(0.05)


class GivenServerTests(SynchronousTestCase):
    def test_token(self) -> None:
        """A server by its address, with its token; a wrong one, or nobody there, is a sentence."""
        folder = Path(tempfile.mkdtemp())
        daemon = Daemon(foreground("--port", "0", "--token", "secret"), folder)
        self.addCleanup(daemon.close)
        url = f"ws://127.0.0.1:{daemon.port()}"

        async def asking(client: Client) -> None:
            done = await call(client, "execute", code="print(1 + 2)")
            self.assertEqual(done["output"], "3\n")

        converse(asking, url, DATACODE_WS_TOKEN="secret")
        for words in ((url, "--token", "mistaken"), ("ws://127.0.0.1:1",)):
            done = subprocess.run(
                [sys.executable, "-m", "datacode", "mcp", "--locale", "en", *words],
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"^❌ No connection to the server: .*\n$")
            self.assertNotIn("mistaken", done.stderr)


class OptionTests(SynchronousTestCase):
    def refusal(self, *words: str) -> str:
        """What is said of a wrong command line."""
        with self.assertRaises(UsageError) as caught:
            parse(list(words))
        message: Message = caught.exception.message
        return message.render("en")

    def test_wrong(self) -> None:
        """Each mistake is one sentence."""
        self.assertEqual(
            self.refusal("http://x"),
            "Not the address of a server: http://x (ws://HOST:PORT is expected)",
        )
        self.assertEqual(self.refusal("--files"), "--files needs a value")
        self.assertEqual(self.refusal("--files", "/none/x"), "--files: /none/x not found")
        self.assertEqual(self.refusal("--what"), "Unknown option: --what")
        self.assertEqual(
            self.refusal("--max-steps=0"), "--max-steps: expected a whole number from 1 up, got: 0"
        )
        self.assertEqual(
            self.refusal("ws://h", "--files", "/"),
            "--files: only for a server of its own, without an address",
        )

    def test_token_is_not_shown(self) -> None:
        """No ``repr`` has it."""
        options: AgentOptions = parse(["ws://h", "--token", "secret"])
        self.assertEqual(options.token, "secret")
        self.assertNotIn("secret", repr(options))
