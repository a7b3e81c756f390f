"""What ``datacode mcp`` is told."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from datacode.console.options import UsageError, parse_locale, usage_error
from datacode.i18n.catalog import locale_of_environment
from datacode.i18n.message import Message

AGENTS_HELP = Message(
    "agents_usage",
    "Usage: datacode mcp [ws://HOST:PORT] [options]\n"
    "\n"
    "Serves an agent over standard input and output (Model Context Protocol). Without an address\n"
    "it starts a server of its own, which nobody else can reach.\n"
    "\n"
    "  --files FOLDER     with a server of its own: programs may read what is in this folder;\n"
    "                     without it they have an empty folder, which they may write to\n"
    "  --config FILE      with a server of its own: its options and the shares that it offers\n"
    "  --time-limit N     with a server of its own: longest run of a program, seconds (60)\n"
    "  --max-steps N      most statements that one run may execute (100000000)\n"
    "  --token TOKEN      with an address: the server's token, or the variable DATACODE_WS_TOKEN\n"
    "  --locale ru|en     language of answers (default: from the environment)",
)
_MAX_STEPS = 100_000_000
_TIME_LIMIT = 60
_WITH_VALUE = ("files", "config", "time-limit", "max-steps", "token", "locale")
_OF_OWN_SERVER = ("files", "config", "time-limit")


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """``url`` is None for a server of its own; ``files``, ``config`` and ``time_limit`` are that
    one's."""

    url: str | None
    token: str | None = field(repr=False)
    files: Path | None
    config: Path | None
    time_limit: int
    max_steps: int
    locale: str


def parse(words: list[str]) -> AgentOptions:
    """The options. Raises ``UsageError``."""
    given, rest = _split(words)
    url = rest[0] if rest else None
    if len(rest) > 1 or (url is not None and not url.startswith(("ws://", "wss://"))):
        raise usage_error(
            "not_a_server_address",
            "Not the address of a server: {url} (ws://HOST:PORT is expected)",
            url=rest[-1],
        )
    for name in _OF_OWN_SERVER:
        if url is not None and name in given:
            raise usage_error(
                "agents_own_server_only",
                "--{name}: only for a server of its own, without an address",
                name=name,
            )
    return AgentOptions(
        url=url,
        token=given.get("token") or os.environ.get("DATACODE_WS_TOKEN"),
        files=_existing(given, "files", is_folder=True),
        config=_existing(given, "config", is_folder=False),
        time_limit=_number(given, "time-limit", _TIME_LIMIT),
        max_steps=_number(given, "max-steps", _MAX_STEPS),
        locale=parse_locale(given.get("locale", locale_of_environment())),
    )


def _split(words: list[str]) -> tuple[dict[str, str], list[str]]:
    given: dict[str, str] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if not word.startswith("-"):
            rest.append(word)
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        if name not in _WITH_VALUE:
            raise usage_error("unknown_option", "Unknown option: {word}", word=word)
        if not equals:
            value = next(left, "")
        if not value:
            raise usage_error("option_needs_value", "{option} needs a value", option=f"--{name}")
        given[name] = value
    return given, rest


def _existing(given: dict[str, str], name: str, *, is_folder: bool) -> Path | None:
    if name not in given:
        return None
    path = Path(given[name]).absolute()
    if not (path.is_dir() if is_folder else path.is_file()):
        raise usage_error("agents_path_missing", "--{name}: {path} not found", name=name, path=path)
    return path


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 10**10):
        raise usage_error(
            "agents_bad_number",
            "--{name}: expected a whole number from 1 up, got: {text}",
            name=name,
            text=text,
        )
    return int(text)


__all__ = ["AGENTS_HELP", "AgentOptions", "UsageError", "parse"]
