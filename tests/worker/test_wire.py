"""Frames and messages."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import runtime_error, variable_error
from datacode.i18n.message import Message
from datacode.runtime.file_operations import (
    Copy,
    FindKind,
    ListFolder,
    Match,
    Stat,
    WorkingFolder,
    Write,
)
from datacode.runtime.files import Entry
from datacode.worker import wire


def frame(length: int, body: bytes) -> bytes:
    """A frame that says of itself that it is so long."""
    return length.to_bytes(4, "big") + body


class PieceTests(SynchronousTestCase):
    def test_lists(self) -> None:
        """A list that is packed in pieces is the same list."""
        for length in (17, 32, 33, 40, 1000):
            for items in ([Entry(str(n), False, n) for n in range(length)], ["\udcffя"] * length):
                data = b"".join(wire.packed_in_pieces(items, 16))
                expected = msgspec.msgpack.decode(wire.packed(items))
                self.assertEqual(msgspec.msgpack.decode(data), expected)


class FramesTests(SynchronousTestCase):
    """A stream is cut into frames again, however it arrives."""

    def test_whole(self) -> None:
        """Two frames in one piece are two frames."""
        frames = wire.FrameSplitter(100)
        self.assertEqual(list(frames.feed(frame(2, b"ab") + frame(0, b""))), [b"ab", b""])

    @given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 7))
    def test_pieces(self, bodies: list[bytes], size: int) -> None:
        """Pieces of any size give the same frames."""
        stream = b"".join(frame(len(body), body) for body in bodies)
        frames = wire.FrameSplitter(50)
        found: list[bytes] = []
        for start in range(0, len(stream), size):
            found += frames.feed(stream[start : start + size])
        self.assertEqual(found, bodies)

    def test_too_long(self) -> None:
        """A frame over the limit is refused by its length, before its content arrives."""
        frames = wire.FrameSplitter(10)
        with self.assertRaises(wire.FrameError):
            list(frames.feed((11).to_bytes(4, "big")))


class MessageTests(SynchronousTestCase):
    """Messages survive the wire, and only those of the channel's own union are read."""

    def roundtrip(self, message: msgspec.Struct, union: object) -> object:
        (body,) = wire.FrameSplitter(wire.MAX_FROM_WORKER).feed(wire.encode(message))
        return wire.Decoder[msgspec.Struct](union)(body)

    def test_roundtrip(self) -> None:
        """What was sent is what arrives."""
        for message in (
            wire.OutputText("Привет\n"),
            wire.Finished(3, "", wire.Error("Runtime Error", Message("no", "no"), 1)),
            wire.WritePiece(1, b"\x00\xff"),
            wire.FileRequest(1, Write("a.txt", b"\x00\xff")),
        ):
            self.assertEqual(self.roundtrip(message, wire.FromWorker), message)

    def test_lone_surrogates(self) -> None:
        """UTF-8 has no lone surrogates; they arrive as the replacement character."""
        arrived = self.roundtrip(wire.OutputText("a\ud800b"), wire.FromWorker)
        self.assertEqual(arrived, wire.OutputText("a\ufffdb"))

    def test_lone_surrogates_beside_bytes(self) -> None:
        """Bytes stay bytes in such a message."""
        sent = wire.FileRequest(1, Write("\udc80", b"\xff\x00"))
        arrived = self.roundtrip(sent, wire.FromWorker)
        self.assertEqual(arrived, wire.FileRequest(1, Write("\ufffd", b"\xff\x00")))

    def test_operations(self) -> None:
        """Each arrives as it was asked for, and what it gives as what it is."""
        entries = [Entry("a", False, 5, 1.5), Entry("b\ufffd", True)]
        for operation, answer in (
            (WorkingFolder(), "/work"),
            (ListFolder("a"), entries),
            (Match("*"), ["a", "b"]),
            (FindKind("a"), None),
            (FindKind("a"), "file"),
            (Stat("a"), entries[0]),
            (Copy("a", "b"), None),
        ):
            request = wire.FileRequest(7, operation)
            self.assertEqual(self.roundtrip(request, wire.FromWorker), request)
            answered = wire.Answered(7, msgspec.Raw(wire.packed(answer)))
            arrived = self.roundtrip(answered, wire.ToWorker)
            assert isinstance(arrived, wire.Answered)
            self.assertEqual(wire.answer_to(operation, arrived), answer)

    def test_wrong_operations(self) -> None:
        """What is no operation, or one that crosses no channel, or has wrong fields."""
        for operation in (
            {"do": "write", "path": "a", "descriptor": 5},
            {"do": "open", "path": 5},
            {"do": "system", "path": "a"},
            {"path": "a"},
        ):
            body = msgspec.msgpack.encode({"type": "file", "request": 1, "operation": operation})
            with self.assertRaises(wire.FrameError):
                wire.Decoder[wire.FromWorker](wire.FromWorker)(body)
        wrong = wire.Answered(1, msgspec.Raw(wire.packed([["a"]])))
        self.assertRaises(msgspec.ValidationError, wire.answer_to, Match("*"), wrong)

    def test_wrong_direction(self) -> None:
        """A message of the other direction is no message."""
        with self.assertRaises(wire.FrameError):
            self.roundtrip(wire.Opened(1), wire.FromWorker)

    def test_wrong_types(self) -> None:
        """Fields are checked."""
        body = msgspec.msgpack.encode({"type": "output", "text": 5})
        with self.assertRaises(wire.FrameError):
            wire.Decoder[wire.FromWorker](wire.FromWorker)(body)

    @given(st.binary(max_size=200))
    def test_garbage(self, body: bytes) -> None:
        """Any bytes give a message or a ``FrameError``."""
        try:
            wire.Decoder[wire.FromWorker](wire.FromWorker)(body)
        except wire.FrameError:
            return

    def test_deep_nesting(self) -> None:
        """Nesting without end is refused, not followed."""
        with self.assertRaises(wire.FrameError):
            wire.Decoder[wire.FromWorker](wire.FromWorker)(b"\x91" * 100_000)


class ErrorTests(SynchronousTestCase):
    """DataCode errors cross field by field, and what cannot be shown does not."""

    def test_roundtrip(self) -> None:
        """Kind, text and place arrive."""
        error = variable_error("x")
        error.line, error.multiline = 2, True
        again = wire.Error.of(error).exception()
        self.assertEqual(str(again), "Variable Error at line 2: Variable 'x' not found")
        self.assertEqual(again.render("ru"), error.render("ru"))

    def test_long_texts_are_cut(self) -> None:
        """A parameter of a megabyte does not make a frame that is too long."""
        error = runtime_error("long", "{text}", text="x" * 2_000_000)
        self.assertLess(len(wire.encode(wire.Error.of(error))), 20_000)

    def refused(
        self, template: str, params: dict[str, str | Message], kind: str = "Runtime Error"
    ) -> None:
        with self.assertRaises(wire.FrameError):
            wire.Error(kind, Message("x", template, params)).exception()

    def test_hostile_templates(self) -> None:
        """A template may insert its parameters and do nothing else."""
        self.refused("{x:>1000000000}", {"x": "a"})
        self.refused("{x.__class__}", {"x": "a"})
        self.refused("{x!r}", {"x": "a"})
        self.refused("{missing}", {})
        self.refused("{", {})
        self.refused("{x}", {"x": Message("x", "{y!r}", {"y": "a"})})
        self.refused("{x}", {"x": Message("x y", "x")})
        deep = Message("x", "x")
        for _ in range(200):
            deep = Message("x", "{x}", {"x": deep})
        self.refused("{x}", {"x": deep})

    def test_unknown_kind(self) -> None:
        """A kind that there is not is refused."""
        self.refused("a", {}, kind="Fatal Error")
