"""Connects again and again to a TLS 1.3 server that sends many session tickets, and makes a call.

``python -m tests.client.session_tickets COUNT``: in a process of its own, for where two threads
are in one connection of OpenSSL at a time the process may die. Prints how many calls were answered.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import tempfile
import threading
from pathlib import Path
from queue import Queue

from websockets.asyncio.server import ServerConnection, serve

from datacode.client import connect
from tests.deploy.proxies import certificate

TICKETS = 100


async def _answer(connection: ServerConnection) -> None:
    async for request in connection:
        await connection.send(json.dumps({"success": True, "id": json.loads(request)["id"]}))


async def _serve(context: ssl.SSLContext, ports: Queue[int]) -> None:
    async with serve(_answer, "127.0.0.1", 0, ssl=context) as server:
        ports.put(next(iter(server.sockets)).getsockname()[1])
        await server.serve_forever()


def main() -> None:
    """Serve in a thread, call from this one."""
    with tempfile.TemporaryDirectory() as folder:
        both = certificate(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        context.num_tickets = TICKETS
        trust = ssl.create_default_context(cafile=str(both))
    ports: Queue[int] = Queue()
    threading.Thread(target=asyncio.run, args=(_serve(context, ports),), daemon=True).start()
    url = f"wss://127.0.0.1:{ports.get()}"
    answered = 0
    for _ in range(int(sys.argv[1])):
        with connect(url, ssl=trust, open_timeout=20) as client:
            client.reset()
            answered += 1
    print(answered)


if __name__ == "__main__":
    main()
