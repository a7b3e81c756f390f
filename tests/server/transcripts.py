"""Whole conversations of clients that know nothing of sessions that outlive their connection.

``python -m tests.server.transcripts`` records them, byte for byte, from a real ``twistd`` into
``transcripts.json``. What is there was recorded before there were such sessions: it must not change
but for an answer that is changed on purpose.
"""

from __future__ import annotations

import hashlib
import json
import socket
import tempfile
from pathlib import Path
from typing import Any

from tests.daemons import PATIENCE, Daemon, twistd
from tests.server.frames import TEXT, close, frame, handshake

FILE = Path(__file__).with_name("transcripts.json")

LONG = "for i in range(30000) do\n  print('a line of output', i)\nnext i"
"""Enough for an answer of more than one frame."""

_AT_ONCE = 20
_SHOWN = 2000
"""Bytes up to which a message is kept as it is; of a longer one there is a digest."""

CONVERSATIONS: dict[str, list[str | bytes]] = {
    "documented": [
        '{"type": "execute", "code": "print(\'Hello, World!\')"}',
        '{"code": "global x = 10\\nglobal y = 20\\nprint(\'Sum:\', x + y)"}',
        '{"type": "execute", "code": "print(missing)"}',
        '{"type": "upload_file", "filename": "in/sales.csv", "content": "month,sum\\n1,200\\n"}',
        '{"code": "print(read_file(\\"in/sales.csv\\"))"}',
        '{"type": "smb_list_files", "share_name": "data", "path": "reports"}',
        '{"type": "smb_read_file", "share_name": "data", "file_path": "a.txt"}',
        '{"type": "smb_connect", "ip": "127.0.0.1:1", "login": "l", "password": "p", '
        '"domain": "", "share_name": "data"}',
    ],
    "extensions": [
        '{"type":"execute","code":"x = [1, 2]\\nprint(x)","id":"a","stream":true}',
        '{"type":"execute","code":"show_table(table([[1, null]], [\\"a\\", \\"b\\"]))","id":1.50,'
        '"tables":true,"keep_tables":true,"warnings":true,"diagnostics":true,"locale":"en"}',
        '{"type":"table_rows","table":"2.1","id":2}',
        '{"type":"execute","code":"y = \\nz","diagnostics":true,"id":3}',
        '{"type":"execute","code":"throw \\"x\\"","on_error":"rollback","id":4}',
        '{"type":"inspect","id":5}',
        '{"type":"complete","code":"pri","id":6}',
        '{"type":"check","code":"print(q","id":7}',
        '{"type":"session_files","id":8}',
        '{"type":"download_file","filename":"none","id":9}',
        '{"type":"delete_file","filename":"../x","id":10}',
        '{"type":"cancel","id":11}',
        '{"type":"info","id":12}',
        '{"type":"reset","id":13}',
        '{"type":"auth","token":"any","id":14}',
        '{"type":"smb_disconnect","share_name":"none","id":15}',
    ],
    "numbers that nobody asked for": [
        '{"code":"print(1)","seq":1,"seen":0,"id":1}',
        '{"code":"print(2)","seq":1,"id":2}',
        '{"code":"print(3)","seq":"three","seen":[],"id":3}',
        '{"code":"print(4)","seq":-1,"seq":2,"seen":1,"seen":{},"id":4}',
        '{"type":"execute","code":"print(5)","stream":true,"seq":3,"position":7,"epoch":1}',
        '{"type":"reset","seq":null,"session":1,"token":{}}',
        '{"type":"inspect","seq":9}',
    ],
    "long": [json.dumps({"code": LONG}), json.dumps({"code": LONG, "id": 1, "locale": "en"})],
    "nonsense": [
        "",
        "{",
        "[]",
        "{}",
        '{"type":"exekute","code":"x"}',
        '{"type":"execute"}',
        '{"type":"execute","code":1}',
        '{"type":"execute","code":"1","code":"2"}',
        '{"code":"print(1)","id":[]}',
        '{"type":"detachment"}',
        '{"type":"execute","code":"print(1)","on_error":"stop"}',
    ],
    "without waiting": [
        b"".join(frame(TEXT, b'{"code":"print(%d)","id":%d}' % (i, i)) for i in range(_AT_ONCE))
    ],
}
"""Texts, each answered by one message; or bytes of several frames at once."""


class _Reader:
    """Frames of a server, as they come."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._data = b""

    def until(self, end: bytes) -> bytes:
        """Everything up to a mark, the mark included."""
        while end not in self._data:
            self._more()
        found, mark, self._data = self._data.partition(end)
        return found + mark

    def message(self) -> bytes:
        """A whole message, or the messages up to an answer, headers and all."""
        whole = b""
        while True:
            text = b""
            final = False
            while not final:
                raw, final, payload = self._frame()
                whole += raw
                text += payload
            if b'"success":' in text[:12]:
                return whole

    def _frame(self) -> tuple[bytes, bool, bytes]:
        head = self._take(2)
        size = head[1]
        if size > 125:
            more = self._take(2 if size == 126 else 8)
            head += more
            size = int.from_bytes(more, "big")
        payload = self._take(size)
        return head + payload, bool(head[0] & 0x80), payload

    def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            self._more()
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def _more(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise AssertionError("the server has closed")
        self._data += data


def recorded(port: int) -> dict[str, list[str]]:
    """All conversations with the server on that port, one connection each."""
    found = {}
    for name, said in CONVERSATIONS.items():
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            sock.settimeout(PATIENCE)
            reader = _Reader(sock)
            sock.sendall(handshake())
            heard = [reader.until(b"\r\n\r\n")]
            for each in said:
                if isinstance(each, bytes):
                    sock.sendall(each)
                    heard += [reader.message() for _ in range(_AT_ONCE)]
                else:
                    sock.sendall(frame(TEXT, each.encode()))
                    heard.append(reader.message())
            sock.sendall(close(1000, b"bye"))
            rest = b""
            while data := sock.recv(1 << 16):
                rest += data
            heard.append(rest)
        found[name] = [_kept(each) for each in heard]
    return found


def _kept(data: bytes) -> str:
    if len(data) <= _SHOWN:
        return data.decode("latin-1")
    return f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"


def server(folder: Path) -> Daemon:
    """A server whose answers depend on nothing but the conversation."""
    return Daemon(twistd(folder, "--port", "0", "--use-ve"), folder)


def record() -> dict[str, Any]:
    """From a server of its own."""
    with tempfile.TemporaryDirectory() as name:
        daemon = server(Path(name))
        try:
            return recorded(daemon.port())
        finally:
            daemon.stop()
            daemon.close()


if __name__ == "__main__":
    FILE.write_text(json.dumps(record(), ensure_ascii=True, indent=1) + "\n")
