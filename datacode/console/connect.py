"""``datacode connect``: the prompt on a server.

datacode connect [--token TOKEN] [--smb HOST,LOGIN,SHARE ...] [--session FILE] [--locale ru|en]
                 ws://HOST:PORT
"""

from __future__ import annotations

import os
import ssl
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datacode.console.certificates import tls_reason
from datacode.console.options import UsageError, parse_locale, requested_shares, usage_error
from datacode.console.session_file import SessionFileError, read_key, write_key
from datacode.i18n import catalog
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason

if TYPE_CHECKING:
    from datacode.client import Client

_OF_HANDSHAKES = (
    catalog.mark("server rejected WebSocket connection: "),
    catalog.mark("did not receive a valid HTTP response"),
)
"""What the client's library says of servers that it finds and that will not have it."""

CONNECT_HELP = Message(
    "connect_usage",
    "Usage: datacode connect ws://HOST:PORT [--token TOKEN] [--smb HOST,LOGIN,SHARE]"
    " [--session FILE] [--locale ru|en]",
)
NO_CONNECTION = Message("no_connection", "No connection to {url}: {reason}")
LOST = Message("connection_away", "The connection was lost; trying to connect again…")
_BACK = Message("connection_back", "Connected again: the session goes on")
_OUTPUT_LOST = Message(
    "output_lost", "Connected again; {count} bytes of output were kept no longer"
)
_STILL_RUNS = Message(
    "program_still_runs", "The program of before still runs; Ctrl-C interrupts it"
)
_SESSION_GONE = Message(
    "session_of_file_gone",
    "The session in '{name}' cannot be taken up: {reason}. Remove the file to begin a new one",
)

_TAKEN = Message("session_taken", "Another client has taken the session")
_TAKE_BACK = Message(
    "session_taken_file",
    "Another client has taken the session; to take it back, run the same command again",
)


def connected_again(output_lost: int) -> Message:
    """The session goes on; ``output_lost`` bytes of what it printed meanwhile are not to be had."""
    return _OUTPUT_LOST.filled(count=output_lost) if output_lost else _BACK


def connect(words: list[str], locale: str) -> int:
    """Run the prompt; the exit status. Raises ``UsageError``."""
    options, rest = _named(words, "--token", "--locale", "--smb", "--session")
    locale = parse_locale(options["--locale"][-1] if "--locale" in options else locale)
    token = options.get("--token", [""])[-1] or os.environ.get("DATACODE_WS_TOKEN")
    if len(rest) != 1 or rest[0].startswith("-"):
        raise UsageError(CONNECT_HELP)
    (url,) = rest
    # Slow to import, and no other command needs them.
    from websockets.exceptions import InvalidHandshake, InvalidURI

    from datacode.client import ConnectionLost, RequestFailed, SessionLost, SessionTaken
    from datacode.client import connect as connected
    from datacode.console.backends import RemoteBackend
    from datacode.console.repl import start

    def say(text: Message) -> None:
        sys.stderr.write(f"{text.render(locale)}\n")

    def fail(text: str) -> int:
        sys.stderr.write(f"❌ {text}\n")
        return 1

    shares = requested_shares(options.get("--smb", []))
    kept_in = options.get("--session", [None])[-1]
    try:
        key = None if kept_in is None else read_key(kept_in)
        client = connected(
            url,
            token=token,
            locale=locale,
            session=key,
            on_lost=lambda: say(LOST),
            on_back=lambda output_lost: say(connected_again(output_lost)),
        )
    except SessionFileError as problem:
        return fail(problem.render(locale))
    except SessionLost as problem:
        return fail(_SESSION_GONE.render(locale, name=kept_in, reason=problem))
    except InvalidURI:
        raise usage_error(
            "not_a_server_address",
            "Not the address of a server: {url} (ws://HOST:PORT is expected)",
            url=url,
        ) from None
    except (OSError, InvalidHandshake) as problem:
        failed = NO_CONNECTION.filled(url=url, reason=_reason(problem, url, locale))
        return fail(failed.render(locale))
    try:
        if kept_in is not None and key is None:
            client.info()  # from now on there is a session to be kept
            if client.key is not None:
                write_key(kept_in, client.key)
        if key is not None:
            _print_missed(client, locale)
        for share in shares:
            client.connect_share(share.host, share.name, share.login, share.password)
        return start(RemoteBackend(client, locale, RequestFailed, kept_in), locale)
    except (RequestFailed, SessionFileError) as problem:
        client.close()
        return fail(
            problem.render(locale) if isinstance(problem, SessionFileError) else str(problem)
        )
    except SessionTaken:
        return fail((_TAKEN if kept_in is None else _TAKE_BACK).render(locale))
    except ConnectionLost as problem:
        lost = Message("lost_connection", "The connection was lost: {reason}")
        return fail(lost.render(locale, reason=problem))


def _print_missed(client: Client, locale: str) -> None:
    """What programs printed after the prompt before this one had ended; those that still run are
    waited for."""
    if client.has_pending:
        sys.stderr.write(f"{_STILL_RUNS.render(locale)}\n")
    while True:
        try:
            missed = client.missed()
            break
        except KeyboardInterrupt:
            client.interrupt()
    for result in missed:
        sys.stdout.write(result.output[result.shown :])
        if result.error is not None:
            sys.stderr.write(f"❌ {result.error}\n")


def _reason(problem: Exception, url: str, locale: str) -> str:
    """Why there is no connection, without the number that the system has for it."""
    if isinstance(problem, ssl.SSLError):
        return tls_reason(problem, urlsplit(url).hostname or url).render(locale)
    if isinstance(problem, OSError):
        return system_reason(problem).render(locale)
    return catalog.translate_parts(str(problem), locale)


def _named(words: list[str], *names: str) -> tuple[dict[str, list[str]], list[str]]:
    """The options with a value among the words, ``--name value`` or ``--name=value``."""
    found: dict[str, list[str]] = {}
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if name not in names:
            rest.append(word)
        elif equals or waiting:
            found.setdefault(name, []).append(value if equals else waiting.pop(0))
        else:
            raise usage_error("option_needs_value", "{option} needs a value", option=name)
    return found, rest
