"""The cases of the Autobahn Testsuite against our protocol.

The suite is one for Python 2 and is fetched by pip, as it is, when it is wanted. Its cases are
ported on the fly: a text of Python 2 becomes one whose letters are its bytes. They run against
the server's own factory on a port, with a session that sends back what it gets, for that is what
the suite expects of whom it tests.

    python -m tests.fire.autobahn_suite            every case, a quarter of an hour: for the night
    python -m tests.fire.autobahn_suite 1. 2. 7.   those whose numbers begin so
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tarfile
import tempfile
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.utf8validator import Utf8Validator
from twisted.internet.defer import (
    Deferred,
    DeferredSemaphore,
    gatherResults,
    maybeDeferred,
    succeed,
)

from datacode.server.net import http
from datacode.server.net.websocket import ClientProtocol, Handshake, ServerFactory, SessionPort
from datacode.server.options.settings import Bounds, Settings

VERSION = "25.10.1"
GOOD = frozenset({"OK", "INFORMATIONAL"})
_AT_ONCE = 8
_TOLD = 50
"""After so many cases it is told how far it got: whoever is killed has said that much."""
_PATIENCE = 10
"""Times as long as the suite thinks it needs may a case take: what is asked is what comes, not how
soon, and a busy machine is no fault of the server's."""
_LONG = ("12.", "13.")
"""Cases that take long, and have a time of their own to take: these run two at a time."""
_PORTS = (
    (r"^(\s*)print (.*)$", r"\1print(\2)"),
    (r"\bxrange\b", "range"),
    (r"\bunichr\b", "chr"),
    (r"\b(accept|request)NoContextTakeover\b", r"\1_no_context_takeover"),
    (r"\b(accept|request)MaxWindowBits\b", r"\1_max_window_bits"),
    (r"from zope.interface import implements", "implements = lambda *interfaces: None"),
    (r"\(object, Case,? ?\)", "(Case,)"),
    (r"from autobahn.websocket.utf8validator import", "from validator import"),
    (r"\b0([1-7]\d*)\b(?!\.)", r"\1"),
    (r"len\(self\.payload\) / ", "len(self.payload) // "),
)


class NotFetched(Exception):
    """pip cannot get the suite."""


# The suite ------------------------------------------------------------------------------


def fetch(folder: Path) -> Path:
    """The sources of the suite, in ``folder``. Raises ``NotFetched``."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    wanted = ["--no-binary=:all:", "--dest", str(folder), f"autobahntestsuite=={VERSION}"]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotFetched(done.stderr)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("*/autobahntestsuite"))


@contextmanager
def ported(source: Path) -> Iterator[types.ModuleType]:
    """The module with all the cases; ``source`` is the suite's package."""
    target = source.parent / "ported"
    target.mkdir()
    for file in (source / "case").glob("*.py"):
        text = _text(file.read_bytes())
        for pattern, replacement in _PORTS:
            text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        name = "all_cases.py" if file.name == "__init__.py" else file.name
        (target / name).write_text(text, "utf-8")
    resources = types.ModuleType("pkg_resources")
    resources.resource_filename = lambda package, name: str(source / name)  # type: ignore[attr-defined]
    hexadecimal = types.ModuleType("binascii")
    hexadecimal.b2a_hex = lambda text: _bytes(text).hex()  # type: ignore[attr-defined]
    hexadecimal.a2b_hex = lambda text: _text(bytes.fromhex(text))  # type: ignore[attr-defined]
    validator = types.ModuleType("validator")
    validator.Utf8Validator = _Validator  # type: ignore[attr-defined]
    kept = dict(sys.modules)
    sys.modules["validator"] = validator
    sys.modules["pkg_resources"] = resources
    sys.modules["binascii"] = hexadecimal
    sys.path.insert(0, str(target))
    try:
        cases = importlib.import_module("all_cases")
        sys.modules["case"].Case.compare = _same  # type: ignore[attr-defined]
        yield cases
    finally:
        sys.path.remove(str(target))
        for name in set(sys.modules) - set(kept):
            del sys.modules[name]
        sys.modules.update(kept)


class _Validator(Utf8Validator):  # type: ignore[misc]
    """That of Autobahn, for texts of Python 2."""

    def validate(self, text: Any) -> Any:
        """As Autobahn's."""
        return super().validate(_bytes(text))


def number_of(case: type) -> str:
    """The number of a case, as the suite has it: ``Case1_1_2`` is 1.1.2."""
    return case.__name__.removeprefix("Case").replace("_", ".")


def _same(case: Any, one: Any, other: Any) -> bool:
    return _plain(one) == _plain(other)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _bytes(value) if isinstance(value, str | bytes | bytearray) else value


def _bytes(text: Any) -> Any:
    """The bytes that a text of Python 2 was."""
    if not isinstance(text, str):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _text(data: bytes) -> str:
    return data.decode("latin-1")


# Who tests ------------------------------------------------------------------------------


class Fuzzer(WebSocketClientProtocol):  # type: ignore[misc]
    """A client that does what a case says; the interface is that which cases know."""

    factory: Any
    createWirelog = False

    def connectionMade(self) -> None:
        """TCP is connected."""
        self.connectionWasOpen = False
        self._timers: list[Any] = []
        self.rxFrameStats: dict[int, int] = {}
        self.txFrameStats: dict[int, int] = {}
        self.runCase = self.factory.case(self)
        super().connectionMade()
        if hasattr(self.runCase, "init"):
            for name in ("perMessageCompressionOffers", "perMessageCompressionAccept"):
                if name in self.factory.given:
                    setattr(self, name, self.factory.given[name])

    def onOpen(self) -> None:
        """The handshake is done."""
        self.connectionWasOpen = True
        self.runCase.onOpen()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A message has come."""
        self.runCase.onMessage(_text(payload) if not self.factory.raw else payload, isBinary)

    def onPing(self, payload: bytes) -> None:
        """A ping has come."""
        self.runCase.onPing(_text(payload))

    def onPong(self, payload: bytes) -> None:
        """A pong has come."""
        self.runCase.onPong(_text(payload))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The connection is closed."""
        self.runCase.onClose(wasClean, code, reason)

    def connectionLost(self, reason: Any) -> None:
        """TCP is gone: the case is over."""
        super().connectionLost(reason)
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        self.runCase.onConnectionLost(self.failedByMe)
        if not self.factory.done.called:
            self.factory.done.callback(self.runCase)

    # What cases call.

    def sendFrame(self, opcode: int, payload: Any = b"", **more: Any) -> None:
        """Send a frame, with the payload as a text of Python 2."""
        mask = more.pop("mask", None)
        if mask is not None:
            more["mask"] = _bytes(mask)
        self.txFrameStats[opcode] = self.txFrameStats.get(opcode, 0) + 1
        super().sendFrame(opcode=opcode, payload=_bytes(payload), **more)

    def sendMessage(self, payload: Any, isBinary: bool = False, **more: Any) -> None:
        """Send a message; nothing where the case has run out of time."""
        if self.state != self.STATE_OPEN:
            return
        super().sendMessage(_bytes(payload), more.pop("binary", isBinary), **more)

    def sendMessageFrameData(self, payload: Any, sync: bool = False) -> Any:
        """Send a piece of a frame."""
        return super().sendMessageFrameData(_bytes(payload), sync)

    def sendCloseFrame(
        self, code: int | None = None, reasonUtf8: Any = None, isReply: bool = False
    ) -> None:
        """Send a close frame, whatever is in it."""
        super().sendCloseFrame(code=code, reasonUtf8=_bytes(reasonUtf8), isReply=isReply)

    def enableWirelog(self, enable: bool) -> None:
        """Nothing is logged here."""

    def continueLater(self, delay: float, fun: Callable[[], None], tag: Any = None) -> None:
        """Go on in a while."""
        self._later(delay, fun)

    def killAfter(self, delay: float) -> None:
        """Fail the connection in a while, if it is still there."""
        self._later(delay * _PATIENCE, lambda: self._fail_connection(1001, "killed"))

    def closeAfter(self, delay: float) -> None:
        """Close it in a while."""
        self._later(delay, self.sendClose)

    def _later(self, delay: float, call: Callable[[], Any]) -> None:
        def act() -> None:
            if self.state != self.STATE_CLOSED:
                call()

        self._timers.append(self.factory.reactor.callLater(delay, act))


class FuzzerFactory(WebSocketClientFactory):  # type: ignore[misc]
    """One connection for one case; ``done`` fires with what has become of it."""

    protocol = Fuzzer

    def __init__(self, case: Callable[[Any], Any], url: str, reactor: Any) -> None:
        super().__init__(url, reactor=reactor)
        self.case = self._made
        self.given: dict[str, Any] = {}
        self.raw = False
        self.done: Deferred[Any] = Deferred()
        self._class = case
        # What is asked is what comes, not how soon: a busy machine is no fault of the server's.
        self.setProtocolOptions(
            failByDrop=False,
            openHandshakeTimeout=30,
            closeHandshakeTimeout=30,
            serverConnectionDropTimeout=30,
            tcpNoDelay=True,
        )

    def _made(self, protocol: Fuzzer) -> Any:
        made = self._class(protocol)
        self.given = {k: v for k, v in vars(protocol).items() if k.startswith("perMessage")}
        self.raw = hasattr(made, "testData")
        return made

    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:
        """There is no server."""
        self.done.errback(reason)


# Who is tested --------------------------------------------------------------------------


class Echo:
    """A session that sends back what it gets."""

    def __init__(self, client: ClientProtocol) -> None:
        self._client = client
        client.admitted()

    def receive(self, data: bytes, *, is_text: bool) -> None:
        """Send it back, of its kind."""
        self._client.sendMessage(data, isBinary=not is_text)

    def pause_output(self) -> None:
        """There is only what was asked for."""

    def resume_output(self) -> None:
        """There is only what was asked for."""


class LetsIn:
    """Admission control that lets everybody in."""

    def connected(self, client: ClientProtocol, address: str) -> None:
        """Whoever it is."""

    identified = connected

    def disconnected(self, client: ClientProtocol) -> None:
        """It was nobody."""

    def answer_http(self, head: http.Head, address: str) -> http.HttpResponse:
        """There is no page."""
        return http.refusal(426, "WebSocket only")

    def admit(self, handshake: Handshake) -> Deferred[Callable[[ClientProtocol], SessionPort]]:
        """An echo."""
        return succeed(Echo)

    def handshake_failed(self, code: int, reason: str, address: str) -> None:
        """Cases have correct handshakes."""

    def session_lost(self, session: SessionPort, reason: str) -> None:
        """It holds nothing."""

    def session_ended(self, client: ClientProtocol, session: SessionPort, reason: str) -> None:
        """It holds nothing."""


def listen(reactor: Any) -> Any:
    """The server's own factory on a free port of the loopback."""
    settings = Settings(compress=True, bounds=Bounds(ping_seconds=0))
    return reactor.listenTCP(
        0, ServerFactory(settings, LetsIn(), reactor), interface="127.0.0.1", backlog=512
    )


Found = dict[str, tuple[str, str, str]]
"""Behaviour, behaviour at the close and the result of each case, by its number."""


async def run(
    reactor: Any,
    cases: types.ModuleType,
    wanted: Callable[[str], bool],
    found: Found | None = None,
    told: Callable[[], object] = lambda: None,
) -> Found:
    """What becomes of each case, which is in ``found`` as soon as it is over; then ``told`` is
    called."""
    port = listen(reactor)
    url = f"ws://127.0.0.1:{port.getHost().port}"
    gate, narrow = DeferredSemaphore(_AT_ONCE), DeferredSemaphore(2)
    found = {} if found is None else found

    async def one(case: type) -> None:
        factory = FuzzerFactory(case, url, reactor)
        reactor.connectTCP("127.0.0.1", port.getHost().port, factory)
        done = await factory.done
        found[number_of(case)] = (
            *(_told(done, "behavior"), _told(done, "behaviorClose")),
            _told(done, "result"),
        )
        told()

    try:
        await gatherResults(
            [
                (narrow if number_of(case).startswith(_LONG) else gate).run(
                    lambda case=case: Deferred.fromCoroutine(one(case))
                )
                for case in cases.Cases
                if wanted(number_of(case))
            ],
            consumeErrors=True,
        )
    finally:
        await maybeDeferred(port.stopListening)  # it gives nothing where all is being stopped
    return found


def _told(case: Any, name: str) -> str:
    """What a case says; one that was broken off says nothing."""
    told = getattr(case, name, None)
    return "" if told is None else str(told)


def _report(found: Found, wanted: int) -> bool:
    """Print what is not good, and how many of each category are; whether all are."""
    categories: Counter[str] = Counter()
    bad = _bad(found)
    for number in found:
        categories[number.partition(".")[0]] += number not in bad
    for number, (behaviour, closing, result) in sorted(bad.items()):
        print(f"{number}: {behaviour}, at the close {closing}: {result[:200]}")
    each = ", ".join(f"{name}: {good}" for name, good in sorted(categories.items(), key=_number))
    print(f"good by category: {each}")
    print(f"{len(found)} of {wanted} cases played, {len(bad)} not as they should be", flush=True)
    return bool(found) and not bad and len(found) == wanted


def _bad(found: Found) -> Found:
    """Those that are not as they should be."""
    return {n: r for n, r in found.items() if not GOOD.issuperset(r[:2])}


def _number(category: tuple[str, int]) -> int:
    return int(category[0])


def main() -> None:
    """Run cases, print what is not good; exit status 1 if anything is not.

    Stopped in the middle (SIGINT, SIGTERM) it prints what it has found so far; killed, it has
    told how far it got.
    """
    from twisted.internet import reactor, task

    beginnings = tuple(sys.argv[1:])

    found: Found = {}
    good = is_stopped = False

    def is_wanted(number: str) -> bool:
        return not beginnings or number.startswith(beginnings)

    async def everything(reactor: Any) -> None:
        with tempfile.TemporaryDirectory() as folder, ported(fetch(Path(folder))) as cases:
            wanted = sum(is_wanted(number_of(case)) for case in cases.Cases)

            def report() -> None:
                nonlocal good, is_stopped
                is_stopped = True
                good = _report(found, wanted)

            def tell() -> None:
                if not len(found) % _TOLD and not is_stopped:
                    print(f"{len(found)} of {wanted}, {len(_bad(found))} not good", flush=True)

            reactor.addSystemEventTrigger("before", "shutdown", report)
            try:
                await run(reactor, cases, is_wanted, found, tell)
            except Exception:
                if not is_stopped:  # else cases were broken off, which the report has said
                    raise

    try:
        task.react(lambda reactor: Deferred.fromCoroutine(everything(reactor)), (), reactor)
    except SystemExit as end:
        sys.exit(end.code or int(not good))


if __name__ == "__main__":
    main()
