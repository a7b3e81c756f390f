"""Programs that use up the memory: the session is as usable afterwards as it was before."""

from __future__ import annotations

import os
from random import Random

from datacode.worker.limits import MIB, Limits
from datacode.worker.pool import PoolSettings
from tests.worker.test_pool import ProgramTestCase

NO_MEMORY = "Limit Error: Not enough memory"


def endless(*statements: str) -> str:
    """A loop that does not end by itself."""
    return "\n ".join(["for n in range(1000000000) do", *statements]) + "\nnext n"


def growing(name: str) -> str:
    """An array that grows until there is no memory left."""
    return f"{name} = []\n{endless(f'{name} = push({name}, n)')}"


WASTEFUL = (
    growing("fresh"),
    growing("kept"),
    endless("kept = push(kept, 1)"),
    "text = 'some text'\n" + endless("text = text + text"),
    "words = []\n" + endless("words = push(words, 'a' + str(n))"),
    "o = {}\n" + endless("o[str(n)] = [n, n]"),
    endless("deep = [n, [1, 2, 3]]", "hoard = push(hoard, push(deep, deep))"),
    "global rows = []\n" + endless("rows = push(rows, {n: n, s: 'x'})"),
    f"try\n xs = []\n {endless('xs = push(xs, str(n))')}\n"
    "catch e\n print('caught')\nfinally\n print('finally')\nendtry",
    "function twice(n) do\n return 'new'\nendfunction\nxs = [0]\n"
    + endless("xs = push(xs, [twice(n), n])"),
)

BEFORE = """
global kept = [1, 2, 3]
hoard = []
person = {name: "Ada", marks: [5, 4]}
t = table([[1, "a"], [2, "b"]], ["n", "s"])
function twice(n) do
  return n * 2
endfunction
"""

LOOK = "print(kept, hoard, person, len(t), sum(t['n']), twice(21))"


class MemoryTests(ProgramTestCase):
    """What only a run that failed of memory had made is let go, and nothing else."""

    timeout = 600
    settings = PoolSettings(spare=0)

    async def fails(self, code: str) -> str:
        """A program that runs out of memory, or of output."""
        outcome = await self.interpreter.run(code)
        assert outcome.error is not None, (code, outcome.output)
        return str(outcome.error)

    async def test_three_runs(self) -> None:
        """An array that grows without end, another one, an endless print; then a small program."""
        await self.session(limits=Limits(memory_bytes=128 * MIB, run_seconds=120))
        self.assertEqual(await self.fails(growing("a")), NO_MEMORY)
        self.assertEqual(await self.fails(growing("b")), NO_MEMORY)
        self.assertEqual(
            await self.fails(endless('print("x" * 29)')),
            "Limit Error: Output limit exceeded (16 MiB)",
        )
        self.assertEqual(await self.output("print(1)"), "1\n")

    async def stress(self, memory: int, runs: int) -> None:
        """Mixed runs out of memory, each of which leaves everything as it was."""
        await self.session(limits=Limits(memory_bytes=memory, run_seconds=60))
        await self.output(BEFORE)
        expected = await self.output(LOOK)
        random = Random(13)
        for number in range(runs):
            code = random.choice(WASTEFUL) if number >= len(WASTEFUL) else WASTEFUL[number]
            process = self.interpreter._worker
            outcome = await self.interpreter.run(code)
            if outcome.error is None:  # the program has caught it, and keeps what it has
                self.assertEqual(outcome.output, "caught\nfinally\n")
                await self.output("xs = null")
            else:
                self.assertEqual(str(outcome.error), NO_MEMORY, code)
            self.assertIs(self.interpreter._worker, process)
            self.assertEqual(await self.output(LOOK), expected, code)
            await self.output(f"person.marks = [5, {number}]")
            expected = await self.output(LOOK)

    async def test_full_session(self) -> None:
        """A program that leaves no room for another has run out of memory; smaller ones go on."""
        await self.session(limits=Limits(memory_bytes=64 * MIB, run_seconds=60))
        await self.output("kept = [1]\nhoard = []")
        errors = 0
        for size in (400_000, 100_000, 20_000, 5_000, 1_000) * 3:
            outcome = await self.interpreter.run(
                f"for n in range({size}) do\n hoard = push(hoard, str(n))\nnext n"
            )
            if outcome.error is not None:
                self.assertEqual(str(outcome.error), NO_MEMORY)
                errors += 1
            length = await self.output("print(kept, len(hoard))")
            self.assertTrue(length.startswith("[1] "), length)
        self.assertGreater(errors, 3)

    async def test_nothing_is_lost(self) -> None:
        """Each kind of program once."""
        await self.stress(48 * MIB, len(WASTEFUL))

    async def test_two_hundred_runs(self) -> None:
        """Two hundred of them."""
        if not os.environ.get("DATACODE_LONG_TESTS"):
            raise self.skipTest("takes minutes; DATACODE_LONG_TESTS=1 runs it")
        await self.stress(40 * MIB, 200)
