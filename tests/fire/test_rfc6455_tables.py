"""RFC 6455 and 7692 in tables: what is sent, what must come back; all failures in one message.

This goes where single cases (``test_rfc6455``) cannot: every form of UTF-8 that is wrong and the
byte at which that is certain, every code point that there is, every code and length of a close
frame, sizes up to the limit, every window of compression. The answer to a program that prints
stands for the echo of other suites.
"""

from __future__ import annotations

import json
import random
import socket
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.daemons import PATIENCE
from tests.fire.test_rfc6455 import Raw, RunningServerTestCase
from tests.server.frames import BINARY, CLOSE, PING, PONG, TEXT, Frame, close, frame, handshake

SIDE_BY_SIDE = 16

Back = tuple[str, Any]
"""``("said", output)``, ``("pong", payload)`` or ``("closed", code)``."""


@dataclass(frozen=True)
class Case:
    """``chop`` is the largest piece that goes out at once, in bytes; 0 for all of it."""

    name: str
    sent: tuple[bytes, ...]
    back: tuple[Back, ...]
    chop: int = 0


def echo(text: str, size: int = 0) -> bytes:
    """A request whose answer is a text, as a message of at least ``size`` bytes."""
    message = json.dumps({"code": f"print('{text}')"}, ensure_ascii=False).encode()
    return message + b" " * (size - len(message))


def fragments(message: bytes, size: int) -> Iterator[bytes]:
    """A text message in frames of ``size`` bytes of payload."""
    for start in range(0, len(message), size):
        piece = message[start : start + size]
        yield frame(0 if start else TEXT, piece, fin=start + size >= len(message))


class TableTestCase(RunningServerTestCase):
    """Runs cases, and tells all that failed."""

    def assertCases(self, cases: Iterator[Case]) -> None:
        """Each case has a connection of its own.

        Several run side by side: where a frame stays unfinished, the server waits a second for
        an answer to its close frame, which it cannot tell from the rest of that frame.
        """
        played = list(cases)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            found = list(threads.map(self.wrong, played))
        failures = [f"{c.name}: {wrong}" for c, wrong in zip(played, found, strict=True) if wrong]
        self.assertEqual(failures, [], f"{len(failures)} of {len(played)} failed")
        self.assertGreater(len(played), 0)

    def wrong(self, case: Case) -> str:
        """What was not as it must be; empty where all was."""
        client = Raw(self._port)
        try:
            return self.played(client, case)
        except (AssertionError, OSError) as error:
            return repr(error)
        finally:
            client.close()

    def played(self, client: Raw, case: Case) -> str:
        """Send, and compare; then the connection ends as it must."""
        for data in case.sent:
            step = case.chop or len(data)
            client.send(*(data[start : start + step] for start in range(0, len(data), step)))
        for expected in case.back:
            found = understood(client.next())
            if found != expected:
                return f"expected {short(expected)}, found {short(found)}"
        if not case.back or case.back[-1][0] != "closed":
            client.send(close(1000))
            found = understood(client.next())
            if found != ("closed", 1000):
                return f"its close frame was answered with {short(found)}"
        else:
            code = case.back[-1][1]
            try:
                client.send(close(code))
            except OSError:
                return ""  # the server has ended TCP already
        return "" if client.ended() else "TCP did not end, or something came before"


class HandshakeTableTests(TableTestCase):
    def test_refusals(self) -> None:
        """What is no good handshake is refused in HTTP, with the status that says why."""
        good = handshake()
        failures = []
        for sent, status in (
            (good.replace(b"GET", b"POST"), 405),
            (good.replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
            (handshake(Sec_WebSocket_Key=None), 400),
            (handshake(Sec_WebSocket_Key="abc"), 400),
            (handshake(Sec_WebSocket_Key="*" * 24), 400),
            (handshake(Sec_WebSocket_Version=None), 400),
            (handshake(Sec_WebSocket_Version="12"), 400),
            (handshake(Sec_WebSocket_Version="x"), 400),
            (handshake(Host=None), 403),
            (handshake(Origin="http://evil.example"), 403),
            (handshake(X_Long="x" * 70_000), 431),
            (b"\x16\x03\x01\x02\x00\x01", 400),
            (b"EHLO there\r\n\r\n", 400),
        ):
            head = self.answer_to(sent)
            if not head.startswith(b"HTTP/1.1 %d " % status):
                failures.append((sent[:60], status, head[:60]))
        self.assertEqual(failures, [])

    def test_offers_without_compression(self) -> None:
        """Where nothing is compressed, no offer keeps a client out, whatever is in it."""
        for offer in ("permessage-deflate", "permessage-deflate; client_max_window_bits=8", "=;;,"):
            client = self.client(Sec_WebSocket_Extensions=offer)
            self.assertNotIn(b"Extensions", client.reader.head or b"", offer)
            self.assertLives(client, offer)

    def answer_to(self, sent: bytes) -> bytes:
        """The head of the answer to bytes that are no good handshake."""
        with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as tcp:
            tcp.sendall(sent)
            found = b""
            while b"\r\n\r\n" not in found and (data := tcp.recv(1 << 16)):
                found += data
        return found


class FramingTableTests(TableTestCase):
    def test_lengths(self) -> None:
        """Programs in messages of every form of length, whole, chopped and in fragments."""
        self.assertCases(
            Case(f"1, {size}, chop {chop}", (frame(TEXT, echo("Hello", size)),), HELLO, chop)
            for size in (125, 126, 127, 128, 65_535, 65_536)
            for chop in (0, 997)
        )

    def test_auto_fragments(self) -> None:
        """A message that a client's library has cut into frames of 1,300 bytes is one message."""
        message = echo("x" * 65_536)
        self.assertCases(
            Case(
                f"10, {chop}",
                tuple(fragments(message, 1300)),
                (("said", "x" * 65_536 + "\n"),),
                chop,
            )
            for chop in (0, 7)
        )

    def test_pings_between(self) -> None:
        """Control frames between fragments are answered before the message they interrupt."""

        def cases() -> Iterator[Case]:
            for size in (1, 2, 5):
                sent: list[bytes] = []
                back: list[Back] = []
                for number, piece in enumerate(fragments(echo("Hello"), size)):
                    if number:
                        sent += [frame(PING, b"%d" % number), frame(PONG, b"nobody asked")]
                        back.append(("pong", b"%d" % number))
                    sent.append(piece)
                for chop in (0, 1):
                    yield Case(f"5, {size}, {chop}", (b"".join(sent),), (*back, *HELLO), chop)

        self.assertCases(cases())


HELLO: tuple[Back, ...] = (("said", "Hello\n"),)


def wrong_beginnings() -> Iterator[bytes]:
    """Every shortest sequence of bytes with which no UTF-8 goes on (Unicode, table 3-7)."""
    tails = dict.fromkeys(range(0xC2, 0xF5), (0x80, 0xBF))
    tails |= {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
    for lead in range(0x80, 0x100):
        if lead not in tails:
            yield bytes((lead,))
            continue
        least, most = tails[lead]
        for second in {0x22, 0x7F, 0x80, 0xBF, 0xC0, 0xFF, least - 1, most + 1}:
            if not least <= second <= most:
                yield bytes((lead, second))
        for length in range(2, 2 + (lead >= 0xE0) + (lead >= 0xF0)):
            for bad in (0x22, 0x7F, 0xC0, 0xFF):
                yield bytes((lead, most, *(0xBF,) * (length - 2), bad))


class Utf8TableTests(TableTestCase):
    def test_the_byte_at_which_it_is_certain(self) -> None:
        """Up to the byte before it all is well, and pings are answered; with it 1007 comes at
        once, though the message is not over."""
        self.assertCases(
            Case(
                f"6, {bad.hex(' ')}",
                (
                    frame(TEXT, "{é".encode() + bad[:-1], fin=False),
                    frame(PING, b"well?"),
                    frame(0, bad[-1:], fin=False),
                ),
                (("pong", b"well?"), ("closed", 1007)),
            )
            for bad in wrong_beginnings()
        )

    def test_inside_a_frame(self) -> None:
        """The same where the frame itself is not over: the rest of it never comes."""
        self.assertCases(
            Case(
                f"6, inside, {bad.hex(' ')}",
                (frame(TEXT, b"{" + bad, length=500),),
                (("closed", 1007),),
            )
            for number, bad in enumerate(wrong_beginnings())
            if number % 4 == 0
        )

    def test_unfinished(self) -> None:
        """A message that ends within a code point."""
        self.assertCases(
            Case(f"6, cut, {cut.hex(' ')}", (frame(TEXT, b"{" + cut),), (("closed", 1007),))
            for whole in ("é", "€", "\U0001f600", "\U0010ffff")
            for cut in (whole.encode()[:length] for length in range(1, len(whole.encode())))
        )

    def test_every_code_point(self) -> None:
        """There and back, whole and with fragments that end within code points."""
        points = [*range(0x20, 0xD800), *range(0xE000, 0x110000)]
        every = "".join(map(chr, points)).replace("\\", "").replace("'", "").replace("${", "")
        message = echo(every)
        expected = (("said", every + "\n"),)
        self.assertCases(
            iter(
                (
                    Case("6, every code point", (frame(TEXT, message),), expected),
                    Case("6, in fragments", tuple(fragments(message, 4099)), expected),
                )
            )
        )

    def test_noncharacters(self) -> None:
        """Code points that are no characters are valid UTF-8 all the same."""
        points = [*range(0xFDD0, 0xFDF0)]
        points += [plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)]
        client = self.client()
        for point in points:
            client.send(*fragments(echo(chr(point)), 1))
            self.assertEqual(understood(client.next()), ("said", chr(point) + "\n"), hex(point))


class CloseTableTests(TableTestCase):
    def test_lengths(self) -> None:
        """Every length of a reason is echoed; one byte more than fits is a violation."""
        self.assertCases(
            Case(f"7, {length}", (close(1000, b"r" * length),), (("closed", 1000),))
            for length in range(124)
        )
        self.assertCases(
            Case(f"7, {length}", (close(1000, b"r" * length),), (("closed", 1002),))
            for length in (124, 125, 1000, 70_000)
        )

    def test_codes(self) -> None:
        """All ranges of codes up to both of their ends (RFC 6455, 7.4)."""
        # 1014 is for gateways to send, not for clients.
        good = {*range(1000, 1004), *range(1007, 1014), *range(3000, 5000)}
        looked_at = {*range(990, 1030), *range(0, 65536, 1021), 65_535}
        looked_at |= {1999, 2000, 2001, 2999, 3000, 3001, 3998, 3999, 4000, 4998, 4999, 5000, 5001}
        self.assertCases(
            Case(f"7, {code}", (close(code),), (("closed", code if code in good else 1002),))
            for code in sorted(looked_at)
        )

    def test_reasons(self) -> None:
        """A reason is UTF-8."""
        self.assertCases(
            Case(f"7, {bad.hex(' ')}", (close(1000, b"why: " + bad),), (("closed", 1007),))
            for number, bad in enumerate(wrong_beginnings())
            if number % 8 == 0
        )


class LimitTableTests(TableTestCase):
    def test_sixty_mebibytes(self) -> None:
        """One message of 60 MiB, below the limit of 64 for uploads, which are off here."""
        content = "x" * (60 << 20)
        upload = {"type": "upload_file", "filename": "a.txt", "content": content}
        message = json.dumps(upload).encode()
        answer = {"success": False, "message": "", "error": "Режим --use-ve не включен"}
        sent = (frame(TEXT, message), frame(TEXT, echo("Hello")))
        self.assertCases(iter((Case("9, 60 MiB", sent, (("failed", answer), *HELLO)),)))

    def test_above(self) -> None:
        """One byte above the limit, in whatever frames."""
        half = b" " * (32 << 20)
        whole = frame(TEXT, half, fin=False) + frame(0, half, fin=False)
        self.assertCases(
            iter(
                (
                    Case("9, one", (frame(TEXT, b"", length=(64 << 20) + 1),), TOO_LARGE),
                    Case("9, two", (whole, frame(0, b" ", length=1)), TOO_LARGE),
                    Case("9, binary", (frame(BINARY, b"", length=1 << 62),), TOO_LARGE),
                )
            )
        )

    def test_sizes(self) -> None:
        """Large programs and their large answers, in frames and packets of many sizes."""

        def cases() -> Iterator[Case]:
            for size in (64 << 10, 1 << 20, (8 << 20) - 64):
                text = "é" * (size // 2)
                expected = (("said", text + "\n"),)
                yield Case(f"9, {size}", (frame(TEXT, echo(text)),), expected)
            text = "x" * (1 << 20)
            for size in (64, 256, 4096, 256 << 10):
                sent = b"".join(fragments(echo(text), size))
                yield Case(f"9, frames of {size}", (sent,), (("said", text + "\n"),))
            for chop in (64, 1031):
                text = "x" * (1 << 16)
                yield Case(
                    f"9, packets of {chop}",
                    (frame(TEXT, echo(text)),),
                    (("said", text + "\n"),),
                    chop,
                )

        self.assertCases(cases())

    def test_a_fragment_for_each_byte(self) -> None:
        """Many frames make no large memory: a message of 50,000 empty and one-byte fragments."""
        message = echo("Hello", 25_000)
        sent = b"".join(piece + frame(0, fin=False) for piece in fragments(message[:-1], 1))
        # The last one-byte fragment ended it too early: make that one go on.
        sent = sent[: -len(frame(0, b" ")) - len(frame(0))]
        sent += frame(0, b" ", fin=False) + frame(0, message[-1:])
        self.assertCases(iter((Case("9, bytes", (sent,), HELLO),)))

    def test_one_after_another(self) -> None:
        """Programs of growing size, each answered before the next is sent."""
        client = self.client()
        for size in (0, 16, 64, 256, 1024, 4096, 65_536):
            for number in range(30):
                text = f"{number}" + "x" * size
                client.send(frame(TEXT, echo(text)))
                self.assertEqual(understood(client.next()), ("said", text + "\n"))


TOO_LARGE: tuple[Back, ...] = (("closed", 1009),)


class CompressionTableTests(TableTestCase):
    words = ("--compress", "--max-message-mib=4")

    def opened(self, offer: str) -> tuple[Raw, dict[str, str]]:
        """A client, and the parameters that the server has chosen."""
        client = self.client(Sec_WebSocket_Extensions=offer)
        assert client.reader.head is not None
        for line in client.reader.head.decode().split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "sec-websocket-extensions":
                parts = [part.strip().partition("=") for part in value.split(";")]
                assert parts[0][0] == "permessage-deflate", line
                return client, {key: text.strip('"') for key, _, text in parts[1:]}
        raise AssertionError(f"{offer!r} was not accepted")

    def test_windows(self) -> None:
        """Every window that a client may ask for, with and without a kept context, is kept to."""
        failures = []
        for offer in OFFERS:
            client, chosen = self.opened(offer)
            packed, unpacked = compressor(chosen), decompressor(chosen)
            for size in (0, 16, 64, 256, 4096, 65_536, 131_072):
                text = random.Random(size).randbytes(size // 2).hex()
                message = packed(echo(text))
                client.send(*deflated(message, 1 + len(message) // 3))
                found = client.next()
                if found.rsv != 4 or understood(found, unpacked) != ("said", text + "\n"):
                    failures.append((offer, chosen, size))
                    break
        self.assertEqual(failures, [])

    def test_windows_are_as_small_as_asked(self) -> None:
        """An answer never goes further back than the window that the client has room for."""
        for bits in range(9, 16):
            client, chosen = self.opened(f"permessage-deflate; server_max_window_bits={bits}")
            self.assertLessEqual(int(chosen["server_max_window_bits"]), bits)
            text = random.Random(1).randbytes(1 << 13).hex() * 4
            client.send(frame(TEXT, echo(text)))
            self.assertEqual(
                understood(client.next(), decompressor(chosen)), ("said", text + "\n"), bits
            )

    def test_offers_that_cannot_be_met(self) -> None:
        """Are declined, and the client is served; a good one behind them is accepted."""
        for parameters in (
            "server_max_window_bits=8",
            "server_max_window_bits=16",
            "server_max_window_bits",
            "client_max_window_bits=7",
            "client_no_context_takeover=1",
            "server_no_context_takeover; server_no_context_takeover",
            "unknown_parameter",
        ):
            offer = f"permessage-deflate; {parameters}"
            client = self.client(Sec_WebSocket_Extensions=offer)
            head = client.reader.head or b""
            self.assertTrue(head.startswith(b"HTTP/1.1 101 "), (offer, head))
            self.assertNotIn(b"permessage-deflate", head, offer)
            self.assertLives(client, offer)
            _, chosen = self.opened(f"{offer}, permessage-deflate; server_max_window_bits=9")
            self.assertEqual(chosen["server_max_window_bits"], "9", offer)

    def test_kept_context(self) -> None:
        """Three hundred messages that refer to each other, and control frames in between."""
        client, chosen = self.opened("permessage-deflate; client_max_window_bits")
        packed, unpacked = compressor(chosen), decompressor(chosen)
        for number in range(300):
            client.send(*deflated(packed(echo(f"the same as before, {number}")), 11))
            found = understood(client.next(), unpacked)
            self.assertEqual(found, ("said", f"the same as before, {number}\n"))
            client.send(frame(PING, b"p"))
            self.assertEqual(understood(client.next()), ("pong", b"p"))

    def test_bombs(self) -> None:
        """What is small only when compressed is refused by its real size, in little memory."""
        limit = 4 << 20
        client, chosen = self.opened("permessage-deflate")
        client.send(frame(TEXT, compressor(chosen)(echo("Hello", limit - 1024)), rsv=4))
        self.assertEqual(understood(client.next(), decompressor(chosen)), HELLO[0])
        before = self.peak()
        for size in (limit + 1, limit + 1024, 16 << 20, 512 << 20):
            bomb = bombs(size)
            for pieces in ((frame(TEXT, bomb, rsv=4),), tuple(deflated(bomb, 997))):
                client, _ = self.opened("permessage-deflate")
                client.send(*pieces[:100])
                self.assertEqual(understood(client.next()), ("closed", 1009), size)
        self.assertLess(self.peak() - before, 64 << 20)

    def peak(self) -> int:
        """The most memory that the server has ever held, in bytes."""
        assert self._daemon is not None
        status = Path(f"/proc/{self._daemon.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


OFFERS = [
    "permessage-deflate",
    *(
        f"permessage-deflate; {server}{client}{context}"
        for server in ("", "server_max_window_bits=9; ", "server_max_window_bits=15; ")
        for client in ("client_max_window_bits", "client_max_window_bits=9")
        for context in (
            "",
            "; client_no_context_takeover",
            "; server_no_context_takeover",
            "; client_no_context_takeover; server_no_context_takeover",
        )
    ),
    "permessage-deflate; unknown=1, permessage-deflate; client_max_window_bits=10",
]


def compressor(chosen: dict[str, str]) -> Callable[[bytes], bytes]:
    """A client's, which keeps its context where it may."""
    bits = int(chosen.get("client_max_window_bits") or 15)
    kept = zlib.compressobj(wbits=-bits)

    def packed(data: bytes) -> bytes:
        nonlocal kept
        if "client_no_context_takeover" in chosen:
            kept = zlib.compressobj(wbits=-bits)
        return (kept.compress(data) + kept.flush(zlib.Z_SYNC_FLUSH))[:-4]

    return packed


def decompressor(chosen: dict[str, str]) -> Callable[[bytes], bytes]:
    """A client's, which has no more room than was agreed."""
    bits = int(chosen.get("server_max_window_bits") or 15)
    kept = zlib.decompressobj(wbits=-bits)

    def unpacked(data: bytes) -> bytes:
        nonlocal kept
        if "server_no_context_takeover" in chosen:
            kept = zlib.decompressobj(wbits=-bits)
        return kept.decompress(data + b"\0\0\xff\xff")

    return unpacked


def bombs(size: int) -> bytes:
    """So many blanks, compressed."""
    packer, piece = zlib.compressobj(9, wbits=-15), b" " * (1 << 20)
    packed = b"".join(packer.compress(piece) for _ in range(size >> 20))
    packed += packer.compress(b" " * (size % (1 << 20)))
    return (packed + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def deflated(message: bytes, size: int) -> Iterator[bytes]:
    """A compressed text message in frames; only the first has the bit (RFC 7692, 6.1)."""
    for start in range(0, len(message), size):
        last = start + size >= len(message)
        piece = message[start : start + size]
        yield frame(0 if start else TEXT, piece, fin=last, rsv=0 if start else 4)


def understood(found: Frame, unpacked: Callable[[bytes], bytes] = bytes) -> Back:
    """What a frame of the server means."""
    if not found.fin or found.rsv not in (0, 4):
        return "unexpected", found
    if found.opcode == CLOSE:
        found.payload[2:].decode()
        return "closed", found.code
    if found.opcode == PONG:
        return "pong", found.payload
    answer = json.loads(unpacked(found.payload) if found.rsv else found.payload)
    return ("said", answer["output"]) if answer["success"] else ("failed", answer)


def short(back: Back) -> str:
    """As much of it as a message can hold."""
    text = repr(back)
    return text if len(text) < 200 else f"{text[:150]}… ({len(text)})"
