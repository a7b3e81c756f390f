"""One catalogue of every text that a user can see.

A template is written once in the code, with ``{name}`` for its parameters, and is the msgid.
Most are English; those that the original had in Russian (and that programs may test for) are
Russian. Translations into each language live in ``locale/<lang>/LC_MESSAGES/datacode.po``,
compiled beside it to ``datacode.mo``: the ``ru`` catalogue holds the English templates, the
``en`` catalogue the Russian ones. Tests find a template without translation and a ``.mo`` that
is not what its ``.po`` says. ``tests/catalog_tool.py`` extracts, updates and compiles them.
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
def _translations(locale: str) -> gettext.NullTranslations:
    return gettext.translation("datacode", _FOLDER, [locale], fallback=True)


def mark(template: str) -> str:
    """The template itself: marks a literal as a msgid where it is only handed on."""
    return template


def translate(template: str, locale: str) -> str:
    """The template in ``locale``; the template itself where it needs no translation.

    Some sentences are what was tried and why it failed (``Ошибка чтения файла: …``): then each is
    translated by itself. Braces stay: the caller fills in the parameters afterwards.
    """
    if not template:
        return template
    known = _translations(locale)
    text = known.gettext(template)
    head, colon, reason = template.partition(": ")
    if text == template and reason and (tried := known.gettext(head + colon)) != head + colon:
        return tried + known.gettext(reason)
    return text
