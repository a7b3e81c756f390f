"""The tools that an agent has: a session of a DataCode server over the Model Context Protocol.

Programs run where all programs run, in the worker of a session, within its limits; nothing is read
or run in this process. What goes to the agent is cut to what a model can take in.

Source: Model Context Protocol (tools); ``docs/agents.md``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field
from websockets.exceptions import InvalidHandshake, InvalidURI

from datacode import __version__
from datacode.agents.options import AgentOptions
from datacode.agents.private_server import NotStarted, private_server
from datacode.agents.session import MOST_STATES, AgentSession, Connect, NoSuchState
from datacode.client import (
    AsyncClient,
    ConnectionLost,
    RequestFailed,
    Result,
    SessionKey,
    TableData,
    connect_async,
)
from datacode.i18n.message import Message

T = TypeVar("T")

_OUTPUT = 20_000
"""Characters of output, or of a file, that one answer has."""
_ROWS = 20
"""Rows of a table that is shown."""
_MOST_ROWS = 200
"""Rows that can be asked for at once."""
_NAMES = 500
"""Names of a folder that one answer has."""
_FUNCTIONS = 20
"""Functions whose documentation one answer has."""

_NOT_REACHED = Message("agents_no_server", "No connection to the server: {reason}")
_UNKNOWN_STATE = Message("agents_no_state", "There is no state {name}; there are: {names}")
_UNKNOWN_TABLE = Message("agents_no_table", "There is no shown table {name}: show it again")

INSTRUCTIONS = """\
DataCode is a small language for work with tables (CSV, XLSX), arrays and functions. A session keeps
its variables from one `execute` to the next.

    t = read_file("sales.csv")                  # files of the session, or lib://share/dir/file.xlsx
    big = t["amount > 100 and city == 'Oslo'"]   # rows that meet a condition
    by_city = table_group(t, "city", {"total": ["amount", "sum"], "n": ["amount", "count"]})
    function double(x) do
        return x * 2
    endfunction
    for row in big do
        if row[1] > 150 do
            print(row[0], double(row[1]))     # cells by position, from 0
        endif
    next row
    by_city                                      # an expression at the end shows its value

Look a function up with `library` before the first use; `check` finds mistakes without running.
`save_state` before a risky step lets `restore_state` go back to it.
"""

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_CHANGES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)


@dataclass(frozen=True)
class TableStart:
    """The first rows of a table that a program showed."""

    table: str | None
    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    row_count: int


@dataclass(frozen=True)
class ProgramResult:
    """What a program did."""

    success: bool
    output: str
    error: str | None
    line: int | None
    column: int | None
    hint: str | None
    warnings: list[str]
    tables: list[TableStart]
    files_read: list[dict[str, Any]]


@dataclass(frozen=True)
class TablePage:
    """Rows of a table, and how many there are in all that pass the filters."""

    columns: list[str]
    rows: list[list[Any]]
    row_count: int


@dataclass(frozen=True)
class FolderPage:
    """What is in a folder, and how many names are not told."""

    entries: list[dict[str, Any]]
    left_out: int


class AgentTools:
    """The tools; each is a method whose docstring is what the agent reads."""

    def __init__(self, session: AgentSession, options: AgentOptions) -> None:
        self._session = session
        self._options = options

    def register(self, server: MCPServer[Any]) -> None:
        """Make the tools known."""
        reading: list[Callable[..., Any]] = [
            *(self.check, self.inspect, self.table_rows, self.library),
            *(self.list_shares, self.list_folder, self.read_text),
        ]
        changing: list[Callable[..., Any]] = [self.execute, self.save_state, self.restore_state]
        for tools, hints in ((reading, _READS), (changing, _CHANGES)):
            for tool in tools:
                server.tool(annotations=hints)(tool)

    async def execute(
        self,
        ctx: Context[Any],
        code: Annotated[str, Field(description="A DataCode program.")],
        all_or_nothing: Annotated[
            bool, Field(description="A program that fails leaves variables as they were before it.")
        ] = False,
    ) -> ProgramResult:
        """Run a DataCode program in the session; variables and functions stay for the next one.

        An expression at its end shows its value. Of a shown table come the first rows; `table_rows`
        gives others.
        """
        client = await self._client()
        progress: set[asyncio.Task[None]] = set()

        def on_progress(path: str, done: int, total: int | None) -> None:
            task = asyncio.ensure_future(ctx.report_progress(done, total, path))
            progress.add(task)
            task.add_done_callback(progress.discard)

        running = asyncio.ensure_future(
            client.execute(
                code,
                keep_tables=True,
                show_value=True,
                lineage=True,
                max_steps=self._options.max_steps,
                on_error="rollback" if all_or_nothing else None,
                on_progress=on_progress,
            )
        )
        try:
            result = await self._asked(asyncio.shield(running))
        except asyncio.CancelledError:
            # The agent waits no longer: end the program, and have its answer out of the way.
            with anyio.CancelScope(shield=True), suppress(ConnectionLost, RequestFailed):
                await client.interrupt()
                await running
            raise
        return self._told(result)

    async def check(
        self, code: Annotated[str, Field(description="A DataCode program.")]
    ) -> list[dict[str, Any]]:
        """Errors, warnings and advice about a program, which is not run."""
        return [asdict(each) for each in await self._asked((await self._client()).check(code))]

    async def inspect(self) -> list[dict[str, Any]]:
        """The variables of the session: name, type, size, and how each begins."""
        return [asdict(each) for each in await self._asked((await self._client()).variables())]

    async def table_rows(
        self,
        table: Annotated[str, Field(description="`table` of a table that `execute` has shown.")],
        offset: Annotated[int, Field(ge=0)] = 0,
        count: Annotated[int, Field(ge=1, le=_MOST_ROWS)] = 50,
        sort: Annotated[str | None, Field(description="A column to sort by.")] = None,
        descending: bool = False,
        filters: Annotated[
            dict[str, str] | None,
            Field(description='Column to condition: "> 5", "!null", or a text to be found.'),
        ] = None,
    ) -> TablePage:
        """Rows of a table that was shown, sorted and filtered."""
        shown = self._session.table(table)
        if shown is None:
            raise ToolError(_UNKNOWN_TABLE.render(self._options.locale, name=table))
        try:
            found = await self._asked(
                (await self._client()).table_rows(
                    shown, offset, count, sort=sort, descending=descending, filters=filters
                )
            )
        except ValueError as problem:  # a column that the table does not have
            raise ToolError(str(problem)) from None
        return TablePage(shown.columns, found.rows, found.row_count)

    async def library(
        self,
        search: Annotated[
            str, Field(description="A function's name, or words to look for; empty for all names.")
        ] = "",
    ) -> list[dict[str, Any]]:
        """The functions of DataCode: all signatures, or the documentation of those searched for."""
        found = await self._asked((await self._client()).library())
        if not search.strip():
            return [{"signature": each.signature, "family": each.family} for each in found]
        exact = [each for each in found if search.strip() in (each.name, *each.aliases)]
        words = search.casefold().split()
        matching = exact or [
            each
            for each in found
            if all(word in f"{each.name} {each.documentation}".casefold() for word in words)
        ]
        return [asdict(each) for each in matching[:_FUNCTIONS]]

    async def list_shares(self) -> list[dict[str, Any]]:
        """The shares that programs read as `lib://name/…`."""
        shares = await self._asked((await self._client()).list_shares())
        return [{"name": each.name, "writable": bool(each.writable)} for each in shares]

    async def list_folder(
        self,
        path: Annotated[str, Field(description="`lib://share/folder`; empty for own files.")] = "",
    ) -> FolderPage:
        """Files and folders of a folder of a share, or the files of the session."""
        client = await self._client()
        share, _, folder = path.removeprefix("lib://").partition("/")
        listed = client.list_share(share, folder) if share else client.list_uploads()
        entries = await self._asked(listed)
        return FolderPage(
            [asdict(each) for each in entries[:_NAMES]], max(0, len(entries) - _NAMES)
        )

    async def read_text(
        self,
        path: Annotated[
            str, Field(description="`lib://share/file.txt`, or a file of the session.")
        ],
        offset: Annotated[int, Field(ge=0, description="Characters to leave out.")] = 0,
    ) -> str:
        """A text file, 20,000 characters at a time. Tables are read by programs: `read_file`."""
        # By a program, so that the session's limits hold for the file.
        read = f"read_file({_literal(path)}, text=true)"
        code = f"print(substring({read}, {offset}, {offset + _OUTPUT}))"
        result = await self._asked(
            (await self._client()).execute(code, max_steps=self._options.max_steps)
        )
        if result.error is not None:
            raise ToolError(result.error)
        return result.output.removesuffix("\n")  # the one of ``print``

    async def save_state(
        self,
        name: Annotated[
            str | None, Field(description="A name for it; by default a new one.")
        ] = None,
    ) -> str:
        """Keep variables, functions and files of the session as they are now, to go back to."""
        made, gone = await self._asked(self._session.save(name))
        return made if gone is None else f"{made} (given up for it: {gone}, {MOST_STATES} are kept)"

    async def restore_state(self, name: str) -> str:
        """Go back to a state that was kept; what was done since is lost. The state stays."""
        try:
            await self._asked(self._session.restore(name))
        except NoSuchState:
            names = ", ".join(self._session.states) or "-"
            raise ToolError(
                _UNKNOWN_STATE.render(self._options.locale, name=name, names=names)
            ) from None
        return name

    async def _client(self) -> AsyncClient:
        return await self._asked(self._session.client())

    async def _asked(self, asking: Awaitable[T]) -> T:
        """What the server says; where it refuses, its sentence for the agent."""
        try:
            return await asking
        except NotStarted as problem:
            text = _NOT_REACHED.render(self._options.locale, reason=problem)
            raise ToolError(text) from None
        except (RequestFailed, ConnectionLost, OSError, InvalidHandshake) as problem:
            raise ToolError(str(problem)) from None

    def _told(self, result: Result) -> ProgramResult:
        for table in result.tables:
            self._session.remember(table)
        where = result.diagnostics
        return ProgramResult(
            success=result.success,
            output=_cut(result.output),
            error=result.error,
            line=where.line if where else None,
            column=where.column if where else None,
            hint=where.hint if where else None,
            warnings=result.warnings,
            tables=[_shown(each) for each in result.tables],
            files_read=[asdict(each) for each in result.lineage],
        )


def serve(options: AgentOptions) -> int:
    """Serve until the agent closes standard input; the exit status."""
    try:
        anyio.run(_serve, options)
    except (OSError, InvalidHandshake, InvalidURI, ConnectionLost, NotStarted) as problem:
        sys.stderr.write(f"❌ {_NOT_REACHED.render(options.locale, reason=problem)}\n")
        return 1
    return 0


async def _serve(options: AgentOptions) -> None:
    session = AgentSession(partial(_server, options))
    session.begin()
    try:
        if options.url is not None:
            await session.client()  # quick; our own takes longer to start than an agent may wait
        server: MCPServer[Any] = MCPServer(
            "DataCode", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING"
        )
        AgentTools(session, options).register(server)
        await server.run_stdio_async()
    finally:
        with anyio.CancelScope(shield=True):
            await session.end()


@asynccontextmanager
async def _server(options: AgentOptions) -> AsyncIterator[Connect]:
    """What opens a client: of the server that is named, or of one of our own."""
    if options.url is not None:
        yield partial(_connect, options.url, options)
        return
    async with private_server(options) as socket:
        yield partial(
            _connect, "ws://localhost/", options, path=str(socket), unix=True, open_timeout=None
        )


@asynccontextmanager
async def _connect(
    url: str, options: AgentOptions, key: SessionKey | None, **more: Any
) -> AsyncIterator[AsyncClient]:
    token = options.token if options.url is not None else None
    async with connect_async(
        url, token=token, locale=options.locale, session=key, **more
    ) as client:
        if key is None:
            await client.info()  # a wrong token shows now
        yield client


def _shown(table: TableData) -> TableStart:
    return TableStart(table.table, table.columns, table.types, table.rows[:_ROWS], table.row_count)


def _literal(text: str) -> str:
    """A string of the language, which has no escapes: a quote stands between the other ones."""
    return """ + '"' + """.join(f'"{part}"' for part in text.split('"'))


def _cut(text: str) -> str:
    """The beginning and the end of a long text, and how much is between."""
    if len(text) <= _OUTPUT:
        return text
    half = _OUTPUT // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"
