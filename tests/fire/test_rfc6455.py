"""RFC 6455 (and 7692) case by case, on raw sockets against the running server.

The sections are those that suites of this kind have: framing, pings, reserved bits, opcodes,
fragmentation, UTF-8, closing, limits, compression. A case is what the client sends, piece by
piece, and exactly what must come back, up to the end of TCP where the server is to end it. Strict:
a violation must be noticed at its first byte, not at the end of the message.
"""

from __future__ import annotations

import json
import socket
import zlib
from dataclasses import replace
from typing import ClassVar

from tests.daemons import PATIENCE
from tests.server.frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Frame,
    Reader,
    close,
    frame,
    handshake,
)
from tests.shared_daemon import SharedDaemonTestCase

ASK = json.dumps({"type": "auth"}).encode()
"""A request that is answered without an interpreter."""

GRANTED = {"success": True, "message": "Доступ разрешён", "error": None}


class Raw:
    """A client on a raw socket, after its handshake."""

    def __init__(self, port: int, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader()
        self.frames: list[Frame] = []
        self.socket.sendall(handshake(**headers))
        while self.reader.head is None:
            self._receive()

    def _receive(self) -> bool:
        """Read some bytes; False at the end of TCP."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            return False
        self.frames.extend(self.reader.feed(data))
        return bool(data)

    def send(self, *pieces: bytes) -> None:
        """Send pieces, each in a packet of its own as far as that can be had."""
        for piece in pieces:
            self.socket.sendall(piece)

    def next(self) -> Frame:
        """The next frame of the server; a message in fragments as one frame (RFC 6455, 5.4)."""
        first = self._frame()
        if first.fin or first.opcode != TEXT:
            return first
        pieces, between = [first.payload], []
        while True:
            found = self._frame()
            if found.opcode >= CLOSE:
                between.append(found)
                continue
            assert (found.opcode, found.rsv) == (0, 0), found
            pieces.append(found.payload)
            if found.fin:
                self.frames[:0] = between
                return replace(first, fin=True, payload=b"".join(pieces))

    def _frame(self) -> Frame:
        while not self.frames:
            assert self._receive(), "the server ended TCP"
        return self.frames.pop(0)

    def ended(self) -> bool:
        """Whether the server ends TCP, and sends nothing before."""
        while self._receive():
            pass
        return not self.frames

    def close(self) -> None:
        """End TCP."""
        self.socket.close()


class RunningServerTestCase(SharedDaemonTestCase):
    """One server for the tests of a class."""

    def client(self, **headers: str) -> Raw:
        """A client after its handshake."""
        client = Raw(self._port, **headers)
        self.addCleanup(client.close)
        return client

    def assertAnswers(self, client: Raw, label: object = "") -> None:
        """The next frame is a whole text message: the answer to ASK."""
        found = client.next()
        self.assertEqual((found.fin, found.rsv, found.opcode), (True, 0, TEXT), label)
        self.assertEqual(json.loads(found.payload), GRANTED, label)

    def assertFails(self, code: int, *pieces: bytes, label: object = "") -> None:
        """These pieces are answered with a close frame of this code, then the end of TCP."""
        client = self.client()
        client.send(*pieces)
        self.assertClosed(client, code, label)

    def assertClosed(self, client: Raw, code: int, label: object = "") -> None:
        """A close frame of this code comes; it is answered, and TCP ends."""
        found = client.next()
        self.assertEqual((found.fin, found.rsv, found.opcode), (True, 0, CLOSE), label)
        self.assertEqual(found.code, code, (label, found.payload))
        found.payload[2:].decode()
        try:
            client.send(close(code))
        except OSError:
            return  # the server has ended TCP already
        self.assertTrue(client.ended(), label)

    def assertLives(self, client: Raw, label: object = "") -> None:
        """The connection is still good."""
        client.send(frame(TEXT, ASK))
        self.assertAnswers(client, label)


class FramingTests(RunningServerTestCase):
    sizes: ClassVar[tuple[int, ...]] = (0, 1, 124, 125, 126, 127, 128, 65_535, 65_536, 70_000)

    def test_text(self) -> None:
        """Text of every form of length is read, whole and chopped."""
        client = self.client()
        for size in self.sizes:
            data = frame(TEXT, ASK + b" " * size)
            client.send(data)
            self.assertAnswers(client, size)
            client.send(*(data[i : i + 997] for i in range(0, len(data), 997)))
            self.assertAnswers(client, size)

    def test_byte_by_byte(self) -> None:
        """A frame may come a byte at a time."""
        client = self.client()
        data = frame(TEXT, ASK + b" " * 200)
        client.send(*(data[i : i + 1] for i in range(len(data))))
        self.assertAnswers(client)

    def test_binary(self) -> None:
        """Binary of every form of length is answered, and refused in words."""
        client = self.client()
        for size in self.sizes:
            client.send(frame(BINARY, b"\xfe" * size))
            self.assertIn("ожидается текстовое", json.loads(client.next().payload)["error"])

    def test_empty_text(self) -> None:
        """An empty message is no JSON, and is answered."""
        client = self.client()
        client.send(frame(TEXT))
        self.assertFalse(json.loads(client.next().payload)["success"])

    def test_length_of_an_answer(self) -> None:
        """Answers have the shortest form of length."""
        client = self.client()
        for size in self.sizes:
            code = f"print('{'x' * size}')"
            client.send(frame(TEXT, json.dumps({"code": code}).encode()))
            self.assertEqual(len(json.loads(client.next().payload)["output"]), size + 1)

    def test_lengths_that_are_not_minimal(self) -> None:
        """A length in a longer form than needed is refused."""
        for size, form in ((0, 2), (125, 2), (0, 8), (126, 8), (65_535, 8)):
            self.assertFails(1002, frame(TEXT, b" " * size, long_form=form), label=(size, form))

    def test_unmasked(self) -> None:
        """Frames of clients are masked."""
        for opcode in (TEXT, BINARY, PING, PONG):
            self.assertFails(1002, frame(opcode, b"x", masked=False), label=opcode)
        self.assertFails(1002, frame(CLOSE, b"\x03\xe8", masked=False))

    def test_negative_length(self) -> None:
        """The highest bit of a length of eight bytes is refused."""
        self.assertFails(1002, bytes((0x81, 0xFF)) + (1 << 63).to_bytes(8, "big") + b"mask")


class PingTests(RunningServerTestCase):
    def test_pongs(self) -> None:
        """A ping is answered with its own payload."""
        client = self.client()
        for payload in (b"", b"Hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125):
            client.send(frame(PING, payload))
            found = client.next()
            self.assertEqual((found.opcode, found.payload), (PONG, payload))
            data = frame(PING, payload)
            client.send(*(data[i : i + 1] for i in range(len(data))))
            self.assertEqual(client.next().payload, payload)

    def test_too_long(self) -> None:
        """A ping of 126 bytes is refused."""
        self.assertFails(1002, frame(PING, b"\xfe" * 126))

    def test_unsolicited_pongs(self) -> None:
        """Pongs that nobody asked for are ignored."""
        client = self.client()
        client.send(frame(PONG), frame(PONG, b"x"), frame(PONG, b"y"), frame(PING, b"z"))
        self.assertEqual(client.next().payload, b"z")
        self.assertLives(client)

    def test_many(self) -> None:
        """Ten pings are answered in order, chopped too; a thousand with the last at the end."""
        for chopped in (False, True):
            client = self.client()
            data = b"".join(frame(PING, b"payload-%d" % number) for number in range(10))
            client.send(*(data[i : i + 1] for i in range(len(data))) if chopped else (data,))
            for number in range(10):
                self.assertEqual(client.next().payload, b"payload-%d" % number)
        client.send(b"".join(frame(PING, b"%d" % number) for number in range(1000)))
        while client.next().payload != b"999":
            pass
        self.assertLives(client)

    def test_amid_a_program(self) -> None:
        """A ping is answered while the client's own program runs."""
        client = self.client()
        code = "for i in range(1000000000) do\nx = i\nnext i"
        client.send(frame(TEXT, json.dumps({"code": code}).encode()), frame(PING, b"p"))
        self.assertEqual(client.next().payload, b"p")
        client.send(frame(TEXT, b'{"type":"cancel"}'))
        self.assertIn("прервано", json.loads(client.next().payload)["error"])


class ReservedTests(RunningServerTestCase):
    def test_bits(self) -> None:
        """Reserved bits without an extension are refused, in every frame, behind a good one too."""
        for rsv in range(1, 8):
            for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
                self.assertFails(1002, frame(opcode, b"", rsv=rsv), label=(rsv, opcode))
            client = self.client()
            client.send(frame(TEXT, ASK), frame(TEXT, ASK, rsv=rsv))
            self.assertAnswers(client, rsv)
            self.assertClosed(client, 1002, rsv)

    def test_opcodes(self) -> None:
        """Reserved opcodes are refused, with and without payload."""
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            for payload in (b"", b"reserved"):
                self.assertFails(1002, frame(opcode, payload), label=opcode)
            client = self.client()
            client.send(frame(TEXT, ASK), frame(opcode, b"x"), frame(PING))
            self.assertAnswers(client, opcode)
            self.assertClosed(client, 1002, opcode)


class FragmentTests(RunningServerTestCase):
    def test_fragments(self) -> None:
        """A message in fragments of every kind, with control frames between."""
        for pieces, between in (
            ((ASK[:4], ASK[4:]), 0),
            ((ASK[:4], ASK[4:]), 1),
            ((b"", ASK, b""), 1),
            (tuple(ASK[i : i + 1] for i in range(len(ASK))), 2),
        ):
            client = self.client()
            for number, piece in enumerate(pieces):
                last = number == len(pieces) - 1
                client.send(frame(0 if number else TEXT, piece, fin=last))
                for _ in range(0 if last else between):
                    client.send(frame(PING, b"between"))
                    self.assertEqual(client.next().payload, b"between")
            self.assertAnswers(client, pieces)
            self.assertLives(client)

    def test_fragmented_control_frames(self) -> None:
        """Control frames are not fragmented."""
        for opcode in (PING, PONG, CLOSE):
            self.assertFails(1002, frame(opcode, b"", fin=False), label=opcode)
            self.assertFails(1002, frame(TEXT, b"{", fin=False), frame(opcode, b"", fin=False))

    def test_stray_continuations(self) -> None:
        """A continuation of nothing is refused, final or not, at first or behind a message."""
        for fin in (False, True):
            self.assertFails(1002, frame(0, b"x", fin=fin), label=fin)
            client = self.client()
            client.send(frame(TEXT, ASK), frame(0, b"x", fin=fin))
            self.assertAnswers(client)
            self.assertClosed(client, 1002)

    def test_message_inside_a_message(self) -> None:
        """A new message does not begin before the last has ended."""
        for opcode in (TEXT, BINARY):
            for fin in (False, True):
                self.assertFails(1002, frame(TEXT, b"{", fin=False), frame(opcode, b"}", fin=fin))


class TextTests(RunningServerTestCase):
    valid: ClassVar[tuple[str, ...]] = (
        "Hello-µ@ßöäüàá-UTF-8!!",
        "κόσμε",
        "\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff",
        "\ud7ff\ue000\ufffd",
        "\ufffe\uffff\U0001fffe\U0010fffe",
        "привет, 😀",
    )
    invalid: ClassVar[tuple[bytes, ...]] = (
        b"\x80",
        b"\xbf",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xe0\x9f\xbf",
        b"\xf0\x80\x80\xaf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xed\xaf\xbf",
        b"\xed\xb0\x80",
        b"\xed\xbf\xbf",
        b"\xed\xa0\x80\xed\xb0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xc3(",
        b"\xe2\x82(",
        b"\xf0\x9f\x98(",
    )

    def test_valid(self) -> None:
        """Valid UTF-8 is taken, whole, in fragments of a byte, and in packets of a byte."""
        for text in self.valid:
            message = json.dumps({"code": f"print('{text}')"}, ensure_ascii=False).encode()
            if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
                message = json.dumps({"type": "auth", "x": text}, ensure_ascii=False).encode()
            client = self.client()
            whole = frame(TEXT, message)
            fragments = [frame(TEXT, b"", fin=False)]
            fragments += [frame(0, message[i : i + 1], fin=False) for i in range(len(message))]
            for pieces in (
                [whole],
                [*fragments, frame(0)],
                [whole[i : i + 1] for i in range(len(whole))],
            ):
                client.send(*pieces)
                self.assertTrue(json.loads(client.next().payload)["success"], text)

    def test_invalid(self) -> None:
        """Invalid UTF-8 is refused, whole and in fragments, also where a code point is cut."""
        for bad in self.invalid:
            self.assertFails(1007, frame(TEXT, b'{"' + bad), label=bad)
            fragments = [frame(0, bad[i : i + 1], fin=False) for i in range(len(bad))]
            self.assertFails(1007, frame(TEXT, b"{", fin=False), *fragments, frame(0), label=bad)
        for cut in (b"\xce", b"\xe1\xbd", b"\xf0\x9f\x98"):
            self.assertFails(1007, frame(TEXT, cut), label=cut)

    def test_at_once(self) -> None:
        """It is noticed at the first byte that is wrong: the rest of the message never comes."""
        good, bad = "κόσμε".encode(), b"\xf4\x90\x80\x80"
        for pieces in (
            (frame(TEXT, good, fin=False), frame(0, bad, fin=False)),
            (frame(TEXT, good + bad[:2], length=1000),),
            (frame(TEXT, good + b"\xff", length=1000),),
        ):
            client = self.client()
            client.send(*pieces)
            found = client.next()
            self.assertEqual((found.opcode, found.code), (CLOSE, 1007))

    def test_binary_is_not_text(self) -> None:
        """Bytes of a binary message may be anything."""
        client = self.client()
        for bad in self.invalid:
            client.send(frame(BINARY, bad))
            self.assertEqual(client.next().opcode, TEXT)


class CloseTests(RunningServerTestCase):
    def test_good_codes(self) -> None:
        """Each is echoed, with its reason; then TCP ends."""
        for code in (*range(1000, 1004), *range(1007, 1014), 3000, 3999, 4000, 4999):
            for reason in (b"", b"reason", "конец".encode(), b"x" * 123):
                client = self.client()
                client.send(close(code, reason))
                found = client.next()
                self.assertEqual((found.opcode, found.code), (CLOSE, code), found.payload)
                self.assertEqual(found.payload[2:], reason)
                self.assertTrue(client.ended())

    def test_no_code(self) -> None:
        """An empty close is echoed empty."""
        client = self.client()
        client.send(close())
        found = client.next()
        self.assertEqual((found.opcode, found.payload), (CLOSE, b""))
        self.assertTrue(client.ended())

    def test_bad_codes(self) -> None:
        """Codes that must not be sent are refused."""
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
            self.assertFails(1002, close(code), label=code)
            self.assertFails(1002, close(code, b"reason"), label=code)

    def test_bad_payloads(self) -> None:
        """One byte, too many bytes, and a reason that is no UTF-8."""
        self.assertFails(1002, frame(CLOSE, b"\x03"))
        self.assertFails(1002, frame(CLOSE, b"\x03\xe8" + b"x" * 124))
        self.assertFails(1007, close(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80"))
        self.assertFails(1007, close(1000, b"\xff"))

    def test_nothing_behind_it(self) -> None:
        """What comes behind a close frame is ignored."""
        for behind in (
            frame(TEXT, ASK),
            frame(PING),
            close(1000),
            frame(0, b"x"),
            frame(TEXT, b"{", fin=False),
        ):
            client = self.client()
            client.send(close(1000) + behind)
            self.assertEqual(client.next().code, 1000)
            self.assertTrue(client.ended())

    def test_amid_a_message(self) -> None:
        """A close may come between fragments."""
        client = self.client()
        client.send(frame(TEXT, b"{", fin=False), close(1000))
        self.assertEqual(client.next().code, 1000)
        self.assertTrue(client.ended())

    def test_answers_come_before(self) -> None:
        """What was asked before the close was sent is answered, as far as it was done by then."""
        client = self.client()
        client.send(frame(TEXT, ASK) + close(1000))
        self.assertAnswers(client)
        self.assertEqual(client.next().code, 1000)

    def test_without_a_close(self) -> None:
        """A client that only ends TCP, whole or half, is let go."""
        client = self.client()
        client.socket.shutdown(socket.SHUT_WR)
        self.assertTrue(client.ended())


class LimitTests(RunningServerTestCase):
    words = ("--max-message-mib=4",)

    def message(self, size: int) -> bytes:
        """A request of exactly this size."""
        return ASK + b" " * (size - len(ASK))

    def test_large(self) -> None:
        """Messages up to the limit, in one frame and in fragments of every size."""
        for size in (64 << 10, 256 << 10, 1 << 20, 4 << 20):
            data = self.message(size)
            client = self.client()
            client.send(frame(TEXT, data))
            self.assertAnswers(client, size)
            for piece in (4 << 10, 64 << 10, 1 << 20):
                client.send(frame(TEXT, b"", fin=False))
                for start in range(0, size, piece):
                    client.send(frame(0, data[start : start + piece], fin=False))
                client.send(frame(0))
                self.assertAnswers(client, (size, piece))

    def test_too_large(self) -> None:
        """One byte more is refused: as soon as a frame says so, and as soon as fragments do."""
        limit = 4 << 20
        self.assertFails(1009, frame(TEXT, b"{", length=limit + 1))
        self.assertFails(1009, frame(TEXT, b"{", length=1 << 40))
        half = b" " * (limit // 2)
        self.assertFails(
            1009, frame(TEXT, half, fin=False), frame(0, half, fin=False), frame(0, b" ", length=1)
        )

    def test_many_small(self) -> None:
        """Ten thousand small messages, each answered."""
        client = self.client()
        data = frame(TEXT, ASK) * 100
        for _ in range(100):
            client.send(data)
            for _ in range(100):
                self.assertAnswers(client)


class CompressionTests(RunningServerTestCase):
    words = ("--compress", "--max-message-mib=4")

    def opened(self, offer: str = "permessage-deflate") -> tuple[Raw, str]:
        """A client that offers compression, and what the server made of it."""
        client = self.client(Sec_WebSocket_Extensions=offer)
        assert client.reader.head is not None
        for line in client.reader.head.decode().split("\r\n"):
            if line.lower().startswith("sec-websocket-extensions:"):
                return client, line.partition(":")[2].strip()
        return client, ""

    def packed(self, data: bytes, *, bits: int = 15) -> bytes:
        """A message as it is compressed: without what every block ends with."""
        deflate = zlib.compressobj(wbits=-bits)
        return (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def assertInflates(self, client: Raw) -> None:
        """The next frame is a compressed answer."""
        found = client.next()
        self.assertEqual((found.fin, found.rsv, found.opcode), (True, 4, TEXT))
        plain = zlib.decompressobj(wbits=-15).decompress(found.payload + b"\0\0\xff\xff")
        self.assertEqual(json.loads(plain), GRANTED)

    def test_offers(self) -> None:
        """Good offers are taken up, the first of several; what is no good offer is not."""
        for offer in (
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10",
            "x-unknown, permessage-deflate",
            "permessage-deflate; client_max_window_bits=12, permessage-deflate",
        ):
            client, taken = self.opened(offer)
            self.assertTrue(taken.startswith("permessage-deflate"), (offer, taken))
            client.send(frame(TEXT, self.packed(ASK), rsv=4))
            self.assertInflates(client)
        self.assertEqual(self.opened("x-webkit-deflate-frame")[1], "")

    def test_messages(self) -> None:
        """Compressed, plain, in fragments, with pings between, empty blocks, many in a row."""
        client, _ = self.opened()
        packed = self.packed(ASK + b" " * 1000)
        half = len(packed) // 2
        for pieces in (
            (frame(TEXT, packed, rsv=4),),
            (frame(TEXT, ASK),),
            (frame(TEXT, packed[:half], fin=False, rsv=4), frame(0, packed[half:])),
            (
                frame(TEXT, packed[:1], fin=False, rsv=4),
                frame(0, b"", fin=False),
                frame(0, packed[1:], fin=False),
                frame(0),
            ),
        ):
            client.send(*pieces)
            self.assertInflates(client)
        for number in range(100):
            client.send(frame(TEXT, self.packed(ASK + b" " * number), rsv=4))
            self.assertInflates(client)

    def test_violations(self) -> None:
        """The bit where it must not be, and what does not inflate."""
        packed = self.packed(ASK)
        for code, pieces in (
            (1002, (frame(PING, b"x", rsv=4),)),
            (1002, (frame(TEXT, packed[:2], fin=False, rsv=4), frame(0, packed[2:], rsv=4))),
            (1002, (frame(TEXT, packed, rsv=2),)),
            (1002, (frame(TEXT, packed, rsv=6),)),
            (1007, (frame(TEXT, b"\xff\xff\xff\xff", rsv=4),)),
            (1007, (frame(TEXT, self.packed(b'{"\xff'), rsv=4),)),
        ):
            client, _ = self.opened()
            client.send(*pieces)
            self.assertClosed(client, code, pieces)

    def test_bomb(self) -> None:
        """What is small only when compressed is refused by its real size."""
        client, _ = self.opened()
        client.send(frame(TEXT, self.packed(b" " * (64 << 20)), rsv=4))
        self.assertClosed(client, 1009)
