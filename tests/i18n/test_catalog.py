"""The catalogues are whole: every text that a user can see exists in both languages."""

from __future__ import annotations

import re

from babel.messages.mofile import read_mo
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError, Kind, variable_error
from datacode.i18n.message import Message
from datacode.runtime.tracebacks import RecursionTooDeep
from datacode.smb import errors
from datacode.smb.errors import ShareError
from tests import catalog_tool


class CatalogTests(SynchronousTestCase):
    """The ``.po`` and ``.mo`` files against the source."""

    def test_every_text_is_translated(self) -> None:
        """And nothing is that the source does not have."""
        found = {(m.context, m.id) for m in catalog_tool.load() if m.id and m.string}
        self.assertEqual(found, set(catalog_tool.wanted()))

    def test_source_is_english(self) -> None:
        """The catalogue's Russian is the only one."""
        russian = [text for _, text in catalog_tool.wanted() if re.search("[а-яё]", text, re.I)]
        self.assertEqual(russian, [])

    def test_codes(self) -> None:
        """A code is a word of small letters, and has one template."""
        for code, templates in catalog_tool.messages().items():
            self.assertRegex(code, r"^[a-z][a-z0-9_]*$")
            self.assertEqual(len(templates), 1, (code, templates))

    def test_translations_use_the_same_parameters(self) -> None:
        """A translation mentions exactly the parameters of its template."""
        for message in catalog_tool.load():
            if message.id and message.context not in catalog_tool.ORIGINALS:
                wanted = "{shown}" if message.id == catalog_tool.VALUE else message.id
                used = set(re.findall(r"{(\w*)[}|]", message.string))
                if message.context not in ("null_shown", "report_shown"):  # nothing to show
                    self.assertEqual(set(re.findall(r"{(\w*)}", wanted)), used, message.id)

    def test_compiled_catalogue_is_current(self) -> None:
        """The ``.mo`` has the messages of its ``.po``; the heads differ from Babel to Babel."""
        with catalog_tool.PO.with_suffix(".mo").open("rb") as file:
            compiled = {(m.context, m.id): m.string for m in read_mo(file) if m.id}
        written = {(m.context, m.id): m.string for m in catalog_tool.load() if m.id}
        self.assertEqual(compiled, written)


class RenderTests(SynchronousTestCase):
    """How one error looks to programs and to readers of two languages."""

    def test_one_line_program(self) -> None:
        """In a program of one line the Russian text names no line."""
        error = variable_error("x")
        error.line = 1
        self.assertEqual(str(error), "Variable Error at line 1: Variable 'x' not found")
        self.assertEqual(error.render("ru"), "Ошибка: переменная 'x' не определена")

    def test_what_was_tried_and_why_it_failed(self) -> None:
        """A message within a message is in the same language."""
        error = ShareError(errors.MISSING, path="a").during(errors.Operation.READ)
        self.assertEqual(error.message.code, "share_read_failed")
        self.assertEqual(str(error), "Ошибка чтения файла: 'a' не найден")
        self.assertEqual(error.render("ru"), str(error))
        self.assertEqual(error.render("en"), "Failed to read the file: 'a' not found")

    def test_parameter_that_is_not_known(self) -> None:
        """It is a question mark."""
        error = ShareError(errors.UNREACHABLE)
        self.assertEqual(error.render("en"), "server ? cannot be reached")
        self.assertEqual(str(error), "сервер ? недоступен")

    def test_forms_by_number(self) -> None:
        """A word agrees with the number before it, in Russian."""
        message = Message("path_too_long", "the path is longer than {limit} bytes")
        for limit, word in ((1, "байта"), (2, "байт"), (11, "байт"), (1021, "байта")):
            self.assertEqual(
                message.render("ru", limit=limit), f"путь длиннее {limit} {word}", limit
            )
        count = Message(
            "wrong_argument_count", "Function '{name}' expects {expected} arguments, found {found}"
        )
        for expected, words in (
            ("1", "нужен 1 аргумент"),
            ("2", "нужны 2 аргумента"),
            ("5", "нужно 5 аргументов"),
            ("12", "нужно 12 аргументов"),
            ("21", "нужен 21 аргумент"),
            ("111", "нужно 111 аргументов"),
        ):
            said = count.render("ru", name="f", expected=expected, found=0)
            self.assertEqual(said, f"функции 'f' {words}, передано 0")

    def test_longer_program(self) -> None:
        """In a longer one it does, behind the message."""
        error = variable_error("x")
        error.line, error.multiline = 3, True
        self.assertEqual(error.render("ru"), "Ошибка: переменная 'x' не определена (строка 3)")

    def test_text_of_the_user_is_never_a_template(self) -> None:
        """Braces in a parameter stay as they are."""
        error = DataCodeError(
            Kind.EXCEPTION, Message("thrown", "{text}", {"text": "{line} {0} {"}), line=1
        )
        self.assertEqual(str(error), "Exception at line 1: {line} {0} {")
        self.assertEqual(error.render("ru"), "Ошибка: {line} {0} {")

    def test_texts_of_the_original_in_russian_have_an_english_form(self) -> None:
        """Programs see the original's Russian; a reader of English reads English."""
        error = RecursionTooDeep(10000)
        error.line = 2
        self.assertEqual(
            str(error), "Runtime Error at line 2: Превышена максимальная глубина рекурсии (10000)"
        )
        self.assertEqual(error.render("ru"), "Ошибка: слишком глубокая рекурсия")
        self.assertEqual(
            error.render("en"), "Runtime Error at line 2: Maximum recursion depth exceeded (10000)"
        )
