"""``datacode`` without a server: which of the things at a terminal a command line asks for."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datacode import __version__, catalog
from datacode.console.options import (
    HELP,
    INTERRUPTED,
    Options,
    UsageError,
    locale_of_environment,
    parse,
    parse_locale,
)
from datacode.console.output import prepare_streams, silence

if TYPE_CHECKING:
    from datacode.runtime.local_files import LocalFiles


CONNECT_HELP = catalog.mark(
    "Usage: datacode connect ws://HOST:PORT [--token TOKEN] [--locale ru|en]"
)
FORMAT_HELP = catalog.mark("Usage: datacode fmt [--check] FILE ...  (- is standard input)")
COMPLETION_HELP = catalog.mark("Usage: datacode completion bash|zsh|fish")


def main(words: list[str]) -> int:
    """Do what the words say; the exit status."""
    prepare_streams()
    try:
        status = _main(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); nothing more can be said to them.
        silence(sys.stdout)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _main(words: list[str]) -> int:
    locale = locale_of_environment()
    commands = {"connect": _connect, "fmt": _format, "completion": _completion}
    try:
        if words and words[0] in commands:
            return commands[words[0]](words[1:], locale)
        return _obey(parse(words))
    except UsageError as problem:
        return _usage(problem.render(locale), locale)


def _obey(options: Options) -> int:
    if options.mode == "help":
        sys.stdout.write(HELP[options.locale])
        return 0
    if options.mode == "version":
        sys.stdout.write(f"DataCode {__version__}\n")
        return 0
    if options.mode == "demo":
        from datacode.console.demo import demo

        return demo(options.locale)
    with _files(options) as files:
        if files is None:
            return 1
        if options.mode == "repl":
            from datacode.console.backends import LocalBackend
            from datacode.console.repl import start

            return start(LocalBackend(options.locale, files), options.locale)
        from datacode.console.run import run

        return run(options, files)


@contextlib.contextmanager
def _files(options: Options) -> Iterator[LocalFiles | None]:
    """What programs see as files; None if a share cannot be connected, which has been said."""
    if not options.smb:
        from datacode.runtime.local_files import LocalFiles

        yield LocalFiles()
        return
    # Mistakes of the command line come to light, and passwords are asked for, before a thread runs.
    wanted = [
        (host, login, _password(host, login), name)
        for host, login, name in [_share(text) for text in options.smb]
    ]
    from datacode.console.shares import ShareFiles
    from datacode.runtime.files import FilesError
    from datacode.smb.target import Target

    files = ShareFiles()
    try:
        try:
            for host, login, password, name in wanted:
                files.connect(Target.parse(host, login, password, ""), name)
        except FilesError as problem:
            text = catalog.translate(problem.template, options.locale)
            sys.stderr.write(f"❌ {text.format_map(problem.params)}\n")
            yield None
        else:
            yield files
    finally:
        files.close()


def _share(text: str) -> list[str]:
    parts = text.split(",", 2)
    if len(parts) < 3 or not all(parts[::2]):
        raise UsageError(catalog.mark("--smb expects HOST,LOGIN,SHARE; found: {text}"), text=text)
    return parts


def _password(host: str, login: str) -> str:
    """From the environment, or from whoever sits at the terminal."""
    from_environment = os.environ.get("DATACODE_SMB_PASSWORD")
    if from_environment is not None or not login:
        return from_environment or ""
    if not sys.stdin.isatty():
        raise UsageError(
            catalog.mark("No password for {login}: set DATACODE_SMB_PASSWORD"), login=login
        )
    return getpass.getpass(f"{login}@{host}: ")


def _usage(problem: str, locale: str) -> int:
    more = catalog.translate("`datacode --help` tells what there is.", locale)
    sys.stderr.write(f"❌ {problem}\n💡 {more}\n")
    return 2


def _connect(words: list[str], locale: str) -> int:
    """``datacode connect [--token TOKEN] [--locale ru|en] ws://host:port``."""
    options, rest = _named(words, "--token", "--locale")
    locale = parse_locale(options.get("--locale", locale))
    if _asks_for_help(rest):
        return _say(CONNECT_HELP, locale)
    token = options.get("--token") or os.environ.get("DATACODE_WS_TOKEN")
    if len(rest) != 1 or rest[0].startswith("-"):
        raise UsageError(CONNECT_HELP)
    (url,) = rest
    try:
        from websockets.exceptions import InvalidHandshake, InvalidURI

        from datacode.client import ConnectionLost, connect
    except ImportError:
        raise UsageError(
            catalog.mark("The client is not installed: pip install 'datacode-server[client]'")
        ) from None
    from datacode.console.backends import RemoteBackend
    from datacode.console.repl import start

    try:
        client = connect(url, token=token, locale=locale)
    except InvalidURI:
        raise UsageError(
            catalog.mark("Not the address of a server: {url} (ws://HOST:PORT is expected)"),
            url=url,
        ) from None
    except (OSError, InvalidHandshake) as problem:
        template = catalog.translate("No connection to {url}: {reason}", locale)
        sys.stderr.write("❌ " + template.format(url=url, reason=_reason(problem)) + "\n")
        return 1
    try:
        return start(RemoteBackend(client, locale), locale)
    except ConnectionLost as problem:
        template = catalog.translate("The connection was lost: {reason}", locale)
        sys.stderr.write("❌ " + template.format(reason=problem) + "\n")
        return 1


def _reason(problem: Exception) -> str:
    """Why there is no connection, without the number that the system has for it."""
    system = getattr(problem, "strerror", None)
    return system or str(problem)


def _asks_for_help(words: list[str]) -> bool:
    return bool({"--help", "-h"}.intersection(words))


def _say(template: str, locale: str) -> int:
    sys.stdout.write(catalog.translate(template, locale) + "\n")
    return 0


def _named(words: list[str], *names: str) -> tuple[dict[str, str], list[str]]:
    """The options with a value among the words, ``--name value`` or ``--name=value``."""
    found: dict[str, str] = {}
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if name not in names:
            rest.append(word)
        elif equals or waiting:
            found[name] = value if equals else waiting.pop(0)
        else:
            raise UsageError(catalog.mark("{option} needs a value"), option=name)
    return found, rest


def _format(words: list[str], locale: str) -> int:
    """``datacode fmt [--check] FILE ...``: 1 if a file is wrong, or would be changed.

    ``-`` is standard input, whose layout goes to standard output.
    """
    from datacode.console.run import NOT_READ, NOT_UTF_8
    from datacode.errors import DataCodeError
    from datacode.language.format import format_source

    if _asks_for_help(words):
        return _say(FORMAT_HELP, locale)
    check = "--check" in words
    names = [word for word in words if word != "--check"]
    if not names or any(name.startswith("--") for name in names):
        raise UsageError(FORMAT_HELP)
    status = 0
    for name in names:
        try:
            content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            text = content.decode("utf-8")
            laid_out = format_source(text)
        except (OSError, UnicodeDecodeError) as problem:
            system = getattr(problem, "strerror", None)
            reason = system or catalog.translate(NOT_UTF_8, locale)
            template = catalog.translate(NOT_READ, locale)
            sys.stderr.write(template.format(name=name, reason=reason) + "\n")
            status = 1
        except DataCodeError as problem:
            sys.stderr.write(f"{name}: {problem.render(locale)}\n")
            status = 1
        else:
            if name == "-" and not check:
                sys.stdout.write(laid_out)
            elif laid_out == text:
                continue
            elif check:
                sys.stderr.write(f"{name}\n")
                status = 1
            else:
                Path(name).write_bytes(laid_out.encode("utf-8"))
    return status


def _completion(words: list[str], locale: str) -> int:
    """``datacode completion bash|zsh|fish``."""
    from datacode.console.completion import SCRIPTS

    if _asks_for_help(words):
        return _say(COMPLETION_HELP, locale)
    if len(words) != 1 or words[0] not in SCRIPTS:
        raise UsageError(COMPLETION_HELP)
    sys.stdout.write(SCRIPTS[words[0]]())
    return 0
