"""A client with the ``websockets`` package: requests in, answers out, one JSON a line.

echo '{"type": "execute", "code": "print(1 + 2)"}' |
    python client_websockets.py ws://127.0.0.1:8899
"""

import asyncio
import json
import sys

import websockets


async def main(url: str) -> None:
    async with websockets.connect(url, max_size=None) as server:
        for request in filter(str.strip, sys.stdin):
            await server.send(request)
            answer: dict = {}
            while "success" not in answer:  # output and progress come before the answer
                text = await server.recv()
                print(text, flush=True)
                answer = json.loads(text)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8899"))
