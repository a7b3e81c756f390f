"""What a request costs the server, in processor time, beside the server of another checkout.

    git worktree add /tmp/before COMMIT
    python -m benchmarks.server_cost /tmp/before [--rounds 15]

Rounds alternate between the two, each first in every other pair; the figures are medians of the
ratios of pairs. Processor time of the server's process, and of it with its workers, as the kernel
counts it: a busy machine disturbs it little, where wall-clock figures say nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench_server import HELLO, ROOT, Wire
from tests.daemons import Daemon, foreground
from tests.server.frames import TEXT, frame

_TICKS = os.sysconf("SC_CLK_TCK")
CHECK = frame(TEXT, json.dumps({"type": "check", "code": "x = 1\nprint(x)\n" * 50}).encode())
LONG = frame(TEXT, json.dumps({"type": "execute", "code": "#" * 500_000}).encode())


class Tree:
    """The server of a checkout."""

    def __init__(self, root: Path) -> None:
        self._daemon = Daemon(foreground("--port", "0"), root, PYTHONPATH=str(root))
        self._port = self._daemon.port()

    def connect(self) -> Wire:
        """A connection that has run a program."""
        wire = Wire(self._port)
        wire.ask()
        return wire

    def seconds(self) -> tuple[float, float]:
        """Processor time so far: of the server's process, and with those below it."""
        own = _seconds(self._daemon.process.pid)
        return own, own + sum(map(_seconds, self._daemon.descendants()))

    def close(self) -> None:
        """End it."""
        self._daemon.close()


def _seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # a worker that has ended
    return (int(fields[11]) + int(fields[12])) / _TICKS


def same(message: bytes, number: int) -> Callable[[Tree], tuple[float, float]]:
    """So many of a request on one connection; processor time of each."""

    def work(tree: Tree) -> tuple[float, float]:
        wire = tree.connect()
        before = tree.seconds()
        for _ in range(number):
            wire.ask(message)
        after = tree.seconds()
        wire.close()
        return (after[0] - before[0]) / number, (after[1] - before[1]) / number

    return work


def sessions(number: int) -> Callable[[Tree], tuple[float, float]]:
    """So many new sessions with a program each; of the server's process only, as workers end."""

    def work(tree: Tree) -> tuple[float, float]:
        before = tree.seconds()[0]
        for _ in range(number):
            tree.connect().close()
        each = (tree.seconds()[0] - before) / number
        return each, each

    return work


LOADS = {
    "short program": same(HELLO, 4000),
    "check of 100 lines": same(CHECK, 400),
    "program of 500 kB": same(LONG, 60),
    "new session": sessions(60),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    trees = {"here": Tree(ROOT), "other": Tree(options.other.absolute())}
    try:
        for name, work in LOADS.items():
            figures: dict[str, list[tuple[float, float]]] = {each: [] for each in trees}
            for number in range(options.rounds):
                order = list(trees) if number % 2 else list(trees)[::-1]
                for each in order:
                    figures[each].append(work(trees[each]))
            _tell(name, figures)
    finally:
        for tree in trees.values():
            tree.close()


def _tell(name: str, figures: dict[str, list[tuple[float, float]]]) -> None:
    said = []
    for place, what in enumerate(("server", "with workers")):
        here = [each[place] for each in figures["here"]]
        other = [each[place] for each in figures["other"]]
        ratios = [a / b for a, b in zip(here, other, strict=True) if b]
        low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        said.append(
            f"{what} {statistics.median(here) * 1e6:.0f} µs, other "
            f"{statistics.median(other) * 1e6:.0f} µs, ratio {middle:.3f} ({low:.3f} to {high:.3f})"
        )
    print(f"{name}: {'; '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
