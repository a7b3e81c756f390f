"""Errors of Python that mean errors of the program: what they are called, and where they are.

Compiled code indexes lists, divides numbers and reads variables as Python does; only when that
fails is it worked out here what the program did wrong. Source: language reference, 9.
"""

from __future__ import annotations

import inspect
import logging
import sys
from itertools import islice
from pathlib import Path
from types import FrameType, TracebackType

from datacode.errors import (
    DataCodeError,
    Kind,
    internal_error,
    limit_error,
    runtime_error,
    variable_error,
)
from datacode.i18n.expected_types import expected_types
from datacode.i18n.message import Message
from datacode.language import python_names
from datacode.language.codegen.builder import INDEX_MARK, MEMBER_MARK
from datacode.language.compiler import CONDITION_FILE, PROGRAM_FILE
from datacode.runtime import indexing
from datacode.runtime.builtins.registry import ABSENT
from datacode.values.described import kind_name

TOO_DEEP = Message("recursion_too_deep", "Maximum recursion depth exceeded ({limit})", russian=True)

_LIBRARY = str(Path(__file__).with_name("builtins"))
"""Where the functions of the library are."""

_log = logging.getLogger(__name__)


class Thrown(DataCodeError):
    """What ``throw`` raises, with the message. It may be raised often: so Python makes it alone."""

    kind = Kind.EXCEPTION
    line = None
    column = None
    place = None
    incomplete = False
    multiline = False
    function = None
    hint = None

    __init__ = Exception.__init__  # no code of ours runs

    @property
    def text(self) -> str:
        """What was thrown."""
        return str(self.args[0])

    @property
    def message(self) -> Message:  # type: ignore[override]  # made when it is asked for
        """The same as a message."""
        return Message("thrown", "{message}", {"message": self.text})


class RecursionTooDeep(DataCodeError):
    """One call too many; the statement that calls is to blame, not the function."""

    def __init__(self, limit: int) -> None:
        super().__init__(Kind.RUNTIME, TOO_DEEP.filled(limit=limit))


def translate_exception(exception: Exception, limit: int) -> DataCodeError:
    """The error of the program that an exception stands for, with its place where that is known.

    ``limit`` is the number of calls that may be active.
    """
    frames = _frames(exception.__traceback__)
    error = _translated(exception, frames[-1] if frames else None, limit)
    place = _failing_place(error, frames)
    if place is not None:
        error.locate(place[1], _expression_at(place[0], place[2]))
    error.function = error.function or _function_of(frames)
    if error.message.code == "wrong_type":
        _note_call(error, frames)
    return error


def caught_exception(exception: Exception, limit: int) -> DataCodeError:
    """The same for a program that has caught it: without looking for its column."""
    frames = _frames(exception.__traceback__)
    error = _translated(exception, frames[-1] if frames else None, limit)
    place = _failing_place(error, frames)
    if place is not None:
        error.locate(place[1], None)
    return error


def _note_call(error: DataCodeError, frames: list[_Place]) -> None:
    """Which function of the library refused an argument, and the kinds of all that it got."""
    called = next((frame for frame, _, _, file in frames if file.startswith(_LIBRARY)), None)
    if called is None:
        return
    code, values = called.f_code, called.f_locals
    names = code.co_varnames[: code.co_argcount]
    given = [values[name] for name in names if name != "host" and name in values]
    if code.co_flags & inspect.CO_VARARGS:
        rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        given.extend(values.get(rest) or ())
    kinds = [kind_name(value) for value in given if value is not ABSENT]
    if kinds and None not in kinds:
        error.message = error.message.filled(
            name=code.co_name.rstrip("_"), given=expected_types(", ".join(filter(None, kinds)))
        )


def _failing_place(error: DataCodeError, frames: list[_Place]) -> _Place | None:
    """Where the program failed; None if the error knows that or has no place."""
    own = [place for place in frames if place[3] == PROGRAM_FILE]
    if isinstance(error, RecursionTooDeep):
        own = own[:-1]  # none is left where a condition has called the function
    if not own or error.line is not None or error.kind is Kind.LIMIT:
        return None
    return own[-1]


def _function_of(frames: list[_Place]) -> str | None:
    """The name of the innermost function of the program, None at its top level."""
    for frame, _, _, file in reversed(frames):
        name = frame.f_code.co_name
        if file == PROGRAM_FILE and not python_names.is_block_function(name):
            return python_names.function_name(name)
    return None


_Place = tuple[FrameType, int, int, str]
"""A frame of a traceback: itself, its line, its last instruction and its file."""


def _frames(traceback: TracebackType | None) -> list[_Place]:
    """The frames from where the exception was caught to where it was raised."""
    found = []
    while traceback is not None:
        frame = traceback.tb_frame
        place = (frame, traceback.tb_lineno, traceback.tb_lasti, frame.f_code.co_filename)
        found.append(place)
        traceback = traceback.tb_next
    return found


def program_frame() -> FrameType | None:
    """The innermost frame of a program, for code that it has called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != PROGRAM_FILE:
        frame = frame.f_back
    return frame


def locate_in_caller(error: DataCodeError) -> None:
    """Give the error the place at which the program is running."""
    frame = program_frame()
    if frame is not None:
        error.locate(frame.f_lineno, _expression_at(frame, frame.f_lasti))


def _translated(exception: Exception, place: _Place | None, limit: int) -> DataCodeError:
    if isinstance(exception, DataCodeError):
        return exception
    if isinstance(exception, RecursionError):
        return RecursionTooDeep(limit)
    if isinstance(exception, MemoryError):
        return limit_error("out_of_memory", "Not enough memory")
    if place is not None and place[3] in (PROGRAM_FILE, CONDITION_FILE):
        found = _raised_by_program(exception, place)
        if found is not None:
            return found
    _log.error("a fault of the interpreter", exc_info=exception)
    return internal_error()


def _raised_by_program(exception: Exception, place: _Place) -> DataCodeError | None:
    """What compiled code itself can raise, where it does as Python does."""
    match exception:
        case ZeroDivisionError():
            return runtime_error("division_by_zero", "Division by zero")
        case NameError():
            name = python_names.variable_in(str(exception))
            return None if name is None else variable_error(name)
        case KeyError():
            key = exception.args[0]
            return indexing.missing_member(key) if _is_member(place) else indexing.missing_key(key)
        case IndexError() | ValueError() | OverflowError():
            index = _index_at(place)
            if isinstance(index, int | float):
                return indexing.array_bounds(float(index) if abs(index) < 2**1000 else index)
    return None


def _is_member(place: _Place) -> bool:
    """Was the key that is missing written as a member?"""
    return _mark_at(place) == MEMBER_MARK


def _index_at(place: _Place) -> object:
    """The index that failed: the ``w1_…`` that the subscript is marked with, or ``_i``."""
    found = place[0].f_locals
    mark = _mark_at(place)
    if mark is not None and mark >= INDEX_MARK:
        number = mark - INDEX_MARK
        return next(
            (found[name] for name in found if python_names.shadow_number(name) == number), None
        )
    return found.get(python_names.INDEX)


def _mark_at(place: _Place) -> int | None:
    """The mark that the compiler gave to the node whose instruction failed."""
    _, _, column, end_column = _positions(place[0], place[2])
    return None if column is None or end_column is None else end_column - column


def _expression_at(frame: FrameType, instruction: int) -> tuple[int, int] | None:
    """Line and column of the expression that an instruction was made for."""
    _, line, column, _ = _positions(frame, instruction)
    return (line, column) if line and column else None


_Positions = tuple[int | None, int | None, int | None, int | None]


def _positions(frame: FrameType, instruction: int) -> _Positions:
    """The places of a node (``language.python``): None where Python was told to keep none."""
    found = next(islice(frame.f_code.co_positions(), instruction // 2, None), None)
    return found or (None, None, None, None)
