"""``tests/run`` counts what happens to every test, whatever becomes of the process it runs in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.requirements import ROOT
from tests.runner import FEW, SLOWEST, by_class

SAMPLE = """
import os
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

class FineTests(SynchronousTestCase):
    def test_one(self):
        print("said")

    def test_two(self):
        raise SkipTest("nothing to test with")

class BadTests(TestCase):
    def test_false(self):
        self.assertEqual(1, 2, "one is not two")

    def test_broken(self):
        1 / 0

class DeadlyTests(SynchronousTestCase):
    def test_end(self):
        os._exit(3)

class LaterTests(SynchronousTestCase):
    def test_three(self):
        pass
"""

FLAKY = """
from pathlib import Path
from twisted.trial.unittest import SynchronousTestCase

class FlakyTests(SynchronousTestCase):
    def test_first(self):
        mark = Path({mark!r})
        if not mark.exists():
            mark.touch()
            self.fail("the first time")

    def test_second(self):
        pass

class SkippedTests(SynchronousTestCase):
    skip = "no machine"

    def test_it(self):
        pass
"""


class RunnerTests(SynchronousTestCase):
    """``tests.runner`` on a module of tests that do everything tests may do."""

    def setUp(self) -> None:
        """Write the module."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        (self.folder / "sample_tests.py").write_text(SAMPLE, "utf-8")

    def run_tests(self, *words: str) -> tuple[int, str]:
        """The exit status, and what is printed."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.runner", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{self.folder}"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def test_outcomes(self) -> None:
        """Each kind is counted; a process that dies is one error, and other classes still run."""
        for processes in ("-j1", "-j2"):
            status, said = self.run_tests(processes, "sample_tests")
            self.assertEqual(status, 1)
            last = said.splitlines()[-1]
            self.assertEqual(last, "FAILED (failures=1, errors=2, skips=1, successes=2)", said)
            self.assertIn("one is not two", said)
            self.assertIn("ZeroDivisionError", said)
            self.assertIn("[errors] sample_tests.DeadlyTests\n", said)
            self.assertIn("1 skipped: nothing to test with\n", said)
            self.assertNotIn("said\n", said)

    def test_again(self) -> None:
        """A class that failed beside others is run once more, alone, and that is said."""
        module = self.folder / "flaky_tests.py"
        for words, status, last in (
            ([], 0, "PASSED (skips=1, successes=2)"),
            (["--once"], 1, "FAILED (failures=1, skips=1, successes=1)"),
        ):
            module.write_text(FLAKY.format(mark=str(self.folder / f"mark{status}")), "utf-8")
            done, said = self.run_tests(*words, "flaky_tests")
            self.assertEqual((done, said.splitlines()[-1]), (status, last), said)
            passed = "Passed only when run again, alone: flaky_tests.FlakyTests\n"
            self.assertEqual(passed in said, not words, said)
            self.assertIn("1 skipped: no machine\n", said)

    def test_many(self) -> None:
        """Where many classes failed, none is run again."""
        classes = [
            f"class T{i}(SynchronousTestCase):\n    def test_it(self):\n        self.fail()\n"
            for i in range(FEW + 1)
        ]
        text = "from twisted.trial.unittest import SynchronousTestCase\n" + "".join(classes)
        (self.folder / "bad_tests.py").write_text(text, "utf-8")
        for each, again in (("bad_tests", False), ("bad_tests.T0", True)):
            status, said = self.run_tests(each)
            self.assertEqual(status, 1)
            self.assertEqual("Run again, alone: bad_tests.T0\n" in said, again, said)
            self.assertNotIn("Passed only", said)

    def test_parts(self) -> None:
        """One class, one test; what is fine ends with 0."""
        for part in ("sample_tests.LaterTests", "sample_tests.FineTests.test_one"):
            status, said = self.run_tests(part)
            self.assertEqual((status, said.splitlines()[-1]), (0, "PASSED (successes=1)"))

    def test_nothing(self) -> None:
        """A name that stands for nothing fails."""
        status, said = self.run_tests("sample_tests.NoSuchTests")
        self.assertEqual((status, said.splitlines()[-1]), (1, "FAILED (errors=1)"), said)

    def test_slowest(self) -> None:
        """The classes that start first are there."""
        first = [tests[0].rpartition(".")[0] for tests in by_class(list(SLOWEST))]
        self.assertEqual(first, list(SLOWEST))
