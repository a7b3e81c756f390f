"""The prompt: programs typed line by line, on an interpreter here or on a server.

A text is run when the parser says that it is whole, so blocks, brackets and strings may span
lines. Source: server reference, 9.2.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datacode import __version__, catalog
from datacode.console.backends import Backend
from datacode.console.frames import FrameFitter
from datacode.errors import DataCodeError
from datacode.language import nodes
from datacode.language.parser import parse
from datacode.runtime.builtins.library import BUILTINS

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.completion import Completion as Choice
    from prompt_toolkit.document import Document

SLOW_SECONDS = 0.5
"""Runs at least so long show their time."""

HELP = {
    "en": """\
help          this text
help NAME     what a function does, with an example
vars          the variables
reset         forget everything
clear         clear the screen
exit, quit    leave (so does Ctrl-D)

A block (`if`, `for`, `function`, `try`) runs when it is complete; an empty line leaves a block
that cannot be completed. The value of the last expression is in `_`. Ctrl-C ends a running
program, Ctrl-D the prompt.""",
    "ru": """\
help          этот текст
help ИМЯ      что делает функция, с примером
vars          переменные
reset         забыть всё
clear         очистить экран
exit, quit    выход (как и Ctrl-D)

Блок (`if`, `for`, `function`, `try`) выполняется, когда он завершён. Значение последнего
выражения хранится в `_`. Ctrl-C прерывает программу, Ctrl-D завершает работу.""",
}


def incomplete(text: str) -> bool:
    """Does the text merely stop too early?"""
    try:
        parse(text)
    except DataCodeError as error:
        return error.incomplete
    return False


def echoing(text: str) -> str:
    """The program to run for a text that was typed.

    A bare expression shows its value, unless it is null, and leaves it in ``_``; a declaration
    shows what it set. Anything else runs as it is.
    """
    try:
        body = parse(text).body
    except DataCodeError:
        return text
    if len(body) != 1:
        return text
    (statement,) = body
    if isinstance(statement, nodes.ExpressionStatement):
        return (
            f"_ = ({text}\n)\n"
            'if typeof(_) == "table" do\nshow_table(_)\n'
            'else if typeof(_) != "null" do\nprint(_)\nendif'
        )
    if isinstance(statement, nodes.Assign) and statement.scope is not None:
        return f'{text}\nprint("✓ {statement.name} =", {statement.name})'
    return text


class Repl:
    """The conversation; where lines come from and go to is handed in."""

    def __init__(
        self,
        backend: Backend,
        *,
        locale: str,
        write: Callable[[str], object],
        columns: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend = backend
        self._locale = locale
        self._write = write
        self._columns = columns
        self._clock = clock
        self._commands: dict[str, Callable[[], None]] = {
            "help": lambda: self._say(HELP[locale]),
            "vars": self._vars,
            "reset": self._reset,
            "clear": lambda: self._write("\x1b[2J\x1b[H"),
        }

    def _say(self, line: str = "") -> None:
        self._write(line + "\n")

    def _text(self, template: str, **params: str) -> str:
        return catalog.translate(template, self._locale).format_map(params)

    def banner(self) -> None:
        """What stands above the first prompt."""
        self._say(f"🧠 DataCode {__version__}")
        self._say(self._text("Type 'help' for commands, 'exit' to quit"))
        self._say()

    def obey(self, text: str) -> bool:
        """Do what was typed; False when it was the wish to leave."""
        word = text.strip()
        if word in ("exit", "quit"):
            return False
        if word in self._commands:
            self._commands[word]()
        elif word.startswith("help ") and len(word.split()) == 2:
            self._help(word.split()[1])
        elif word:
            self._run(text)
        return True

    def goodbye(self) -> None:
        """The last line."""
        self._say("Goodbye! 👋")

    def _run(self, text: str) -> None:
        fitter = FrameFitter(self._write, self._columns)
        began = self._clock()
        lines = self._backend.run(echoing(text), fitter.write)
        fitter.finish()
        elapsed = self._clock() - began
        for number, line in enumerate(lines):
            self._say(f"{'   ' if number else '❌ '}{line}")
        if elapsed >= SLOW_SECONDS:
            self._say(self._text("({seconds} s)", seconds=f"{elapsed:.1f}"))

    def _vars(self) -> None:
        self._say(self._text("📊 Current Variables:"))
        found = self._backend.variables()
        for name, value in found:
            self._say(f"  {name} = {value}")
        if not found:
            self._say(self._text("  (no variables defined)"))

    def _reset(self) -> None:
        self._backend.reset()
        self._say(self._text("Interpreter reset! 🔄"))

    def _help(self, name: str) -> None:
        builtin = BUILTINS.get(name)
        if builtin is None:
            self._say(self._text("There is no function '{name}'", name=name))
            return
        self._say(builtin.signature)
        self._say()
        self._say(builtin.documentation)


# At a terminal ---------------------------------------------------------------------


def history_path() -> Path:
    """Where the lines typed are kept between sessions: in the user's home."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "datacode" / "history"


def converse_at_terminal(repl: Repl, backend: Backend) -> int:
    """The prompt with history, completion and colours."""
    session = _session(backend)
    while True:
        try:
            text = session.prompt(">>> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        if not repl.obey(text):
            break
    repl.goodbye()
    return 0


def _session(backend: Backend) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.completion import Completion as Choice
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.lexers import PygmentsLexer
    from prompt_toolkit.output import ColorDepth

    from datacode.console.highlight import DataCodeLexer

    class BackendCompleter(Completer):
        """Asks the interpreter what a word may become."""

        def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Choice]:
            position = document.cursor_position
            start, found = backend.complete(document.text, position)
            for choice in found:
                yield Choice(choice.text, start - position, display_meta=choice.detail)

    keys = KeyBindings()

    @keys.add("enter")
    def enter(event: KeyPressEvent) -> None:
        """Run what is whole; an empty line behind an unfinished block runs it, too, as an error."""
        buffer = event.current_buffer
        text = buffer.text
        unfinished = incomplete(text) and not text.endswith("\n\n")
        if unfinished:
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    history: History = InMemoryHistory()
    path = history_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        history = FileHistory(str(path))
    except OSError as problem:
        sys.stderr.write(f"⚠️  {path}: {problem.strerror}\n")
    no_color = "NO_COLOR" in os.environ
    return PromptSession(
        history=history,
        completer=BackendCompleter(),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        lexer=PygmentsLexer(DataCodeLexer),
        color_depth=ColorDepth.DEPTH_1_BIT if no_color else None,
        key_bindings=keys,
        multiline=True,
        prompt_continuation="... ",
    )


# Over a pipe -------------------------------------------------------------------------


def texts(lines: Iterable[str]) -> Iterator[str]:
    """Whole texts out of lines: a line opens a text, which goes on until it is complete."""
    pending: list[str] = []
    for line in lines:
        pending.append(line.rstrip("\n"))
        text = "\n".join(pending)
        if not incomplete(text) or (len(pending) > 1 and not pending[-1] and not pending[-2]):
            pending.clear()
            yield text
    if pending:
        yield "\n".join(pending)


def converse_over_pipe(repl: Repl, lines: Iterable[str]) -> int:
    """The same without a terminal: no prompt, no colours, no history."""
    for text in texts(lines):
        if not repl.obey(text):
            break
    return 0


def start(backend: Backend, locale: str) -> int:
    """The prompt on standard input and output; the exit status."""

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    repl = Repl(
        backend, locale=locale, write=write, columns=lambda: shutil.get_terminal_size().columns
    )
    try:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return converse_over_pipe(repl, sys.stdin)
        repl.banner()
        return converse_at_terminal(repl, backend)
    finally:
        backend.close()
