"""Requests and answers as a client sees them; no I/O.

What both clients share: a request is a dict with an ``id``; the answer is found by it. The
messages are described in ``docs/protocol.md``.
"""

from __future__ import annotations

import base64
import itertools
import json
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")

MESSAGE_BYTES = 256 * 2**20
"""The largest answer that is accepted."""

LOGGER = logging.getLogger("datacode.client")
LOGGER.addHandler(logging.NullHandler())
"""Where the library below writes of connections; a lost one is told by exceptions only."""

Message = dict[str, Any]
OnOutput = Callable[[str], object]
OnProgress = Callable[[str, int, "int | None"], object]


class RequestFailed(Exception):
    """The server answered that it could not; the text is its sentence."""


class ConnectionLost(Exception):
    """The connection ended before the answer came; the text names the close code and reason."""


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Where a program failed, why, and what to try; each part None where unknown."""

    line: int | None
    column: int | None
    kind: str
    function: str | None
    hint: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class TableData:
    """A table that a program showed: the first rows as values, and how many there are.

    Of a table that is kept, ``nulls`` counts those of each column, and ``table`` is its name.
    """

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    row_count: int
    nulls: list[int] | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of a kept table, and the places that they have in it, from 0.

    ``row_count`` is how many rows there are in all that pass the filters.
    """

    rows: list[list[Any]]
    numbers: list[int]
    row_count: int


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """What the cells of a column of a kept table amount to (protocol, ``table_statistics``).

    ``rows`` cells, of which ``nulls`` are empty and ``numbers`` are numbers. ``sum``, ``mean``,
    ``median`` and ``deviation`` are those of the numbers, None where there are none; ``min`` and
    ``max`` are of all cells then. ``top`` are the most frequent values with the numbers of their
    cells, ``bars`` pieces of a histogram with both ends. ``sampled`` is how many rows of a very
    long table what needs all cells at once was found from.
    """

    column: str
    rows: int
    nulls: int
    numbers: int
    sum: float | None
    mean: float | None
    min: Any
    max: Any
    distinct: int | None
    median: float | None
    deviation: float | None
    top: list[tuple[Any, int]]
    bars: list[tuple[Any, Any, int]]
    sampled: int | None


@dataclass(frozen=True, slots=True)
class ChartData:
    """A chart that a program showed: its description, which is Vega-Lite with the data in it.

    ``at`` is how many characters of the output precede it.
    """

    chart: dict[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a program did: all its output, and the error that ended it, if one did.

    ``warnings`` say what may be wrong with its results, in the language of the connection. Of a
    result that was missed, ``shown`` characters of the output had come to the client before.
    """

    output: str
    error: str | None
    diagnostics: Diagnostics | None = None
    tables: list[TableData] = field(default_factory=list)
    sqlite: bytes | None = None
    warnings: list[str] = field(default_factory=list)
    charts: list[ChartData] = field(default_factory=list)
    shown: int = 0
    lineage: list[FileRead] = field(default_factory=list)

    @property
    def success(self) -> bool:
        """Did it end without an error?"""
        return self.error is None


@dataclass(frozen=True, slots=True)
class ShareEntry:
    """A name in a folder of a share; ``modified`` in seconds since 1970, UTC.

    For files of the session's own folder the name is the whole path.
    """

    name: str
    is_folder: bool
    size: int | None
    modified: float | None


@dataclass(frozen=True, slots=True)
class ShareOffer:
    """A share that a host offers; ``kind`` is ``disk``, ``printer``, ``pipe`` or ``other``.

    ``hidden`` is what Windows calls administrative (``C$``). Of a share that the session has,
    ``of_account`` tells whether it was set up for the account, ``writable`` whether programs may
    change its files.
    """

    name: str
    kind: str
    comment: str
    hidden: bool
    of_account: bool | None = None
    writable: bool | None = None


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that a program has read: ``size`` in bytes, ``modified`` in seconds since 1970, UTC.

    ``sha256`` is None where the file changed while it was read.
    """

    path: str
    size: int | None
    modified: float | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Completion:
    """What a word may become; ``kind`` as in the protocol, ``detail`` a signature or a type."""

    text: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a program that was not run.

    ``severity`` is ``error``, ``warning`` or, for advice, ``info``.
    """

    severity: str
    message: str
    line: int | None
    column: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    """A function of the library: its family, how it is called, what it does as Markdown."""

    name: str
    family: str
    signature: str
    documentation: str
    aliases: list[str]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the session: its type, its length where it has one, how it begins."""

    name: str
    type: str
    size: int | None
    preview: str


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session that can be taken up; ``own`` is the one that asks, ``attached`` tells whether a
    connection has it, ``busy`` whether something runs, ``idle_seconds`` since its last request."""

    session: str
    own: bool
    attached: bool
    busy: bool
    seq: int
    idle_seconds: float


def handshake_headers(
    headers: dict[str, str] | None, token: str | None, locale: str | None
) -> dict[str, str]:
    """The headers of the handshake: those given, the token if one can carry it, the language."""
    made = dict(headers or {})
    if token is not None and token.isascii():
        made["Authorization"] = f"Bearer {token}"
    if locale is not None:
        made["Accept-Language"] = locale
    return made


class Requests:
    """Makes requests; each with an id that no other of its session has.

    Answers to a client before this one may still come, so each client begins at a number of its
    own; the largest is below 2 ** 53, as JSON's numbers are exact up to there.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(random.getrandbits(36) << 16)

    def make(self, type_: str, **fields: object) -> Message:
        """A request of a type; fields that are None are left out."""
        message: Message = {"type": type_, "id": next(self._numbers)}
        message.update((k, v) for k, v in fields.items() if v is not None)
        return message


def encode(message: Message) -> str:
    """The text to send."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def is_partial(message: Message) -> bool:
    """Is it a message on the way to an answer (output, progress) and not the answer itself?"""
    return "success" not in message


def deliver(message: Message, on_output: OnOutput | None, on_progress: OnProgress | None) -> None:
    """Hand a partial message to whoever wants it."""
    if message.get("type") == "output" and on_output is not None:
        on_output(message["text"])
    elif message.get("type") == "progress" and on_progress is not None:
        on_progress(message["path"], message["done"], message["total"])


def demand_success(answer: Message) -> Message:
    """The answer. Raises ``RequestFailed`` where it says that the request failed."""
    if not answer["success"]:
        raise RequestFailed(answer["error"])
    return answer


def made(kind: type[T], message: Message) -> T:
    """An object of a dataclass out of a part of a message; keys that it does not have are left."""
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in message.items() if name in known})


def result_of(answer: Message) -> Result:
    """The answer of ``execute``."""
    where = answer.get("diagnostics")
    export = answer.get("sqlite_db")
    return Result(
        output=answer["output"],
        error=answer["error"],
        diagnostics=made(Diagnostics, where) if where else None,
        tables=[made(TableData, table) for table in answer.get("tables") or ()],
        sqlite=base64.b64decode(export) if export else None,
        warnings=[str(each) for each in answer.get("warnings") or ()],
        charts=[made(ChartData, chart) for chart in answer.get("charts") or ()],
        lineage=[made(FileRead, each) for each in answer.get("lineage") or ()],
    )


def entries_of(answer: Message) -> list[ShareEntry]:
    """The answer of ``smb_list_files`` or ``session_files`` with details."""
    return [
        ShareEntry(d["name"], d["kind"] == "folder", d["size"], d["modified"])
        for d in demand_success(answer)["details"]
    ]


@dataclass(frozen=True, slots=True)
class MissingShare:
    """A share that a saved session had. ``connect_share`` with its password connects it again,
    with ``name`` as the alias."""

    name: str
    ip: str
    share_name: str
    login: str
    domain: str


def missing_of(answer: Message) -> list[MissingShare]:
    """The shares that a restored session lacks."""
    return [MissingShare(**each) for each in demand_success(answer).get("shares_missing", ())]


def bytes_of(answer: Message) -> bytes:
    """The content of a file that was read."""
    content: str = demand_success(answer)["content"]
    if content.startswith("base64:"):
        return base64.b64decode(content[len("base64:") :])
    return content.encode("utf-8")


def content_of(content: bytes | str) -> str:
    """A file's content as it is sent: bytes in base64, so that they arrive as they are."""
    if isinstance(content, str):
        content = content.encode("utf-8")
    return "base64:" + base64.b64encode(content).decode("ascii")


def variables_of(answer: Message) -> list[Variable]:
    """The answer of ``inspect``."""
    return [made(Variable, v) for v in demand_success(answer)["variables"]]


def functions_of(answer: Message) -> list[LibraryFunction]:
    """The answer of ``library``."""
    return [made(LibraryFunction, each) for each in demand_success(answer)["functions"]]


def offers_of(answer: Message) -> list[ShareOffer]:
    """The answer of ``smb_shares``."""
    return [made(ShareOffer, s) for s in demand_success(answer)["shares"]]


def sessions_of(answer: Message) -> list[SessionEntry]:
    """The answer of ``sessions``."""
    return [made(SessionEntry, each) for each in demand_success(answer)["sessions"]]


def rows_of(answer: Message) -> TableRows:
    """The answer of ``table_rows``."""
    return made(TableRows, demand_success(answer))


def values_of(answer: Message) -> tuple[list[tuple[Any, int]], int]:
    """The answer of ``table_values``."""
    found = demand_success(answer)
    return [(value, count) for value, count in found["values"]], found["distinct"]


def summaries_of(answer: Message, names: Sequence[str]) -> list[ColumnSummary]:
    """The answer of ``table_statistics``, of a table with columns of these names."""
    found = []
    for each in demand_success(answer)["statistics"]:
        top = [(value, count) for value, count in each["top"]]
        bars = [(low, high, count) for low, high, count in each["bars"]]
        column = names[each["column"]]
        found.append(made(ColumnSummary, {**each, "column": column, "top": top, "bars": bars}))
    return found


def completions_of(answer: Message) -> tuple[int, list[Completion]]:
    """The answer of ``complete``."""
    found = demand_success(answer)
    return found["start"], [made(Completion, c) for c in found["completions"]]


def problems_of(answer: Message) -> list[Problem]:
    """The answer of ``check``."""
    return [made(Problem, p) for p in demand_success(answer)["problems"]]
