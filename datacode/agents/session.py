"""The session that an agent works in, with the states that it may go back to.

A state is a session of its own on the server, forked off and left alone; going back to it forks it
once more, so that it is there again the next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress

from datacode.client import AsyncClient, ConnectionLost, RequestFailed, SessionKey, TableData

Connect = Callable[[SessionKey | None], AbstractAsyncContextManager[AsyncClient]]

MOST_STATES = 8
_TABLES = 64
"""Shown tables that can be asked for rows."""
_END_SECONDS = 5.0


class NoSuchState(Exception):
    """There is no state of this name."""


class AgentSession:
    """One agent's. ``server`` makes a server ready, for as long as what it gives is open, and that
    gives what opens a client, of a new session or of that of a key."""

    def __init__(self, server: Callable[[], AbstractAsyncContextManager[Connect]]) -> None:
        self._server = server
        self._serving = AsyncExitStack()
        self._open = AsyncExitStack()
        self._states: dict[str, SessionKey] = {}
        self._tables: dict[str, TableData] = {}
        self._made = 0
        self._connect: Connect | None = None
        self._client: AsyncClient
        self._beginning: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to connect: whoever wants the client waits for it (``client``)."""
        self._beginning = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        if self._connect is None:
            self._connect = await self._serving.enter_async_context(self._server())
        self._client = await self._open.enter_async_context(self._connect(None))

    async def client(self) -> AsyncClient:
        """The client of the session, once there is one. Raises what kept it from beginning, which
        is tried again the next time."""
        if self._beginning is None or (self._beginning.done() and self._beginning.exception()):
            self.begin()
        assert self._beginning is not None
        await asyncio.shield(self._beginning)
        return self._client

    async def end(self) -> None:
        """End the session and its states on the server, and the server if it is ours."""
        if self._beginning is not None and not self._beginning.done():
            self._beginning.cancel()
        await asyncio.gather(self._beginning or asyncio.sleep(0), return_exceptions=True)
        await self._open.aclose()
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                for key in self._states.values():
                    await self._forget(key)
        await self._serving.aclose()

    @property
    def states(self) -> list[str]:
        """The names of the states, from the oldest on."""
        return list(self._states)

    async def save(self, name: str | None) -> tuple[str, str | None]:
        """Keep the state as it is now; its name, and that of an older one that had to go."""
        self._made += 1
        name = name or f"state{self._made}"
        key = await (await self.client()).fork()
        old = self._states.pop(name, None)
        self._states[name] = key
        if old is not None:
            await self._forget(old)
        if len(self._states) <= MOST_STATES:
            return name, None
        gone = next(iter(self._states))
        await self._forget(self._states.pop(gone))
        return name, gone

    async def restore(self, name: str) -> None:
        """Go on from a state, which stays. Raises ``NoSuchState``."""
        key = self._states.get(name)
        if key is None:
            raise NoSuchState(name)
        opened = AsyncExitStack()
        client = await opened.enter_async_context(self._of(key))
        try:
            self._states[name] = await client.fork()
        except BaseException:
            with suppress(ConnectionLost):
                await client.leave()  # the state is as it was
            await opened.aclose()
            raise
        before, self._open, self._client = self._open, opened, client
        self._tables.clear()
        await before.aclose()

    def remember(self, table: TableData) -> None:
        """Have the rows of a shown table found by its name."""
        if table.table is None:
            return
        self._tables[table.table] = table
        if len(self._tables) > _TABLES:
            del self._tables[next(iter(self._tables))]

    def table(self, name: str) -> TableData | None:
        """A table that was shown."""
        return self._tables.get(name)

    async def _forget(self, key: SessionKey) -> None:
        """End a session that nobody works in; one that has ended by itself is no fault."""
        with suppress(ConnectionLost, RequestFailed, OSError):
            async with self._of(key):
                pass

    def _of(self, key: SessionKey) -> AbstractAsyncContextManager[AsyncClient]:
        assert self._connect is not None
        return self._connect(key)
