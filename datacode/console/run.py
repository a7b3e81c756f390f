"""Running one program from a file, from the command line or from standard input.

The frame of banners that the original prints goes to standard output at a terminal and to
standard error otherwise, so that a program's own output can be piped. Source: server reference,
9.1.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from datacode.console import report
from datacode.console.ctrl_c import run_interruptibly, was_interrupted
from datacode.console.interactive import run_typed
from datacode.console.large_tables import stored_tables
from datacode.console.options import INTERRUPTED, CommandLine
from datacode.console.output import OutputClosed, ProgramOutput
from datacode.console.state_files import StateFileError, load_state, save_state
from datacode.console.terminal_table import drawn
from datacode.errors import DataCodeError
from datacode.i18n import catalog
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason
from datacode.language.python_names import top_level_local
from datacode.language.syntax.source import BYTE_ORDER_MARK, Source
from datacode.language.tools.echo import EchoProgram, with_value
from datacode.runtime.files import Files
from datacode.runtime.interpreter import Interpreter, Outcome
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

if TYPE_CHECKING:
    from datacode.language.tools.lint import LintProblem


_NOT_FOUND = Message("program_not_found", "❌ Error: File '{name}' not found")
_CHECK_PATH = Message("check_path", "💡 Make sure the file exists and the path is correct")
_NOT_READ = Message("program_not_read", "❌ Error reading file '{name}': {reason}")
_NOT_UTF_8 = Message("not_utf_8_stream", "stream did not contain valid UTF-8")


def read_program(name: str) -> str:
    """The text of a file, or of standard input (``-``). Raises ``OSError``, ``ValueError``."""
    content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return content.decode("utf-8")


def not_read(name: str, error: OSError | ValueError) -> Message:
    """Why ``read_program`` failed."""
    if isinstance(error, OSError):
        return _NOT_READ.filled(name=name, reason=system_reason(error))
    reason = _NOT_UTF_8 if isinstance(error, UnicodeDecodeError) else str(error)
    return _NOT_READ.filled(name=name, reason=reason)


@dataclass
class RunBanner:
    """The banners around a run; silent with ``--quiet`` and for code that has no file."""

    stream: TextIO
    silent: bool
    locale: str = "en"

    def line(self, text: str = "") -> None:
        """One line of the frame, as it is."""
        if not self.silent:
            print(text, file=self.stream, flush=True)

    def say(self, template: str, **params: object) -> None:
        """One line of the frame, in the reader's language."""
        self.line(catalog.translate(template, self.locale).format_map(params))

    def begin(self, options: CommandLine, text: str) -> None:
        """Everything before the program's output."""
        self.say(catalog.mark("🧠 DataCode File Executor"))
        self.line("=" * 24)
        self.say(catalog.mark("📁 Executing file: {name}"), name=options.program)
        if options.debug:
            self.say(catalog.mark("🔍 Debug mode: ON"))
        if options.model is not None:
            self.say(catalog.mark("🗄️  SQLite export: ON"))
        if options.debug:
            size = len(text.encode("utf-8"))
            self.say(catalog.mark("🔍 File size: {size} bytes"), size=size)
            if text.startswith(BYTE_ORDER_MARK):
                self.say(catalog.mark("🔍 Removing UTF-8 BOM"))
        self.line()
        self.say(catalog.mark("🚀 Starting execution..."))
        self.line()


def run(options: CommandLine, files: Files | None = None) -> int:
    """Run the program that the options name on these files; the exit status."""
    name, locale = options.program or "-", options.locale
    try:
        text = read_program(name) if options.code is None else options.code
    except FileNotFoundError:
        _complain(_NOT_FOUND.render(locale, name=name), _CHECK_PATH.render(locale))
        return 1
    except (OSError, ValueError) as problem:
        _complain(not_read(name, problem).render(locale))
        return 1
    try:
        if options.check:
            return _check(options, text)
        if options.dump_python or options.dump_plan:
            return _dump(options, text, files)
        if options.json:
            return _run_as_json(options, text, files)
        return _run_with_banner(options, text, files)
    except StateFileError as problem:
        _complain("❌ " + problem.render(locale))
        return 1


def _interpreter(
    options: CommandLine,
    on_output: Callable[[str], None] | None = None,
    files: Files | None = None,
    on_table: Callable[[Value], object] | None = None,
) -> Interpreter:
    interpreter = Interpreter(
        files,
        on_output=on_output,
        on_warning=lambda message: _complain(report.warning(message).render(options.locale)),
        on_table=on_table,
        keep_output=on_output is None,
        large_tables=stored_tables(options.large_tables),
    )
    if options.load is not None:
        load_state(interpreter, options.load)
    interpreter.define("argv", list(options.argv))
    return interpreter


def _run_with_banner(options: CommandLine, text: str, files: Files | None) -> int:
    stream = sys.stdout if sys.stdout.isatty() else sys.stderr
    banner = RunBanner(stream, options.quiet or options.program in (None, "-"), options.locale)
    if not text.lstrip(BYTE_ORDER_MARK).strip() and options.program not in (None, "-"):
        banner.say(catalog.mark("⚠️  Warning: File '{name}' is empty"), name=options.program)
        banner.say(catalog.mark("✅ Execution completed (nothing to execute)"))
        return 0
    banner.begin(options, text)
    output = ProgramOutput(sys.stdout)
    on_table = _table_drawing(output, options.locale) if sys.stdout.isatty() else None
    interpreter = _interpreter(options, output.write, files, on_table)
    echo = EchoProgram(text) if options.code is None else with_value(text)
    outcome = run_typed(interpreter, text, echo, once=True)
    output.flush()
    if output.failure is not None:
        return _output_closed(output, options)
    banner.line()
    if outcome.error is not None:
        lines = _description(interpreter, outcome.error, text, options.locale)
        if banner.silent:
            _complain(*lines)
        else:
            failed = Message("execution_failed", "❌ Execution failed with error:")
            _complain(failed.render(options.locale), *("   " + line for line in lines))
        return _status(outcome)
    _save_state(options, interpreter, echo)
    banner.say(catalog.mark("✅ Execution completed successfully!"))
    if options.debug:
        _show_variables(interpreter, banner)
    if options.model is not None:
        return _export(options, interpreter, banner)
    return 0


def _table_drawing(output: ProgramOutput, locale: str) -> Callable[[Value], object]:
    """What draws tables for the terminal that standard output is."""

    def draw(table: Value) -> bool:
        if not isinstance(table, Table):
            return False
        for part in drawn(table, shutil.get_terminal_size().columns, locale):
            output.write(part)
        return True

    return draw


def _save_state(
    options: CommandLine, interpreter: Interpreter, echo: EchoProgram | None = None
) -> None:
    """``--save``, without the value that was only shown."""
    if options.save is None:
        return
    snapshot = interpreter.snapshot()
    if echo is not None and echo.line:
        shown = top_level_local("_")
        kept = {name: value for name, value in snapshot.variables.items() if name != shown}
        snapshot = replace(snapshot, variables=kept)
    save_state(snapshot, options.save, interpreter.large_tables)


def _output_closed(output: ProgramOutput, options: CommandLine) -> int:
    """The output cannot be written; an error unless the reader closed the pipe."""
    if not output.reader_left and output.failure is not None:
        message = OutputClosed(system_reason(output.failure)).error().message
        _complain("❌ " + message.render(options.locale))
    return 1


def _description(
    interpreter: Interpreter, error: DataCodeError, text: str, locale: str
) -> list[str]:
    return report.describe(error, Source(text), locale, interpreter.hint(error, text))


def _status(outcome: Outcome) -> int:
    if outcome.error is None:
        return 0
    return INTERRUPTED if was_interrupted(outcome) else 1


def _show_variables(interpreter: Interpreter, banner: RunBanner) -> None:
    banner.line()
    banner.say(catalog.mark("📊 Final Variables:"))
    for name, value in interpreter.globals_for_export().items():
        if name != "argv":
            banner.line(f"  {name} = {printed(value)}")


# The model of the tables ----------------------------------------------------------------


def model_path(options: CommandLine) -> str:
    """Where ``--build_model`` writes: the name given, the environment's, or the program's own."""
    if options.model:
        return options.model
    if from_environment := os.environ.get("DATACODE_SQLITE_OUTPUT"):
        return from_environment
    stem = Path(options.program or "model.dc").stem
    return f"{'model' if stem == '-' else stem}.db"


def _export(options: CommandLine, interpreter: Interpreter, banner: RunBanner) -> int:
    # SQLite is needed for this option only.
    from datacode.export.sqlite import export

    target = model_path(options)
    banner.line()
    banner.say(catalog.mark("🗄️  Exporting to SQLite..."))
    variables = interpreter.globals_for_export()
    variables.pop("argv", None)
    try:
        export(target, variables, interpreter.relations())
    except DataCodeError as error:
        failed = Message("export_failed", "❌ Failed to export to SQLite: {reason}")
        _complain(failed.render(options.locale, reason=error.message))
        return 1
    banner.say(catalog.mark("✅ SQLite database created successfully: {target}"), target=target)
    return 0


# For other programs -----------------------------------------------------------------------


def _check(options: CommandLine, text: str) -> int:
    """Errors and warnings of a text: one a line as compilers print them, or as JSON."""
    interpreter = _interpreter(options)
    problems = interpreter.check(text)
    if options.json:
        _print_json({"success": True, "problems": [_shown(p, options) for p in problems]})
    else:
        name = options.program or "-c"
        for p in problems:
            sentence = p.render(options.locale)
            _complain(f"{name}:{p.line}:{p.column}: {p.severity}: {sentence}")
    return 1 if any(p.severity == "error" for p in problems) else 0


def _shown(problem: LintProblem, options: CommandLine) -> dict[str, object]:
    return {
        "severity": problem.severity,
        "message": problem.render(options.locale),
        "line": problem.line,
        "column": problem.column,
        "kind": problem.kind,
    }


def _dump(options: CommandLine, text: str, files: Files | None) -> int:
    """Run a program and print the plan, or the Python, of each part of it when it is compiled."""
    # For developers: no other run pays for it.
    from datacode.language.compiler import observed
    from datacode.language.tools.listing import listing
    from datacode.language.tools.plan_listing import plan_listing

    def show(lines: list[str]) -> None:
        print(*lines, "", sep="\n")  # noqa: T201

    interpreter = _interpreter(options, on_output=lambda _: None, files=files)
    with observed(
        (lambda function: show(listing(function, text))) if options.dump_python else None,
        (lambda unit: show(plan_listing(unit))) if options.dump_plan else None,
    ):
        outcome = run_interruptibly(interpreter, text, once=True)
    if outcome.error is not None:
        _complain(*_description(interpreter, outcome.error, text, options.locale))
    return _status(outcome)


def _run_as_json(options: CommandLine, text: str, files: Files | None) -> int:
    """Run a program; one object on standard output, as the server would answer."""
    interpreter = _interpreter(options, files=files)
    outcome = run_interruptibly(interpreter, text, once=True)
    error = outcome.error
    answer: dict[str, object] = {
        "success": error is None,
        "output": outcome.output,
        "error": None if error is None else error.render(options.locale),
    }
    if error is not None:
        line, column = error.place or (error.line, error.column)
        answer["diagnostics"] = {
            "line": line,
            "column": column,
            "kind": error.kind.name.lower(),
            "function": error.function,
            "code": error.message.code,
        }
    _print_json(answer)
    if error is None:
        _save_state(options, interpreter)
    if error is None and options.model is not None:
        return _export(options, interpreter, RunBanner(sys.stderr, silent=True))
    return _status(outcome)


def _print_json(answer: dict[str, object]) -> None:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    print(text, flush=True)  # noqa: T201


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201
