"""The words of the system for its errors."""

from __future__ import annotations

import errno

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.system_errors import system_text


class SystemTextTests(SynchronousTestCase):
    def test_independent_of_locale(self) -> None:
        """The text comes from the number, not from what the error carries."""
        error = FileNotFoundError(errno.ENOENT, "Нет такого файла или каталога")
        self.assertEqual(system_text(error), "No such file or directory (os error 2)")

    def test_without_number(self) -> None:
        """An error of a library keeps its own words."""
        self.assertEqual(system_text(OSError("out of step")), "out of step")
        self.assertEqual(system_text(OSError()), "Input/output error")
