"""``datacode connect``: the prompt on a server.

datacode connect [--token TOKEN] [--smb HOST,LOGIN,SHARE ...] [--locale ru|en] ws://HOST:PORT
"""

from __future__ import annotations

import os
import ssl
import sys
from urllib.parse import urlsplit

from datacode.console.certificates import tls_reason
from datacode.console.options import UsageError, parse_locale, requested_shares, usage_error
from datacode.i18n import catalog
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason

_OF_HANDSHAKES = (
    catalog.mark("server rejected WebSocket connection: "),
    catalog.mark("did not receive a valid HTTP response"),
)
"""What the client's library says of servers that it finds and that will not have it."""

CONNECT_HELP = Message(
    "connect_usage",
    "Usage: datacode connect ws://HOST:PORT [--token TOKEN] [--smb HOST,LOGIN,SHARE]"
    " [--locale ru|en]",
)


def connect(words: list[str], locale: str) -> int:
    """Run the prompt; the exit status. Raises ``UsageError``."""
    options, rest = _named(words, "--token", "--locale", "--smb")
    locale = parse_locale(options["--locale"][-1] if "--locale" in options else locale)
    token = options.get("--token", [""])[-1] or os.environ.get("DATACODE_WS_TOKEN")
    if len(rest) != 1 or rest[0].startswith("-"):
        raise UsageError(CONNECT_HELP)
    (url,) = rest
    # Slow to import, and no other command needs them.
    from websockets.exceptions import InvalidHandshake, InvalidURI

    from datacode.client import ConnectionLost, RequestFailed
    from datacode.client import connect as connected
    from datacode.console.backends import RemoteBackend
    from datacode.console.repl import start

    shares = requested_shares(options.get("--smb", []))
    try:
        client = connected(url, token=token, locale=locale)
    except InvalidURI:
        raise usage_error(
            "not_a_server_address",
            "Not the address of a server: {url} (ws://HOST:PORT is expected)",
            url=url,
        ) from None
    except (OSError, InvalidHandshake) as problem:
        failed = Message("no_connection", "No connection to {url}: {reason}")
        failed = failed.filled(url=url, reason=_reason(problem, url, locale))
        sys.stderr.write(f"❌ {failed.render(locale)}\n")
        return 1
    try:
        for share in shares:
            client.connect_share(share.host, share.name, share.login, share.password)
        return start(RemoteBackend(client, locale), locale)
    except RequestFailed as problem:
        sys.stderr.write(f"❌ {problem}\n")
        client.close()
        return 1
    except ConnectionLost as problem:
        lost = Message("lost_connection", "The connection was lost: {reason}")
        sys.stderr.write(f"❌ {lost.render(locale, reason=problem)}\n")
        return 1


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
