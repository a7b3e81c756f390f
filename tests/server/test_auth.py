"""Who may come in: server reference, 4.4."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from unittest import mock

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import makeChecker
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
from datacode.server.auth.origins import Origins
from datacode.server.auth.throttle import LoginThrottle


class OriginsTests(SynchronousTestCase):
    def allowed(
        self, origin: str | None, host: str = "127.0.0.1:8080", public: bool = False, **more: object
    ) -> bool:
        """Whether a page of this origin may connect to a server with these settings."""
        return Origins(**more).allows(origin, host, public=public)

    def test_programs(self) -> None:
        """Programs send no origin."""
        self.assertTrue(self.allowed(None))
        self.assertTrue(self.allowed(None, strict=True))

    def test_pages_from_disk(self) -> None:
        """They are allowed unless the operator is strict."""
        for origin in ("null", "file://"):
            self.assertTrue(self.allowed(origin))
            self.assertFalse(self.allowed(origin, strict=True))

    def test_this_machine(self) -> None:
        """Pages of this machine, on any port."""
        for origin in (
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:5173",
            "https://LOCALHOST",
        ):
            self.assertTrue(self.allowed(origin, strict=True))

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
        ):
            self.assertFalse(self.allowed(origin), origin)

    def test_same_address(self) -> None:
        """The server's own page, under an address."""
        self.assertTrue(self.allowed("http://10.0.0.5:8080", "10.0.0.5:8080"))
        self.assertFalse(self.allowed("http://10.0.0.5:81", "10.0.0.5:8080"))
        self.assertTrue(self.allowed("http://10.0.0.5", "10.0.0.5"))

    def test_same_name(self) -> None:
        """Under a name only where others may connect at all: on loopback it may be a trick."""
        self.assertTrue(
            self.allowed("http://office.example:8080", "office.example:8080", public=True)
        )
        self.assertTrue(self.allowed("https://office.example", "office.example", public=True))
        self.assertFalse(self.allowed("https://office.example:444", "office.example", public=True))
        self.assertFalse(self.allowed("http://evil.example:8080", "evil.example:8080"))

    def test_listed(self) -> None:
        """Origins that the operator allows, in any case."""
        origins = ("https://Intranet.example/",)
        self.assertTrue(Origins(origins).allows("https://intranet.example", "x", public=False))
        self.assertFalse(Origins(origins).allows("http://intranet.example", "x", public=False))
        self.assertTrue(Origins(["*"]).allows("http://x.example", "", public=False))


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
