"""Clients that are away without knowing: a laptop that sleeps, a network that changes.

Clients are processes of their own, that are stopped with SIGSTOP until the server has given their
connection up, or whose connection goes silent without being closed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.client import Result, SessionKey, connect, connect_async
from tests.client.serving import CONNECT, prompt, server
from tests.daemons import environment
from tests.smb.proxy import FaultProxy

PATIENCE = 60.0
COUNTS = """print("begun")
for i in range(20) do
  for k in range(400000) do
    n = k
  next k
  print(i)
next i
print("ended")"""
ALL = "begun\n" + "".join(f"{i}\n" for i in range(20)) + "ended\n"

BLOCKING = """
import sys
from datacode.client import connect
with connect(sys.argv[1]) as client:
    client.execute("x = 7")
    print("ready", flush=True)
    result = client.execute(
        sys.stdin.read(), on_output=lambda text: print(text, end="", flush=True)
    )
    print(client.execute("print(x)").output, end="")
    print(client.output_lost, result.error, flush=True)
"""
ASYNCHRONOUS = """
import asyncio, sys
from datacode.client import connect_async
async def main():
    async with connect_async(sys.argv[1]) as client:
        await client.execute("x = 7")
        print("ready", flush=True)
        result = await client.execute(
            sys.stdin.read(), on_output=lambda text: print(text, end="", flush=True)
        )
        print((await client.execute("print(x)")).output, end="")
        print(client.output_lost, result.error, flush=True)
asyncio.run(main())
"""
PROMPT = """
import sys
from datacode.console.main import main
sys.exit(main(["connect", "--locale=en", *sys.argv[1:]]))
"""
IMPATIENT = """
from datacode.client import kept_session
kept_session.PING_SECONDS = kept_session.PONG_SECONDS = 1.0
"""
"""Has a client notice sooner, for a test should not take half a minute."""


class AwayTestCase(SynchronousTestCase):
    """A server that soon gives silent connections up, and a proxy in front of it."""

    def setUp(self) -> None:
        """The proxy; the server is shared."""
        url = server("--locale", "en", "--ping-interval", "1")
        self.proxy = FaultProxy(int(url.rpartition(":")[2]))
        self.addCleanup(self.proxy.close)
        self.url = f"ws://127.0.0.1:{self.proxy.port}"

    def until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, otherwise)
            time.sleep(0.02)

    def conversation(self, program: str, text: str, away: Callable[[int], None]) -> tuple[str, str]:
        """Have a client run ``text``; once "begun" is printed, ``away`` is called with its process.
        What it printed, and what it said on standard error."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "text").write_text(text, "utf-8")
        out, err = folder / "out", folder / "err"
        with (folder / "text").open() as given, out.open("w") as printed, err.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-c", program, self.url],
                stdin=given,
                stdout=printed,
                stderr=said,
                env=environment(PYTHONUNBUFFERED="1"),
                cwd=folder,
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.until(lambda: "begun\n" in out.read_text() or process.poll() is not None, "no output")
        away(process.pid)
        process.wait(PATIENCE)
        return out.read_text(), err.read_text()

    def longer_and_longer(self) -> Iterator[str]:
        """A program to be away from: a longer one where the client got all of it before it was."""
        connections = self.proxy.connections
        steps = 400_000
        while self.proxy.connections < connections + 2:
            self.assertLess(steps, 10**8, "the client makes no second connection")
            connections = self.proxy.connections
            yield COUNTS.replace("400000", str(steps))
            steps *= 8

    def sleep(self, process: int) -> None:
        """Close the laptop until the server has given the connection up."""
        os.kill(process, signal.SIGSTOP)
        self.until(lambda: self.proxy.open == 0, "the server does not notice")
        os.kill(process, signal.SIGCONT)

    def hush(self, process: int) -> None:
        """Let nothing arrive on the connection any more."""
        self.proxy.hold_all()


class PythonClientTests(AwayTestCase):
    """Both Python clients."""

    def both(self, away: Callable[[int], None]) -> None:
        for program in (BLOCKING, ASYNCHRONOUS):
            for text in self.longer_and_longer():
                printed, said = self.conversation(IMPATIENT + program, text, away)
                self.assertEqual((printed, said), (f"ready\n{ALL}7\n0 None\n", ""))

    def test_sleep(self) -> None:
        """Everything is there after a sleep that the server has noticed."""
        self.both(self.sleep)

    def test_silence(self) -> None:
        """A connection on which nothing arrives is given up by the client."""
        self.both(self.hush)

    def test_idle(self) -> None:
        """Also where nothing is awaited: the next call does not have to find out."""
        quick = {"ping_interval": 0.5, "ping_timeout": 0.5}
        client = connect(self.url, **quick)
        self.addCleanup(client.close)
        client.execute("x = 7")
        self.proxy.hold_all()
        self.assertEqual(client.execute("print(x)").output, "7\n")

        async def talk() -> Result:
            async with connect_async(self.url, **quick) as other:
                await other.execute("x = 8")
                lost = self.proxy.connections
                self.proxy.hold_all()
                while self.proxy.connections == lost:
                    await asyncio.sleep(0.02)
                return await other.execute("print(x)")

        self.assertEqual(asyncio.run(talk()).output, "8\n")


class PromptTests(AwayTestCase):
    """``datacode connect``."""

    def prompt(self, away: Callable[[int], None]) -> None:
        for text in self.longer_and_longer():
            typed = f"x = 7\n{text}\nx\nexit\n"
            printed, said = self.conversation(IMPATIENT + PROMPT, typed, away)
            self.assertIn(ALL, printed)
            self.assertTrue(printed.endswith("7\n"), printed)
        self.assertIn("Connected again: the session goes on", said)

    def test_sleep(self) -> None:
        """Everything is there after a sleep that the server has noticed."""
        self.prompt(self.sleep)

    def test_silence(self) -> None:
        """A connection on which nothing arrives is given up, and it is said."""
        self.prompt(self.hush)

    def test_taken(self) -> None:
        """A session that another client takes is not taken back; it is said, without codes."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        file, out = folder / "key", folder / "out"
        words = ("--session", str(file), self.url)
        process, typed = prompt(self, out, *words)
        typed.write("x = 7\nprint(x)\n")
        typed.flush()
        self.until(lambda: "7\n" in out.read_text(), "no output")
        with connect(self.url, session=SessionKey.parse(file.read_text())) as other:
            typed.write("print(x)\n")
            typed.flush()
            self.assertEqual(process.wait(PATIENCE), 1)
            self.assertEqual(
                out.read_text(),
                "7\n❌ Another client has taken the session; to take it back, run the same command "
                "again\n",
            )
            other.execute("x = 8")
            other.leave()
        again = subprocess.run(
            [*CONNECT, *words],
            input="print(x)\n",
            capture_output=True,
            text=True,
            env=environment(),
        )
        self.assertEqual((again.stdout, again.stderr), ("8\n", ""))

    def test_taken_in_a_program(self) -> None:
        """The prompt that takes the session back goes on where the first one had to stop."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        file, out = folder / "key", folder / "out"
        words = ("--session", str(file), self.url)
        process, typed = prompt(self, out, *words)
        typed.write("".join(f"{line}\n" for line in COUNTS.splitlines()))
        typed.flush()
        self.until(lambda: "0\n" in out.read_text(), "no output")
        with connect(self.url, session=SessionKey.parse(file.read_text())) as other:
            self.assertEqual(process.wait(PATIENCE), 1)
            other.leave()
        printed, sign, _ = out.read_text().partition("❌")
        self.assertTrue(printed and sign)
        again = subprocess.run(
            [*CONNECT, *words], input="", capture_output=True, text=True, env=environment()
        )
        self.assertEqual(printed + again.stdout, ALL.removesuffix("ended\n"))
