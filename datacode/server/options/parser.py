"""The options of the server, for ``twistd datacode`` and ``datacode --websocket`` alike.

Source: server reference, 3.2 and 6.4.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import (
    AuthOptionMixin,
    InvalidAuthType,
    UnsupportedInterfaces,
    makeChecker,
)
from twisted.python import usage

from datacode import __version__
from datacode.i18n.os_errors import system_reason
from datacode.server.auth.accounts import AccountsError, IBearerToken
from datacode.server.ops.logs import json_log_to
from datacode.server.options import sources
from datacode.server.options.account_shares import SECTIONS, account_shares
from datacode.server.options.help import Help, reader
from datacode.server.options.own_files import own_files, own_folders
from datacode.server.options.settings import Settings
from datacode.server.options.usage_errors import OptionError, sentence
from datacode.server.options.values import ADDRESS_VARIABLE, TOKEN_VARIABLE, settings

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
    ["max-buffered-mib", None, 1024, "Memory of all that waits for clients, MiB."],
    ["max-buffered-per-address-mib", None, 512, "The same for one address, MiB."],
    ["max-buffered-per-connection-mib", None, 128, "The same for one connection, MiB."],
    ["large-tables-gib", None, 20, "Disk for large tables of one session, GiB."],
    ["large-tables-total-gib", None, 100, "Disk for large tables of all sessions, GiB."],
    ["max-shares", None, 8, "Shares that one session may connect."],
    ["smb-spool-mib", None, 32768, "Copies of files of shares, of all sessions together, MiB."],
    ["session-quota-mib", None, 256, "Size of a session folder, MiB (--use-ve)."],
    ["session-max-files", None, 10000, "Files in a session folder (--use-ve)."],
    ["state-quota-mib", None, 1024, "Kept variables of one session on the disk, MiB."],
    ["state-quota-per-address-mib", None, 4096, "The same for one account or address, MiB."],
    ["state-quota-total-mib", None, 16384, "The same for all sessions, MiB."],
    ["suspend-after", None, 600, "Seconds without a request until a session gives up its process."],
    ["idle-time", None, 86400, "Seconds without a request until a session is closed."],
    ["keep-detached", None, 86400, "Seconds that a session without a connection is kept."],
    ["detached-run-seconds", None, 3600, "Seconds that a program goes on without a connection."],
    ["max-detached", None, 200, "Sessions without a connection in all."],
    ["max-detached-per-address", None, 50, "The same for one address, and for one account."],
    ["kept-output-kib", None, 1024, "Output kept for a client that comes back, KiB."],
    ["handshake-time", None, 10, "Seconds that a handshake may take."],
    ["ping-interval", None, 30, "Seconds between pings, and that the answer may take."],
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
        ["metrics-token", None, None, "Who shows this token may read /metrics from elsewhere."],
        ["path-prefix", None, None, "Path under which a proxy passes requests on: /datacode."],
        ["proxies", None, 0, "Trusted proxies in front, which set X-Forwarded-For."],
        ["locale", None, "ru", "Language of answers where the client names none: ru or en."],
        ["session-dir", None, None, "Where session folders are made. [default: the system's]"],
        ["state", None, None, "Keep attached sessions in this folder, from start to start."],
        ["smb-spool", None, None, "Where copies of files of shares lie. [default: the system's]"],
        [
            "large-tables",
            None,
            None,
            "Where large tables go; off: nowhere. [default: the state folder]",
        ],
        ["sandbox", None, "on", "on, or off to run programs without walls around them."],
        ["audit", None, None, "Append who executed and read what to this file."],
        ["log-format", None, "text", "text or json."],
        *_LIMITS,
    ]
    optFlags = [  # noqa: RUF012
        ["use-ve", None, "Give each session a folder of its own, for uploads and programs."],
        ["reuse-port", None, "Let several servers of this account share --host and --port."],
        ["strict-origin", None, "Refuse pages that were opened from disk (Origin: null)."],
        ["allow-null-origin", None, "Let in pages without a site, any page's frames among them."],
        ["compress", None, "Accept permessage-deflate."],
        ["smb-write", None, "Let programs change files on shares."],
        ["smb-require-signing", None, "Refuse shares whose answers cannot be checked (guests)."],
    ]

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._environment = environment
        self._lists: dict[str, list[str]] = {}
        self._words: tuple[str, ...] = ()
        self._sections: dict[str, object] = {}
        self._file: str | None = None

    def opt_listen(self, description: str) -> None:
        """Endpoint instead of --host and --port: ssl:8443:privateKey=k.pem. Repeatable."""
        self._lists.setdefault("listen", []).append(description)

    def opt_files(self, folder: str) -> None:
        """Folder that programs may read besides the start folder; any for all. Repeatable."""
        self._lists.setdefault("files", []).append(folder)

    def opt_allow_origin(self, origin: str) -> None:
        """Origin whose web pages may connect: https://intranet.example. Repeatable."""
        self._lists.setdefault("origins", []).append(origin)

    def opt_allow_host(self, name: str) -> None:
        """Name by which pages may ask for this server, besides its own. Repeatable."""
        self._lists.setdefault("hosts", []).append(name)

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
        """How clients log in: accounts:FILE, as datacode passwd writes it, or see --help-auth."""
        try:
            self.addChecker(makeChecker(description))  # type: ignore[no-untyped-call]
        except InvalidAuthType as error:
            raise OptionError(
                "unknown_auth", "❌ --auth: no such method: {kind}", kind=error
            ) from None
        except UnsupportedInterfaces as error:
            raise OptionError(
                "unsuitable_auth", "❌ --auth: this method does not fit: {kind}", kind=error
            ) from None
        except OSError as error:
            raise OptionError(
                "bad_value_file",
                "❌ --{name}: {path}: {reason}",
                name="auth",
                path=error.filename,
                reason=system_reason(error),
            ) from None
        except AccountsError as error:
            raise OptionError(
                "bad_value", "❌ --{name}: {reason}", name="auth", reason=error.message
            ) from None
        except UnicodeDecodeError as error:
            raise OptionError(
                "bad_value", "❌ --{name}: {reason}", name="auth", reason=error
            ) from None

    def opt_version(self) -> NoReturn:
        """Print the version and exit."""
        print(f"DataCode {__version__}")  # noqa: T201
        raise SystemExit(0)

    def parseArgs(self, *words: str) -> None:
        """Keep words that are no options: mistakes in options are reported first."""
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
            self._file = sources.file_named(given, self._environment)
            if self._file:
                self._sections = sources.sections(_names(), self._file)
            super().parseOptions([*more, *given])  # type: ignore[no-untyped-call]
        except usage.UsageError as error:
            said = sentence(error, "en" if asked == "en" else "ru")
            if getattr(self, "parent", None) is None:
                raise usage.UsageError(said) from None
            sys.stderr.write(f"{said}\n")
            raise SystemExit(2) from None

    def postOptions(self) -> None:
        """Check what was given, and make settings of it."""
        parent = getattr(self, "parent", None)
        shares = account_shares(self._sections, self._file or "", self._environment)
        self.settings = replace(
            settings(self, self._lists, self._environment),
            account_shares=shares,
            own_files=(
                *own_files(self, self._lists, self._environment, parent or {}),
                *shares.password_files(),
            ),
            own_folders=tuple(own_folders(self._environment)),
        )
        if self._words:
            raise OptionError(
                "unknown_argument", "❌ Unknown argument: {word}", word=self._words[0]
            )
        if parent is not None and self["log-format"] == "json" and not parent.get("logger"):
            parent["logger"] = json_log_to(parent.get("logfile") or "-")


def _first(rows: Any) -> frozenset[str]:
    return frozenset(row[0] for row in rows)


def _names() -> sources.OptionNames:
    """The options that a file or the environment may set."""
    return sources.OptionNames(
        parameters=_first(Options.optParameters) - {"config"},
        flags=_first(Options.optFlags),
        lists=frozenset(
            {
                *("listen", "files", "allow-origin", "allow-host"),
                *("smb-host", "smb-kerberos", "smb-kdc", "auth"),
            }
        ),
        sections=SECTIONS,
        covered={ADDRESS_VARIABLE: ("host", "port"), TOKEN_VARIABLE: ("token",)},
    )
