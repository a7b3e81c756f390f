"""The prompt: programs typed line by line, on an interpreter here or on a server.

A text is run when the parser says that it is whole, so blocks, brackets and strings may span
lines. Source: server reference, 9.2.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datacode import __version__
from datacode.console import function_help
from datacode.console.backends import Backend
from datacode.console.fit_table import TableFitter
from datacode.console.interactive import incomplete
from datacode.console.output import OutputClosed, ProgramOutput
from datacode.console.state_files import StateFileError, state_command
from datacode.console.terminal_table import record_lines
from datacode.errors import DataCodeError
from datacode.hints.names import closest
from datacode.i18n import catalog
from datacode.i18n.os_errors import system_reason
from datacode.language.syntax.lexer import tokens
from datacode.language.syntax.parser import parse
from datacode.language.tools.blocks import CLOSES, DIVIDES, Blocks, Lines
from datacode.language.tools.format import INDENT
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import plain

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.completion import Completion as Shown
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import History

SLOW_SECONDS = 0.5
"""Runs at least so long show their time."""

HELP = {
    "en": """\
help          this text
help NAME     what a function does, with an example
help GROUP    the functions of a group (below)
help WORDS    the functions that have to do with them: help sort
vars          the variables
record [TABLE] [ROW]
              one row of a table, a line for each column; without a name, of the last value
reset         forget everything
rollback on   a program that fails changes nothing (rollback off: it may)
save FILE     keep variables, tables and functions in a file
load FILE     go on with those of a file instead
clear         clear the screen
exit, quit    leave (so does Ctrl-D)

A block (`if`, `for`, `function`, `try`) runs when it is complete; an empty line leaves a block
that cannot be completed. The value of the last expression is in `_`. Ctrl-C ends a running
program, Ctrl-D the prompt.""",
    "ru": """\
help          этот текст
help ИМЯ      что делает функция, с примером
help ГРУППА   функции группы (список ниже)
help СЛОВА    функции, которые с ними связаны: help сортировка
vars          переменные
record [ТАБЛИЦА] [СТРОКА]
              одна строка таблицы, по столбцу на строке; без имени — последнего значения
reset         забыть всё
rollback on   программа с ошибкой ничего не изменит (rollback off: изменит)
save ФАЙЛ     сохранить переменные, таблицы и функции в файл
load ФАЙЛ     продолжить с теми, что сохранены в файле
clear         очистить экран
exit, quit    выход (как и Ctrl-D)

Блок (`if`, `for`, `function`, `try`) выполняется, когда он завершён; из блока, который завершить
нельзя, выводит пустая строка. Значение последнего выражения хранится в `_`. Ctrl-C прерывает
программу, Ctrl-D завершает работу.""",
}


class Repl:
    """The prompt: reads texts, runs them, prints; where lines come from and go to is handed in.

    Without a ``clock`` the input is a pipe: nobody is told how long a run took.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        locale: str,
        write: Callable[[str], object],
        complain: Callable[[str], object],
        columns: Callable[[], int],
        clock: Callable[[], float] | None = time.monotonic,
    ) -> None:
        self._backend = backend
        self._locale = locale
        self._write = write
        self._complain = complain
        self._columns = columns
        self._clock = clock
        self._commands: dict[str, Callable[[], object]] = {
            "help": self._help_all,
            "vars": self._vars,
            "reset": self._reset,
            "clear": self._clear,
            "rollback on": lambda: self._set_rollback(True),
            "rollback off": lambda: self._set_rollback(False),
        }

    def _say(self, line: str = "") -> None:
        self._write(line + "\n")

    def _text(self, template: str, **params: str) -> str:
        return catalog.translate(template, self._locale).format_map(params)

    def banner(self) -> None:
        """What stands above the first prompt."""
        self._say(f"🧠 DataCode {__version__}")
        self._say(self._text(catalog.mark("Type 'help' for commands, 'exit' to quit")))
        self._say()

    def obey(self, text: str) -> bool:
        """Do what was typed; False when it was the wish to leave."""
        word = text.strip()
        if word in ("exit", "quit"):
            return False
        if word in self._commands:
            self._commands[word]()
        elif asked := _command("help", r"\w[\w\s-]*", word):
            self._help(asked)
        elif (asked := _command("record", r"(?:[^\W\d]\w*)?\s*\d{0,15}", word)) is not None and (
            asked or "record" not in self._variable_names()
        ):
            self._record(asked)
        elif command := state_command(word, self._variable_names):
            self.keep_state(*command)
        elif word:
            self._run(text)
        return True

    def interrupted(self) -> None:
        """Ctrl-C at the prompt: what was typed is forgotten."""
        self._say("^C")

    def goodbye(self) -> None:
        """The last line."""
        self._say(self._text(catalog.mark("Goodbye! 👋")))

    def _run(self, text: str) -> None:
        began = self._clock() if self._clock is not None else 0.0
        if self._backend.columns is None:
            fitter = TableFitter(self._write, self._columns)
            lines = self._backend.run(text, fitter.write)
            fitter.finish()
        else:
            lines = self._backend.run(text, self._write)
        for number, line in enumerate(lines):
            self._complain(f"{'   ' if number else '❌ '}{line}\n")
        elapsed = self._clock() - began if self._clock is not None else 0.0
        if elapsed >= SLOW_SECONDS:
            self._say(self._text(catalog.mark("({seconds} s)"), seconds=f"{elapsed:.1f}"))

    def _clear(self) -> None:
        if self._clock is not None:  # at a terminal
            self._write("\x1b[2J\x1b[H")

    def _vars(self) -> None:
        self._say(self._text(catalog.mark("📊 Current Variables:")))
        found = self._backend.variables()
        for name, value in found:
            self._say(_cut(f"  {name} = {' '.join(value.split())}", self._columns()))
        if not found:
            self._say(self._text(catalog.mark("  (no variables defined)")))

    def _reset(self) -> None:
        self._backend.reset()
        self._say(self._text(catalog.mark("Interpreter reset! 🔄")))

    def _variable_names(self) -> list[str]:
        return [name for name, _ in self._backend.variables()]

    def keep_state(self, command: str, name: str) -> bool:
        """``save`` or ``load`` the state; False if that failed, which has been said."""
        try:
            if command == "save":
                self._backend.save(name)
                self._say(self._text(catalog.mark("💾 State saved to {name}"), name=name))
            else:
                self._backend.load(name)
                self._say(self._text(catalog.mark("📂 State loaded from {name}"), name=name))
        except StateFileError as problem:
            self._complain(f"❌ {problem.render(self._locale)}\n")
            return False
        return True

    def _set_rollback(self, on: bool) -> None:
        self._backend.rolls_back = on
        if on:
            self._say(self._text(catalog.mark("Programs that fail change nothing from now on")))
        else:
            self._say(self._text(catalog.mark("Programs that fail keep what they have done")))

    def _help_all(self) -> None:
        self._say(HELP[self._locale])
        self._say()
        template = catalog.mark("Groups of functions: {groups}.")
        listed = self._text(template, groups=", ".join(function_help.groups(self._locale)))
        self._say(textwrap.fill(listed, min(self._columns(), 100)))

    def _help(self, asked: str) -> None:
        builtin = BUILTINS.get(asked)
        own = self._backend.signature(asked) if builtin is None and asked.isidentifier() else None
        if builtin is not None:
            self._say(plain(builtin, self._locale))
            if others := function_help.related(asked):
                self._say()
                self._say(self._text(catalog.mark("See also: {names}"), names=", ".join(others)))
        elif own is not None:
            self._say(own)
        elif lines := function_help.group(asked, self._locale):
            self._list(lines)
        else:
            self._search(asked)

    def _search(self, asked: str) -> None:
        lines, more = function_help.search(asked, self._locale)
        self._list(lines)
        if more:
            more_found = catalog.mark("… more functions found: {count}; add a word")
            self._say(self._text(more_found, count=str(more)))
        if lines:
            return
        self._say(self._text(catalog.mark("There is no function '{name}'"), name=asked))
        similar = closest(asked, BUILTINS)
        if similar is not None:
            self._say(
                "💡 " + self._text(catalog.mark("did you mean '{similar}'?"), similar=similar)
            )

    def _list(self, lines: list[str]) -> None:
        for line in lines:
            self._say(_cut(line, self._columns()))

    def _record(self, asked: str) -> None:
        words = asked.split()
        number = int(words.pop()) if words and words[-1].isdecimal() else 1
        name = words[0] if words else "_"
        row = self._backend.table_row(name, number) if number else None
        if row is None:
            expected = catalog.mark(
                "`record {name} {number}`: a table and a row from 1 are expected"
                " (without a name, the last value)"
            )
            self._say(self._text(expected, name=name, number=str(number)))
        elif not row.cells:
            missing = catalog.mark("There is no row {number}: the table has {count}")
            self._say(self._text(missing, number=str(number), count=str(row.row_count)))
        else:
            place = catalog.mark("row {number} of {count}")
            self._say(self._text(place, number=str(number), count=str(row.row_count)))
            for line in record_lines(row.cells, self._columns()):
                self._say(line)


def _command(name: str, rest: str, typed: str) -> str | None:
    """What stands behind a command, where that is what was typed and no program."""
    found = re.fullmatch(rf"{name}(?:\s+({rest}))?", typed)
    if found is None:
        return None
    if found[1]:
        try:
            parse(typed)
        except DataCodeError:
            return found[1]
        return None
    return ""


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


# At a terminal ---------------------------------------------------------------------


def history_path() -> Path:
    """Where the lines typed are kept between sessions: in the user's home."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "datacode" / "history"


def converse_at_terminal(repl: Repl, backend: Backend, locale: str) -> int:
    """The prompt with history, completion and colours."""
    session = _session(backend, locale)
    while True:
        try:
            text = session.prompt(">>> ")
        except KeyboardInterrupt:
            repl.interrupted()
            continue
        except EOFError:
            break
        if not repl.obey(text):
            break
    repl.goodbye()
    return 0


def laid_out(text: str) -> str:
    """The text, its last line indented as the blocks before it want it."""
    whole, break_, line = text.rpartition("\n")
    before = _blocks(whole + break_)
    first = next((lexeme for lexeme in tokens(line)), None)
    if before is None or first is None:
        return text  # inside a string every space counts
    level = len(before.open)
    if before.open and _goes_back(first.kind, before.open[-1].kind):
        level -= 1
    return f"{whole}{break_}{' ' * (INDENT * level)}{line.lstrip()}"


def next_line(text: str) -> str:
    """The text laid out, and a new line begun."""
    after = _blocks(text)
    if after is None:
        return text + "\n"
    return f"{laid_out(text)}\n{' ' * (INDENT * len(after.open))}"


def _blocks(text: str) -> Blocks | None:
    """What is open at the end of the text; None inside a string or comment."""
    blocks = Blocks()
    for lexeme in tokens(text):
        if lexeme.kind == "ERROR" and lexeme.text[0] in "\"'":
            return None
        blocks.feed(lexeme)
    return blocks


def _goes_back(kind: str, innermost: str) -> bool:
    """Does a line that begins so stand a level further out than the block it is in?"""
    return kind in (")", "]", "}") or innermost in (CLOSES.get(kind), DIVIDES.get(kind))


def _session(backend: Backend, locale: str) -> PromptSession[str]:
    # Slow to import, and no use where lines come from a pipe.
    from prompt_toolkit import PromptSession
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.completion import Completion as Shown
    from prompt_toolkit.document import Document as Text
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.lexers import PygmentsLexer
    from prompt_toolkit.output import ColorDepth

    from datacode.console.highlight import DataCodeLexer

    class BackendCompleter(Completer):
        """Asks the interpreter what a word may become."""

        def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Shown]:
            position = document.cursor_position
            start, found = backend.complete(document.text, position)
            for choice in found:
                yield Shown(choice.text, start - position, display_meta=choice.detail)

    keys = KeyBindings()

    @keys.add("enter")
    def enter(event: KeyPressEvent) -> None:
        """Run what is whole; an empty line behind an unfinished block runs it, too, as an error."""
        buffer = event.current_buffer
        text = buffer.text
        if not incomplete(text) or text.endswith("\n\n"):
            if buffer.document.is_cursor_at_the_end and "\n" in text.strip("\n"):
                buffer.document = Text(laid_out(text))
            buffer.validate_and_handle()
        elif buffer.document.is_cursor_at_the_end and text.strip():
            buffer.document = Text(next_line(text))
        else:
            buffer.insert_text("\n")

    no_color = "NO_COLOR" in os.environ
    return PromptSession(
        history=_history(locale),
        completer=BackendCompleter(),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        lexer=None if no_color else PygmentsLexer(DataCodeLexer),
        color_depth=ColorDepth.DEPTH_1_BIT if no_color else None,
        key_bindings=keys,
        multiline=True,
        prompt_continuation="... ",
    )


def _history(locale: str) -> History:
    """The file of earlier lines, readable for the user alone; a complaint where it cannot be."""
    # Slow to import, as above.
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    path = history_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as problem:
        sys.stderr.write(f"⚠️  {path}: {system_reason(problem).render(locale)}\n")
        return InMemoryHistory()
    return FileHistory(str(path))


# Over a pipe -------------------------------------------------------------------------


def texts(lines: Iterable[str]) -> Iterator[str]:
    """Whole texts out of lines: a line opens a text, which goes on until it is complete.

    Two empty lines end a text that is not.
    """
    pending: list[str] = []
    follower = Lines()
    for line in lines:
        pending.append(line.rstrip("\r\n"))
        closed = follower.feed(pending[-1])
        given_up = len(pending) > 2 and not pending[-1] and not pending[-2]
        if given_up or (closed and not incomplete("\n".join(pending))):
            yield "\n".join(pending)
            pending, follower = [], Lines()
    if pending:
        yield "\n".join(pending)


def converse_over_pipe(repl: Repl, lines: Iterable[str]) -> int:
    """The same without a terminal: no prompt, no colours, no history."""
    for text in texts(lines):
        if not repl.obey(text):
            break
    return 0


def start(
    backend: Backend, locale: str, *, load: str | None = None, save: str | None = None
) -> int:
    """The prompt on standard input and output; the exit status.

    It begins with the state in the file ``load``, and leaves its own in ``save`` at its end.
    """
    output = ProgramOutput(sys.stdout)
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()

    def write(text: str) -> None:
        output.write(text)
        output.flush()

    def complain(text: str) -> None:
        (sys.stdout if at_terminal else sys.stderr).write(text)

    def columns() -> int:
        return shutil.get_terminal_size().columns

    if at_terminal:
        backend.columns = columns
    repl = Repl(
        backend,
        locale=locale,
        write=write,
        complain=complain,
        columns=columns,
        clock=time.monotonic if at_terminal else None,
    )
    try:
        if load is not None and not repl.keep_state("load", load):
            return 1
        if at_terminal:
            repl.banner()
            status = converse_at_terminal(repl, backend, locale)
        else:
            status = converse_over_pipe(repl, sys.stdin)
        if save is not None and not repl.keep_state("save", save):
            return 1
        return status
    except OutputClosed:
        return 1
    finally:
        backend.close()
