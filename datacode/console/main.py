"""``datacode`` without a server: which of the things at a terminal a command line asks for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datacode import __version__
from datacode.console.options import (
    HELP,
    INTERRUPTED,
    CommandLine,
    UsageError,
    parse,
    requested_shares,
)
from datacode.i18n import catalog
from datacode.i18n.catalog import locale_of_environment
from datacode.i18n.message import Message
from datacode.standard_streams import prepare_streams, silence

if TYPE_CHECKING:
    from datacode.runtime.files import Files


FORMAT_HELP = Message("fmt_usage", "Usage: datacode fmt [--check] FILE ...  (- is standard input)")
COMPLETION_HELP = Message("completion_usage", "Usage: datacode completion bash|zsh|fish")


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
        return _dispatch(parse(words))
    except UsageError as problem:
        return _usage(problem.render(locale), locale)


def _dispatch(options: CommandLine) -> int:
    if options.mode == "help":
        sys.stdout.write(HELP[options.locale])
        return 0
    if options.mode == "version":
        sys.stdout.write(f"DataCode {__version__}\n")
        return 0
    if options.mode == "demo":
        # Each mode imports what it needs: together it would take a quarter of a second.
        from datacode.console.demo import demo

        return demo(options.locale)
    with _files(options) as files:
        if files is None:
            return 1
        if options.mode == "repl":
            from datacode.console.backends import LocalBackend
            from datacode.console.large_tables import stored_tables
            from datacode.console.repl import start

            backend = LocalBackend(options.locale, files, stored_tables(options.large_tables))
            return start(backend, options.locale, load=options.load, save=options.save)
        from datacode.console.run import run

        return run(options, files)


@contextlib.contextmanager
def _files(options: CommandLine) -> Iterator[Files | None]:
    """What programs see as files; None if a share cannot be connected, which has been said."""
    if not options.smb:
        # Late, as in ``_dispatch``.
        from datacode.runtime.local_files import LocalFiles

        yield LocalFiles()
        return
    from datacode.console.shares import ShareFiles
    from datacode.runtime.files import FilesError
    from datacode.smb.target import Target

    # Mistakes of the command line come to light, and passwords are asked for, before a thread runs.
    requested = requested_shares(options.smb)
    files = ShareFiles()
    try:
        try:
            for share in requested:
                target = Target.parse(share.host, share.login, share.password, "")
                files.connect(target, share.name)
        except FilesError as problem:
            sys.stderr.write(f"❌ {problem.render(options.locale)}\n")
            yield None
        else:
            yield files
    finally:
        files.close()


def _usage(problem: str, locale: str) -> int:
    more = catalog.translate("`datacode --help` tells what there is.", locale)
    sys.stderr.write(f"❌ {problem}\n💡 {more}\n")
    return 2


def _connect(words: list[str], locale: str) -> int:
    # Late, as in ``_dispatch``.
    from datacode.console.connect import CONNECT_HELP, connect

    return _say(CONNECT_HELP, locale) if _asks_for_help(words) else connect(words, locale)


def _asks_for_help(words: list[str]) -> bool:
    return bool({"--help", "-h"}.intersection(words))


def _say(message: Message, locale: str) -> int:
    sys.stdout.write(message.render(locale) + "\n")
    return 0


def _format(words: list[str], locale: str) -> int:
    """``datacode fmt [--check] FILE ...``: 1 if a file is wrong, or would be changed.

    ``-`` is standard input, whose layout goes to standard output.
    """
    # Late, as in ``_dispatch``.
    from datacode.console.run import not_read, read_program
    from datacode.errors import DataCodeError
    from datacode.language.tools.format import format_source

    if _asks_for_help(words):
        return _say(FORMAT_HELP, locale)
    check = "--check" in words
    names = [word for word in words if word != "--check"]
    if not names or any(name.startswith("--") for name in names):
        raise UsageError(FORMAT_HELP)
    status = 0
    for name in names:
        try:
            text = read_program(name)
            laid_out = format_source(text)
        except (OSError, UnicodeDecodeError) as problem:
            sys.stderr.write(f"{not_read(name, problem).render(locale)}\n")
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
    # Late, as in ``_dispatch``.
    from datacode.console.completion import SCRIPTS

    if _asks_for_help(words):
        return _say(COMPLETION_HELP, locale)
    if len(words) != 1 or words[0] not in SCRIPTS:
        raise UsageError(COMPLETION_HELP)
    sys.stdout.write(SCRIPTS[words[0]]())
    return 0
