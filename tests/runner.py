"""``python -m tests.runner``: trial's tests, by class, in several processes at once.

The words are names of packages, modules, classes or tests (or files); ``-jN`` sets how many
processes there are, by default one for each processor. The classes that take longest start first
(``SLOWEST``), so that none is left over at the end; a class stays together, because its tests may
share a server. Printed are failures as they come, the reasons of skips, and one closing line as
trial writes it. The log of each process is ``test.log`` in its ``_trial_temp`` folder.

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


def by_class(names: list[str]) -> deque[list[str]]:
    """The tests that names stand for, those of a class together, the slowest classes first."""
    loader = runner.TestLoader()
    classes: dict[str, list[str]] = {}
    for test in tests_in(loader.loadByNames(names, recurse=True)):
        name = test.id()
        owner = name.rpartition(".")[0] if isinstance(test, unittest.TestCase) else name
        classes.setdefault(owner, []).append(name)
    ranks = {name: rank for rank, name in enumerate(SLOWEST)}
    return deque(classes[name] for name in sorted(classes, key=lambda n: ranks.get(n, 1 << 20)))


class Worker(threading.Thread):
    """One process, and the thread that gives it classes; reports ``[outcome, test, text]``."""

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
        began = time.monotonic()
        for line in process.stdout:
            outcome, *rest = json.loads(line)
            if outcome != "ready":
                self.reports.put([outcome, *rest])
                continue
            if running:
                owner = running[0].rpartition(".")[0]
                self.reports.put(["seconds", owner, time.monotonic() - began])
            try:
                running, began = self.classes.popleft(), time.monotonic()
            except IndexError:
                running = []
                process.stdin.close()
                continue
            process.stdin.write(json.dumps(running) + "\n")
            process.stdin.flush()
        status = process.wait()
        if running or status:
            name = running[0].rpartition(".")[0] if running else "the tests' end"
            self.reports.put(["errors", name, f"The process of the tests ended with {status}.\n"])


def report(workers: int, reports: queue.SimpleQueue[Any]) -> int:
    """Print what comes until all workers have finished; the exit status."""
    began = time.monotonic()
    counts: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    seconds: list[tuple[float, str]] = []
    while workers:
        each = reports.get()
        if each is None:
            workers -= 1
            continue
        outcome, name, text = each
        if outcome == "seconds":
            seconds.append((text, name))
            continue
        counts[outcome] += 1
        if outcome == "skips":
            skipped[text] += 1
        elif outcome in BAD:
            print(f"{'=' * 79}\n[{outcome}] {name}\n{text}", flush=True)
        if sys.stdout.isatty():
            print(f"\r{counts.total()} tests run", end="\r", flush=True)
    for reason, count in skipped.most_common():
        print(f"{count} skipped: {reason}")
    seconds.sort(reverse=True)
    print("Slowest: " + ", ".join(f"{name} {spent:.0f} s" for spent, name in seconds[:9]))
    one_by_one = sum(spent for spent, _ in seconds)
    print(
        f"Ran {counts.total()} tests in {time.monotonic() - began:.0f} s"
        f" ({one_by_one:.0f} s one by one)\n"
    )
    verdict = "FAILED" if any(counts[bad] for bad in BAD) or not counts.total() else "PASSED"
    order = (*BAD, "skips", "expectedFailures", "successes")
    shown = ", ".join(f"{outcome}={counts[outcome]}" for outcome in order if counts[outcome])
    print(f"{verdict} ({shown})")
    return verdict == "FAILED"


def main(words: list[str]) -> int:
    """Run the tests; the exit status."""
    number = os.cpu_count() or 1
    names = []
    for word in words:
        if word.startswith("-j"):
            number = int(word[2:])
        else:
            names.append(word)
    classes = by_class(names or ["tests"])
    reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
    workers = [Worker(classes, reports) for _ in range(min(number, len(classes)))]
    try:
        return report(len(workers), reports)
    finally:
        for worker in workers:
            if worker.process is not None:
                worker.process.terminate()


if __name__ == "__main__":
    if sys.argv[1:] == ["--worker"]:
        work()
    else:
        sys.exit(main(sys.argv[1:]))
