"""The Python clients and the prompt lose nothing of a session, whatever is lost under it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.client import Client, connect, connect_async
from tests.client.serving import prompt
from tests.losses import PATIENCE, Losses


class PythonClientTests(SynchronousTestCase):
    """Both of them."""

    def test_blocking(self) -> None:
        """The blocking one."""
        losses = Losses(self)
        client: Client = connect(f"ws://{losses.address}", locale="en")
        self.addCleanup(client.close)

        def say(code: str) -> str:
            result = client.execute(code)
            return f"{result.output}{result.error}"

        losses.all(say)

    def test_asynchronous(self) -> None:
        """The asynchronous one."""
        losses = Losses(self)

        async def talk() -> None:
            async with connect_async(f"ws://{losses.address}", locale="en") as client:
                loop = asyncio.get_running_loop()

                def say(code: str) -> str:
                    result = asyncio.run_coroutine_threadsafe(client.execute(code), loop).result()
                    return f"{result.output}{result.error}"

                await asyncio.to_thread(losses.all, say)

        asyncio.run(talk())


class PromptTests(SynchronousTestCase):
    """``datacode connect``, whose standard input stays open."""

    def test_prompt(self) -> None:
        """Lines are typed one after another."""
        losses = Losses(self)
        told = Path(self.mktemp()).absolute()
        process, typed = prompt(self, told, f"ws://{losses.address}")
        number = 0

        def say(code: str) -> str:
            nonlocal number
            number += 1
            before = len(told.read_text())
            typed.write(f"{code}\nprint('line {number} is done')\n")
            typed.flush()
            end = time.monotonic() + PATIENCE
            while f"line {number} is done" not in told.read_text()[before:]:
                self.assertLess(time.monotonic(), end, told.read_text())
                self.assertIsNone(process.poll(), told.read_text())
                time.sleep(0.02)
            return told.read_text()[before:]

        losses.all(say)
