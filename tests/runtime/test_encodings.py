"""Encodings by name, and the words of the system for its errors."""

from __future__ import annotations

import codecs
import errno

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.runtime.encodings import _ALIASES, decoded, encoding_named
from datacode.runtime.system_errors import system_text


class EncodingTests(SynchronousTestCase):
    def test_spellings(self) -> None:
        """Letter case, hyphens and spaces do not matter."""
        for name, found in [
            ("UTF-8", "utf-8"),
            ("Windows-1251", "cp1251"),
            ("cp 1251", "cp1251"),
            ("ISO_8859-5", "iso8859-5"),
        ]:
            self.assertEqual(encoding_named(name), found)

    def test_all_exist(self) -> None:
        """Python has a codec for text by each name that can come out."""
        for name in set(_ALIASES.values()):
            self.assertTrue(codecs.lookup(name)._is_text_encoding, name)

    def test_only_encodings_of_text(self) -> None:
        """Python's other codecs, and names that are no names, are refused by name."""
        for name in ("rot13", "zip", "unicode_escape", "idna", "../x", ""):
            error = self.assertRaises(DataCodeError, encoding_named, name)
            self.assertIn(f"Unknown encoding: {name}. ", str(error))

    def test_byte_order_marks(self) -> None:
        """Are no part of the text."""
        self.assertEqual(decoded("\ufeffя".encode(), "utf-8"), "я")
        self.assertEqual(decoded("\ufeffя".encode("utf-16-le"), "utf-16-le"), "я")


class SystemTextTests(SynchronousTestCase):
    def test_independent_of_locale(self) -> None:
        """The text comes from the number, not from what the error carries."""
        error = FileNotFoundError(errno.ENOENT, "Нет такого файла или каталога")
        self.assertEqual(system_text(error), "No such file or directory (os error 2)")

    def test_without_number(self) -> None:
        """An error of a library keeps its own words."""
        self.assertEqual(system_text(OSError("out of step")), "out of step")
        self.assertEqual(system_text(OSError()), "Input/output error")
