"""The interpreter: programs in, output and errors out, variables kept in between.

The programs of one interpreter run one after another (language reference, 11); two interpreters
share nothing but compiled code.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, islice

from datacode.errors import DataCodeError, limit_error
from datacode.hints import completion, names
from datacode.hints.completion import CompletionItem, CompletionList
from datacode.i18n.message import Message
from datacode.language import program_cache
from datacode.language.compiler import PROGRAM_FILE
from datacode.language.python_names import GLOBAL, TOP_LEVEL_LOCAL, global_variable
from datacode.language.tools import lint
from datacode.plans.rows import Storage
from datacode.runtime import tracebacks
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.files import Files
from datacode.runtime.host import Host
from datacode.runtime.interrupts import Cancelled, Interrupted
from datacode.runtime.local_files import LocalFiles
from datacode.runtime.namespace import Namespace, Snapshot, variables
from datacode.values.chart import Chart
from datacode.values.equality import type_name
from datacode.values.table import Column, Table
from datacode.values.text import printed
from datacode.values.types import Value

__all__ = [
    "PROGRAM_FILE",
    "CompletionItem",
    "CompletionList",
    "Interpreter",
    "Outcome",
    "VariableSummary",
]

RECURSION_LIMIT = 10_000
PREVIEW = 200
"""Characters of a variable's preview."""
KEYS = 10_000
"""Keys and columns among which a misspelled one is looked for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended: everything it printed, and its error, None if it ran to its end."""

    output: str
    error: DataCodeError | None


@dataclass(frozen=True, slots=True)
class VariableSummary:
    """A variable for display. ``size`` counts elements, rows, keys or characters, if it has any."""

    name: str
    type: str
    size: int | None
    preview: str


class Interpreter:
    """Runs programs.

    ``files`` are what programs may read and write, by default those of this computer.
    ``recursion_limit`` is the number of calls that may be active at once, ``output_limit`` and
    ``memory_limit`` are in bytes, ``max_steps`` in statements; None is no limit. ``on_output``
    gets each piece of output as it is written, ``on_warning`` what a reader should know beside it,
    ``on_table`` the tables that a program shows: True from it says that they are drawn and their
    text is not wanted, a table that the text of that one, which holds the first rows, will do.
    ``on_chart`` gets the charts that it shows: True from it says that they are drawn.
    Without ``keep_output`` the Outcome holds no output: ``on_output`` has had it.
    ``leaves_room`` is asked after each program that has come to its end: with False it counts as
    one that ran out of memory, as no other could run after it. ``large_tables`` stores tables
    that are too large for memory.

    Python's own recursion limit, one for the whole process, is raised as far as needed.
    """

    def __init__(
        self,
        files: Files | None = None,
        recursion_limit: int = RECURSION_LIMIT,
        output_limit: int | None = None,
        on_output: Callable[[str], None] | None = None,
        max_steps: int | None = None,
        *,
        memory_limit: int | None = None,
        on_warning: Callable[[Message], None] | None = None,
        on_progress: Callable[[str, int, int], None] | None = None,
        on_table: Callable[[Value], object] | None = None,
        on_chart: Callable[[Chart], bool] | None = None,
        keep_output: bool = True,
        leaves_room: Callable[[], bool] | None = None,
        large_tables: Storage | None = None,
    ) -> None:
        # A call of the program takes one frame of Python, more in functions with many blocks
        # within blocks and for calls through builtins; the compiler walks trees by recursion.
        needed = 6 * recursion_limit + 40_000
        if sys.getrecursionlimit() < needed:
            sys.setrecursionlimit(needed)
        self._host = Host(
            files if files is not None else LocalFiles(),
            on_output=on_output,
            on_warning=on_warning,
            on_progress=on_progress,
            on_table=on_table,
            on_chart=on_chart,
            output_limit=output_limit,
            memory_limit=memory_limit,
            keep_output=keep_output,
            large_tables=large_tables,
        )
        self._output_limit = output_limit
        self._max_steps = max_steps
        self._namespace = Namespace(self._host, recursion_limit)
        self._host.attach(self._namespace)
        self._turn = threading.Lock()
        self._thread: int | None = None
        self._is_cancelled = False
        self._before: Snapshot | None = None
        self._leaves_room = leaves_room

    # Running ---------------------------------------------------------------

    def run(
        self,
        text: str,
        *,
        output_limit: int | None = None,
        max_steps: int | None = None,
        can_roll_back: bool = False,
    ) -> Outcome:
        """Run a program; limits given here hold for this run instead of the interpreter's.

        Never raises what the program did wrong or what ended it; that is the Outcome's error.
        A program that ran out of memory leaves variables and functions as they were before it
        (language reference, 11). After any other that failed ``roll_back`` does the same, and
        with ``can_roll_back`` after one that succeeded, too: until then, or until the next run,
        the values that it has replaced are kept.
        """
        host = self._host
        self._before = None
        self._before = self._namespace.snapshot()
        host.take_output()
        host.output_limit = self._output_limit if output_limit is None else output_limit
        error: DataCodeError | None = None
        is_out_of_memory = False
        try:
            self._begin()
            try:
                if host.relations:
                    self._forget_relations()
                steps = self._max_steps if max_steps is None else max_steps
                self._namespace.run(program_cache.read(text, BUILTINS), steps)
                if self._leaves_room is not None and not self._leaves_room():
                    is_out_of_memory = True
            except Cancelled:
                self._is_cancelled = False  # it has come
                raise
            finally:
                self._end()
        except Interrupted as interrupted:
            error = interrupted.error()
            # A cancel may come as late as in the end of the run, which is then done again.
            self._is_cancelled = False
            self._end()
        except MemoryError:
            is_out_of_memory = True
        except Exception as failure:  # noqa: BLE001 - it is told as an error of the program
            error = tracebacks.translate_exception(failure, self._namespace.limit)
            error = self._namespace.caught_errors.recognised(error)
        # By now the frames of the program are gone, and with them what only its functions held.
        if is_out_of_memory or (error is not None and error.message.code == "out_of_memory"):
            self.roll_back()
            error = limit_error("out_of_memory", "Not enough memory")
        elif error is not None:
            self._namespace.settle()
        elif not can_roll_back:
            self._before = None
        host.end_warnings()
        if error is not None:
            error.multiline = error.multiline or "\n" in text.rstrip()
            error.__traceback__ = error.__context__ = error.__cause__ = None
        return Outcome(host.take_output(), error)

    def roll_back(self) -> None:
        """Make variables and functions what they were before the last run (see ``run``).

        Done twice it does no harm; where nothing is kept of the time before it does nothing.
        """
        if self._before is not None:
            self._namespace.restore(self._before)

    def forget_before(self) -> None:
        """Keep nothing of the time before the last run any more."""
        self._before = None

    def cancel(self) -> None:
        """End the program that is running; to be called from another thread."""
        with self._turn:
            if self._thread is not None and not self._is_cancelled:
                self._is_cancelled = True
                _raise_in(self._thread, Cancelled)

    def _begin(self) -> None:
        with self._turn:
            self._thread = threading.get_ident()

    def _end(self) -> None:
        """The program is over: from now on nothing may be raised in this thread.

        Nothing is taken back but a cancel that has not come yet: Python 3.11 would look for an
        exception at every instruction from then on, and where a trace or profile function is set
        it would come no further.
        """
        with self._turn:
            thread, self._thread = self._thread, None
            if self._is_cancelled and thread is not None:
                self._is_cancelled = False
                _raise_in(thread, None)

    def close(self) -> None:
        """Let go of everything; the interpreter is not to be used any more."""
        self._before = None
        self._namespace.settle()
        self._namespace.globals.clear()
        self._namespace.functions.defined.clear()
        self._host.relations.clear()

    def snapshot(self) -> Snapshot:
        """The state for a checkpoint (``runtime.checkpoint``); while no program runs."""
        self._forget_relations()
        return self._namespace.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Make the state what a checkpoint says; while no program runs."""
        self._namespace.restore(snapshot)

    @property
    def large_tables(self) -> Storage | None:
        """What stores tables that are larger than memory."""
        return self._host.large_tables

    # State -------------------------------------------------------------------

    def define(self, name: str, value: Value) -> None:
        """Set a global variable, as ``global name = value`` would."""
        self._namespace.settle()
        self._namespace.globals[global_variable(name)] = value
        self._namespace.created(name)

    def globals_for_export(self) -> dict[str, Value]:
        """The globals by name, in the order of their first definition."""
        return variables(self._namespace.now(), GLOBAL)

    def relations(self) -> list[Value]:
        """What ``relate`` recorded, in call order."""
        self._forget_relations()
        return list(self._host.relations)

    def _forget_relations(self) -> None:
        """Records of tables that are gone would pile up, program by program."""
        relations = self._host.relations
        relations[:] = [relation for relation in relations if relation.is_alive]

    def functions(self) -> dict[str, str]:
        """The program's own functions: how each is called, ``f(a, b)``, by its name."""
        return {
            name: f"{name}({', '.join(function.unit.tree.node.parameters)})"
            for name, function in list(self._namespace.functions.defined.items())
        }

    def variables(self) -> list[VariableSummary]:
        """All globals, then the top-level locals. May be called while a program runs."""
        state = self._namespace.now()
        found = [variables(state, GLOBAL), variables(state, TOP_LEVEL_LOCAL)]
        return [_described(name, value) for each in found for name, value in each.items()]

    def variable(self, name: str) -> Value:
        """The value of a variable at the top level; None (null) where there is none."""
        return self._visible().get(name)

    def _visible(self) -> dict[str, Value]:
        """The variables that a program at the top level sees."""
        state = self._namespace.now()
        return {**variables(state, GLOBAL), **variables(state, TOP_LEVEL_LOCAL)}

    # Help for editors -----------------------------------------------------------

    def check(self, text: str) -> list[lint.LintProblem]:
        """Errors and warnings of a text, which is not run, and advice on its loops."""
        visible = self._visible()
        return lint.check(
            text,
            known_variables=visible,
            known_tables={
                name: value.names for name, value in visible.items() if isinstance(value, Table)
            },
            known_functions=frozenset(self._namespace.functions.defined),
            builtins=BUILTINS,
        )

    def complete(self, text: str, position: int) -> CompletionList:
        """What may stand at a position of a text, counted in characters from 0.

        May be called while a program runs.
        """
        return completion.complete(text, position, BUILTINS, self._visible(), self.functions())

    def hint(self, error: DataCodeError, text: str) -> Message | None:
        """What to try after an error of the program ``text``, where there is something to say."""
        known = self._visible()
        keys = chain.from_iterable(map(_keys, known.values()))
        return names.hint(error, text, BUILTINS, known, self.functions(), islice(keys, KEYS))


def _keys(value: Value) -> Iterable[str]:
    """The keys of an object, the columns of a table; other values have none."""
    if isinstance(value, dict):
        return list(value)
    return value.names if isinstance(value, Table) else ()


def _raise_in(thread: int, exception: type[BaseException] | None) -> None:
    """Have Python raise an exception in a thread, or take back one that is still to come."""
    what = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)


def _described(name: str, value: Value) -> VariableSummary:
    size = None
    if isinstance(value, str | list | dict | Table | Column):
        size = len(value)
    return VariableSummary(name, type_name(value), size, preview(value))


def preview(value: Value, length: int = PREVIEW) -> str:
    """The printed form of a value, cut at about so many characters, whatever its size."""
    text = printed(_reduced(value, length, 4))
    return text if len(text) <= length else text[: length - 1] + "…"


def _reduced(value: Value, most: int, depth: int) -> Value:
    """A small value that begins as the given one does."""
    if isinstance(value, str):
        return value[: most + 1]
    if isinstance(value, list):
        if depth == 0:
            return "…" if value else []
        return [_reduced(part, most, depth - 1) for part in islice(value, most // 2)]
    if isinstance(value, dict):
        if depth == 0:
            return "…" if value else {}
        parts = list(islice(value.items(), most // 2))
        return {key[: most + 1]: _reduced(part, most, depth - 1) for key, part in parts}
    return value
