"""What every test of the page in a browser begins and ends with."""

from __future__ import annotations

from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.web.browser import Browser, browser
from tests.web.running_server import RunningServer

_EXPECTED = ("WebSocket connection to",)


class PageTestCase(SynchronousTestCase):
    """Tests with the page open and connected to a server that the class shares.

    A test fails if the page wrote an error to the browser's console: that is where a breach of
    its content policy, or an exception that nobody caught, is told.
    """

    flags: ClassVar[tuple[str, ...]] = ("--use-ve",)
    server: ClassVar[RunningServer | None] = None

    @classmethod
    def tearDownClass(cls) -> None:
        """End the server of the class."""
        if cls.server is not None:
            cls.server.stop()
            cls.server = None
        super().tearDownClass()

    def setUp(self) -> None:
        """An empty browser, a running server."""
        super().setUp()
        self.page: Browser = browser()
        if type(self).server is None:
            type(self).server = RunningServer(*self.flags)
        self.addCleanup(self._look)
        self.begin()

    def begin(self) -> None:
        """Open the page."""
        self.page.open(self.running.page)

    @property
    def running(self) -> RunningServer:
        """The server of the class."""
        assert self.server is not None
        return self.server

    def _look(self) -> None:
        messages = [
            message
            for message in self.page.messages()
            if not any(expected in message for expected in _EXPECTED)
        ]
        self.page.empty()
        self.assertEqual([], messages)
