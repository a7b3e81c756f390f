"""Every request as a call: what to send, and what its answer means. No I/O.

The blocking and the asynchronous client offer the methods of ``RemoteCalls`` as their own, so that
each is written and documented once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from datacode.client.kept_session import SessionKey
from datacode.client.results import (
    ColumnSummary,
    Completion,
    LibraryFunction,
    Message,
    MissingShare,
    OnOutput,
    OnProgress,
    Problem,
    Requests,
    Result,
    SessionEntry,
    ShareEntry,
    ShareOffer,
    TableData,
    TableRows,
    Variable,
    bytes_of,
    completions_of,
    content_of,
    demand_success,
    entries_of,
    functions_of,
    missing_of,
    offers_of,
    problems_of,
    result_of,
    rows_of,
    sessions_of,
    summaries_of,
    values_of,
    variables_of,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteCall(Generic[T]):
    """A request, how its answer is read, and who wants what comes before the answer."""

    request: Message
    read: Callable[[Message], T]
    on_output: OnOutput | None = None
    on_progress: OnProgress | None = None
    rerun: bool = False
    """Whether to run it again where nobody knows what of it was done."""


ColumnFilters: TypeAlias = "Mapping[str, str | Sequence[Any]]"
"""Of a shown table, by names of columns: a text as it is typed into a grid, or a list of values."""


def _name_of(table: TableData) -> str:
    """The name by which the server knows the table. Raises ``ValueError`` where it does not."""
    if table.table is None:
        raise ValueError("the table was shown without keep_tables")
    return table.table


def _filters(table: TableData, filters: ColumnFilters | None) -> list[dict[str, Any]] | None:
    found = [
        {"column": table.columns.index(name)}
        | ({"text": wanted} if isinstance(wanted, str) else {"values": list(wanted)})
        for name, wanted in (filters or {}).items()
    ]
    return found or None


class RemoteCalls:
    """The requests of one connection."""

    def __init__(self) -> None:
        self._requests = Requests()

    def authenticate(self, token: str) -> RemoteCall[None]:
        """Show a token after connecting, for those that no header can carry."""
        return RemoteCall(self._requests.make("auth", token=token), _nothing)

    def attach(self, **fields: object) -> RemoteCall[Message]:
        """Ask that the session be kept, or for one that was."""
        return RemoteCall(self._requests.make("attach", **fields), demand_success)

    def detach(self, session: str | None = None) -> RemoteCall[None]:
        """End this session for good, or another one of the same account, by its name."""
        return RemoteCall(self._requests.make("detach", session=session), _nothing)

    def sessions(self) -> RemoteCall[list[SessionEntry]]:
        """The sessions of this account that can be taken up, or just this one without accounts."""
        return RemoteCall(self._requests.make("sessions"), sessions_of)

    def execute(
        self,
        code: str,
        *,
        on_output: OnOutput | None = None,
        on_progress: OnProgress | None = None,
        max_steps: int | None = None,
        export: str | None = None,
        keep_tables: bool = False,
        charts: bool = False,
        show_value: bool = False,
        lineage: bool = False,
        on_error: str | None = None,
        rerun: bool = False,
    ) -> RemoteCall[Result]:
        """Run a program.

        With ``on_output`` the output is also delivered while it is printed; ``export="sqlite"``
        adds the global tables as a database; with ``keep_tables`` any rows of the tables that it
        shows can be asked for later (``table_rows``); with ``charts`` the charts that it shows
        come as descriptions in place of text; with ``show_value`` an expression at the end
        of the program shows its value, as at a prompt; with ``lineage`` the files that it has read
        are named with their hashes. With ``on_error="rollback"`` a program that
        fails leaves variables, functions and the session's files as they were before it. Where the
        server was ended while the program ran, ``AnswerLost`` is raised, as it may have changed
        files of shares; with ``rerun`` it is run again.
        """
        request = self._requests.make(
            "execute",
            code=code,
            diagnostics=True,
            warnings=True,
            tables=True,
            stream=True if on_output else None,
            progress=True if on_progress else None,
            max_steps=max_steps,
            export=export,
            keep_tables=True if keep_tables else None,
            charts=True if charts else None,
            show_value=True if show_value else None,
            lineage=True if lineage else None,
            on_error=on_error,
        )
        return RemoteCall(request, result_of, on_output, on_progress, rerun)

    def cancel(self) -> RemoteCall[bool]:
        """End the program that is running; False where none was."""
        return RemoteCall(self._requests.make("cancel"), lambda answer: bool(answer["success"]))

    def reset(self) -> RemoteCall[None]:
        """A fresh interpreter; shares and uploads stay."""
        return RemoteCall(self._requests.make("reset"), _nothing)

    def save(self) -> RemoteCall[bytes]:
        """The state of the session as a file: variables, functions, files of its folder, names of
        shares, no passwords. ``restore`` and ``datacode --load`` take it."""
        return RemoteCall(self._requests.make("save"), bytes_of)

    def save_to(self, filename: str) -> RemoteCall[None]:
        """The same, kept in the session's folder under this name (server with ``--use-ve``)."""
        return RemoteCall(self._requests.make("save", filename=filename), _nothing)

    def restore(self, state: bytes) -> RemoteCall[list[MissingShare]]:
        """Put a saved state in place of the session's; the shares that it had and this session
        has not, to be connected again. Nothing changes where it fails."""
        request = self._requests.make("restore", content=content_of(state))
        return RemoteCall(request, missing_of)

    def restore_from(self, filename: str) -> RemoteCall[list[MissingShare]]:
        """The same from a file of the session's folder, for states that are too large to be sent
        at once."""
        return RemoteCall(self._requests.make("restore", filename=filename), missing_of)

    def fork(self) -> RemoteCall[SessionKey]:
        """A second session with the state of this one; gives what takes it up, from anywhere:
        ``connect(url, session=key)``."""
        return RemoteCall(self._requests.make("fork"), _key_of)

    def list_shares(
        self, ip: str | None = None, login: str = "", password: str = "", domain: str = ""
    ) -> RemoteCall[list[ShareOffer]]:
        """The shares that a file server offers to this user; nothing stays connected. Without an
        ``ip`` those that the session has."""
        request = self._requests.make(
            "smb_shares",
            ip=ip,
            **({} if ip is None else {"login": login, "password": password, "domain": domain}),
        )
        return RemoteCall(request, offers_of)

    def connect_share(
        self,
        ip: str,
        share_name: str,
        login: str,
        password: str,
        domain: str = "",
        *,
        alias: str | None = None,
    ) -> RemoteCall[None]:
        """Connect a share; programs then read it as ``lib://share_name/…``, or by its alias."""
        request = self._requests.make(
            "smb_connect",
            ip=ip,
            login=login,
            password=password,
            domain=domain,
            share_name=share_name,
            alias=alias,
        )
        return RemoteCall(request, _nothing)

    def disconnect_share(self, share_name: str) -> RemoteCall[None]:
        """Let a share go."""
        return RemoteCall(self._requests.make("smb_disconnect", share_name=share_name), _nothing)

    def list_share(self, share_name: str, path: str = "") -> RemoteCall[list[ShareEntry]]:
        """The files and folders in a folder of a share."""
        request = self._requests.make(
            "smb_list_files", share_name=share_name, path=path, details=True
        )
        return RemoteCall(request, entries_of)

    def read_share(
        self, share_name: str, path: str, *, on_progress: OnProgress | None = None
    ) -> RemoteCall[bytes]:
        """A file of a share, whole."""
        request = self._requests.make(
            "smb_read_file",
            share_name=share_name,
            file_path=path,
            progress=True if on_progress else None,
        )
        return RemoteCall(request, bytes_of, None, on_progress)

    def upload(self, filename: str, content: bytes | str) -> RemoteCall[None]:
        """Put a file into the session's folder (server with ``--use-ve``)."""
        request = self._requests.make("upload_file", filename=filename, content=content_of(content))
        return RemoteCall(request, _nothing)

    def list_uploads(self) -> RemoteCall[list[ShareEntry]]:
        """All files in the session's folder, uploaded or written by programs."""
        return RemoteCall(self._requests.make("session_files", details=True), entries_of)

    def download(self, filename: str) -> RemoteCall[bytes]:
        """A file out of the session's folder."""
        return RemoteCall(self._requests.make("download_file", filename=filename), bytes_of)

    def delete_upload(self, filename: str) -> RemoteCall[None]:
        """Delete a file of the session's folder, or a folder in it that is empty."""
        return RemoteCall(self._requests.make("delete_file", filename=filename), _nothing)

    def table_rows(
        self,
        table: TableData,
        offset: int = 0,
        count: int = 1000,
        *,
        sort: str | None = None,
        descending: bool = False,
        then_by: Mapping[str, bool] | None = None,
        filters: ColumnFilters | None = None,
        columns: Sequence[str] | None = None,
    ) -> RemoteCall[TableRows]:
        """Rows of a table that was shown with ``keep_tables``, also while a program runs.

        ``filters`` say what the cells of a column are to pass: ``"> 5"``, ``"!null"``, a text to
        be found, or a list of the values that they are to be. ``then_by`` are further columns to
        sort by, each with whether it descends. There may be fewer rows than ``count``: ask again
        from where they end. Raises ``ValueError`` for a column that the table does not have, or a
        table that was not kept.
        """
        place = table.columns.index
        keys = [{"column": place(n), "descending": down} for n, down in (then_by or {}).items()]
        request = self._requests.make(
            "table_rows",
            table=_name_of(table),
            offset=offset,
            count=count,
            sort=None if sort is None else place(sort),
            descending=True if descending else None,
            then_by=keys or None,
            filters=_filters(table, filters),
            columns=None if columns is None else [place(name) for name in columns],
        )
        return RemoteCall(request, rows_of)

    def table_values(
        self,
        table: TableData,
        column: str,
        *,
        search: str = "",
        count: int = 200,
        filters: ColumnFilters | None = None,
    ) -> RemoteCall[tuple[list[tuple[Any, int]], int]]:
        """The different values of a column of such a table with the numbers of their cells, and
        how many values there are. They are those of the rows that pass the filters of the other
        columns; ``search`` is to stand in their texts."""
        request = self._requests.make(
            "table_values",
            table=_name_of(table),
            column=table.columns.index(column),
            search=search or None,
            count=count,
            filters=_filters(table, filters),
        )
        return RemoteCall(request, values_of)

    def table_statistics(
        self, table: TableData, columns: Sequence[str], *, filters: ColumnFilters | None = None
    ) -> RemoteCall[list[ColumnSummary]]:
        """What columns (at most 100) of such a table amount to, of the rows that pass the filters:
        counts, sum, mean, extremes, median, the most frequent values, a histogram."""
        request = self._requests.make(
            "table_statistics",
            table=_name_of(table),
            columns=[table.columns.index(name) for name in columns],
            filters=_filters(table, filters),
        )
        return RemoteCall(request, lambda answer: summaries_of(answer, table.columns))

    def variables(self) -> RemoteCall[list[Variable]]:
        """The session's variables, also while a program runs."""
        return RemoteCall(self._requests.make("inspect"), variables_of)

    def complete(
        self, code: str, position: int | None = None
    ) -> RemoteCall[tuple[int, list[Completion]]]:
        """Where the word at ``position`` begins, and what it may become."""
        request = self._requests.make("complete", code=code, position=position)
        return RemoteCall(request, completions_of)

    def check(self, code: str) -> RemoteCall[list[Problem]]:
        """Errors and warnings of a text, without running it."""
        return RemoteCall(self._requests.make("check", code=code), problems_of)

    def library(self, name: str | None = None) -> RemoteCall[list[LibraryFunction]]:
        """The functions of the library with their documentation, or the one of this name."""
        return RemoteCall(self._requests.make("library", name=name), functions_of)

    def info(self) -> RemoteCall[Message]:
        """Version, limits and shares of the session."""
        return RemoteCall(self._requests.make("info"), _info)


def _key_of(answer: Message) -> SessionKey:
    demand_success(answer)
    return SessionKey(answer["session"], answer["token"])


def _nothing(answer: Message) -> None:
    demand_success(answer)


def _info(answer: Message) -> Message:
    info: Message = demand_success(answer)["info"]
    return info
