"""One server process for all tests of a class, which must end well after the last of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Daemon, foreground

_to_come: Counter[type] = Counter()
"""Tests of a class that have been made and have not been run."""


class SharedDaemonTestCase(SynchronousTestCase):
    """The server starts before the first test.

    Whoever runs last stops it (trial calls no ``tearDownClass``): it has survived everything,
    ends with 0, and has logged no error of its own. ``words`` are its options.
    """

    words: ClassVar[tuple[str, ...]] = ()
    _daemon: ClassVar[Daemon | None] = None
    _port: ClassVar[int] = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _to_come[type(self)] += 1

    def setUp(self) -> None:
        """Start it before the first test."""
        self.addCleanup(self._leave)
        if type(self)._daemon is None:
            folder = Path(self.mktemp()).absolute()
            folder.mkdir()
            type(self)._daemon = Daemon(self.command(folder), folder)
            type(self)._port = type(self)._daemon.port()

    def command(self, folder: Path) -> list[str]:
        """The server's command line; ``folder`` is where it starts."""
        return foreground("--port", "0", *self.words)

    def _leave(self) -> None:
        """Stop it after the last test."""
        _to_come[type(self)] -= 1
        daemon = type(self)._daemon
        if daemon is None or _to_come[type(self)] > 0:
            return
        type(self)._daemon = None
        try:
            status = daemon.stop()
        finally:
            daemon.close()
        self.assertEqual(status, 0, daemon.lines)
        self.assertFalse([line for line in daemon.lines if "Traceback" in line], daemon.lines)
