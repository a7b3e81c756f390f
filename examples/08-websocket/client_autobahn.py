"""A client with Autobahn on Twisted: requests in, answers out, one JSON a line.

echo '{"type": "execute", "code": "print(1 + 2)"}' |
    python client_autobahn.py ws://127.0.0.1:8899
"""

import json
import sys

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol, connectWS
from twisted.internet import reactor


class Client(WebSocketClientProtocol):
    """Sends the next request when the one before it is answered."""

    def onOpen(self) -> None:
        self.requests = filter(str.strip, sys.stdin)
        self.send_next()

    def send_next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.sendClose(1000)
        else:
            self.sendMessage(request.encode("utf-8"))

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        print(payload.decode("utf-8"), flush=True)
        if "success" in json.loads(payload):  # not output or progress, which come before it
            self.send_next()

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        if not wasClean:
            print(f"connection lost: {reason}", file=sys.stderr)
        reactor.stop()


factory = WebSocketClientFactory(sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8899")
factory.protocol = Client
connectWS(factory)
reactor.run()
