"""Who may come in: server reference, 4.4."""

from __future__ import annotations

import io
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import makeChecker
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.admission import preferred_locale
from datacode.server.auth import passwd
from datacode.server.auth.accounts import (
    AccountsError,
    AccountsFile,
    BearerToken,
    ServerToken,
    make_token,
    set_password,
)
from datacode.server.auth.addresses import is_loopback, network_of
from datacode.server.auth.logins import LoginQueue
from datacode.server.auth.origins import HostNames, OriginError, Origins, _own_names
from datacode.server.auth.pairing import PairingCode
from datacode.server.auth.throttle import LoginThrottle


class OriginsTests(SynchronousTestCase):
    def allowed(self, origin: str | None, host: str = "127.0.0.1:8080", **more: Any) -> bool:
        """Whether a page of this origin may connect to a server with these settings."""
        try:
            Origins(**more).check(origin, host)
        except OriginError:
            return False
        return True

    def test_programs(self) -> None:
        """Programs send no origin."""
        self.assertTrue(self.allowed(None))

    def test_pages_without_a_site(self) -> None:
        """They are known as such, however a browser writes it."""
        for origin in ("null", "file://", "file:///home/x.html"):
            self.assertTrue(Origins.is_null(origin))
        for other in (None, "http://null", "https://file"):
            self.assertFalse(Origins.is_null(other))

    def test_this_machine(self) -> None:
        """Pages of this machine, on any port."""
        for origin in (
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:5173",
            "https://LOCALHOST",
        ):
            self.assertTrue(self.allowed(origin))

    def test_foreign(self) -> None:
        """Pages of other sites, and what only looks like one of ours."""
        for origin in (
            "http://evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://evil.example:8080",
            "chrome-extension://abc",
            "",
            "http://",
            "nonsense",
            "http://localhost:99999",
            "http://x@localhost",
        ):
            self.assertFalse(self.allowed(origin), origin)

    def test_same_address(self) -> None:
        """The server's own page, under an address."""
        self.assertTrue(self.allowed("http://10.0.0.5:8080", "10.0.0.5:8080"))
        self.assertFalse(self.allowed("http://10.0.0.5:81", "10.0.0.5:8080"))
        self.assertTrue(self.allowed("http://10.0.0.5", "10.0.0.5"))

    def test_same_name(self) -> None:
        """Under a name only where it is the server's, or a token is asked for."""
        page = ("https://office.example", "office.example")
        self.assertFalse(self.allowed(*page))
        self.assertTrue(self.allowed(*page, guarded=True))
        self.assertTrue(self.allowed(*page, hosts=HostNames(["Office.example."])))
        self.assertFalse(self.allowed("https://office.example:444", page[1], guarded=True))
        own = socket.gethostname().lower()
        self.assertTrue(self.allowed(f"http://{own}:8080", f"{own}:8080"))
        self.assertTrue(self.allowed("http://dc.localhost:8080", "dc.localhost:8080"))

    def test_own_names(self) -> None:
        """The machine's names stand in its table of hosts; others there are not its own."""
        own = socket.gethostname().partition(".")[0].lower()
        table = Path(self.mktemp())
        table.write_text(f"127.0.1.1 {own}.office.example {own} # nas\n10.0.0.1 nas.example nas\n")
        names = _own_names(table)
        self.assertLessEqual({own, f"{own}.local", f"{own}.office.example"}, names)
        self.assertFalse(names & {"nas", "nas.example", "127.0.1.1", "10.0.0.1"})
        self.assertIn(own, _own_names(table / "nowhere"))

    def test_listed(self) -> None:
        """Origins that the operator allows, in any case."""
        origins = ("https://Intranet.example/",)
        self.assertTrue(self.allowed("https://intranet.example", "x", allowed=origins))
        self.assertFalse(self.allowed("http://intranet.example", "x", allowed=origins))
        self.assertTrue(self.allowed("http://x.example", "", allowed=["*"]))

    def test_names_of_plain_requests(self) -> None:
        """Addresses, known names, and names that no stranger can own."""
        hosts = HostNames(["office.example"])
        for known in (None, "127.0.0.1:80", "[::1]:80", "office.example", "datacode", "x:81"):
            self.assertTrue(hosts.of_header(known), known)
        for unknown in ("evil.example", "evil.example:8080", "x@127.0.0.1", "", ":80", "a b"):
            self.assertFalse(hosts.of_header(unknown), unknown)


class PairingTests(SynchronousTestCase):
    def test_code(self) -> None:
        """Short, in letters that nobody takes for others, and another each time."""
        code = PairingCode()
        self.assertRegex(str(code), "^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")
        self.assertNotEqual(str(code), str(PairingCode()))
        self.assertNotIn(str(code)[:4], repr(code))

    def test_matches(self) -> None:
        """As people type it."""
        code = PairingCode("10AB-CDEF")
        for right in ("10AB-CDEF", "10abcdef", " 1o ab cd ef", "LOAB-CDEF"):
            self.assertTrue(code.matches(right), right)
        for wrong in ("", "10AB-CDE", "10AB-CDEFG", "10AB-CDEG", "я" * 1000):
            self.assertFalse(code.matches(wrong), wrong)

    def test_kept(self) -> None:
        """The same from start to start; what others may have written is not believed."""
        file = Path(self.mktemp()) / "a" / "code"
        code = str(PairingCode.kept(file))
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(str(PairingCode.kept(file)), code)
        file.chmod(0o644)
        self.assertNotEqual(str(PairingCode.kept(file)), code)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        for damaged in ("", "12345", "UUUU-UUUU", "\xff" * 9):
            file.write_text(damaged, "latin-1")
            self.assertEqual(str(PairingCode.kept(file)), str(PairingCode.kept(file)))

    def test_nowhere_to_keep(self) -> None:
        """Then it is good until the server stops."""
        self.assertEqual(len(str(PairingCode.kept(Path("/proc/nowhere/code")))), 9)


class LoginQueueTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A queue; ``asked`` are the checks that have begun."""
        self.clock = Clock()
        self.throttle = LoginThrottle(self.clock.seconds)
        self.queue = LoginQueue(self.throttle, self.clock, at_once=2)
        self.asked: list[tuple[str, Deferred[str]]] = []

    def check(self, network: str, is_there: Callable[[], bool] = lambda: True) -> Deferred[str]:
        def begin() -> Deferred[str]:
            answer: Deferred[str] = Deferred()
            self.asked.append((network, answer))
            return answer

        return Deferred.fromCoroutine(self.queue.check(network, begin, is_there))

    def begun(self) -> list[str]:
        return [network for network, _ in self.asked]

    def test_one_at_a_time(self) -> None:
        """One for each address, a few in all."""
        checks = [self.check(network) for network in ("a", "a", "b", "c")]
        self.assertEqual(self.begun(), ["a", "b"])
        self.asked[0][1].callback("name")
        self.assertEqual(self.successResultOf(checks[0]), "name")
        self.assertEqual(self.begun(), ["a", "b", "c"])
        self.asked[1][1].errback(UnauthorizedLogin())
        self.failureResultOf(checks[2], UnauthorizedLogin)
        self.assertEqual(self.begun(), ["a", "b", "c", "a"])

    def test_who_has_shown_nothing_wrong_comes_first(self) -> None:
        """However many guesses wait; and of the others the latest."""
        for network in ("x", "y", "guess1", "guess2", "new", "newer"):
            self.check(network)
        for network in ("guess1", "guess1", "guess1", "guess2"):
            self.throttle.failed(network)
        self.clock.advance(1)
        for _ in range(4):
            self.asked.pop(0)[1].callback("")
        self.assertEqual(self.begun(), ["guess2", "guess1"])

    def test_rests(self) -> None:
        """An address rests after a wrong one; then the latest that waits there comes first."""
        running, first, latest = (self.check("a") for _ in range(3))
        self.throttle.failed("a")
        self.asked[0][1].errback(UnauthorizedLogin())
        self.failureResultOf(running, UnauthorizedLogin)
        self.check("b")
        self.assertEqual(self.begun(), ["a", "b"])
        self.clock.advance(0.2)
        self.assertEqual(self.begun(), ["a", "b", "a"])
        self.asked[2][1].callback("name")
        self.assertEqual(self.successResultOf(latest), "name")
        self.assertNoResult(first)

    def test_gone(self) -> None:
        """Who goes away leaves the queue, or gives his place back."""
        running, waiting, other = self.check("a"), self.check("a"), self.check("a")
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertEqual(self.begun(), ["a"])
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.begun(), ["a", "a"])
        self.asked[1][1].callback("name")
        self.assertEqual(self.successResultOf(other), "name")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_there(self) -> None:
        """Whoever is found to have gone when his turn comes is not checked."""
        self.check("a")
        gone = [self.check("a", is_there=lambda: False) for _ in range(1000)]
        right = self.check("a")
        self.asked[0][1].callback("name")
        self.asked[1][1].callback("right")
        self.assertEqual(self.successResultOf(right), "right")
        for each in gone:
            self.failureResultOf(each, CancelledError)
        self.assertEqual(self.begun(), ["a", "a"])

    def test_over_at_once(self) -> None:
        """Any number of checks that need no time, behind one that does."""
        for network in ("x", "y"):
            self.check(network)
        checks = [
            Deferred.fromCoroutine(self.queue.check(f"{number}", lambda: succeed("name")))
            for number in range(2000)
        ]
        self.asked[0][1].callback("name")
        self.assertEqual(len([self.successResultOf(each) for each in checks]), 2000)


class LoginThrottleTests(SynchronousTestCase):
    def test_turned_away(self) -> None:
        """After ten failures an address waits until the oldest is a minute old."""
        clock = Clock()
        patience = LoginThrottle(clock.seconds)
        for _ in range(9):
            patience.failed("10.0.0.1")
            clock.advance(1)
        self.assertEqual(patience.wait("10.0.0.1"), 0)
        patience.failed("10.0.0.1")
        self.assertEqual(patience.wait("10.0.0.1"), 51)
        self.assertEqual(patience.wait("10.0.0.2"), 0)
        clock.advance(52)
        self.assertEqual(patience.wait("10.0.0.1"), 0)

    def test_rest(self) -> None:
        """The more wrong ones lately, the longer; who is turned away anyway does not rest."""
        clock = Clock()
        throttle = LoginThrottle(clock.seconds)
        self.assertEqual(throttle.rest("10.0.0.1"), 0)
        throttle.failed("10.0.0.1")
        self.assertAlmostEqual(throttle.rest("10.0.0.1"), 0.1)
        clock.advance(0.1)
        self.assertEqual(throttle.rest("10.0.0.1"), 0)
        for _ in range(8):
            throttle.failed("10.0.0.1")
        self.assertAlmostEqual(throttle.rest("10.0.0.1"), 0.9)
        throttle.failed("10.0.0.1")
        self.assertEqual(throttle.rest("10.0.0.1"), 0)
        self.assertGreater(throttle.wait("10.0.0.1"), 0)

    def test_bounded(self) -> None:
        """Only so many addresses are remembered, the latest."""
        patience = LoginThrottle(Clock().seconds, tries=1, addresses=10)
        for number in range(1000):
            patience.failed(f"10.0.{number // 250}.{number % 250}")
        self.assertEqual(patience.wait("10.0.0.1"), 0)
        self.assertGreater(patience.wait("10.0.3.249"), 0)

    def test_ipv6_networks(self) -> None:
        """A host with a whole IPv6 network counts as one."""
        self.assertEqual(network_of("2001:db8::1"), network_of("2001:db8::ffff:1"))
        self.assertNotEqual(network_of("2001:db8::1"), network_of("2001:db8:0:1::1"))
        self.assertEqual(network_of("::ffff:10.0.0.1"), "10.0.0.1")
        self.assertEqual(network_of("fe80::1%eth0"), "fe80::/64")

    def test_loopback(self) -> None:
        """This machine, in all its spellings."""
        for address in ("127.0.0.1", "127.3.2.1", "::1", "localhost", "::ffff:127.0.0.1"):
            self.assertTrue(is_loopback(address))
        for address in ("0.0.0.0", "::", "10.0.0.1", "example.org"):
            self.assertFalse(is_loopback(address))


class TokenTests(SynchronousTestCase):
    def test_matches(self) -> None:
        """Only the whole token, whatever letters it has."""
        token = ServerToken("секрет")
        self.assertTrue(token.matches("секрет"))
        for wrong in ("", "секре", "секрет ", "Секрет", "\ud800"):
            self.assertFalse(token.matches(wrong))
        self.assertNotIn("секрет", repr(token))


class LocaleTests(SynchronousTestCase):
    def test_accept_language(self) -> None:
        """The best of what there is; the server's own where nothing fits."""
        for header, expected in (
            (None, "ru"),
            ("", "ru"),
            ("en", "en"),
            ("en-US,en;q=0.5", "en"),
            ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
            ("de,en;q=0.5,ru;q=0.7", "ru"),
            ("de", "ru"),
            ("en;q=0", "ru"),
            ("en;q=x, ;;,", "ru"),
        ):
            self.assertEqual(preferred_locale(header, "ru"), expected, header)
        self.assertEqual(preferred_locale("de", "en"), "en")


class AccountsTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A file with a password and a token."""
        self.path = Path(self.mktemp())
        set_password(self.path, "анна", "пароль")
        self.token = make_token(self.path, "robot")

    def test_file(self) -> None:
        """Neither the password nor the token is in the file, which is nobody else's."""
        text = self.path.read_text("utf-8")
        self.assertIn("анна:$argon2id$", text)
        self.assertIn("robot:sha256$", text)
        self.assertNotIn("пароль", text)
        self.assertNotIn(self.token, text)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def login(self, name: str, password: str) -> bytes:
        """What a name and password give."""
        checker = makeChecker(f"accounts:{self.path}")
        credentials = UsernamePassword(name.encode(), password.encode())
        return self.successResultOf(checker.requestAvatarId(credentials))

    def test_password(self) -> None:
        """The right password gives the account."""
        self.assertEqual(self.login("анна", "пароль"), "анна".encode())

    def test_wrong(self) -> None:
        """A wrong password, an unknown name, a token's account: all refused alike."""
        checker = AccountsFile(self.path)
        for name, password in (
            ("анна", "x"),
            ("nobody", "пароль"),
            ("robot", self.token),
            ("", ""),
        ):
            credentials = UsernamePassword(name.encode(), password.encode())
            self.failureResultOf(checker.requestAvatarId(credentials), UnauthorizedLogin)

    def test_token(self) -> None:
        """A token gives its account; anything else does not."""
        checker = AccountsFile(self.path)
        self.assertEqual(
            self.successResultOf(checker.requestAvatarId(BearerToken(self.token))), b"robot"
        )
        for wrong in ("", self.token[:-1], "\ud800", "$argon2"):
            self.failureResultOf(checker.requestAvatarId(BearerToken(wrong)), UnauthorizedLogin)
        self.assertNotIn(self.token, repr(BearerToken(self.token)))

    def test_changes_are_seen(self) -> None:
        """A file that changes is read again; one that breaks leaves the accounts as they were."""
        checker = AccountsFile(self.path)
        set_password(self.path, "boris", "пять")
        credentials = UsernamePassword(b"boris", "пять".encode())
        self.assertEqual(checker.check(credentials), b"boris")
        self.path.write_text("nonsense")
        self.assertEqual(checker.check(credentials), b"boris")

    def test_bad_file(self) -> None:
        """A line that is none is named, not shown."""
        self.path.write_text("# comment\n\nanna:topsecret\n")
        error = self.assertRaises(AccountsError, AccountsFile, self.path)
        self.assertIn("line 3", str(error))
        self.assertNotIn("topsecret", str(error))

    def test_bad_names(self) -> None:
        """Names that would break the file are refused."""
        for name in ("", "a:b", "a\nb", " a", "#a"):
            self.assertRaises(AccountsError, set_password, self.path, name, "x")


class PasswdTests(SynchronousTestCase):
    def run_passwd(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        out, err = io.StringIO(), io.StringIO()
        self.patch(passwd.sys, "stdout", out)
        self.patch(passwd.sys, "stderr", err)
        self.patch(passwd.sys, "stdin", io.StringIO(typed))
        return passwd.passwd(list(words)), out.getvalue(), err.getvalue()

    def test_password(self) -> None:
        """The password comes from standard input where that is no terminal."""
        path = self.mktemp()
        self.assertEqual(self.run_passwd(path, "anna", typed="geheim\n"), (0, "", ""))
        checker = AccountsFile(Path(path))
        self.assertEqual(checker.check(UsernamePassword(b"anna", b"geheim")), b"anna")

    def test_token(self) -> None:
        """A token is printed once."""
        path = self.mktemp()
        status, token, _ = self.run_passwd("--token", path, "robot")
        self.assertEqual(status, 0)
        self.assertEqual(AccountsFile(Path(path)).check(BearerToken(token.strip())), b"robot")

    def test_usage(self) -> None:
        """Anything else is said in a few lines."""
        for words in ((), ("a",), ("a", "b", "c"), ("--x", "a", "b")):
            status, _, err = self.run_passwd(*words)
            self.assertEqual(status, 2)
            self.assertIn("datacode passwd FILE NAME", err)
        self.assertEqual(self.run_passwd("--help")[0], 0)
        with mock.patch.dict(os.environ, DATACODE_LOCALE="ru"):
            self.assertIn("задать пароль", self.run_passwd("--help")[1])
            status, _, err = self.run_passwd(self.mktemp(), "anna")
        self.assertEqual(status, 1)
        self.assertTrue(err.startswith("❌ Пароль пуст"), err)

    def test_failures(self) -> None:
        """An empty password and a file that cannot be written change nothing."""
        path = self.mktemp()
        self.assertEqual(self.run_passwd(path, "anna", typed="\n")[0], 1)
        self.assertFalse(Path(path).exists())
        status, _, err = self.run_passwd("/nowhere/file", "anna", typed="x\n")
        self.assertEqual(status, 1)
        self.assertEqual(err, "❌ /nowhere/file: No such file or directory\n")
        with mock.patch.dict(os.environ, DATACODE_LOCALE="ru"):
            status, _, err = self.run_passwd("/nowhere/file", "anna", typed="x\n")
        self.assertEqual(err, "❌ /nowhere/file: нет такого файла или папки\n")

    def test_refused_names_in_the_readers_language(self) -> None:
        """What is wrong with a name or a file, in one sentence."""
        path = Path(self.mktemp())
        path.write_text("no account\n")
        with mock.patch.dict(os.environ, DATACODE_LOCALE="ru"):
            status, _, err = self.run_passwd(str(path), "anna", typed="x\n")
            self.assertEqual((status, err), (1, f"❌ {path}, строка 1: ожидается ИМЯ:ХЕШ\n"))
            status, _, err = self.run_passwd(self.mktemp(), "a:b", typed="x\n")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"^❌ [а-яё ,-]+\n$")
