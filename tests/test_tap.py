"""The server's command line: server reference, 3.2."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import IService, IServiceMaker
from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins
from twisted.python import usage
from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from datacode import __main__, __version__, tap
from datacode.server.auth.accounts import AccountsFile, set_password
from datacode.server.net.listen import check
from datacode.server.ops.logs import JsonLog
from datacode.server.options import parser
from datacode.server.options.parser import Options
from datacode.server.options.settings import Bounds, Settings
from datacode.server.options.usage_errors import OptionError
from datacode.server.service import CannotStart, DataCodeService
from datacode.smb.policy import Kerberos
from datacode.worker.limits import Limits


class OptionsTests(SynchronousTestCase):
    def settings(self, *words: str, **environment: str) -> Settings:
        """What a command line means."""
        options = Options(environment)
        options.parseOptions(list(words))
        return options.settings

    def refused(self, *words: str, **environment: str) -> str:
        """The sentence about a command line that is wrong."""
        error = self.assertRaises(usage.UsageError, self.settings, *words, **environment)
        return str(error)

    def test_defaults(self) -> None:
        """Without any options: 127.0.0.1:8080, the documented limits, nobody asked who they are."""
        settings = self.settings()
        self.assertEqual((settings.host, settings.port), ("127.0.0.1", 8080))
        self.assertEqual(settings.limits, Limits())
        self.assertEqual(settings.bounds, Bounds())
        self.assertEqual(settings.files, ())
        self.assertFalse(settings.guarded or settings.use_ve or settings.smb_write)
        self.assertTrue(settings.sandbox and settings.smb_hosts.allows_any)

    def test_shares(self) -> None:
        """Which file servers, whose tickets, where copies lie; mistakes in one sentence."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        settings = self.settings(
            *("--smb-host", "fs1", "--smb-write", "--smb-require-signing"),
            *("--smb-kerberos", "svc@CORP.LOCAL=/etc/svc.keytab", "--smb-spool", str(folder)),
            *("--smb-kdc", "CORP.LOCAL=dc1.corp.local"),
        )
        self.assertFalse(settings.smb_hosts.allows_any)
        self.assertTrue(settings.smb_write and settings.smb_require_signing)
        self.assertEqual(
            settings.smb_kerberos,
            Kerberos({"svc@CORP.LOCAL": "/etc/svc.keytab"}, {"CORP.LOCAL": "dc1.corp.local"}),
        )
        self.assertEqual(settings.smb_spool, folder)
        for words, sentence in (
            (["--smb-kerberos", "svc=/x"], "--smb-kerberos: ожидается USER@REALM=FILE"),
            (["--smb-kdc", "CORP"], "--smb-kdc: ожидается REALM=HOST; получено: CORP"),
            (["--smb-spool", "/no/such"], "--smb-spool: папка не найдена: /no/such"),
        ):
            self.assertIn(sentence, self.refused(*words))

    def test_address(self) -> None:
        """Host and port each: the flag, else the variable, else the default."""
        for words, variable, expected in (
            (["--host", "0.0.0.0", "--port", "8899"], None, ("0.0.0.0", 8899)),
            (["--port=8899"], None, ("127.0.0.1", 8899)),
            ([], "0.0.0.0:3000", ("0.0.0.0", 3000)),
            (["--host", "0.0.0.0", "--port", "8899"], "127.0.0.1:8080", ("0.0.0.0", 8899)),
            (["--port", "8899"], "10.0.0.1:3000", ("10.0.0.1", 8899)),
            (["--host", "::1"], "10.0.0.1:3000", ("::1", 3000)),
            (["--host=[::1]"], None, ("::1", 8080)),
            ([], "[::1]:3000", ("::1", 3000)),
            ([], "::1:3000", ("::1", 3000)),
            ([], "", ("127.0.0.1", 8080)),
            (["--port", "0"], None, ("127.0.0.1", 0)),
        ):
            environment = {} if variable is None else {"DATACODE_WS_ADDRESS": variable}
            settings = self.settings(*words, **environment)
            self.assertEqual((settings.host, settings.port), expected, (words, variable))

    def test_bad_address_in_the_environment(self) -> None:
        """It is named, rather than another place listened on."""
        for value in ("garbage", "21004", ":21004", "host:", "host:x", "host:99999", "host:+1"):
            with self.assertRaises(usage.UsageError) as caught:
                self.settings(DATACODE_WS_ADDRESS=value)
            self.assertEqual(
                str(caught.exception),
                f"❌ DATACODE_WS_ADDRESS: ожидается ХОСТ:ПОРТ, получено: {value}",
            )

    def test_endpoints(self) -> None:
        """What is none is named as such; a key that is missing is another matter."""
        for good in ("tcp:0", "tcp6:80:interface=\\:\\:", "unix:x", "ssl:1:privateKey=/nowhere"):
            check(good)
            check(f"haproxy:{good}")
        for bad in ("", "8080", "tcp", "tcp:x", "tcp:99999", "tcp:-1", "tcp:1:x=1"):
            with self.assertRaises(OptionError) as caught:
                check(bad)
            self.assertEqual(str(caught.exception.message.params["description"]), bad)

    def test_bad_values(self) -> None:
        """One sentence that names the option and the value."""
        for words, sentence in (
            (["--port", "abc"], "❌ Неверный порт: abc"),
            (["--port", "70000"], "❌ Неверный порт: 70000"),
            (["--port", "-1"], "❌ Неверный порт: -1"),
            (["--port", "+80"], "❌ Неверный порт: +80"),
            (["--port", "٣"], "❌ Неверный порт: ٣"),
            (["--port", "--host", "x"], "❌ Неверный порт: --host"),
            (["--host", ""], "❌ Неверный адрес: "),
            (["--host", "a b"], "❌ Неверный адрес: a b"),
            (["--time-limit", "x"], "❌ --time-limit: ожидается число от 0; получено: x"),
            (["--time-limit", "-1"], "❌ --time-limit: ожидается число от 0; получено: -1"),
            (["--max-queue", "0"], "❌ --max-queue: ожидается число от 1; получено: 0"),
            (["--recursion-limit=0"], "❌ --recursion-limit: ожидается число от 1; получено: 0"),
            (["--time-limit", "nan"], "❌ --time-limit: ожидается число от 0; получено: nan"),
            (["--max-queue", "1.5"], "❌ --max-queue: ожидается целое число; получено: 1.5"),
            (["--locale", "fr"], "❌ --locale: ожидается одно из: ru, en; получено: fr"),
            (["--sandbox", "no"], "❌ --sandbox: ожидается одно из: on, off; получено: no"),
            (["--files", "/nowhere"], "❌ --files: папка не найдена: /nowhere"),
            (["--token", ""], "❌ --token: токен не может быть пустым"),
            (["--auth", "sesame"], "❌ --auth: нет такого способа: sesame"),
            (["--auth=accounts:/no/file"], "❌ --auth: /no/file: нет такого файла или папки"),
            (
                ["--auth", "accounts:/etc/hosts"],
                "❌ --auth: /etc/hosts, строка 1: ожидается ИМЯ:ХЕШ",
            ),
            (["x.dc"], "❌ Неизвестный аргумент: x.dc"),
            (
                ["--reuse-port", "--listen", "tcp:0"],
                "❌ --reuse-port: только с --host и --port, не с --listen",
            ),
        ):
            self.assertEqual(self.refused(*words), sentence)
        for words in (["--port"], ["--nonsense"], ["--use-ve=1"], ["--smb-host", "a b"]):
            self.assertRegex(self.refused(*words), r"^❌ .+$")

    def test_what_twisted_finds(self) -> None:
        """Its own sentences come in our words, in both languages."""
        for words, russian, english in (
            (["--bogus"], "Неизвестный параметр: --bogus", "Unknown option: --bogus"),
            (["--bo gus=1"], "Неизвестный параметр: --bo gus", "Unknown option: --bo gus"),
            (["-x"], "Неизвестный параметр: -x", "Unknown option: -x"),
            (["--port"], "--port: нет значения", "--port needs a value"),
            (["--use-ve=1"], "--use-ve: значение не ожидается", "--use-ve takes no value"),
            (
                ["--s"],
                "--s: так начинается не один параметр",
                "--s: more than one option begins so",
            ),
            (
                ["--help-auth-type", "x"],
                "--auth: нет такого способа: x",
                "--auth: no such method: x",
            ),
        ):
            self.assertEqual(self.refused(*words), f"❌ {russian}")
            self.assertEqual(self.refused("--locale=en", *words), f"❌ {english}")

    def test_language_of_mistakes(self) -> None:
        """That of --locale, wherever it stands and however short it is; else Russian."""
        config = self.mktemp()
        Path(config).write_text("locale = 'en'\nport = 'abc'\n")
        broken = self.mktemp()
        Path(broken).write_text("locale = 'en'\nnonsense = 1\n")
        russian, english = "❌ Неверный порт: abc", "❌ Invalid port: abc"
        wrong = ["--port", "abc"]
        for words, environment, expected in (
            (wrong, {}, russian),
            ([*wrong, "--locale", "en"], {}, english),
            (["--loc=en", *wrong], {}, english),
            (["--locale=en", *wrong, "--locale=ru"], {}, russian),
            (["--locale=fr", *wrong], {}, russian),
            (wrong, {"DATACODE_LOCALE": "en"}, english),
            (["--locale=ru", *wrong], {"DATACODE_LOCALE": "en"}, russian),
            (["--config", config], {}, english),
            ([], {"DATACODE_CONFIG": config}, english),
            (["--config", config], {"DATACODE_LOCALE": "ru"}, russian),
            (["--config", broken], {}, f"❌ {broken}: unknown option: nonsense"),
            (
                ["--locale=en", "--config=/no/file"],
                {},
                "❌ --config: /no/file: No such file or directory",
            ),
            (
                ["--locale=en", "--time-limit=x"],
                {},
                "❌ --time-limit: expected a number from 0 up, got: x",
            ),
            (
                ["--locale=en", "--auth=accounts:/etc/hosts"],
                {},
                "❌ --auth: /etc/hosts, line 1: expected NAME:HASH",
            ),
            (
                ["--smb-host", "a:b:c{x}"],
                {},
                "❌ --smb-host: ожидается имя, адрес или сеть; получено: a:b:c{x}",
            ),
        ):
            self.assertEqual(self.refused(*words, **environment), expected)

    def test_limits(self) -> None:
        """Every limit has its option; 0 is none."""
        settings = self.settings(
            "--max-message-mib=1",
            "--max-request-mib=0.5",
            "--max-output-mib=0.5",
            "--max-source-kib=2",
            "--max-write-mib=3",
            "--time-limit=1.5",
            "--cpu-limit=4",
            "--memory-limit-mib=512",
            "--recursion-limit=100",
            "--max-steps=1000",
            "--max-connections=5",
            "--max-per-address=0",
            "--max-queue=7",
            "--max-shares=9",
            "--smb-spool-mib=70",
            "--session-quota-mib=10",
            "--session-max-files=11",
            "--idle-time=12",
            "--handshake-time=13",
            "--drain-time=0",
        )
        mib = 1 << 20
        self.assertEqual(
            settings.limits, Limits(1.5, 4.0, 512 * mib, mib // 2, 100, 1000, 2048, 3 * mib)
        )
        self.assertEqual(
            settings.bounds,
            Bounds(
                message_bytes=mib,
                request_bytes=mib // 2,
                connections=5,
                per_address=0,
                queue=7,
                shares=9,
                spooled=70 << 20,
                upload_bytes=10 * mib,
                upload_files=11,
                idle_seconds=12,
                handshake_seconds=13,
                drain_seconds=0,
            ),
        )

    def test_every_limit_is_in_the_help(self) -> None:
        """--help shows each option with its default."""
        text = " ".join(str(Options({})).split())
        for name, _, default, _ in parser._LIMITS:
            self.assertRegex(text, rf"--{name}=\s")
            self.assertIn(f"[default: {default}]", text)

    def help(self, *words: str, **environment: str) -> str:
        """What is printed for a reader."""
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        options = Options(environment)
        with self.assertRaises(SystemExit) as caught:
            options.parseOptions(words)
        self.assertIn(caught.exception.code, (0, None))
        return out.getvalue()

    def test_language_of_the_help(self) -> None:
        """That of --locale, wherever it is set, else that of the reader's system."""
        russian = "Имя или адрес, на котором слушать. [по умолчанию: 127.0.0.1]"
        for words, environment, expected in (
            ((), {}, False),
            ((), {"LANG": "ru_RU.UTF-8"}, True),
            ((), {"LANG": "ru_RU.UTF-8", "LC_ALL": "C.UTF-8"}, False),
            ((), {"DATACODE_LOCALE": "ru"}, True),
            (("--locale=en",), {"LANG": "ru_RU.UTF-8"}, False),
            (("--locale", "ru"), {}, True),
            (("--locale=fr",), {"LANG": "ru_RU.UTF-8"}, True),
        ):
            text = " ".join(self.help(*words, "--help", **environment).split())
            self.assertEqual(russian in text, expected, (words, environment))
            self.assertEqual("Name or address" in text, not expected)
            self.assertEqual("[по умолчанию: 600]" in text, expected)
            self.assertEqual("Runs DataCode programs" in text, not expected)
            self.assertEqual("[options]" in text, not expected)
        after = self.help("--help", "--locale=ru")
        self.assertTrue(after.startswith("[параметры]\nПараметры:\n"), after)
        for line in after.splitlines():
            self.assertLessEqual(len(line), 80)

    def test_help_of_checkers(self) -> None:
        """So it is for --help-auth."""
        self.assertIn("The file's name.", self.help("--help-auth"))
        text = self.help("--help-auth", LANG="ru_RU.UTF-8")
        self.assertIn("Использование: --auth AuthType[:ArgString]\n", text)
        self.assertIn("\tИмя файла.\n", text)
        text = self.help("--help-auth-type", "accounts", LANG="ru_RU.UTF-8")
        self.assertIn("  Файл учётных записей с хешами argon2", text)

    def test_files(self) -> None:
        """Folders, or all."""
        folder = self.mktemp()
        Path(folder).mkdir()
        self.assertEqual(self.settings("--files", folder).files, (Path(folder).absolute(),))
        self.assertIsNone(self.settings("--files", folder, "--files", "any").files)

    def test_access(self) -> None:
        """Token by flag or variable; origins; hosts; accounts."""
        self.assertEqual(self.settings("--token", "a", DATACODE_WS_TOKEN="b").token, "a")
        self.assertEqual(self.settings(DATACODE_WS_TOKEN="b").token, "b")
        self.assertTrue(self.settings("--token=a").guarded)
        self.assertNotIn("topsecret", repr(self.settings("--token=topsecret")))
        settings = self.settings(
            "--allow-origin=https://a", "--allow-origin=https://b", "--strict-origin"
        )
        self.assertEqual(settings.origins, ("https://a", "https://b"))
        self.assertTrue(settings.strict_origin)
        hosts = self.settings("--smb-host=files", "--smb-host=10.0.0.0/8").smb_hosts
        self.assertTrue(hosts.allows_name("FILES", 445))
        self.assertTrue(hosts.allows_address("10.1.2.3", 445))
        self.assertFalse(hosts.allows_address("11.1.2.3", 445))

    def test_accounts(self) -> None:
        """--auth takes a file of accounts, and says what is wrong with it."""
        path = self.mktemp()
        set_password(Path(path), "anna", "geheim")
        settings = self.settings("--auth", f"accounts:{path}")
        self.assertIsInstance(settings.checkers[0], AccountsFile)
        self.assertTrue(settings.guarded)
        self.assertIn("nowhere", self.refused("--auth", "accounts:/nowhere"))
        self.assertIn("nonsense", self.refused("--auth", "nonsense:x"))

    def test_version(self) -> None:
        """--version prints it and ends with 0."""
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        self.assertEqual(self.assertRaises(SystemExit, self.settings, "--version").code, 0)
        self.assertEqual(out.getvalue(), f"DataCode {__version__}\n")

    def test_under_twistd(self) -> None:
        """There a mistake is one sentence on standard error, and exit status 2."""
        err = io.StringIO()
        self.patch(sys, "stderr", err)
        options = Options({})
        options.parent = {}
        error = self.assertRaises(SystemExit, options.parseOptions, ["--port", "abc"])
        self.assertEqual((error.code, err.getvalue()), (2, "❌ Неверный порт: abc\n"))
        err.truncate(err.seek(0))
        error = self.assertRaises(SystemExit, options.parseOptions, ["--bogus", "--locale=en"])
        self.assertEqual((error.code, err.getvalue()), (2, "❌ Unknown option: --bogus\n"))

    def test_json_log_under_twistd(self) -> None:
        """--log-format json takes the place of twistd's own log, unless another was named."""
        options = Options({})
        options.parent = {"logfile": "-"}
        options.parseOptions(["--log-format", "json"])
        self.assertIsInstance(namedAny(options.parent["logger"])(), JsonLog)


class MakeServiceTests(SynchronousTestCase):
    def test_plugin(self) -> None:
        """twistd knows us, without importing the server."""
        makers = {maker.tapname: maker for maker in getPlugins(IServiceMaker)}
        self.assertEqual(makers["datacode"].module, "datacode.tap")

    def test_service(self) -> None:
        """Building starts nothing: no port, no thread, no process, no file."""
        options = Options({})
        options.parseOptions(["--port", "0", "--use-ve"])
        service = tap.makeService(options)
        self.assertTrue(IService.providedBy(service))
        self.assertFalse(service.running)

    def cannot_start(self, **settings: Any) -> str:
        """Why a server with these settings does not start."""
        service = DataCodeService(Settings(**settings), MemoryReactorClock(), lambda text: None)
        return str(self.assertRaises(CannotStart, service.privilegedStartService))

    def test_cannot_start(self) -> None:
        """An unknown host, a bad endpoint or certificate, an audit log that cannot be written."""
        nonsense = self.mktemp()
        Path(nonsense).write_text("nonsense")
        for settings in (
            {"host": "no.such.host.invalid"},
            {"listen": ("nonsense:1",)},
            {"listen": ("ssl:0:privateKey=/nowhere",)},
            {"listen": (f"ssl:0:privateKey={nonsense}",)},
            {"audit": Path("/nowhere/audit.log")},
        ):
            self.assertRegex(
                self.cannot_start(**settings), r"^❌ Ошибка запуска WebSocket сервера: .+"
            )


class CommandTests(SynchronousTestCase):
    def test_server_words(self) -> None:
        """The flag may stand anywhere; the bare word only in front."""
        for words, rest in (
            (["--websocket"], []),
            (["--ws", "--port", "1"], ["--port", "1"]),
            (["--port", "1", "--websocket"], ["--port", "1"]),
            (["websocket", "--port", "1"], ["--port", "1"]),
            (["ws"], []),
            (["x.dc", "--websocket"], []),
        ):
            self.assertTrue(__main__._is_for_server(words))
            self.assertEqual(__main__._without_server_words(words), rest)
        for words in ([], ["x.dc", "ws"], ["--repl"], ["passwd", "f", "websocket"]):
            self.assertFalse(__main__._is_for_server(words))
