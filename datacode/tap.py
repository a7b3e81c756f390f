"""``twistd datacode``: a command line in, a service out.

``datacode --websocket`` shares the options. Source: server reference, 3.2 and 6.4.
"""

from __future__ import annotations

import math
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from twisted.application.service import IService, MultiService
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import (
    AuthOptionMixin,
    InvalidAuthType,
    UnsupportedInterfaces,
    makeChecker,
)
from twisted.python import usage

from datacode.i18n.os_errors import system_reason
from datacode.server.auth.accounts import AccountsError, AccountsFile, IBearerToken
from datacode.server.ops.clock import use_steady_clock
from datacode.server.ops.logs import JsonLog
from datacode.server.ops.signals import Signals
from datacode.server.options import sources
from datacode.server.options.help import Help, reader
from datacode.server.options.settings import MIB, Bounds, Settings
from datacode.server.options.usage_errors import Mistake, sentence
from datacode.server.service import CannotStart, DataCodeService
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import Kerberos
from datacode.worker.limits import Limits

ADDRESS_VARIABLE = "DATACODE_WS_ADDRESS"
TOKEN_VARIABLE = "DATACODE_WS_TOKEN"  # noqa: S105 - a variable's name

_LIMITS = [
    ["max-message-mib", None, 64, "Largest message of a client, MiB."],
    ["max-request-mib", None, 8, "Largest message that is no upload, MiB."],
    ["max-output-mib", None, 16, "Most that one request may print, MiB."],
    ["max-source-kib", None, 16384, "Largest program, KiB."],
    ["max-write-mib", None, 64, "Largest file that a program may write, MiB."],
    ["time-limit", None, 600, "Longest run of a program, seconds."],
    ["cpu-limit", None, 0, "Most processor time of a run, seconds."],
    ["memory-limit-mib", None, 1024, "Memory of one session's interpreter, MiB."],
    ["recursion-limit", None, 10000, "Calls that may be active at once."],
    ["max-steps", None, 0, "Most statements that one run may execute."],
    ["max-connections", None, 1000, "Sessions in all."],
    [
        "max-per-address",
        None,
        100,
        "Sessions from one address; those of this machine do not count.",
    ],
    ["max-queue", None, 16, "Requests of one connection that may wait."],
    ["max-shares", None, 8, "Shares that one session may connect."],
    ["session-quota-mib", None, 256, "Size of a session folder, MiB (--use-ve)."],
    ["session-max-files", None, 10000, "Files in a session folder (--use-ve)."],
    ["idle-time", None, 86400, "Seconds without a request until a session is closed."],
    ["handshake-time", None, 10, "Seconds that a handshake may take."],
    ["drain-time", None, 2, "Seconds that running programs have when the server stops."],
]


class Options(Help, AuthOptionMixin):
    """The options of the server. After parsing, ``settings`` holds what they mean."""

    synopsis = "[options]"
    longdesc = (
        "Runs DataCode programs for WebSocket clients. "
        f"Environment: {ADDRESS_VARIABLE}=HOST:PORT and {TOKEN_VARIABLE}=TOKEN stand in for "
        "--host, --port and --token, and DATACODE_TIME_LIMIT=60 for --time-limit 60, as for "
        "every option. For every limit, 0 means none, but for --max-queue and --recursion-limit, "
        "which begin at 1."
    )
    supportedInterfaces = (IUsernamePassword, IBearerToken)
    settings: Settings

    optParameters = [  # noqa: RUF012 - so usage.Options wants it
        ["config", None, None, "Read options from this TOML file."],
        ["host", None, None, "Name or address to listen on. [default: 127.0.0.1]"],
        ["port", None, None, "Port to listen on, 0 for a free one. [default: 8080]"],
        ["token", None, None, "Clients must show this token."],
        ["proxies", None, 0, "Trusted proxies in front, which set X-Forwarded-For."],
        ["locale", None, "ru", "Language of answers where the client names none: ru or en."],
        ["session-dir", None, None, "Where session folders are made. [default: the system's]"],
        ["smb-spool", None, None, "Where copies of files of shares lie. [default: the system's]"],
        ["sandbox", None, "on", "on, or off to run programs without walls around them."],
        ["audit", None, None, "Append who executed and read what to this file."],
        ["log-format", None, "text", "text or json."],
        *_LIMITS,
    ]
    optFlags = [  # noqa: RUF012
        ["use-ve", None, "Give each session a folder of its own, for uploads and programs."],
        ["reuse-port", None, "Let several servers of this account share --host and --port."],
        ["strict-origin", None, "Refuse pages that were opened from disk (Origin: null)."],
        ["compress", None, "Accept permessage-deflate."],
        ["smb-write", None, "Let programs change files on shares."],
        ["smb-require-signing", None, "Refuse shares whose answers cannot be checked (guests)."],
    ]

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._environment = environment
        self._lists: dict[str, list[str]] = {}
        self._words: tuple[str, ...] = ()

    def opt_listen(self, description: str) -> None:
        """Endpoint instead of --host and --port: ssl:8443:privateKey=k.pem. Repeatable."""
        self._lists.setdefault("listen", []).append(description)

    def opt_files(self, folder: str) -> None:
        """Folder that programs may read besides the start folder; any for all. Repeatable."""
        self._lists.setdefault("files", []).append(folder)

    def opt_allow_origin(self, origin: str) -> None:
        """Origin whose web pages may connect: https://intranet.example. Repeatable."""
        self._lists.setdefault("origins", []).append(origin)

    def opt_smb_host(self, host: str) -> None:
        """Host of shares, by name, address or network; others are refused. Repeatable."""
        self._lists.setdefault("smb_hosts", []).append(host)

    def opt_smb_kerberos(self, entry: str) -> None:
        """Tickets of an account: USER@REALM=FILE, a credential cache or keytab. Repeatable."""
        self._lists.setdefault("smb_kerberos", []).append(entry)

    def opt_smb_kdc(self, entry: str) -> None:
        """Who gives tickets for a realm: REALM=HOST. Repeatable."""
        self._lists.setdefault("smb_kdcs", []).append(entry)

    def opt_auth(self, description: str) -> None:
        """Who may come in: accounts:FILE, as datacode passwd writes it, or see --help-auth."""
        try:
            self.addChecker(makeChecker(description))  # type: ignore[no-untyped-call]
        except InvalidAuthType as error:
            raise Mistake("❌ --auth: нет такого способа: {kind}", kind=error) from None
        except UnsupportedInterfaces as error:
            raise Mistake("❌ --auth: способ не подходит: {kind}", kind=error) from None
        except OSError as error:
            raise Mistake(
                "❌ --{name}: {path}: {reason}",
                name="auth",
                path=error.filename,
                reason=system_reason(error),
            ) from None
        except AccountsError as error:
            raise Mistake("❌ --{name}: {reason}", name="auth", reason=error.text) from None
        except UnicodeDecodeError as error:
            raise Mistake("❌ --{name}: {reason}", name="auth", reason=error) from None

    def opt_version(self) -> NoReturn:
        """Print the version and exit."""
        from datacode import __version__

        print(f"DataCode {__version__}")  # noqa: T201
        raise SystemExit(0)

    def parseArgs(self, *words: str) -> None:
        """There are none; but what is wrong with the options is more worth saying."""
        self._words = words

    def parseOptions(self, options: Any = None) -> None:
        """Read the options. Raises ``UsageError``, whose text is one sentence in the language of
        ``--locale``; under ``twistd`` it is written, and the exit status 2.
        """
        given = list(sys.argv[1:] if options is None else options)
        asked = sources.language(given, self._environment)
        self.explain_to(reader(asked, self._environment))
        try:
            more = sources.words(_names(), given, self._environment)
            super().parseOptions([*more, *given])  # type: ignore[no-untyped-call]
        except usage.UsageError as error:
            said = sentence(error, "en" if asked == "en" else "ru")
            if getattr(self, "parent", None) is None:
                raise usage.UsageError(said) from None
            sys.stderr.write(f"{said}\n")
            raise SystemExit(2) from None

    def postOptions(self) -> None:
        """Check what was given, and make settings of it."""
        self.settings = _settings(self, self._lists, self._environment)
        if self._words:
            raise Mistake("❌ Неизвестный аргумент: {word}", word=self._words[0])
        parent = getattr(self, "parent", None)
        if parent is not None and self["log-format"] == "json" and not parent.get("logger"):
            _json_log_file.append(parent.get("logfile") or "-")
            parent["logger"] = f"{__name__}.json_log"  # twistd wants a name


def _first(rows: Any) -> frozenset[str]:
    return frozenset(row[0] for row in rows)


def _names() -> sources.Names:
    """The options that a file or the environment may set."""
    return sources.Names(
        parameters=_first(Options.optParameters) - {"config"},
        flags=_first(Options.optFlags),
        lists=frozenset(
            {"listen", "files", "allow-origin", "smb-host", "smb-kerberos", "smb-kdc", "auth"}
        ),
        covered={ADDRESS_VARIABLE: ("host", "port"), TOKEN_VARIABLE: ("token",)},
    )


def _settings(
    options: Mapping[str, Any], lists: Mapping[str, list[str]], environment: Mapping[str, str]
) -> Settings:
    host, port = _address(options, environment)
    files = lists.get("files", [])
    return Settings(
        host=host,
        port=port,
        listen=tuple(lists.get("listen", ())),
        reuse_port=_reuse_port(options, lists),
        locale=_choice(options, "locale", "ru", "en"),
        files=None if "any" in files else tuple(_folder(name, "--files") for name in files),
        use_ve=bool(options["use-ve"]),
        session_dir=_optional_path(options["session-dir"]),
        token=_token(options["token"], environment),
        checkers=tuple(options.get("credCheckers", ())),
        origins=tuple(lists.get("origins", ())),
        strict_origin=bool(options["strict-origin"]),
        proxies=_whole(options, "proxies"),
        compress=bool(options["compress"]),
        smb_hosts=_hosts(lists.get("smb_hosts", [])),
        smb_write=bool(options["smb-write"]),
        smb_kerberos=_kerberos(lists),
        smb_require_signing=bool(options["smb-require-signing"]),
        smb_spool=(
            None if options["smb-spool"] is None else _folder(options["smb-spool"], "--smb-spool")
        ),
        sandbox=_choice(options, "sandbox", "on", "off") == "on",
        limits=_limits(options),
        bounds=_bounds(options),
        audit=_optional_path(options["audit"]),
        log_format=_choice(options, "log-format", "text", "json"),
    )


def _limits(options: Mapping[str, Any]) -> Limits:
    return Limits(
        run_seconds=_number(options, "time-limit"),
        cpu_seconds=_number(options, "cpu-limit"),
        memory_bytes=_size(options, "memory-limit-mib", MIB),
        output_bytes=_size(options, "max-output-mib", MIB),
        recursion=_whole(options, "recursion-limit", least=1),
        max_steps=_whole(options, "max-steps"),
        source_bytes=_size(options, "max-source-kib", 1024),
        write_bytes=_size(options, "max-write-mib", MIB),
    )


def _bounds(options: Mapping[str, Any]) -> Bounds:
    return Bounds(
        message_bytes=_size(options, "max-message-mib", MIB),
        request_bytes=_size(options, "max-request-mib", MIB),
        connections=_whole(options, "max-connections"),
        per_address=_whole(options, "max-per-address"),
        queue=_whole(options, "max-queue", least=1),
        shares=_whole(options, "max-shares"),
        upload_bytes=_size(options, "session-quota-mib", MIB),
        upload_files=_whole(options, "session-max-files"),
        idle_seconds=_number(options, "idle-time"),
        handshake_seconds=_number(options, "handshake-time"),
        drain_seconds=_number(options, "drain-time"),
    )


def _address(options: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port, each by itself: the flag, else the variable, else the default."""
    from_variable = _split_address(environment.get(ADDRESS_VARIABLE, ""))
    host, port = from_variable or ("127.0.0.1", 8080)
    if options["host"] is not None:
        host = options["host"]
    if options["port"] is not None:
        port = _port(options["port"])
    host = host.removeprefix("[").removesuffix("]")
    if not host or any(letter.isspace() for letter in host):
        raise Mistake("❌ Неверный адрес: {host}", host=host)
    return host, port


def _reuse_port(options: Mapping[str, Any], lists: Mapping[str, list[str]]) -> bool:
    wanted = bool(options["reuse-port"])
    if wanted and lists.get("listen"):
        raise Mistake("❌ --reuse-port: только с --host и --port, не с --listen")
    if wanted and not hasattr(socket, "SO_REUSEPORT"):
        raise Mistake("❌ --reuse-port: эта система не умеет делить порт")
    return wanted


def _split_address(text: str) -> tuple[str, int] | None:
    """The variable's host and port; None where it has not both."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        return None
    return host, int(port)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535:
        return int(text)
    raise Mistake("❌ Неверный порт: {port}", port=text)


def _token(text: str | None, environment: Mapping[str, str]) -> str | None:
    token = environment.get(TOKEN_VARIABLE) if text is None else text
    if token == "":
        raise Mistake("❌ --token: токен не может быть пустым")
    return token


def _hosts(entries: list[str]) -> HostPolicy:
    for entry in entries:
        try:
            HostPolicy([entry])
        except ValueError:
            raise Mistake(
                "❌ --smb-host: ожидается имя, адрес или сеть; получено: {entry}", entry=entry
            ) from None
    return HostPolicy(entries)


def _kerberos(lists: Mapping[str, list[str]]) -> Kerberos:
    files = {}
    for entry in lists.get("smb_kerberos", []):
        account, _, file = entry.partition("=")
        user, _, realm = account.rpartition("@")
        if not user or not realm or not file:
            raise Mistake(
                "❌ --smb-kerberos: ожидается USER@REALM=FILE; получено: {entry}", entry=entry
            )
        files[account] = str(Path(file).absolute())
    kdcs = {}
    for entry in lists.get("smb_kdcs", []):
        realm, _, host = entry.partition("=")
        if not realm or not host:
            raise Mistake("❌ --smb-kdc: ожидается REALM=HOST; получено: {entry}", entry=entry)
        kdcs[realm] = host
    return Kerberos(files, kdcs)


def _optional_path(text: str | None) -> Path | None:
    return None if text is None else Path(text).absolute()


def _folder(text: str, option: str) -> Path:
    path = Path(text).absolute()
    if not path.is_dir():
        raise Mistake("❌ {option}: папка не найдена: {folder}", option=option, folder=text)
    return path


def _choice(options: Mapping[str, Any], name: str, *choices: str) -> Any:
    value = options[name]
    if value not in choices:
        raise Mistake(
            "❌ --{name}: ожидается одно из: {choices}; получено: {value}",
            name=name,
            choices=", ".join(choices),
            value=value,
        )
    return value


def _number(options: Mapping[str, Any], name: str) -> float:
    try:
        number = float(options[name])
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise _too_small(name, 0, options[name])
    return number


def _too_small(name: str, least: int, value: object) -> Mistake:
    return Mistake(
        "❌ --{name}: ожидается число от {least}; получено: {value}",
        name=name,
        least=least,
        value=value,
    )


def _whole(options: Mapping[str, Any], name: str, least: int = 0) -> int:
    number = _number(options, name)
    if not number.is_integer():
        raise Mistake(
            "❌ --{name}: ожидается целое число; получено: {value}", name=name, value=options[name]
        )
    if number < least:
        raise _too_small(name, least, options[name])
    return int(number)


def _size(options: Mapping[str, Any], name: str, unit: int) -> int:
    # Upwards: what is next to nothing must not become 0, which is no limit at all.
    return math.ceil(_number(options, name) * unit)


_json_log_file: list[str] = []


def json_log() -> JsonLog:
    """What ``twistd`` logs with, where JSON is asked for: to where it was told to log."""
    name = _json_log_file[-1]
    return JsonLog(sys.stdout if name == "-" else open(name, "a", encoding="utf-8"))


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


def build(settings: Settings, reactor: Any, give_up: Any) -> DataCodeService:
    """The server for these settings; nothing is started."""
    service = DataCodeService(settings, reactor, give_up)
    for checker in settings.checkers:
        if isinstance(checker, AccountsFile):
            checker.in_thread = service.in_thread
    return service


def makeService(options: Options) -> IService:
    """The service that ``twistd`` runs."""
    from twisted.internet import reactor

    parent = getattr(options, "parent", None)
    use_steady_clock(reactor)
    signals = Signals(reactor)
    service = build(options.settings, reactor, signals.fail)
    signals.on_hangup = service.reload
    top = _UnderTwistd(daemon=parent is not None and not parent.get("nodaemon"))
    signals.setServiceParent(top)  # type: ignore[no-untyped-call]
    service.setServiceParent(top)  # type: ignore[no-untyped-call]
    return top
