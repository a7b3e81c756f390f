"""What every test of the page in a browser begins and ends with."""

from __future__ import annotations

import atexit
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.web.browser import Browser, browser
from tests.web.running_server import RunningServer

_EXPECTED = ("WebSocket connection to",)
_servers: dict[tuple[str, ...], RunningServer] = {}


def server_with(flags: tuple[str, ...]) -> RunningServer:
    """A running server with these flags, shared by all tests that want the same."""
    server = _servers.get(flags)
    if server is None or server.process.poll() is not None:
        server = _servers[flags] = RunningServer(*flags)
        atexit.register(server.stop)
    return server


class PageTestCase(SynchronousTestCase):
    """Tests with the page open and connected to a server.

    A test fails if the page wrote an error to the browser's console: that is where a breach of
    its content policy, or an exception that nobody caught, is told.
    """

    flags: ClassVar[tuple[str, ...]] = ("--use-ve",)

    def setUp(self) -> None:
        """An empty browser, a running server."""
        super().setUp()
        self.page: Browser = browser()
        self.running = self.serve()
        self.addCleanup(self._leave)
        self.begin()

    def serve(self) -> RunningServer:
        """The server of the test."""
        return server_with(self.flags)

    def begin(self) -> None:
        """Open the page."""
        self.page.open(self.running.page)

    def _leave(self) -> None:
        messages = [
            message
            for message in self.page.messages()
            if not any(expected in message for expected in _EXPECTED)
        ]
        self.page.empty()
        self.assertEqual([], messages)
