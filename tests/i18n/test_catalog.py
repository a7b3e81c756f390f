"""The catalogues are whole: every text that a user can see exists in both languages."""

from __future__ import annotations

import re

from babel.messages.mofile import read_mo
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError, Kind, runtime_error, variable_error
from datacode.i18n import catalog
from tests import catalog_tool


class CatalogTests(SynchronousTestCase):
    """The ``.po`` and ``.mo`` files against the source."""

    def test_every_template_is_translated(self) -> None:
        """A template in one language has a translation into the other."""
        for locale in catalog.LOCALES:
            entries = catalog_tool.load(locale)
            missing = [
                template
                for template in catalog_tool.wanted(locale)
                if (message := entries.get(template)) is None or not message.string
            ]
            self.assertEqual(missing, [], f"not translated into {locale}")

    def test_translations_use_the_same_parameters(self) -> None:
        """A translation mentions exactly the parameters of its template."""
        for locale in catalog.LOCALES:
            for message in catalog_tool.load(locale):
                if message.id and message.id not in catalog_tool.REWORDED:
                    self.assertEqual(
                        sorted(set(re.findall(r"{(\w*)}", message.id))),
                        sorted(set(re.findall(r"{(\w*)}", message.string))),
                        message.id,
                    )

    def test_compiled_catalogues_are_current(self) -> None:
        """Each ``.mo`` has the messages of its ``.po``; the heads differ from Babel to Babel."""
        for locale in catalog.LOCALES:
            path = catalog_tool.po_path(locale).with_suffix(".mo")
            with path.open("rb") as file:
                compiled = {m.id: m.string for m in read_mo(file) if m.id}
            written = {m.id: m.string for m in catalog_tool.load(locale) if m.id}
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
        """A sentence of two parts is translated part by part; the reason stays where it is."""
        template = "Ошибка чтения файла: '{path}' не найден"
        english = catalog.translate(template, "en")
        self.assertNotRegex(english, "[а-я]")
        self.assertIn("'{path}'", english)
        self.assertEqual(catalog.translate(template, "ru"), template)
        self.assertEqual(catalog.translate("nobody: knows", "ru"), "nobody: knows")

    def test_longer_program(self) -> None:
        """In a longer one it does, behind the message."""
        error = variable_error("x")
        error.line, error.multiline = 3, True
        self.assertEqual(error.render("ru"), "Ошибка: переменная 'x' не определена (строка 3)")

    def test_text_of_the_user_is_never_a_template(self) -> None:
        """Braces in a parameter stay as they are."""
        error = DataCodeError(Kind.EXCEPTION, "{text}", {"text": "{line} {0} {"}, line=1)
        self.assertEqual(str(error), "Exception at line 1: {line} {0} {")
        self.assertEqual(error.render("ru"), "Ошибка: {line} {0} {")

    def test_texts_of_the_original_in_russian_have_an_english_form(self) -> None:
        """Programs see the original's Russian; a reader of English reads English."""
        error = runtime_error("Превышена максимальная глубина рекурсии ({limit})", limit=10000)
        error.line = 2
        self.assertEqual(
            str(error), "Runtime Error at line 2: Превышена максимальная глубина рекурсии (10000)"
        )
        self.assertEqual(error.render("ru"), "Ошибка: слишком глубокая рекурсия")
        self.assertEqual(
            error.render("en"), "Runtime Error at line 2: Maximum recursion depth exceeded (10000)"
        )
