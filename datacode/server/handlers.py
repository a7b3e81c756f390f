"""One function for each type of request: what it does, and its answer.

They know the session's workspace and the reader's language, and nothing of connections, order
or time. What a client did wrong comes back as an answer; what is raised is a fault of ours.

Source: server reference, 5 to 8.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET, structs
from twisted.internet.defer import CancelledError

from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_text
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import described
from datacode.runtime.file_operations import ListFolder
from datacode.runtime.files import Entry, FilesError
from datacode.runtime.in_steps import Steps, emptied
from datacode.server import previews
from datacode.server.api import messages, texts
from datacode.server.api.long_answer import JsonText, json_text
from datacode.server.api.messages import (
    MAX_CHOSEN,
    Answer,
    ChartView,
    Check,
    Complete,
    CompletionEntry,
    Completions,
    Content,
    DeleteFile,
    Done,
    DownloadFile,
    ErrorDetails,
    Execute,
    Executed,
    FetchTableRows,
    FetchTableStatistics,
    FetchTableValues,
    FileDetails,
    ForkSession,
    FunctionEntry,
    Info,
    InfoAnswer,
    Inspect,
    LargeRestoreState,
    LargeUpload,
    Library,
    LibraryFound,
    Listing,
    MakeReport,
    Preview,
    Previewed,
    ProblemEntry,
    Problems,
    Publish,
    Published,
    PublishedView,
    ReadPublished,
    Request,
    Reset,
    RestoreState,
    RowFilter,
    SaveState,
    SessionFiles,
    ShareDetails,
    ShareList,
    SmbConnect,
    SmbDisconnect,
    SmbListFiles,
    SmbReadFile,
    SmbShares,
    TableRowsFound,
    TableStatisticsFound,
    TableValuesFound,
    TableView,
    Unpublish,
    UploadFile,
    Variables,
)
from datacode.server.files.json_content import TooLarge, of_descriptor
from datacode.server.files.session_folder import SessionFolder, StoreError
from datacode.server.options.settings import MIB
from datacode.server.request_context import RequestContext
from datacode.server.shared_views import ViewError
from datacode.server.state_requests import fork, restore, save
from datacode.server.workspace import Workspace
from datacode.smb import share_paths
from datacode.smb.client.pipelined_io import Span
from datacode.smb.errors import Operation, ShareError
from datacode.smb.target import Target
from datacode.values.chart import Chart
from datacode.worker.pool import FindRows, FindStatistics, FindValues, RowsWanted, TableShown

_LARGEST_DATABASE = 1 << 30
"""Bytes of an exported database where messages have no limit."""

_MANY_NAMES = 2000
"""Names from which a thread goes through them, and other clients have their turn."""

_MOST_PATHS = 1000
"""Paths that a completion offers; nobody chooses from more."""

Handler = Callable[[Any, RequestContext], Coroutine[Any, Any, Answer]]


# --- Programs -------------------------------------------------------------------------------


async def execute(request: Execute, context: RequestContext) -> Answer:
    """Run a program in the session's interpreter."""
    tables: list[TableView] = []
    charts: list[ChartView] = []
    database: list[bytes] = []
    warnings: list[Message] = []

    def keep_export(piece: bytes) -> None:
        database.append(piece)
        context.hold(len(piece))

    if request.progress:
        context.workspace.broker.on_progress = context.progress
    rolls_back = request.on_error == "rollback"
    folder = context.workspace.folder if rolls_back else None
    if folder is not None:
        await context.workspace.in_thread(folder.begin_changes)
    is_kept = False
    lineage = context.workspace.broker.lineage
    if request.lineage:
        lineage.begin()
    try:
        outcome = await context.workspace.interpreter().run(
            request.code,
            on_output=context.output if request.stream else None,
            on_table=partial(_keep, tables) if request.tables else None,
            on_chart=partial(_keep_chart, charts) if request.charts else None,
            on_export=keep_export if request.export else None,
            on_warning=warnings.append if request.warnings else None,
            on_progress=context.work_progress if request.progress else None,
            export_bytes=context.message_bytes or _LARGEST_DATABASE,
            keep_tables=request.keep_tables,
            shows_value=request.show_value,
            max_steps=request.max_steps,
            rolls_back=rolls_back,
            hold=context.hold,
        )
        is_kept = outcome.error is None
    finally:
        context.workspace.broker.on_progress = None
        files_read, left_out = lineage.end()
        if folder is not None:
            await context.workspace.in_thread(partial(folder.end_changes, keep=is_kept))
    answer = Executed(
        success=outcome.error is None,
        output=outcome.output,
        error=None if outcome.error is None else outcome.error.render(context.locale),
    )
    if request.diagnostics and outcome.error is not None:
        answer.diagnostics = _diagnostics(outcome.error, context.locale)
    if request.warnings:
        answer.warnings = [each.render(context.locale) for each in warnings]
    if request.tables:
        answer.tables = tables
    if request.charts:
        answer.charts = charts
    if request.lineage:
        answer.lineage = files_read
        if left_out:
            answer.lineage_left_out = left_out
    if database:
        written: Any = json_text(database, base64=True)  # a text when it is sent
        answer.sqlite_db = written
        context.hold(-sum(map(len, database)))  # from here on it counts as a part of the answer
    return answer


async def reset(request: Reset, context: RequestContext) -> Answer:
    """A fresh interpreter."""
    if context.workspace.has_state:
        await context.workspace.interpreter().reset()
    return Done(message=texts.RESET_DONE.render(context.locale))


async def inspect(request: Inspect, context: RequestContext) -> Answer:
    """The session's variables."""
    if not context.workspace.has_state:
        return Variables()
    try:
        return Variables(variables=await context.workspace.interpreter().inspect())
    except DataCodeError as error:
        return Variables.failed(error.render(context.locale))


async def table_rows(request: FetchTableRows, context: RequestContext) -> Answer:
    """Rows of a table that was shown."""
    wanted = FindRows(
        0,
        request.table,
        request.offset,
        request.count,
        request.columns or [],
        _rows_wanted(request.filters, _sort_keys(request)),
    )
    try:
        found = await context.workspace.interpreter().rows(wanted)
    except DataCodeError as error:
        return TableRowsFound.failed(error.message.render(context.locale))
    return TableRowsFound(rows=found.rows, numbers=found.numbers, row_count=found.row_count)


async def table_values(request: FetchTableValues, context: RequestContext) -> Answer:
    """The different values of a column of a table that was shown."""
    wanted = FindValues(
        0,
        request.table,
        request.column,
        min(request.count, MAX_CHOSEN),
        request.search,
        _rows_wanted(request.filters, []),
    )
    try:
        found = await context.workspace.interpreter().values(wanted)
    except DataCodeError as error:
        return TableValuesFound.failed(error.message.render(context.locale))
    return TableValuesFound(values=found.values, distinct=found.distinct)


async def table_statistics(request: FetchTableStatistics, context: RequestContext) -> Answer:
    """Statistics of columns of a table that was shown."""
    wanted = FindStatistics(
        0,
        request.table,
        request.columns,
        request.offset,
        request.length,
        request.sums_only,
        _rows_wanted(request.filters, _sort_keys(request)),
    )
    try:
        found = await context.workspace.interpreter().statistics(wanted)
    except DataCodeError as error:
        return TableStatisticsFound.failed(error.message.render(context.locale))
    return TableStatisticsFound(statistics=found.columns, row_count=found.row_count)


def _sort_keys(request: FetchTableRows | FetchTableStatistics) -> list[tuple[int, bool]]:
    first = [] if request.sort is None else [(request.sort, request.descending)]
    return first + [(each.column, each.descending) for each in request.then_by or ()]


def _rows_wanted(filters: list[RowFilter] | None, sort: list[tuple[int, bool]]) -> RowsWanted:
    given = filters or []
    choices = [(each.column, each.values, False) for each in given if each.values is not None]
    choices += [(each.column, each.without, True) for each in given if each.without is not None]
    texts = [(each.column, each.text) for each in given if each.text]
    return RowsWanted(sort, texts, choices)


async def complete(request: Complete, context: RequestContext) -> Answer:
    """What may stand at a position: names from the interpreter, files from the broker."""
    position = len(request.code) if request.position is None else request.position
    position = min(position, len(request.code))
    try:
        found = await context.workspace.interpreter().complete(request.code, position)
    except DataCodeError as error:
        return Completions.failed(error.render(context.locale))
    suggestions = list(found.suggestions)
    if found.path is not None:
        suggestions = await _paths_from(found.path, context.workspace)
    return Completions(start=found.start, completions=suggestions)


async def check(request: Check, context: RequestContext) -> Answer:
    """Errors and warnings of a program that is not run."""
    try:
        found = await context.workspace.interpreter().check(request.code)
    except DataCodeError as error:
        return Problems.failed(error.render(context.locale))
    return Problems(problems=[_problem(each, context.locale) for each in found])


async def library(request: Library, context: RequestContext) -> Answer:
    """The library, or one function of it; nothing where there is none of that name."""
    found = _functions(context.locale)
    if request.name is not None:
        found = [each for each in found if request.name in (each.name, *each.aliases)]
    return LibraryFound(functions=found)


@lru_cache(maxsize=2)
def _functions(locale: str) -> list[FunctionEntry]:
    aliases: dict[str, list[str]] = {}
    for name, entry in BUILTINS.items():
        if entry.alias_of is not None:
            aliases.setdefault(entry.alias_of, []).append(name)
    return [
        FunctionEntry(
            name,
            entry.family,
            entry.signature,
            described(entry, locale),
            tuple(aliases.get(name, ())),
        )
        for name, entry in BUILTINS.items()
        if entry.alias_of is None
    ]


def _keep(tables: list[TableView], shown: TableShown) -> None:
    """Add a table that a program showed to those of the answer."""
    view = TableView(shown.columns, shown.types, shown.rows, shown.row_count)
    if shown.table is not None:
        view = structs.replace(view, nulls=shown.nulls, table=shown.table)
    tables.append(view)


def _keep_chart(charts: list[ChartView], chart: Chart, at: int) -> None:
    charts.append(ChartView(chart, at))


def _diagnostics(error: DataCodeError, locale: str) -> ErrorDetails:
    kind = error.kind.name.lower()
    hint = UNSET if error.hint is None else error.hint.render(locale)
    line, column = error.place or (error.line, error.column)
    return ErrorDetails(line, column, kind, error.function, error.message.code, hint)


def _problem(found: Any, locale: str) -> ProblemEntry:
    """A problem as the worker tells it, in the reader's language and without a place in it."""
    error = found.error
    return ProblemEntry(
        found.severity,
        error.message.render(locale),
        error.line,
        error.column,
        Kind(error.kind).name.lower(),
    )


async def _paths_from(beginning: str, workspace: Workspace) -> list[CompletionEntry]:
    """The paths that begin as ``beginning`` does, one level deep."""
    if share_paths.is_share_path(beginning) and "/" not in beginning.removeprefix(
        share_paths.PREFIX
    ):
        shares = (share_paths.join(name, ()) for name in workspace.shares.names())
        return [CompletionEntry(name, "share", "") for name in shares if name.startswith(beginning)]
    folder, slash, name = beginning.rpartition("/")
    try:
        entries = await workspace.broker.do(ListFolder(folder or slash))
    except (OSError, FilesError):
        return []
    if len(entries) > _MANY_NAMES:
        found: list[CompletionEntry] = await workspace.in_thread(
            _beginning_of_many, name, folder + slash, entries
        )
        return found
    return _beginning_with(name, folder + slash, entries)


def _beginning_with(name: str, folder: str, entries: list[Entry]) -> list[CompletionEntry]:
    """The first ``_MOST_PATHS`` entries whose names begin so, as paths."""
    found = (entry for entry in entries if entry.name.startswith(name))
    return [
        CompletionEntry(folder + entry.name, "folder" if entry.is_folder else "file", "")
        for entry in islice(found, _MOST_PATHS)
    ]


def _beginning_of_many(
    name: str, folder: str, entries: list[Entry]
) -> Steps[list[CompletionEntry]]:
    """The same in steps; the entries are let go of in the thread, too."""
    found = _beginning_with(name, folder, entries)
    yield from emptied(entries)
    return found


# --- Beside the program -----------------------------------------------------------------------


async def preview(request: Preview, context: RequestContext) -> Answer:
    """The beginning of a file, and the sheets of a workbook."""
    tables: list[TableView] = []
    warnings: list[Message] = []
    answer = Previewed()
    async with context.workspace.aside() as interpreter:
        if request.progress:
            context.workspace.reading_broker.on_progress = context.progress
        sheets: list[str] = []
        if previews.is_workbook(request.path):
            found = await interpreter.run(previews.sheets_program(request.path))
            if found.error is not None:
                return Previewed.failed(found.error.render(context.locale))
            sheets = found.output.removesuffix("\n").split("\n")
        sheet = request.sheet
        if sheet is None and len(sheets) > 1:
            sheet = sheets[0]
        outcome = await interpreter.run(
            previews.table_program(request.path, sheet),
            on_table=partial(_keep, tables),
            on_warning=warnings.append,
            on_progress=context.work_progress if request.progress else None,
            hold=context.hold,
        )
    if outcome.error is not None:
        answer = Previewed.failed(outcome.error.render(context.locale))
    answer.sheets = sheets
    answer.tables = tables
    answer.warnings = [each.render(context.locale) for each in warnings]
    return answer


async def make_report(request: MakeReport, context: RequestContext) -> Answer:
    """A document, made in a process of its own."""
    pieces: list[bytes] = []

    def keep(piece: bytes) -> None:
        pieces.append(piece)
        context.hold(len(piece))

    described = msgspec.json.encode(
        {
            "title": request.title,
            "format": request.format,
            "language": context.locale,
            "parts": request.parts,
        }
    )
    async with context.workspace.aside() as interpreter:
        outcome = await interpreter.run(
            "",
            document=described,
            on_export=keep,
            export_bytes=context.message_bytes or _LARGEST_DATABASE,
            on_progress=context.work_progress if request.progress else None,
            hold=context.hold,
        )
    if outcome.error is not None:
        return Content.failed(outcome.error.message.render(context.locale))
    content: Any = json_text(pieces, base64=True, prefix=b"base64:")
    context.hold(-sum(map(len, pieces)))  # from here on it counts as a part of the answer
    return Content(content=content)


# --- Views for colleagues ---------------------------------------------------------------------


async def publish(request: Publish, context: RequestContext) -> Answer:
    """Make a view."""
    outputs = bytes(request.outputs)
    if not outputs.startswith(b"["):
        return Published.failed(texts.OUTPUTS_NO_ARRAY.render(context.locale))
    try:
        name, view = context.views.add(
            context.owner, context.account, request.title, request.code, outputs, request.days
        )
    except ViewError as error:
        return Published.failed(error.render(context.locale))
    return Published(view=name, key=view.key, expires=view.expires)


async def published(request: ReadPublished, context: RequestContext) -> Answer:
    """Read a view."""
    try:
        view = context.views.find(request.view)
    except ViewError as error:
        return PublishedView.failed(error.render(context.locale))
    return PublishedView(
        title=view.title,
        code=view.code,
        outputs=msgspec.Raw(view.outputs),
        made=view.made,
        expires=view.expires,
        account=view.account,
    )


async def unpublish(request: Unpublish, context: RequestContext) -> Answer:
    """Take a view back."""
    try:
        context.views.remove(request.view, request.key)
    except ViewError as error:
        return Done.failed(error.render(context.locale))
    return _done(texts.VIEW_REMOVED, context)


# --- Shares ----------------------------------------------------------------------------------


async def smb_connect(request: SmbConnect, context: RequestContext) -> Answer:
    """Connect a share; success only when it is really open."""
    try:
        target = Target.parse(request.ip, request.login, request.password, request.domain)
        await context.workspace.shares.connect(target, request.share_name, alias=request.alias)
    except ShareError as error:
        return Done.failed(_during(Operation.CONNECT, error).render(context.locale))
    share = request.share_name if request.alias is None else request.alias
    return _done(texts.SHARE_CONNECTED, context, share=share)


async def smb_disconnect(request: SmbDisconnect, context: RequestContext) -> Answer:
    """Log off from a share."""
    try:
        await context.workspace.shares.disconnect(request.share_name)
    except ShareError as error:
        return Done.failed(error.render(context.locale))
    return _done(texts.SHARE_DISCONNECTED, context, share=request.share_name)


async def smb_list_files(request: SmbListFiles, context: RequestContext) -> Answer:
    """The names in a folder of a share, or those that match a pattern."""
    try:
        found = await _entries(request, context)
    except FilesError as error:
        return Listing.failed(error.render(context.locale))
    first, total = request.offset or 0, len(found)
    if total > _MANY_NAMES:
        answer: Listing = await context.workspace.in_thread(_long_listing, found, first, request)
    else:
        answer = _listing(found, first, request)
    if request.offset is not None or request.limit is not None:
        answer.total = total
    return answer


def _listing(found: list[Entry], first: int, request: SmbListFiles) -> Listing:
    entries = found[first : None if request.limit is None else first + request.limit]
    answer = Listing(files=[entry.name for entry in entries])
    if request.details:
        answer.details = [_details(entry) for entry in entries]
    return answer


def _long_listing(found: list[Entry], first: int, request: SmbListFiles) -> Steps[Listing]:
    """The same in steps; the entries are let go of in the thread, too."""
    answer = _listing(found, first, request)
    yield from emptied(found)
    return answer


async def smb_read_file(request: SmbReadFile, context: RequestContext) -> Answer:
    """A file of a share, or a part of it."""
    path = share_paths.join(request.share_name, [request.file_path])
    try:
        part = await context.workspace.shares.fetch_part(
            request.share_name,
            request.file_path,
            Span(request.offset or 0, request.length),
            limit=context.message_bytes or None,
            progress=partial(context.progress, path) if request.progress else None,
        )
    except ShareError as error:
        return Content.failed(error.render(context.locale))
    answer = await _content(context, of_descriptor, part.descriptor, part.offset, part.length)
    if request.offset is not None or request.length is not None:
        answer.size, answer.modified = part.size, part.modified
    return answer


async def smb_shares(request: SmbShares, context: RequestContext) -> Answer:
    """The shares of a host, or those of the session."""
    if request.ip is None:
        return ShareList(
            shares=[
                ShareDetails(
                    *(each.name, "disk", "", each.name.endswith("$")),
                    of_account=each.is_of_account,
                    writable=each.writes,
                )
                for each in context.workspace.shares.known()
            ]
        )
    try:
        target = Target.parse(request.ip, request.login, request.password, request.domain)
        found = await context.workspace.share_names(target)
    except ShareError as error:
        return ShareList.failed(_during(Operation.SHARES, error).render(context.locale))
    shares = [ShareDetails(each.name, each.kind, each.remark, each.hidden) for each in found]
    return ShareList(shares=shares)


async def _entries(request: SmbListFiles, context: RequestContext) -> list[Entry]:
    """What is in a folder; where there is none of that name, what matches it as a pattern."""
    shares, share, path = context.workspace.shares, request.share_name, request.path
    found: list[Entry]
    if not share_paths.has_wildcard(path) or await shares.kind(share, path) == "folder":
        listed = shares.tree if request.recursive else shares.list_folder
        found = await listed(share, path)
    elif request.recursive:
        pattern = share_paths.in_any_folder(path)
        depth = len(share_paths.Pattern.parse(share, pattern).fixed)
        found = await shares.search(share, pattern)
        found = [replace(entry, name=entry.name.split("/", depth)[-1]) for entry in found]
    else:
        found = await shares.search(share, path)
        found = [replace(entry, name=entry.name.rpartition("/")[2]) for entry in found]
    return found


def _during(operation: Operation, error: ShareError) -> ShareError:
    """The failure with the prefix of what was tried, which ``Target.parse`` does not know."""
    return error if error.operation is not None else error.during(operation)


def _details(entry: Entry) -> FileDetails:
    kind = "folder" if entry.is_folder else "file"
    return FileDetails(entry.name, kind, entry.size, entry.modified)  # type: ignore[arg-type]


# --- The session folder -----------------------------------------------------------------------


async def upload_file(request: UploadFile, context: RequestContext) -> Answer:
    """Put a file into the session folder."""
    folder = context.workspace.folder
    if folder is None:
        return Done.failed(texts.UPLOADS_OFF.render(context.locale))
    given_up = threading.Event()
    try:
        await context.workspace.in_thread(_upload, folder, request, given_up)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Executed.failed(texts.UNREADABLE.render(context.locale))
    except StoreError as error:
        return Done.failed(error.render(context.locale))
    except CancelledError:
        given_up.set()  # the thread goes on, and must not store what was said to be cancelled
        raise
    return _done(texts.UPLOADED, context, filename=request.filename)


def _upload(folder: SessionFolder, request: UploadFile, given_up: threading.Event) -> None:
    folder.upload(request.filename, request.utf8(), given_up)


async def download_file(request: DownloadFile, context: RequestContext) -> Answer:
    """A file of the session folder."""
    folder = context.workspace.folder
    if folder is None:
        return Content.failed(texts.UPLOADS_OFF.render(context.locale))
    try:
        return await _content(context, _own_content, folder, request.filename)
    except FilesError:
        return Content.failed(texts.BAD_FILENAME.render(context.locale))
    except OSError as error:
        reason = _reason(error, request.filename)
        return Content.failed(texts.CANNOT_READ.render(context.locale, reason=reason))


async def delete_file(request: DeleteFile, context: RequestContext) -> Answer:
    """Delete a file of the session folder, or an empty folder."""
    folder = context.workspace.folder
    if folder is None:
        return Done.failed(texts.UPLOADS_OFF.render(context.locale))
    try:
        await context.workspace.in_thread(folder.discard, request.filename)
    except StoreError as error:
        return Done.failed(error.render(context.locale))
    except OSError as error:
        reason = _reason(error, request.filename)
        return Done.failed(texts.CANNOT_DELETE.render(context.locale, reason=reason))
    return _done(texts.DELETED, context, filename=request.filename)


async def session_files(request: SessionFiles, context: RequestContext) -> Answer:
    """Every file of the session folder."""
    folder = context.workspace.folder
    if folder is None:
        return Listing.failed(texts.UPLOADS_OFF.render(context.locale))
    found = await context.workspace.in_thread(folder.listing)
    return Listing(files=[each.name for each in found], details=found if request.details else UNSET)


def _own_content(folder: SessionFolder, filename: str, most: int) -> JsonText:
    """A file by its name in the folder, which is made if there is none yet."""
    folder.make()
    return of_descriptor(folder.files.open(filename), 0, None, most)


def _reason(error: OSError, path: str) -> Message:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return texts.FILE_MISSING.filled(path=path)
    if error.errno == errno.EISDIR:
        return texts.FILE_IS_FOLDER.filled(path=path)
    return system_text(error)


# --- The session ----------------------------------------------------------------------------


async def info(request: Info, context: RequestContext) -> Answer:
    """Version, limits, shares, uploads."""
    about = context.about()
    code = about.pop("pairing_code")
    if request.pairing:
        about["pairing_code"] = code
    known = context.workspace.shares.known()
    about["shares"] = [each.name for each in known]
    if of_account := [each.name for each in known if each.is_of_account]:
        about["account_shares"] = of_account
    about["uploads"] = _uploads(context.workspace.folder)
    return InfoAnswer(info=about)


def _uploads(folder: SessionFolder | None) -> dict[str, Any]:
    if folder is None:
        return {"enabled": False, "files": 0, "bytes": 0}
    usage = folder.usage()
    return {"enabled": True, "files": usage.files, "bytes": usage.bytes}


# --- Common ----------------------------------------------------------------------------------


async def _content(
    context: RequestContext, function: Callable[..., JsonText], *arguments: Any
) -> Content:
    """Content of a file as an answer, read in a thread.

    The thread opens or gets a descriptor, and closes it: who waits here may be cancelled, and then
    nobody else would, or would do so while its number is another session's file already.
    """
    try:
        # It becomes a text when it is sent.
        content: Any = await context.workspace.in_thread(
            function, *arguments, context.message_bytes
        )
    except TooLarge:
        reason = texts.FILE_TOO_BIG.render(context.locale, limit=f"{context.message_bytes / MIB:g}")
        return Content.failed(texts.CANNOT_READ.render(context.locale, reason=reason))
    return Content(content=content)


def _done(text: Message, context: RequestContext, **params: object) -> Done:
    return Done(message=text.render(context.locale, **params))


HANDLERS: dict[type[Request], Handler] = {
    Execute: execute,
    SmbConnect: smb_connect,
    SmbListFiles: smb_list_files,
    SmbReadFile: smb_read_file,
    SmbDisconnect: smb_disconnect,
    SmbShares: smb_shares,
    UploadFile: upload_file,
    LargeUpload: upload_file,
    SaveState: save,
    RestoreState: restore,
    ForkSession: fork,
    LargeRestoreState: restore,
    DownloadFile: download_file,
    DeleteFile: delete_file,
    SessionFiles: session_files,
    Reset: reset,
    Info: info,
    Inspect: inspect,
    FetchTableRows: table_rows,
    FetchTableValues: table_values,
    FetchTableStatistics: table_statistics,
    Complete: complete,
    Check: check,
    Library: library,
    Preview: preview,
    MakeReport: make_report,
    Publish: publish,
    ReadPublished: published,
    Unpublish: unpublish,
}
"""The others are the session's own business."""
_OF_SESSION = {messages.Cancel, messages.Auth, messages.Attach, messages.Detach, messages.Sessions}
assert set(HANDLERS) | _OF_SESSION == {*messages.REQUESTS, LargeUpload, LargeRestoreState}
