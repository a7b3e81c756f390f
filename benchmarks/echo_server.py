"""A bare Autobahn server that reads JSON and answers JSON: what ours is measured against."""

from __future__ import annotations

import json
import sys

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor


class Echo(WebSocketServerProtocol):
    """Answers each request in the shape of ``execute``, and computes nothing."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Read, answer."""
        code = json.loads(payload)["code"]
        answer = {"success": True, "output": code, "error": None}
        self.sendMessage(json.dumps(answer, ensure_ascii=False).encode())


factory = WebSocketServerFactory()
factory.protocol = Echo
port = reactor.listenTCP(0, factory, backlog=512, interface="127.0.0.1")
print(f"запущен на 127.0.0.1:{port.getHost().port}", flush=True)
sys.stdout.flush()
reactor.run()
