"""One catalogue of every text that a user can see: English templates, and their translations.

The English template is the msgid. Translations live in ``locale/<lang>/LC_MESSAGES/datacode.po``,
compiled beside it to ``datacode.mo``; a test finds a template that has no translation and a
``.mo`` that is older than its ``.po``.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

LOCALES = ("en", "ru")
"""The languages that there are; the first needs no catalogue."""

_FOLDER = Path(__file__).with_name("locale")


@lru_cache(maxsize=None)
def _translations(locale: str) -> gettext.NullTranslations:
    return gettext.translation("datacode", _FOLDER, [locale], fallback=True)


def translate(template: str, locale: str) -> str:
    """The template in ``locale``; the template itself where there is no translation.

    Braces stay: the caller fills in the parameters afterwards.
    """
    if locale == "en" or not template:
        return template
    return _translations(locale).gettext(template)
