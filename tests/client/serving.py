"""A real server for the tests of clients: one for all tests of a class."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Daemon, twistd


class ServerTestCase(SynchronousTestCase):
    """``url`` is where a ``twistd datacode`` with the class's ``words`` listens."""

    words: tuple[str, ...] = ("--use-ve",)
    _daemon: Daemon | None = None
    url = ""

    def setUp(self) -> None:
        """Start the server if this is the first test."""
        if type(self)._daemon is None:
            folder = Path(self.mktemp()).absolute()
            folder.mkdir()
            daemon = type(self)._daemon = Daemon(twistd(folder, "--port", "0", *self.words), folder)
            type(self).url = f"ws://127.0.0.1:{daemon.port()}"

    @classmethod
    def tearDownClass(cls) -> None:
        """Stop it."""
        if cls._daemon is not None:
            daemon, cls._daemon = cls._daemon, None
            status = daemon.stop()
            daemon.close()
            assert status == 0, daemon.lines
