"""What is wrong with the server's command line, in either language. Server reference, 3.2."""

from __future__ import annotations

import re

from twisted.python.usage import UsageError

from datacode.i18n.message import Message, parameters


class OptionError(UsageError):
    """One sentence about what was given."""

    def __init__(self, code: str, template: str, /, **params: object) -> None:
        self.message = Message(code, template, parameters(params))
        super().__init__(self.message.render("ru"))


_FOUND_BY_TWISTED = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        (
            "option (?P<option>.*) not recognized",
            Message("unknown_server_option", "❌ Unknown option: {option}"),
        ),
        (
            "option (?P<option>.*) requires argument",
            Message("server_option_needs_value", "❌ {option} needs a value"),
        ),
        (
            "option (?P<option>.*) must not have an argument",
            Message("server_option_takes_no_value", "❌ {option} takes no value"),
        ),
        (
            "option (?P<option>.*) not a unique prefix",
            Message("ambiguous_server_option", "❌ {option}: more than one option begins so"),
        ),
        (
            "Invalid auth type: (?P<kind>.*)",
            Message("unknown_auth", "❌ --auth: no such method: {kind}"),
        ),
    )
)
"""Its sentences (and ``getopt``'s), and ours for the same."""


def sentence(error: UsageError, locale: str) -> str:
    """The error in ``locale``. Twisted's own are translated where we know them."""
    if isinstance(error, OptionError):
        return error.message.render(locale)
    for pattern, text in _FOUND_BY_TWISTED:
        if match := pattern.fullmatch(str(error)):
            return text.render(locale, **match.groupdict())
    return f"❌ {error}"
