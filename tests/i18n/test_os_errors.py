"""The words of the system for its errors."""

from __future__ import annotations

import errno
import socket

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import runtime_error
from datacode.i18n.os_errors import system_reason, system_text


class SystemTextTests(SynchronousTestCase):
    def test_independent_of_locale(self) -> None:
        """The text comes from the number, not from what the error carries."""
        error = FileNotFoundError(errno.ENOENT, "Нет такого файла или каталога")
        self.assertEqual(str(system_text(error)), "No such file or directory (os error 2)")

    def test_without_number(self) -> None:
        """An error of a library keeps its own words."""
        self.assertEqual(str(system_text(OSError("out of step"))), "out of step")
        self.assertEqual(str(system_text(OSError())), "Input/output error")
        self.assertEqual(str(system_reason(OSError("out of step"))), "out of step")

    def test_reason(self) -> None:
        """The text alone; that of a name that cannot be looked up is not taken for a number's."""
        self.assertEqual(
            str(system_reason(PermissionError(errno.EACCES, "?"))), "Permission denied"
        )
        unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        self.assertEqual(str(system_reason(unknown)), "Name or service not known")
        self.assertEqual(system_reason(unknown).render("ru"), "имя или служба неизвестны")

    def test_languages(self) -> None:
        """In Russian with the same number; what the system never says is not touched."""
        denied = system_text(PermissionError(errno.EACCES, "?"))
        self.assertEqual(denied.render("ru"), "отказано в доступе (os error 13)")
        self.assertEqual(denied.render("en"), "Permission denied (os error 13)")
        for other in ("Permission denied by me", "x: Permission denied", "Password: "):
            self.assertEqual(system_reason(OSError(other)).render("ru"), other)

    def test_in_sentences(self) -> None:
        """Programs see English; readers the language of the sentence. Texts of users stay."""
        reason = system_text(IsADirectoryError(errno.EISDIR, "?"))
        error = runtime_error("read_failed", "Failed to read file: {reason}", reason=reason)
        self.assertEqual(error.text, "Failed to read file: Is a directory (os error 21)")
        self.assertEqual(
            error.render("ru"), "Ошибка: не удалось прочитать файл: это папка (os error 21)"
        )
        self.assertEqual(
            error.render("en"), "Runtime Error: Failed to read file: Is a directory (os error 21)"
        )
        thrown = runtime_error("thrown", "{message}", message="Is a directory")
        self.assertIn("Is a directory", thrown.render("ru"))
