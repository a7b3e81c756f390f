"""Each step on a stored table: it tells how far it is, can be given up, and survives what ends or
hinders its engine."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.plans.rows import Storage
from tests.large import engine_of, folder_of, storage

ROWS = 200_000
STEPS = {
    "filter": "x = table_filter(t, \"n > 200 and s != 'k1'\")",
    "group": 'x = table_group(t, ["s", "n"], {m: ["id", "sum"], c: ["id", "distinct"]})',
    "sort by number": 'x = table_sort(t, "n")',
    "sort by text": 'x = table_sort(t, "s", false)',
    "join": 'x = inner_join(t, table_group(t, "n", {m: ["id", "max"]}), "n")',
    "self join": 'x = inner_join(t, table_select(t, ["id", "s"]), "id")',
}


@contextmanager
def table(quota: int = 20 << 30) -> Iterator[tuple[Storage, Interpreter]]:
    """A program that has a stored table ``t``, and an engine that reports all the time."""
    with storage(quota=quota, report_every=0.0005) as own:
        interpreter = Interpreter(large_tables=own)
        own.threshold = 1 << 20
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("id,n,s,u\n")
            for n in range(ROWS):
                texts = f"k{n * 104729 % 9973},{'u' * (n % 40)}"
                file.write(f"{n},{n * 7919 % 1009 / 4},{texts}\n")
            file.flush()
            outcome = interpreter.run(f't = read_file("{file.name}")')
        if outcome.error is not None:
            raise AssertionError(outcome.error)
        yield own, interpreter


class EachStepTests(SynchronousTestCase):
    """What is true of every step."""

    def _each(self, work: Callable[[Storage, Interpreter, str, str], None]) -> None:
        with table() as (own, interpreter):
            for name, code in STEPS.items():
                own.client.on_progress = None
                work(own, interpreter, name, code)
                own.client.on_progress = None
                self.assertEqual(self._said(interpreter, "print(len(t), t['n'][1009])"), "200000 0")

    def _said(self, interpreter: Interpreter, code: str) -> str:
        outcome = interpreter.run(code)
        self.assertIsNone(outcome.error, code)
        return str(outcome.output).strip()

    def _result(self, interpreter: Interpreter) -> str:
        rows = "x.idx[0], x.idx[100], x.idx[len(x) - 1]"
        return self._said(interpreter, f"print(len(x), {rows})")

    def test_progress(self) -> None:
        """Per cents that do not fall while one step is under way."""

        def check(own: Storage, interpreter: Interpreter, name: str, code: str) -> None:
            told: list[tuple[str, int]] = []
            own.client.on_progress = lambda *each: told.append(each)
            self._said(interpreter, code)
            self.assertNotEqual(told, [], name)
            self.assertTrue(all(0 <= done <= 100 for _, done in told), told)

        self._each(check)

    def test_given_up(self) -> None:
        """It ends with the step undone; nothing of it is left in files, and the engine goes on."""

        def check(own: Storage, interpreter: Interpreter, name: str, code: str) -> None:
            self._said(interpreter, "x = null")
            self._said(interpreter, "print(t['n'][0])")  # what is not needed is removed by now
            engine, files = engine_of(own), self._files(own)

            def enough(*_: object) -> None:
                raise KeyboardInterrupt

            own.client.on_progress = enough
            with self.assertRaises(KeyboardInterrupt, msg=name):
                interpreter.run(code)
            own.client.on_progress = None
            self.assertEqual(self._said(interpreter, "print(x, t['n'][70000])"), "null 133.75")
            self._said(interpreter, "print(t['n'][140000])")
            self.assertEqual((engine_of(own), self._files(own)), (engine, files), name)

        self._each(check)

    def _files(self, own: Storage) -> list[str]:
        return sorted(os.listdir(folder_of(own)))

    def test_engine_is_killed(self) -> None:
        """Once: another engine does it all again. Each time: a sentence."""

        def check(own: Storage, interpreter: Interpreter, name: str, code: str) -> None:
            self._said(interpreter, code)
            wanted = self._result(interpreter)
            killed: set[int] = set()

            def kill(*_: object, most: int) -> None:
                engine = engine_of(own)
                if len(killed) < most and engine not in killed:
                    killed.add(engine)
                    os.kill(engine, signal.SIGKILL)

            self._said(interpreter, "x = null")
            own.client.on_progress = lambda *each: kill(*each, most=1)
            self._said(interpreter, code)
            self.assertEqual(len(killed), 1, name)
            own.client.on_progress = None
            self.assertEqual(self._result(interpreter), wanted, name)

        self._each(check)

    def test_disk_is_full(self) -> None:
        """One sentence; the table is there."""
        with table() as (own, _):
            folder = folder_of(own)
            size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        with table(quota=size + 200_000) as (_, interpreter):
            for name in ("sort by number", "sort by text"):
                outcome = interpreter.run(STEPS[name])
                self.assertIsNotNone(outcome.error, name)
                self.assertIn("disk space", str(outcome.error))
                self.assertEqual(self._said(interpreter, "print(len(t), t['n'][1009])"), "200000 0")
