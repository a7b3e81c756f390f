"""A server process for tests of how it ends: two sessions, one of them busy, and nothing else.

Prints the numbers of the zygote and the workers as JSON, then serves until it is ended.
"""

from __future__ import annotations

import json
import sys

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from datacode.worker.pool import PoolSettings, WorkerPool
from tests.worker.harness import TAKEN_OVER, NoFiles


async def serve() -> None:
    """Start, tell who there is, and leave one worker in an endless loop."""
    workers = WorkerPool(reactor, PoolSettings(spare=1, entry=TAKEN_OVER))
    reactor.addSystemEventTrigger("before", "shutdown", workers.stop)  # type: ignore[attr-defined]
    await workers.start()
    idle, busy = workers.open(NoFiles()), workers.open(NoFiles())
    processes = [
        int((await interpreter.run("import os; print(os.getpid())")).output)
        for interpreter in (idle, busy)
    ]
    Deferred.fromCoroutine(busy.run("while True: pass"))
    sys.stdout.write(json.dumps([workers.zygote_process, *processes]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(serve()))  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
