"""``datacode --websocket``: the server in a terminal. Source: server reference, 3.1 to 3.4."""

from __future__ import annotations

import sys
from typing import Any

from twisted.logger import globalLogBeginner, globalLogPublisher
from twisted.python import usage

from datacode.server.net.listen import check
from datacode.server.ops.clock import use_steady_clock
from datacode.server.ops.garbage import leave_out_what_stays
from datacode.server.ops.logs import JsonLog, PlainLog
from datacode.server.ops.signals import Signals
from datacode.server.options.parser import Options
from datacode.server.options.usage_errors import OptionError
from datacode.server.service import CannotStart, DataCodeService
from datacode.standard_streams import prepare_streams


def serve(words: list[str]) -> int:
    """Run until a signal comes; the exit status: 0, 1 cannot start, 2 wrong usage."""
    prepare_streams()
    options = Options()
    options.synopsis = "Usage: datacode --websocket [options]"
    try:
        options.parseOptions(words)
        for description in options.settings.listen:
            check(description)
    except OptionError as error:
        sys.stderr.write(f"{error.message.render(options.settings.locale)}\n")
        return 2
    except usage.UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return _Run(options).until_stopped()


class _Run:
    """The server in this process, from start to stop."""

    def __init__(self, options: Options) -> None:
        # Importing it installs one; a command line that is wrong needs none.
        from twisted.internet import reactor

        self._reactor: Any = reactor
        use_steady_clock(reactor)
        self._status = 0
        self._signals = Signals(reactor)
        self._service = DataCodeService(options.settings, reactor, self._give_up)
        self._signals.on_hangup = self._service.reload
        globalLogPublisher.addObserver(self._service.log_guard)  # before the log itself
        self._json = options.settings.log_format == "json"

    def until_stopped(self) -> int:
        """Start, run the reactor until it is stopped; the exit status."""
        globalLogBeginner.beginLoggingTo(
            [JsonLog() if self._json else PlainLog()], redirectStandardIO=False
        )
        try:
            self._service.privilegedStartService()
        except CannotStart as error:
            sys.stderr.write(f"{error}\n")
            return 1
        self._signals.startService()
        self._service.startService()
        self._reactor.addSystemEventTrigger("before", "shutdown", self._service.stopService)
        self._reactor.callWhenRunning(leave_out_what_stays)
        self._reactor.run()
        return self._status

    def _give_up(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        self._status = 1
        self._reactor.callWhenRunning(self._reactor.stop)
