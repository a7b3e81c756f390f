"""Frames and messages between the server and a worker. No input or output.

A frame is four bytes of length, big-endian, and a msgpack message; ``FrameSplitter`` cuts a stream
into them again. Each direction of each channel has a union of messages of its own, so that a
message that does not belong there cannot be decoded at all. A worker trusts the server; the
server believes nothing of what a worker says: types are checked, sizes bounded, and nothing is
ever unpickled.

There are two channels, each a socket pair. On the *run channel* a worker gets programs and the
answers to what they ask of the server; on the *control channel* it is asked about itself while
a program runs. So output that nobody reads holds up neither.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct, structs

from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message
from datacode.runtime.file_operations import AnyFileOperation, FileOperation
from datacode.runtime.interpreter import VariableSummary
from datacode.tables.grid_statistics import ColumnStatistics
from datacode.values import surrogates
from datacode.values.chart import Chart

MAX_FROM_WORKER = 1 << 20
"""The largest frame that the server takes from a worker, in bytes. More is cut by the worker."""

MAX_FROM_SERVER = 1 << 28
"""The largest frame that a worker takes: a program, or the names in a folder."""

PIECE = 1 << 16
"""Output goes in pieces of at most so many characters, files of so many bytes."""

SHOWN_TABLES = 8_000_000
"""The tables that one program shows take at most about so many characters; more are not sent."""

SHOWN_CHARTS = 8_000_000
"""The charts that one program shows take at most so many bytes; more are text."""

SHOWN = 10_000
"""The longest parameter of an error that crosses, in characters."""

SHOWN_IN_WARNING = 1000
"""The longest parameter of a warning that crosses, in characters."""

SHOWN_WARNINGS = 1_000_000
"""The warnings of one program take at most about so many characters."""


STATE_PIECES = 8
"""Pieces of a state on their way: so many are sent before the first ``StateTaken`` comes."""

STATE_PIECE = 1 << 19
"""The largest of them, in bytes."""

STORED_COLUMNS = 10_000
"""A state with more long columns is not kept outside its process."""

COLUMN_NAME = 12
"""Bytes of the name of a stored column."""


class FrameError(Exception):
    """The other side sent what is no frame or no message of its own."""


# --- Run channel, server to worker ------------------------------------------


SAVES_NOTHING, SAVES_NEW, SAVES_ALL = 0, 1, 2
"""What is wanted of the state after a program: nothing, what is new in it, or every column."""


class RunProgram(Struct, tag="execute", frozen=True):
    """Run a program. Zero is no limit; the limits are those of ``limits.Limits``.

    ``export_bytes`` is how large the database of its tables may be; with 0 none is wanted.
    With ``keep_tables`` the tables it shows are kept for ``FindRows``; with ``warnings`` what it
    is warned of is sent; with ``charts`` the charts it shows, with ``progress`` how far long work
    on large tables is; with ``shows_value`` an expression at its end shows its value. With
    ``rolls_back`` a program that fails leaves the state as it was. ``saves`` is how much of the
    state is wanted after it. In the place of a program a ``document`` may be made: it is described
    as ``reports.description`` says, and comes in the pieces of an export.
    """

    run: int
    code: str
    run_seconds: float
    cpu_seconds: float
    output_bytes: int
    max_steps: int
    stream: bool
    tables: bool
    export_bytes: int = 0
    keep_tables: bool = False
    warnings: bool = False
    rolls_back: bool = False
    saves: int = SAVES_NOTHING
    charts: bool = False
    shows_value: bool = False
    progress: bool = False
    document: bytes = b""


class RestoreCheckpoint(Struct, tag="restore", frozen=True):
    """The state that a session had, before the first program. ``state`` is its number.

    ``manifest`` is None where it is in a file, whose descriptor comes with this frame.
    """

    state: int
    manifest: bytes | None


class Opened(Struct, tag="opened", frozen=True):
    """The file, whose descriptor comes with this frame or before it, in order."""

    request: int


class Answered(Struct, tag="answered", frozen=True):
    """What an operation gives, encoded; ``answer_to`` decodes it."""

    request: int
    answer: msgspec.Raw


class Failed(Struct, tag="failed", frozen=True):
    """A file request failed: with an errno, or else in a sentence of its own."""

    request: int
    errno: int | None
    message: Message | None = None


Answer = Opened | Answered | Failed
ToWorker = RunProgram | RestoreCheckpoint | Answer


# --- Run channel, worker to server ------------------------------------------


class OutputText(Struct, tag="output", frozen=True):
    """A piece of the running program's output, in order."""

    text: str


Row = list[str | float | bool | None]
"""A row of a table, as JSON can say it."""


class TableShown(Struct, tag="table", frozen=True):
    """A table that the program showed; ``rows`` are its first ones.

    ``nulls`` counts the nulls of each column. ``table`` is its name in ``FindRows``, None where
    it is not kept.
    """

    columns: list[str]
    types: list[str]
    rows: list[Row]
    row_count: int
    nulls: list[int] = []
    table: str | None = None

    def size(self) -> int:
        """About how many characters it takes to say."""
        heads = sum(map(len, self.columns)) + sum(map(len, self.types)) + len(self.table or "")
        columns = max(len(self.columns), len(self.types), len(self.nulls))
        rows = sum(map(row_size, self.rows)) + 16 * len(self.rows)
        return 100 + heads + 16 * columns + rows


def row_size(row: Row) -> int:
    """About how many characters a row takes to say."""
    return sum(len(cell) + 8 if isinstance(cell, str) else 16 for cell in row)


class ChartShown(Struct, tag="chart", frozen=True):
    """A chart that the program showed; the output before it has been sent."""

    chart: Chart

    def size(self) -> int:
        """How many bytes it takes to say, and some for what belongs to it."""
        return len(msgspec.json.encode(self.chart)) + 1000


class Exported(Struct, tag="exported", frozen=True):
    """A piece of the database that the global tables make, in order."""

    content: bytes


class ColumnWanted(Struct, tag="column", frozen=True):
    """Asks for a stored column of the state that is being restored; the answer is ``Opened``."""

    request: int
    name: bytes


class Restored(Struct, tag="restored", frozen=True):
    """The state of ``RestoreCheckpoint`` is there, or why it cannot be."""

    problem: Message | None = None


class Warned(Struct, tag="warning", frozen=True):
    """The program gave a warning."""

    message: Message

    @classmethod
    def of(cls, message: Message) -> Warned:
        """The warning with its texts cut where they are long."""
        return cls(_cut(message, SHOWN_IN_WARNING))

    def checked(self) -> Message:
        """The warning. Raises ``FrameError`` for what could not be shown to a reader."""
        if not is_harmless(self.message):
            raise FrameError("a warning that cannot be shown")
        return self.message

    def size(self) -> int:
        """About how many characters it takes to say."""
        return _length(self.message)


class WorkProgress(Struct, tag="progress", frozen=True):
    """How far long work on a large table is: bytes of a file, or with ``total`` 0 per cent."""

    name: str
    done: int
    total: int

    def is_sound(self) -> bool:
        """Could that be?"""
        return (
            len(self.name) <= MOST_PROGRESS_NAME
            and 0 <= self.done <= (self.total or 100) <= MOST_PROGRESS
        )


MOST_PROGRESS_NAME = 4096
MOST_PROGRESS = 1 << 53


class Error(Struct, frozen=True):
    """A DataCodeError, field by field."""

    kind: str
    message: Message
    line: int | None = None
    column: int | None = None
    multiline: bool = False
    incomplete: bool = False
    function: str | None = None
    hint: Message | None = None
    place: tuple[int, int] | None = None

    @classmethod
    def of(cls, error: DataCodeError) -> Error:
        """The fields of an error; its texts are cut where they are too long for a frame."""
        hint = error.hint
        return cls(
            error.kind.value,
            _cut(error.message),
            error.line,
            error.column,
            error.multiline,
            error.incomplete,
            error.function,
            None if hint is None else _cut(hint),
            error.place,
        )

    def exception(self) -> DataCodeError:
        """The error again. Raises ``FrameError`` for what could not be shown to a reader."""
        messages = [self.message] if self.hint is None else [self.message, self.hint]
        if not all(is_harmless(each) for each in messages):
            raise FrameError("an error that cannot be shown")
        if self.kind not in Kind._value2member_map_:
            raise FrameError("an error of no kind")
        error = DataCodeError(
            Kind(self.kind),
            self.message,
            line=self.line,
            column=self.column,
            incomplete=self.incomplete,
            multiline=self.multiline,
        )
        error.place = self.place or error.place
        error.function = self.function
        error.hint = self.hint
        return error


def is_harmless(message: Message, nested: int = 3) -> bool:
    """Is the code a name, and does the template insert nothing but its parameters, as they are?

    Messages in it may be ``nested`` so deep.
    """
    if not message.code.isidentifier():
        return False
    try:
        fields = list(string.Formatter().parse(message.template))
    except ValueError:
        return False
    return all(
        name is None or (name in message.params and not specification and not conversion)
        for _, name, specification, conversion in fields
    ) and all(
        isinstance(value, str) or (nested > 0 and is_harmless(value, nested - 1))
        for value in message.params.values()
    )


def _cut(message: Message, longest: int = SHOWN) -> Message:
    """The message with parameters of at most so many characters."""
    cut = {name: _cut_value(value, longest) for name, value in message.params.items()}
    return structs.replace(message, params=cut)


def _cut_value(value: str | Message, longest: int) -> str | Message:
    if isinstance(value, Message):
        return _cut(value, longest)
    return value if len(value) <= longest else value[: longest - 1] + "…"


def _length(message: Message) -> int:
    """How many characters a message has, those of its parameters included."""
    values = message.params.values()
    parts = (_length(v) if isinstance(v, Message) else len(v) for v in values)
    return len(message.template) + sum(map(len, message.params)) + sum(parts)


class Finished(Struct, tag="finished", frozen=True):
    """A program has ended. ``output`` is what no ``OutputText`` has carried yet.

    ``state`` is the number of the state that there is now, which is a new one where the program
    has changed it. A small one comes as ``manifest``, with the names of its stored columns in one
    piece; a larger one follows on the control channel.
    """

    run: int
    output: str
    error: Error | None
    state: int = 0
    manifest: bytes = b""
    columns: bytes = b""


class WritePiece(Struct, tag="piece", frozen=True):
    """A piece of a file to write, in order; the ``Write`` that has the last one follows."""

    request: int
    content: bytes


class FileRequest(Struct, tag="file", frozen=True):
    """Asks for an operation on files."""

    request: int
    operation: AnyFileOperation


class EngineRequest(Struct, tag="engine", frozen=True):
    """Asks for an engine for large tables: a connection to one is answered by ``Opened``."""

    request: int


class Trouble(Struct, tag="trouble", frozen=True):
    """A fault of ours, for the server's log."""

    text: str


FromWorker = (
    OutputText
    | TableShown
    | ChartShown
    | Warned
    | WorkProgress
    | Exported
    | ColumnWanted
    | Restored
    | Finished
    | WritePiece
    | FileRequest
    | EngineRequest
    | Trouble
)


# --- Control channel ----------------------------------------------------------


class CancelRun(Struct, tag="cancel", frozen=True):
    """End that run; nothing, if it has ended or is another's."""

    run: int


class ListVariables(Struct, tag="inspect", frozen=True):
    """Asks for the session's variables."""

    request: int


class CompleteCode(Struct, tag="complete", frozen=True):
    """Asks what may stand at a position of a text, counted in characters."""

    request: int
    text: str
    position: int


class CheckCode(Struct, tag="check", frozen=True):
    """Asks for the errors and warnings of a text."""

    request: int
    text: str


class RowsWanted(Struct, frozen=True):
    """Which rows of a table, in which order; columns count from 0 (``tables.grid_view``).

    ``sort`` are columns, each ascending or (True) descending; ``filters`` pairs of a column and a
    text; ``choices`` columns with values that their cells are to be, or (True) not to be.
    """

    sort: list[tuple[int, bool]] = []
    filters: list[tuple[int, str]] = []
    choices: list[tuple[int, Row, bool]] = []


class FindRows(Struct, tag="rows", frozen=True):
    """Asks for rows of a table that was shown; columns and rows count from 0.

    ``columns`` are the wanted ones, all if empty.
    """

    request: int
    table: str
    offset: int
    count: int
    columns: list[int] = []
    wanted: RowsWanted = RowsWanted()


class FindValues(Struct, tag="values", frozen=True):
    """Asks for the different values of a column, in the rows that pass the filters of the others.

    At most ``count`` of those in whose text ``search`` stands.
    """

    request: int
    table: str
    column: int
    count: int
    search: str
    wanted: RowsWanted


class FindStatistics(Struct, tag="statistics", frozen=True):
    """Asks for statistics of columns: of ``count`` rows from ``offset`` on, all of them without.

    With ``sums_only`` only what is added up and compared.
    """

    request: int
    table: str
    columns: list[int]
    offset: int
    count: int | None
    sums_only: bool
    wanted: RowsWanted


FindInTable = FindRows | FindValues | FindStatistics


class StateTaken(Struct, tag="taken", frozen=True):
    """One ``StatePiece`` more has been written."""


Control = CancelRun | ListVariables | CompleteCode | CheckCode | FindInTable | StateTaken


class Suggestion(Struct, frozen=True):
    """One way to go on; ``text`` replaces what stands between ``start`` and the position."""

    text: str
    kind: str
    detail: str = ""


class VariableList(Struct, tag="variables", frozen=True):
    """The answer to ``ListVariables``."""

    request: int
    variables: list[VariableSummary]


class SuggestionList(Struct, tag="completions", frozen=True):
    """The answer to ``CompleteCode``.

    ``path`` is set where the position is inside the text of a path: the server knows the files.
    """

    request: int
    start: int
    suggestions: list[Suggestion]
    path: str | None = None


class CodeProblem(Struct, frozen=True):
    """Something about a text that was not run: an error, a warning, or advice."""

    severity: Literal["error", "warning", "info"]
    error: Error


class ProblemList(Struct, tag="problems", frozen=True):
    """The answer to ``CheckCode``."""

    request: int
    problems: list[CodeProblem]


class FoundRows(Struct, tag="found", frozen=True):
    """The answer to ``FindRows``, or why there is none.

    ``numbers`` are the places of the rows in the table; ``row_count`` is how many there are in
    all that pass the filters.
    """

    request: int
    rows: list[Row] = []
    numbers: list[int] = []
    row_count: int = 0
    error: Error | None = None


class FoundValues(Struct, tag="found-values", frozen=True):
    """The answer to ``FindValues``: values with the numbers of their cells, and how many there are
    in all; or why there is none."""

    request: int
    values: list[tuple[str | float | bool | None, int]] = []
    distinct: int = 0
    error: Error | None = None


class FoundStatistics(Struct, tag="found-statistics", frozen=True):
    """The answer to ``FindStatistics``, or why there is none."""

    request: int
    columns: list[ColumnStatistics] = []
    row_count: int = 0
    error: Error | None = None


class Unable(Struct, tag="unable", frozen=True):
    """A question could not be answered; why is for the server's log."""

    request: int
    text: str


class StatePiece(Struct, tag="state", frozen=True):
    """A piece of a state, in order: of the column ``name``, or of the manifest, without one.

    Columns come first. With the last piece of the manifest the state is whole; ``columns`` are
    then the names of all its columns, those that were sent earlier among them, in one piece.
    """

    state: int
    name: bytes
    content: bytes
    is_last: bool
    columns: bytes = b""


class StateFile(Struct, tag="state-file", frozen=True):
    """A file with a part of a large table that a state names, in the folder of the session's
    engine: to be kept as it is, in order with ``StatePiece``. ``name`` has ``COLUMN_NAME`` bytes.
    """

    state: int
    name: bytes


class NotSaved(Struct, tag="unsaved", frozen=True):
    """A state could not be written: it is too large, or memory too short.

    ``trouble`` is for the server's log, where it is a fault of ours.
    """

    state: int
    trouble: str = ""


FoundInTable = FoundRows | FoundValues | FoundStatistics
Reply = VariableList | SuggestionList | ProblemList | FoundInTable | Unable
FromControl = Reply | StatePiece | StateFile | NotSaved


# --- Zygote ---------------------------------------------------------------------


class Fork(Struct, tag="fork", frozen=True):
    """Make a worker; the other ends of its two channels come with this frame."""

    request: int
    memory_bytes: int
    recursion: int


class SandboxReport(Struct, frozen=True):
    """Which walls stand around a worker. ``landlock`` is the version, 0 for none."""

    landlock: int = 0
    namespaces: tuple[str, ...] = ()
    seccomp: bool = False
    user: str = ""
    empty_root: bool = False
    missing: tuple[str, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether a single fault of the kernel, or none, is between a program and the machine."""
        return sum(map(bool, (self.landlock, self.namespaces, self.seccomp))) < 2


class Ready(Struct, tag="ready", frozen=True):
    """The zygote can fork; a first worker has reported its walls and ended."""

    sandbox: SandboxReport


class Forked(Struct, tag="forked", frozen=True):
    """A worker lives; ``process`` is its number, 0 if it could not be made."""

    request: int
    process: int
    trouble: str = ""


FromZygote = Ready | Forked


# --- Frames ---------------------------------------------------------------------

Decoded = TypeVar("Decoded")
_encoder = msgspec.msgpack.Encoder()


def encode(message: Struct) -> bytes:
    """One frame. Surrogates that stand alone, which UTF-8 lacks, become U+FFFD."""
    body = packed(message)
    return b"%b%b" % (len(body).to_bytes(4, "big"), body)


def packed(value: object) -> bytes:
    """A value in msgpack; lone surrogates become U+FFFD."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        data = msgspec.to_builtins(value, builtin_types=(bytes, msgspec.Raw))
        return _encoder.encode(surrogates.replaced(data))


def packed_in_pieces(items: list[Any], count: int) -> Iterator[bytes]:
    """What ``packed`` gives of a list, made from ``count`` items at a time, 16 to 65535."""
    yield b"\xdd" + len(items).to_bytes(4, "big")
    for start in range(0, len(items), count):
        some = items[start : start + count]
        yield packed(some)[1 if len(some) < 16 else 3 :]  # without the head of a list of its own


def answer_to(operation: FileOperation[Any], answered: Answered) -> Any:
    """What an operation gives, out of its answer."""
    return msgspec.msgpack.decode(answered.answer, type=operation.answer_type())


class FrameSplitter:
    """A stream of bytes, cut into frames of at most ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Every frame that is whole now. Raises ``FrameError`` at a frame that is too long."""
        self.add(data)
        while (frame := self.take()) is not None:
            yield frame

    def add(self, data: bytes) -> None:
        """Take in more of the stream."""
        self._buffer += data

    def take(self) -> bytes | None:
        """The next frame, if it is whole."""
        if len(self._buffer) < 4:
            return None
        length = int.from_bytes(self._buffer[:4], "big")
        if length > self._limit:
            raise FrameError(f"a frame of {length} bytes; {self._limit} are allowed")
        if len(self._buffer) < 4 + length:
            return None
        frame = bytes(memoryview(self._buffer)[4 : 4 + length])
        del self._buffer[: 4 + length]
        return frame


class Decoder(Generic[Decoded]):
    """Frames of one union of messages. ``Decoder[ToWorker](ToWorker)``."""

    def __init__(self, union: object) -> None:
        self._decoder: msgspec.msgpack.Decoder[Decoded] = msgspec.msgpack.Decoder(union)

    def __call__(self, frame: bytes) -> Decoded:
        """The message of a frame. Raises ``FrameError`` if it is none of this union."""
        try:
            return self._decoder.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FrameError(f"not a message: {error}") from None


# Made once: a decoder costs more than a message, and a worker would have to make its own.
to_worker = Decoder[ToWorker](ToWorker)
from_worker = Decoder[FromWorker](FromWorker)
control = Decoder[Control](Control)
from_control = Decoder[FromControl](FromControl)
to_zygote = Decoder[Fork](Fork)
from_zygote = Decoder[FromZygote](FromZygote)
