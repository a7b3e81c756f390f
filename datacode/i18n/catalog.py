"""One catalogue of every text that a user can see.

A text is written once in the code, in English, with ``{name}`` for its parameters, and is the
msgid; of a message (``datacode.i18n.message``) the code is the msgctxt. The Russian translations
live in ``locale/ru/LC_MESSAGES/datacode.po``, compiled beside it to ``datacode.mo``. Tests find a
text without translation and a ``.mo`` that is not what its ``.po`` says.
``tests/catalog_tool.py`` extracts, updates and compiles them.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = ("en", "ru")
"""The languages that there are."""

_FOLDER = Path(__file__).with_name("locale")


def locale_of_environment(environment: Mapping[str, str] | None = None) -> str:
    """``ru`` where the environment (by default the process's own) asks for Russian, else ``en``."""
    variables = os.environ if environment is None else environment
    for name in ("DATACODE_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := variables.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"


@cache
def translations(locale: str) -> gettext.NullTranslations:
    """The catalogue of a language, read once."""
    return gettext.translation("datacode", _FOLDER, [locale], fallback=True)


def mark(template: str) -> str:
    """The template itself: marks a literal as a msgid where it is only handed on."""
    return template


def translate(template: str, locale: str, code: str | None = None) -> str:
    """The template, or that of the message ``code``, in ``locale``.

    Braces stay: the caller fills in the parameters afterwards.
    """
    if not template:
        return template
    known = translations(locale)
    return known.gettext(template) if code is None else known.pgettext(code, template)


def translate_parts(text: str, locale: str) -> str:
    """A sentence of another library: all of it is known, or of ``what: why`` each part."""
    translated = translate(text, locale)
    what, colon, why = text.partition(": ")
    if translated != text or not why:
        return translated
    return translate(what + colon, locale) + translate(why, locale)


def original(template: str, code: str) -> str:
    """What DataCode 1.x said in Russian: the Russian of the message ``code``.

    Where readers are told other words, the msgctxt of the original's is ``CODE original``.
    """
    known = translations("ru")
    text = known.pgettext(f"{code} original", template)
    return known.pgettext(code, template) if text == template else text
