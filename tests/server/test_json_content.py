"""Content of files in answers: text or base64, in pieces that fit together."""

from __future__ import annotations

import base64
import json
import os

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import long_answer
from datacode.server.files import json_content
from datacode.server.files.json_content import TooLarge, as_json, of_descriptor


class PieceTests(SynchronousTestCase):
    """With pieces of three bytes letters are cut, too."""

    def setUp(self) -> None:
        """Make the pieces small."""
        self.patch(json_content, "PIECE", 3)
        self.patch(long_answer, "PIECE", 3)

    @given(st.text() | st.text(alphabet='я\U0001f600"\\\n\0a'))
    def test_text(self, text: str) -> None:
        """What is UTF-8 is text, whatever is in it."""
        self.assertEqual(json.loads(bytes(as_json(text.encode()))), text)

    @given(st.binary())
    def test_binary(self, data: bytes) -> None:
        """The rest is base64; so is a text that could be taken for it."""
        for binary in (data + b"\xd1", b"\xff" + data, b"base64:" + data):
            said = json.loads(bytes(as_json(binary)))
            self.assertEqual(said, "base64:" + base64.b64encode(binary).decode())
        pieces = long_answer.FileText([data, data], base64=True).pieces()
        self.assertEqual(json.loads(b"".join(pieces)), base64.b64encode(data + data).decode())


class DescriptorTests(SynchronousTestCase):
    def file(self, content: bytes) -> int:
        """A descriptor of a file."""
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(content)
        return os.open(path, os.O_RDONLY)

    def test_parts(self) -> None:
        """All of it, or some bytes; closed in any case."""
        for arguments, expected in (
            ((0, None, 0), "abcdef"),
            ((2, 3, 3), "cde"),
            ((4, 100, 0), "ef"),
            ((0, None, 6), "abcdef"),
        ):
            descriptor = self.file(b"abcdef")
            self.assertEqual(json.loads(bytes(of_descriptor(descriptor, *arguments))), expected)
            self.assertRaises(OSError, os.fstat, descriptor)

    def test_too_large(self) -> None:
        """Said before it is read."""
        for length in (None, 6):
            descriptor = self.file(b"abcdef")
            self.assertRaises(TooLarge, of_descriptor, descriptor, 0, length, 5)
            self.assertRaises(OSError, os.fstat, descriptor)
