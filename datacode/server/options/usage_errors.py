"""What is wrong with the server's command line, in either language. Server reference, 3.2."""

from __future__ import annotations

import re

from twisted.python.usage import UsageError

from datacode.server.api.texts import Text


class Mistake(UsageError):
    """One sentence about what was given. ``template`` and ``params`` as in ``Text``."""

    def __init__(self, template: str, **params: object) -> None:
        self.text = Text(template).filled(**params)
        super().__init__(self.text.render("ru"))


_FOUND_BY_TWISTED = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        ("option (?P<option>.*) not recognized", Text("❌ Неизвестный параметр: {option}")),
        ("option (?P<option>.*) requires argument", Text("❌ {option}: нет значения")),
        (
            "option (?P<option>.*) must not have an argument",
            Text("❌ {option}: значение не ожидается"),
        ),
        (
            "option (?P<option>.*) not a unique prefix",
            Text("❌ {option}: так начинается не один параметр"),
        ),
        ("Invalid auth type: (?P<kind>.*)", Text("❌ --auth: нет такого способа: {kind}")),
    )
)
"""Its sentences (and ``getopt``'s), and ours for the same."""


def sentence(error: UsageError, locale: str) -> str:
    """The mistake in ``locale``. Of Twisted's own, those that nobody knows stay as they are."""
    if isinstance(error, Mistake):
        return error.text.render(locale)
    for pattern, text in _FOUND_BY_TWISTED:
        if match := pattern.fullmatch(str(error)):
            return text.render(locale, **match.groupdict())
    return f"❌ {error}"
