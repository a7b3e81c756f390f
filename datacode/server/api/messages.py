"""Every message of the protocol, in both directions, and an answer to JSON.

Pure: no input or output, no state. ``docs/protocol.md`` says the same in words, and a JSON
Schema is made of these classes. The first six requests are those of the protocol's
documentation, to the letter; everything else is asked for by a key or a type of its own, so
that a client that asks for nothing more is answered with nothing more.

Source: server reference, section 5.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from datacode.server.api import json_limits
from datacode.server.api.texts import Locale
from datacode.tables.grid_statistics import ColumnStatistics
from datacode.values import surrogates
from datacode.values.chart import Chart

MAX_ID_BYTES = 256
"""The longest ``id`` that is repeated in an answer, as JSON text."""

Id = Annotated[Raw, Meta(extra_json_schema={"type": ["string", "number"]})]
"""A request's own number, kept as it was written, so that it is repeated to the letter."""

Parts = Annotated[Raw, Meta(extra_json_schema={"type": "array", "items": {"type": "object"}})]
"""The parts of a document, kept as they were written: the session's process reads them."""

Count = Annotated[int, Meta(ge=1, le=2**53)]
LONGEST_DAYS = 30
"""Days that a view is kept at most."""

Days = Annotated[int, Meta(ge=1, le=LONGEST_DAYS)]
Position = Annotated[int, Meta(ge=0, le=2**53)]
MAX_ROWS = 10_000
"""The most rows that one ``table_rows`` gets."""
MAX_CHOSEN = 2000
"""The most values that one filter may name, and ``table_values`` gives."""
MAX_STATISTICS = 100
"""The most columns that one ``table_statistics`` is of."""
_ABSENT: Any = UNSET


# --- Answers -----------------------------------------------------------------------------------
# The order of the fields is the order of the keys. UNSET is a key that was not asked for.


class Answer(Struct, kw_only=True):
    """What every answer has. ``id`` is the request's own, and always the last key."""

    success: bool = True

    @classmethod
    def failed(cls, error: str) -> Self:
        """The answer of this shape that says only what went wrong."""
        return cls(success=False, error=error)  # type: ignore[call-arg]


class ErrorDetails(Struct, frozen=True):
    """Where and what an error is; ``line`` and ``column`` count from 1.

    ``code`` names the error whatever its words; ``hint`` says what to try, where there is something
    to say.
    """

    line: int | None
    column: int | None
    kind: str
    function: str | None
    code: str
    hint: str | UnsetType = UNSET


class TableView(Struct, frozen=True):
    """A table that a program showed; ``rows`` are its first ones, ``row_count`` is all.

    Of a table that is kept: ``nulls`` counts those of each column, ``table`` is its name.
    """

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    row_count: int
    nulls: list[int] | UnsetType = UNSET
    table: str | UnsetType = UNSET


class ChartView(Struct, frozen=True):
    """A chart that a program showed: a Vega-Lite description with its data.

    ``at`` is how many characters of the output precede it.
    """

    chart: Chart
    at: int


class ReadDetails(Struct, frozen=True):
    """A file that a program has read: ``size`` in bytes, ``modified`` in seconds since 1970 (UTC).

    ``sha256`` is None where the file changed while it was read.
    """

    path: str
    size: int | None
    modified: float | None
    sha256: str | None


class Executed(Answer, kw_only=True):
    """The answer to ``execute``, and to whatever cannot be read as a request."""

    output: str = ""
    error: str | None = None
    diagnostics: ErrorDetails | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    tables: list[TableView] | UnsetType = UNSET
    charts: list[ChartView] | UnsetType = UNSET
    lineage: list[ReadDetails] | UnsetType = UNSET
    lineage_left_out: int | UnsetType = UNSET
    sqlite_db: str | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class Done(Answer, kw_only=True):
    """The answer to a request that changes something and returns nothing."""

    message: str = ""
    error: str | None = None
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class FileDetails(Struct, frozen=True):
    """One name in a folder; ``size`` in bytes, ``modified`` in seconds since 1970 (UTC)."""

    name: str
    kind: Literal["file", "folder"]
    size: int | None
    modified: float | None


class Listing(Answer, kw_only=True):
    """The names in a folder; ``details`` are the same names in the same order.

    ``total`` is how many names there are in all, where only some were asked for.
    """

    files: list[str] = msgspec.field(default_factory=list)
    error: str | None = None
    details: list[FileDetails] | UnsetType = UNSET
    total: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class Content(Answer, kw_only=True):
    """A file, or a part of one: its text, or ``base64:`` and its bytes.

    With a part come ``size`` in bytes and ``modified`` in seconds since 1970 of the whole file.
    """

    content: str | None = None
    error: str | None = None
    size: int | UnsetType = UNSET
    modified: float | UnsetType | None = UNSET
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class ShareDetails(Struct, frozen=True):
    """A share that a host offers; ``kind`` is ``disk``, ``printer``, ``pipe`` or ``other``.

    ``hidden`` is what Windows calls administrative: ``C$``, ``IPC$``. For a share that the session
    has, ``of_account`` tells whether the operator has set it up, ``writable`` whether programs may
    change its files.
    """

    name: str
    kind: str
    comment: str
    hidden: bool
    of_account: bool | UnsetType = UNSET
    writable: bool | UnsetType = UNSET


class ShareList(Answer, kw_only=True):
    """The shares of a host."""

    shares: list[ShareDetails] = msgspec.field(default_factory=list)
    error: str | None = None
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class InfoAnswer(Answer, kw_only=True):
    """What the server and this session are."""

    info: dict[str, Any] = msgspec.field(default_factory=dict)
    error: str | None = None
    id: Any = UNSET


class TableRowsFound(Answer, kw_only=True):
    """Rows of a table; ``numbers`` are their places in it, from 0.

    ``row_count`` is how many rows there are in all that pass the filters.
    """

    rows: list[list[Any]] = msgspec.field(default_factory=list)
    numbers: list[int] = msgspec.field(default_factory=list)
    row_count: int = 0
    error: str | None = None
    id: Any = UNSET


class TableValuesFound(Answer, kw_only=True):
    """Different values of a column, each with the number of its cells; null is one of them.

    ``distinct`` is how many there are in all that are looked for.
    """

    values: list[tuple[str | float | bool | None, int]] = msgspec.field(default_factory=list)
    distinct: int = 0
    error: str | None = None
    id: Any = UNSET


class TableStatisticsFound(Answer, kw_only=True):
    """Statistics of columns, in the order in which they were asked for.

    ``row_count`` is how many rows there are in all that pass the filters.
    """

    statistics: list[ColumnStatistics] = msgspec.field(default_factory=list)
    row_count: int = 0
    error: str | None = None
    id: Any = UNSET


class Variables(Answer, kw_only=True):
    """The variables of a session."""

    variables: list[Any] = msgspec.field(default_factory=list)
    error: str | None = None
    id: Any = UNSET


class CompletionEntry(Struct, frozen=True):
    """One way to go on; ``text`` replaces what stands between ``start`` and the position."""

    text: str
    kind: str
    detail: str


class Completions(Answer, kw_only=True):
    """What may stand at a position."""

    start: int = 0
    completions: list[Any] = msgspec.field(default_factory=list)
    error: str | None = None
    id: Any = UNSET


class ProblemEntry(Struct, frozen=True):
    """An error or a warning about a text that was not run, or advice, whose severity is "info"."""

    severity: Literal["error", "warning", "info"]
    message: str
    line: int | None
    column: int | None
    kind: str


class Problems(Answer, kw_only=True):
    """The answer to ``check``: ``success`` tells that the text was looked at."""

    problems: list[Any] = msgspec.field(default_factory=list)
    error: str | None = None
    id: Any = UNSET


class FunctionEntry(Struct, frozen=True):
    """A function of the library: its family, how it is called, and what it does as Markdown."""

    name: str
    family: str
    signature: str
    documentation: str
    aliases: tuple[str, ...]


class LibraryFound(Answer, kw_only=True):
    """The answer to ``library``: the functions, in the order of their families."""

    functions: list[Any] = msgspec.field(default_factory=list)
    error: str | None = None
    id: Any = UNSET


class Previewed(Answer, kw_only=True):
    """The answer to ``preview``: a workbook's sheets, and the table as a program shows it."""

    sheets: list[str] = msgspec.field(default_factory=list)
    tables: list[TableView] = msgspec.field(default_factory=list)
    warnings: list[str] = msgspec.field(default_factory=list)
    error: str | None = None
    id: Any = UNSET


class Published(Answer, kw_only=True):
    """The answer to ``publish``: the id of the view, what takes it back, and until when it is there
    in seconds since 1970."""

    view: str | None = None
    key: str | None = None
    expires: float | None = None
    error: str | None = None
    id: Any = UNSET


class PublishedView(Answer, kw_only=True):
    """The answer to ``published``: what was published, when, and by which account."""

    title: str | None = None
    code: str | None = None
    outputs: Any = None
    made: float | None = None
    expires: float | None = None
    account: str | None = None
    error: str | None = None
    id: Any = UNSET


class Attached(Answer, kw_only=True):
    """The answer to ``attach``: which session it is, and what the client has missed.

    ``token`` comes once, with a session of its own. ``epoch`` counts its connections, ``seq`` is
    the last request that is answered, ``replay`` what was sent since the one that the client has
    seen, in order: pieces of output, answers. The answers to ``pending`` are still to come.
    Up to ``forgotten`` answers are kept no more, ``output_lost`` are the bytes of output that are
    not. ``position`` is where the session's streamed output stands, in bytes. A detached session
    is kept for ``keep_seconds``, its program runs on for ``run_seconds``; 0 is without end.
    ``shares_missing`` are shares that the session had before the server was started again.
    ``code`` names the reason of a failure.
    """

    session: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    epoch: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    replay: list[Any] | UnsetType = UNSET
    pending: list[int] | UnsetType = UNSET
    unfinished: list[int] | UnsetType = UNSET
    forgotten: int | UnsetType = UNSET
    output_lost: int | UnsetType = UNSET
    position: int | UnsetType = UNSET
    keep_seconds: float | UnsetType = UNSET
    run_seconds: float | UnsetType = UNSET
    shares_missing: list[ShareToConnect] | UnsetType = UNSET
    error: str | None = None
    code: str | UnsetType = UNSET
    id: Any = UNSET

    def __repr__(self) -> str:
        """Without the token."""
        return f"Attached(session={self.session!r}, seq={self.seq!r})"


class StateSaved(Answer, kw_only=True):
    """The answer to ``save``: the file as ``base64:`` and base64, where no name was given for it.

    ``size`` is the file's, in bytes.
    """

    message: str = ""
    content: str | UnsetType = UNSET
    size: int | UnsetType = UNSET
    error: str | None = None
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class StateRestored(Answer, kw_only=True):
    """The answer to ``restore``.

    ``shares_missing`` are shares that the saved session had and this one has not, each with what
    connecting it takes but the password. ``files`` is how many files the session folder has got,
    ``files_left_out`` how many were not, as the server gives no folder.
    """

    message: str = ""
    shares_missing: list[ShareToConnect] | UnsetType = UNSET
    files: int | UnsetType = UNSET
    files_left_out: int | UnsetType = UNSET
    error: str | None = None
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class SessionForked(Answer, kw_only=True):
    """The answer to ``fork``: a session of its own with the same state, to be attached by its name
    and token, which come once."""

    session: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    keep_seconds: float | UnsetType = UNSET
    error: str | None = None
    seq: int | UnsetType = UNSET
    id: Any = UNSET


class ShareToConnect(Struct, frozen=True):
    """A share to be connected again; ``name`` is the one that programs use."""

    name: str
    ip: str
    share_name: str
    login: str
    domain: str


class SessionDetails(Struct, frozen=True):
    """A session that can be attached; ``idle_seconds`` since its last request.

    ``own`` is the one of the connection that asks, ``attached`` tells whether one has it.
    """

    session: str
    own: bool
    attached: bool
    busy: bool
    seq: int
    idle_seconds: float


class SessionList(Answer, kw_only=True):
    """The answer to ``sessions``."""

    sessions: list[SessionDetails] = msgspec.field(default_factory=list)
    error: str | None = None
    id: Any = UNSET


# --- What a running request sends before its answer --------------------------------------------


class Output(Struct, tag_field="type", tag="output", kw_only=True, frozen=True):
    """A piece of what a running program printed; ``seq`` counts from 1 in each request.

    In a session that can be attached ``position`` is how many bytes its programs have streamed so
    far, this piece included.
    """

    text: str
    seq: int
    position: int | UnsetType = UNSET
    id: Any = UNSET


class Progress(Struct, tag_field="type", tag="progress", kw_only=True, frozen=True):
    """How far a long read of a file is, in bytes; ``total`` is null while unknown.

    With the ``unit`` ``percent`` how far a step on a large table is, whose name ``path`` is.
    """

    path: str
    done: int
    total: int | None
    unit: Literal["percent"] | UnsetType = UNSET
    id: Any = UNSET


# --- Requests ----------------------------------------------------------------------------------


class Request(Struct, tag_field="type", kw_only=True, frozen=True):
    """What every request may have.

    ``answer`` is the shape of its answer, also when the request makes no sense. An
    ``immediate`` request is answered at once, whatever the session is doing.
    """

    id: Id = _ABSENT
    locale: Locale | None = None

    answer: ClassVar[type[Answer]] = Executed
    immediate: ClassVar[bool] = False

    def runs_aside(self) -> bool:
        """Whether it is answered beside the session's program, and can be cancelled there."""
        return False


class Execute(Request, tag="execute", kw_only=True, frozen=True):
    """Run a program. With ``keep_tables`` the tables that it shows can be asked for rows; with
    ``charts`` those that it shows are in the answer; with ``show_value`` an expression at its end
    shows its value; with ``lineage`` the answer names the files that it has read."""

    code: str
    diagnostics: bool = False
    warnings: bool = False
    stream: bool = False
    progress: bool = False
    tables: bool = False
    keep_tables: bool = False
    charts: bool = False
    show_value: bool = False
    lineage: bool = False
    export: Literal["sqlite"] | None = None
    max_steps: Count | None = None
    on_error: Literal["keep", "rollback"] = "keep"

    answer = Executed


class SmbConnect(Request, tag="smb_connect", kw_only=True, frozen=True):
    """Connect a share, under its own name or under ``alias``."""

    ip: str
    login: str
    password: str
    domain: str
    share_name: str
    alias: str | None = None

    answer = Done

    def __repr__(self) -> str:
        """Without the password: a request may stand in a traceback."""
        return f"SmbConnect(ip={self.ip!r}, share_name={self.share_name!r})"


class SmbListFiles(Request, tag="smb_list_files", kw_only=True, frozen=True):
    """The names in a folder of a connected share.

    ``recursive`` gives what is in the folders inside, too. ``offset`` and ``limit`` ask for some
    of the names only.
    """

    share_name: str
    path: str
    details: bool = False
    recursive: bool = False
    offset: Position | None = None
    limit: Count | None = None

    answer = Listing


class SmbReadFile(Request, tag="smb_read_file", kw_only=True, frozen=True):
    """A file of a connected share; of a large one, ``length`` bytes from ``offset`` on. With
    ``aside`` it does not wait for the requests before it."""

    share_name: str
    file_path: str
    progress: bool = False
    offset: Position | None = None
    length: Count | None = None
    aside: bool = False

    answer = Content

    def runs_aside(self) -> bool:
        """Where that is asked for."""
        return self.aside


class SmbDisconnect(Request, tag="smb_disconnect", kw_only=True, frozen=True):
    """Close the connection to a share."""

    share_name: str

    answer = Done


class SmbShares(Request, tag="smb_shares", kw_only=True, frozen=True):
    """The shares that a host offers to this user; without ``ip`` those that the session has."""

    ip: str | None = None
    login: str = ""
    password: str = ""
    domain: str = ""

    answer = ShareList

    def __repr__(self) -> str:
        """Without the password."""
        return f"SmbShares(ip={self.ip!r})"


class UploadFile(Request, tag="upload_file", kw_only=True, frozen=True):
    """Put a file into the session folder."""

    filename: str
    content: str

    answer = Done

    def utf8(self) -> bytes | bytearray:
        """The content as bytes."""
        return self.content.encode()


class LargeUpload(UploadFile, tag="upload_file", kw_only=True, frozen=True):
    """An upload too large to be decoded at once: ``written`` is its content as it came, in JSON.

    ``utf8`` blocks, and raises ``msgspec.DecodeError`` where that is no text.
    """

    written: memoryview

    def utf8(self) -> bytes | bytearray:
        """The content as bytes."""
        return json_limits.decoded(self.written)


class DownloadFile(Request, tag="download_file", kw_only=True, frozen=True):
    """A whole file of the session folder. With ``aside`` it does not wait for the requests
    before it."""

    filename: str
    aside: bool = False

    answer = Content

    def runs_aside(self) -> bool:
        """Where that is asked for."""
        return self.aside


class DeleteFile(Request, tag="delete_file", kw_only=True, frozen=True):
    """Delete a file of the session folder, or a folder in it that is empty."""

    filename: str

    answer = Done


class SessionFiles(Request, tag="session_files", kw_only=True, frozen=True):
    """Every file below the session folder, with its path in it."""

    details: bool = False

    answer = Listing


class SaveState(Request, tag="save", kw_only=True, frozen=True):
    """The state of the session as a file: in the answer, or under ``filename`` in its folder."""

    filename: str | None = None

    answer = StateSaved


class RestoreState(Request, tag="restore", kw_only=True, frozen=True):
    """Put a saved state in place of the session's: ``content`` as ``save`` answers it, or a file of
    the session folder."""

    content: str | None = None
    filename: str | None = None

    answer = StateRestored

    def base64(self) -> bytes | bytearray:
        """The content in UTF-8."""
        return (self.content or "").encode()


class LargeRestoreState(RestoreState, tag="restore", kw_only=True, frozen=True):
    """One too large to be decoded at once: ``written`` is its content as it came, in JSON.

    ``base64`` blocks, and raises ``msgspec.DecodeError`` where that is no text.
    """

    written: memoryview

    def base64(self) -> bytes | bytearray:
        """The content in UTF-8."""
        return json_limits.decoded(self.written)


class ForkSession(Request, tag="fork", kw_only=True, frozen=True):
    """A second session with the state of this one."""

    answer = SessionForked


class Cancel(Request, tag="cancel", kw_only=True, frozen=True):
    """End the running request; with ``request``, only the one that has this ``id``."""

    request: Id = _ABSENT

    answer = Done
    immediate = True


class Reset(Request, tag="reset", kw_only=True, frozen=True):
    """A fresh interpreter; shares and uploads stay."""

    answer = Done


class Info(Request, tag="info", kw_only=True, frozen=True):
    """Version, limits, shares, uploads; with ``pairing`` the pairing code, where there is one."""

    pairing: bool = False
    answer = InfoAnswer
    immediate = True


class Inspect(Request, tag="inspect", kw_only=True, frozen=True):
    """The session's variables."""

    answer = Variables
    immediate = True


ChosenValues = Annotated[
    list[Annotated[str, Meta(max_length=1000)] | float | bool | None], Meta(max_length=MAX_CHOSEN)
]


class RowFilter(Struct, frozen=True):
    """What the cells of a column (counted from 0) are to pass: a text as it is typed into a grid,
    or the values that they are to be, or not to be."""

    column: Position
    text: Annotated[str, Meta(max_length=1000)] = ""
    values: ChosenValues | None = None
    without: ChosenValues | None = None


class SortKey(Struct, frozen=True):
    """A column (counted from 0) that rows are sorted by."""

    column: Position
    descending: bool = False


Filters = Annotated[list[RowFilter], Meta(max_length=100)]
SortKeys = Annotated[list[SortKey], Meta(max_length=16)]
Columns = Annotated[list[Position], Meta(min_length=1, max_length=1000)]


class FetchTableRows(Request, tag="table_rows", kw_only=True, frozen=True):
    """Rows of a table that a program of this session showed, sorted and filtered if wanted.

    Columns and rows count from 0. ``columns`` are the wanted ones, all if absent. ``then_by`` are
    further columns to sort by, for rows that are equal in ``sort``.
    """

    table: str
    offset: Position = 0
    count: Annotated[int, Meta(ge=1, le=MAX_ROWS)] = 1000
    columns: Columns | None = None
    sort: Position | None = None
    descending: bool = False
    then_by: SortKeys | None = None
    filters: Filters | None = None

    answer = TableRowsFound
    immediate = True


class FetchTableValues(Request, tag="table_values", kw_only=True, frozen=True):
    """The different values of a column of a shown table with the numbers of their cells.

    They are those of the rows that pass the ``filters`` of the other columns, at most ``count`` of
    them and never more than 2,000, in order; with ``search`` those in whose text it stands.
    """

    table: str
    column: Position
    search: Annotated[str, Meta(max_length=1000)] = ""
    count: Annotated[int, Meta(ge=1, le=MAX_ROWS)] = 200
    filters: Filters | None = None

    answer = TableValuesFound
    immediate = True


class FetchTableStatistics(Request, tag="table_statistics", kw_only=True, frozen=True):
    """What the cells of columns of a shown table amount to.

    Of the rows that pass the ``filters``: of all of them, or of ``length`` from ``offset`` on in
    the given order. With ``sums_only`` only what is added up and compared.
    """

    table: str
    columns: Annotated[list[Position], Meta(min_length=1, max_length=MAX_STATISTICS)]
    offset: Position = 0
    length: Count | None = None
    sort: Position | None = None
    descending: bool = False
    then_by: SortKeys | None = None
    filters: Filters | None = None
    sums_only: bool = False

    answer = TableStatisticsFound
    immediate = True


class Complete(Request, tag="complete", kw_only=True, frozen=True):
    """What may stand at ``position`` of ``code``, counted in characters; its end if absent."""

    code: str
    position: Position | None = None

    answer = Completions
    immediate = True


class Check(Request, tag="check", kw_only=True, frozen=True):
    """Errors and warnings of a program, without running it."""

    code: str

    answer = Problems
    immediate = True


class Library(Request, tag="library", kw_only=True, frozen=True):
    """What the library's functions do, in the reader's language; one of them if named."""

    name: str | None = None

    answer = LibraryFound
    immediate = True


class Preview(Request, tag="preview", kw_only=True, frozen=True):
    """The beginning of a file that programs can read, as a table; of a workbook one sheet, the
    first unless named. It runs beside the session's program and does not wait for it."""

    path: str
    sheet: str | None = None
    progress: bool = False

    answer = Previewed
    immediate = True

    def runs_aside(self) -> bool:
        """Always."""
        return True


class MakeReport(Request, tag="report", kw_only=True, frozen=True):
    """A document of what a program has shown. ``parts`` are objects with a ``kind``: ``text``,
    ``note`` and ``failure`` with a ``text``; ``table`` with ``columns``, ``rows`` and perhaps
    ``row_count``; ``chart`` with a ``chart`` as answers have it. It runs beside the session's
    program and does not wait for it."""

    title: str
    parts: Parts
    format: Literal["html", "pdf"] = "pdf"
    progress: bool = False

    answer = Content
    immediate = True

    def runs_aside(self) -> bool:
        """Always."""
        return True


class Publish(Request, tag="publish", kw_only=True, frozen=True):
    """Make a view that others of the server can read: a program, and outputs of a client's own
    form."""

    title: str
    code: str
    outputs: Parts
    days: Days = 7

    answer = Published
    immediate = True


class ReadPublished(Request, tag="published", kw_only=True, frozen=True):
    """What was published under an id."""

    view: str

    answer = PublishedView
    immediate = True

    def __repr__(self) -> str:
        """Without the id."""
        return "ReadPublished()"


class Unpublish(Request, tag="unpublish", kw_only=True, frozen=True):
    """Take a view back, by its key."""

    view: str
    key: str

    answer = Done
    immediate = True

    def __repr__(self) -> str:
        """Without what it shows."""
        return "Unpublish()"


class Auth(Request, tag="auth", kw_only=True, frozen=True):
    """Show a token, or a name and password; only ever needed as the first message."""

    token: str | None = None
    login: str | None = None
    password: str | None = None

    answer = Done
    immediate = True

    def __repr__(self) -> str:
        """Without what it shows."""
        return "Auth()"


class Attach(Request, tag="attach", kw_only=True, frozen=True):
    """Keep this session when its connection is lost; or go on with one that was kept.

    ``seen`` is the last request whose answer the client has, ``position`` that of the last piece of
    output. With ``force`` the session is taken from a connection that still has it. ``epoch`` is
    what the client was last told of it: where another client has taken it since, it fails.
    ``attempt`` is for who has not been told any yet: a name, the same each time that he asks again
    since the answer was lost.
    """

    session: Annotated[str, Meta(max_length=100)] | None = None
    token: Annotated[str, Meta(max_length=100)] | None = None
    seen: Position = 0
    position: Position = 0
    force: bool = False
    epoch: Position = 0
    attempt: Annotated[str, Meta(max_length=100)] = ""

    answer = Attached
    immediate = True

    def __repr__(self) -> str:
        """Without the token."""
        return f"Attach(session={self.session!r}, seen={self.seen})"


class Detach(Request, tag="detach", kw_only=True, frozen=True):
    """End this session for good, or another one of the same account."""

    session: Annotated[str, Meta(max_length=100)] | None = None

    answer = Done
    immediate = True


class Sessions(Request, tag="sessions", kw_only=True, frozen=True):
    """The sessions that this client may end: those of its account, or its own."""

    answer = SessionList
    immediate = True


REQUESTS: tuple[type[Request], ...] = (
    Execute,
    SmbConnect,
    SmbListFiles,
    SmbReadFile,
    UploadFile,
    Cancel,
    Reset,
    SmbDisconnect,
    SmbShares,
    Info,
    Inspect,
    FetchTableRows,
    FetchTableValues,
    FetchTableStatistics,
    Complete,
    Check,
    Library,
    Preview,
    MakeReport,
    Publish,
    ReadPublished,
    Unpublish,
    DownloadFile,
    DeleteFile,
    SessionFiles,
    SaveState,
    RestoreState,
    ForkSession,
    Auth,
    Attach,
    Detach,
    Sessions,
)
"""Every type of request; the documented ones first."""


# --- An answer to JSON -------------------------------------------------------------------------

_encoder = msgspec.json.Encoder()


def encode(answer: Answer | Output | Progress | str | list[Any]) -> bytes:
    """Compact JSON in UTF-8 of an answer, or of a part of one; surrogates that stand alone, which
    UTF-8 lacks, become U+FFFD."""
    try:
        return _encoder.encode(answer)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(answer, builtin_types=(Raw,))
        return _encoder.encode(surrogates.replaced(plain))


def with_id(answer: Answer, request_id: Raw) -> Answer:
    """The answer with the request's ``id`` as its last key, if it had one."""
    if request_id:
        answer.id = request_id  # type: ignore[attr-defined]
    return answer
