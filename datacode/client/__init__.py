"""A client of DataCode Server, blocking and asynchronous.

Blocking::

    from datacode.client import connect

    with connect("ws://127.0.0.1:8899") as client:
        print(client.execute("print(1 + 2)").output)

Asynchronous::

    from datacode.client import connect_async

    async with connect_async("ws://127.0.0.1:8899") as client:
        print((await client.execute("print(1 + 2)")).output)

A program that fails raises nothing: look at ``Result.error``. A request that the server refuses
(a share that cannot be reached, an upload over the quota) raises ``RequestFailed`` with the
server's sentence. A connection that is lost is made again, and the session goes on; where that
fails, ``ConnectionLost`` is raised, and ``SessionLost`` where the session is gone.
"""

from datacode.client.asynchronous import AsyncClient, connect_async
from datacode.client.blocking import Client, connect
from datacode.client.kept_session import AnswerLost, SessionKey, SessionLost, SessionTaken
from datacode.client.results import (
    ColumnSummary,
    Completion,
    ConnectionLost,
    Diagnostics,
    FileRead,
    LibraryFunction,
    MissingShare,
    Problem,
    RequestFailed,
    Result,
    SessionEntry,
    ShareEntry,
    ShareOffer,
    TableData,
    TableRows,
    Variable,
)

__all__ = [
    "AnswerLost",
    "AsyncClient",
    "Client",
    "ColumnSummary",
    "Completion",
    "ConnectionLost",
    "Diagnostics",
    "FileRead",
    "LibraryFunction",
    "MissingShare",
    "Problem",
    "RequestFailed",
    "Result",
    "SessionEntry",
    "SessionKey",
    "SessionLost",
    "SessionTaken",
    "ShareEntry",
    "ShareOffer",
    "TableData",
    "TableRows",
    "Variable",
    "connect",
    "connect_async",
]
