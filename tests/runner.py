"""``python -m tests.runner``: trial's tests, by class, in several processes at once.

The words are names of packages, modules, classes or tests (or files); ``-jN`` sets how many
processes there are, by default one for each processor. The classes that take longest start first
(``SLOWEST``), so that none is left over at the end; a class stays together, because its tests may
share a server. Printed are failures as they come, the reasons of skips, and one closing line as
trial writes it. The log of each process is ``test.log`` in its ``_trial_temp`` folder.

Many tests wait for real processes beside which others run, so a machine that is busy enough can
make one of them fail. If at most ``FEW`` classes failed, each is run once more, whole, with
nothing beside it; what counts then is its second run, and the output names the classes that passed
only so. With ``--once`` nothing is run again.

A process is this program again, with ``--worker``: it reads names of tests, a line for a class,
and answers with a line of JSON for each test and one for the end of the class.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
import unittest
from collections import Counter, deque
from collections.abc import Iterator
from typing import IO, Any

from twisted.trial import reporter, runner

SLOWEST = (
    "tests.runtime.test_hostile.SizeTests",
    "tests.test_packaging.WheelTests",
    "tests.language.test_random_programs.RandomProgramTests",
    "tests.test_daemon.SessionTests",
    "tests.language.test_snapshots.SnapshotTests",
)
"""Classes that take much longer than others, the slowest first."""

BAD = ("failures", "errors", "unexpectedSuccesses")

FEW = 3
"""Up to so many classes that failed are run again: more have failed for a reason."""


# A worker ------------------------------------------------------------------------------------


class LineReporter(reporter.Reporter):
    """Sends what becomes of each test to the parent, as ``[outcome, test, text]``."""

    answers: IO[str]

    def send(self, *answer: object) -> None:
        """Write a line."""
        self.answers.write(json.dumps(answer) + "\n")
        self.answers.flush()

    def addSuccess(self, test: Any) -> None:
        """It passed."""
        super().addSuccess(test)
        self.send("successes", test.id(), "")

    def addFailure(self, test: Any, fail: Any) -> None:
        """It failed."""
        super().addFailure(test, fail)
        self.send("failures", test.id(), self.failures[-1][1].getTraceback())

    def addError(self, test: Any, error: Any) -> None:
        """It could not be run to its end, or left something behind."""
        super().addError(test, error)
        self.send("errors", test.id(), self.errors[-1][1].getTraceback())

    def addSkip(self, test: Any, reason: Any) -> None:
        """It cannot be run here."""
        super().addSkip(test, reason)
        self.send("skips", test.id(), str(reason))

    def addExpectedFailure(self, test: Any, error: Any, todo: Any = None) -> None:
        """It failed as it was to."""
        super().addExpectedFailure(test, error, todo)
        self.send("expectedFailures", test.id(), "")

    def addUnexpectedSuccess(self, test: Any, todo: Any = None) -> None:
        """It passed, but was to fail."""
        super().addUnexpectedSuccess(test, todo)
        self.send("unexpectedSuccesses", test.id(), str(todo))

    def done(self) -> None:
        """The parent sums up."""


class AskedForTests(unittest.TestSuite):
    """The tests that the parent asks for, as it asks."""

    def __init__(self, requests: IO[str]) -> None:
        super().__init__()
        self.requests = requests

    def run(self, result: Any, debug: bool = False) -> Any:
        """Run class after class, until the parent has no more."""
        loader = runner.TestLoader()
        result.send("ready")
        for line in self.requests:
            # All are made before the first is run: some count those of their class.
            tests = [loader.loadByName(name) for name in json.loads(line)]
            for test in tests:
                test.run(result)
            del tests
            result.send("ready")
        return result


def work() -> None:
    """Be a worker, on standard input and output."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what tests print is no answer
    os.close(nothing)
    LineReporter.answers = answers
    runner.TrialRunner(LineReporter, logfile="test.log").run(AskedForTests(requests))


# The parent ----------------------------------------------------------------------------------


def tests_in(suite: Any) -> Iterator[Any]:
    """Every test of a suite."""
    if isinstance(suite, unittest.TestSuite):
        for each in suite:
            yield from tests_in(each)
    else:
        yield suite


def owner_of(test: str) -> str:
    """The class of a test, by name; of what could not be loaded, its name."""
    return test.rpartition(".")[0] or test


def by_class(names: list[str]) -> deque[list[str]]:
    """The tests that names stand for, those of a class together, the slowest classes first."""
    loader = runner.TestLoader()
    classes: dict[str, list[str]] = {}
    for test in tests_in(loader.loadByNames(names, recurse=True)):
        classes.setdefault(owner_of(test.id()), []).append(test.id())
    ranks = {name: rank for rank, name in enumerate(SLOWEST)}
    return deque(classes[name] for name in sorted(classes, key=lambda n: ranks.get(n, 1 << 20)))


class Worker(threading.Thread):
    """One process, and the thread that gives it classes; reports ``[outcome, test, text,
    class]``."""

    def __init__(self, classes: deque[list[str]], reports: queue.SimpleQueue[Any]) -> None:
        super().__init__(daemon=True)
        self.classes = classes
        self.reports = reports
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def run(self) -> None:
        """Give out classes until there are none; a process that dies is followed by another."""
        while self.classes:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.runner", "--worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.serve(self.process)
        self.reports.put(None)

    def serve(self, process: subprocess.Popen[str]) -> None:
        """Work with one process, to its end."""
        assert process.stdin is not None
        assert process.stdout is not None
        running: list[str] = []
        owner = "the tests' end"
        began = time.monotonic()
        for line in process.stdout:
            outcome, *rest = json.loads(line)
            if outcome != "ready":
                self.reports.put([outcome, *rest, owner])
                continue
            if running:
                self.reports.put(["seconds", owner, time.monotonic() - began, owner])
            try:
                running, began = self.classes.popleft(), time.monotonic()
            except IndexError:
                running, owner = [], "the tests' end"
                process.stdin.close()
                continue
            owner = owner_of(running[0])
            process.stdin.write(json.dumps(running) + "\n")
            process.stdin.flush()
        status = process.wait()
        if running or status:
            text = f"The process of the tests ended with {status}.\n"
            self.reports.put(["errors", owner, text, owner])


class Results:
    """What became of the tests of each class, printed as it comes."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.counts: dict[str, Counter[str]] = {}
        self.skipped: dict[str, list[str]] = {}
        self.seconds: Counter[str] = Counter()

    def take(self, outcome: str, name: str, text: Any, owner: str) -> None:
        """Count a report of a worker."""
        if outcome == "seconds":
            self.seconds[owner] += text
            return
        counts = self.counts.setdefault(owner, Counter())
        counts[outcome] += 1
        if outcome == "skips":
            self.skipped.setdefault(owner, []).append(text)
        elif outcome in BAD:
            print(f"{'=' * 79}\n[{outcome}] {name}\n{text}", flush=True)
        if sys.stdout.isatty():
            print(f"\r{self.total().total()} tests run", end="\r", flush=True)

    def total(self) -> Counter[str]:
        """All classes together."""
        return sum(self.counts.values(), Counter())

    def bad(self) -> list[str]:
        """The classes of which a test failed."""
        return [name for name, counts in self.counts.items() if any(counts[bad] for bad in BAD)]

    def forget(self, owner: str) -> None:
        """A class is run again."""
        del self.counts[owner]
        self.skipped.pop(owner, None)

    def close(self) -> int:
        """Print the sum; the exit status."""
        reasons = Counter(text for texts in self.skipped.values() for text in texts)
        for reason, count in reasons.most_common():
            print(f"{count} skipped: {reason}")
        slowest = self.seconds.most_common(9)
        print("Slowest: " + ", ".join(f"{name} {spent:.0f} s" for name, spent in slowest))
        counts = self.total()
        print(
            f"Ran {counts.total()} tests in {time.monotonic() - self.began:.0f} s"
            f" ({sum(self.seconds.values()):.0f} s one by one)\n"
        )
        verdict = "FAILED" if self.bad() or not counts.total() else "PASSED"
        order = (*BAD, "skips", "expectedFailures", "successes")
        shown = ", ".join(f"{outcome}={counts[outcome]}" for outcome in order if counts[outcome])
        print(f"{verdict} ({shown})")
        return verdict == "FAILED"


def run(classes: deque[list[str]], number: int, results: Results) -> None:
    """Run classes in so many processes, to the end of all."""
    reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
    workers = [Worker(classes, reports) for _ in range(min(number, len(classes)))]
    left = len(workers)
    try:
        while left:
            each = reports.get()
            if each is None:
                left -= 1
            else:
                results.take(*each)
    finally:
        for worker in workers:
            if worker.process is not None:
                worker.process.terminate()


def main(words: list[str]) -> int:
    """Run the tests; the exit status."""
    number, once = os.cpu_count() or 1, False
    names = []
    for word in words:
        if word.startswith("-j"):
            number = int(word[2:])
        elif word == "--once":
            once = True
        else:
            names.append(word)
    classes = by_class(names or ["tests"])
    whole = {owner_of(tests[0]): tests for tests in classes}
    results = Results()
    run(classes, number, results)
    bad = results.bad()
    if not once and 0 < len(bad) <= FEW and all(name in whole for name in bad):
        print(f"{'=' * 79}\nRun again, alone: {', '.join(bad)}", flush=True)
        for name in bad:
            results.forget(name)
            run(deque([whole[name]]), 1, results)
        if passed := [name for name in bad if name not in results.bad()]:
            print(f"Passed only when run again, alone: {', '.join(passed)}")
    return results.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["--worker"]:
        work()
    else:
        sys.exit(main(sys.argv[1:]))
