"""``twistd datacode``: a command line in, a service out."""

from __future__ import annotations

import sys

from twisted.application.service import IService, MultiService
from twisted.logger import globalLogPublisher

from datacode.server.net.listen import check
from datacode.server.ops.clock import use_steady_clock
from datacode.server.ops.garbage import leave_out_what_stays
from datacode.server.ops.signals import Signals
from datacode.server.options.parser import Options
from datacode.server.options.usage_errors import OptionError
from datacode.server.service import CannotStart, DataCodeService

__all__ = ["Options", "makeService"]


class _UnderTwistd(MultiService):
    """Says why the server cannot start in one sentence, where somebody can read it."""

    def __init__(self, daemon: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._daemon = daemon

    def privilegedStartService(self) -> None:
        """Bind the ports."""
        try:
            super().privilegedStartService()  # type: ignore[no-untyped-call]
        except CannotStart as error:
            if self._daemon:
                raise  # twistd hands it to the terminal that it was started from
            # By now standard error leads into twistd's log.
            (sys.__stderr__ or sys.stderr).write(f"{error}\n")
            raise SystemExit(1) from None


def makeService(options: Options) -> IService:
    """The service that ``twistd`` runs."""
    # Importing it installs one: ``twistd`` and tests choose which before.
    from twisted.internet import reactor

    try:
        for description in options.settings.listen:
            check(description)
    except OptionError as error:  # still in front of whoever started us, also as a daemon
        sys.stderr.write(f"{error.message.render(options.settings.locale)}\n")
        raise SystemExit(2) from None
    parent = getattr(options, "parent", None)
    use_steady_clock(reactor)
    signals = Signals(reactor)
    service = DataCodeService(options.settings, reactor, signals.fail)
    signals.on_hangup = service.reload
    # Before twistd's own log, which begins later.
    globalLogPublisher.addObserver(service.log_guard)
    reactor.callWhenRunning(leave_out_what_stays)
    top = _UnderTwistd(daemon=parent is not None and not parent.get("nodaemon"))
    signals.setServiceParent(top)  # type: ignore[no-untyped-call]
    service.setServiceParent(top)  # type: ignore[no-untyped-call]
    return top
