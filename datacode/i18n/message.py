"""Messages for readers: a code, an English sentence and what fills it in.

Whoever looks for a cause compares codes, never words. Source: language reference, section 9;
server reference, section 13.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from datacode.i18n import catalog


class Message(Struct, frozen=True):
    """One sentence for a reader.

    ``code`` names it for tests, hints and clients: words may change, it does not. ``template`` is
    English, with ``{name}`` for each of ``params``; code and template together are the key of the
    catalogue. A translation may have a form of words by a number among them, in Russian
    ``{name|for 1|for 2|for 5}``. Parameters are inserted as they are; text of a user in them is
    never read as a template. A parameter may be a message itself: why something failed, in the
    same language.
    ``kind`` is what stands in front of an error that another one quotes; not in Russian.
    ``russian`` messages are those that DataCode 1.x had in Russian: programs see and test that.
    """

    code: str
    template: str
    params: dict[str, str | Message] = {}
    russian: bool = False
    kind: str = ""

    def filled(self, /, **params: object) -> Message:
        """The same message with more of its parameters."""
        return Message(
            self.code, self.template, {**self.params, **parameters(params)}, self.russian, self.kind
        )

    def value(self, name: str) -> str:
        """The text of a parameter, empty where there is none of that name."""
        return str(self.params.get(name, ""))

    def render(self, locale: str, /, **params: object) -> str:
        """The sentence for a reader of ``locale``: ``en`` or ``ru``."""
        return render(self.filled(**params) if params else self, locale)

    def __str__(self) -> str:
        """The sentence as programs see it."""
        template = self.template
        if self.russian:
            template = catalog.original(template, self.code)
        return self.kind + _inserted(template, self.params)


class MessageError(Exception):
    """Something failed for a reason that a reader is told."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def render(self, locale: str) -> str:
        """The sentence for a reader of ``locale``."""
        return render(self.message, locale)

    def __str__(self) -> str:
        """The sentence as programs see it."""
        return str(self.message)


def parameters(values: Mapping[str, object]) -> dict[str, str | Message]:
    """What a message takes as its parameters: messages, and of all else its text."""
    return {
        name: value if isinstance(value, (str, Message)) else str(value)
        for name, value in values.items()
    }


def render(message: Message, locale: str) -> str:
    """The sentence for a reader of ``locale``. A parameter that is not known is ``?``."""
    template = catalog.translate(message.template, locale, message.code)
    values = {
        name: render(value, locale) if isinstance(value, Message) else value
        for name, value in message.params.items()
    }
    return ("" if locale == "ru" else message.kind) + _inserted(template, values)


_FORMS = re.compile(r"{(\w+)\|([^{}|]*)\|([^{}|]*)\|([^{}|]*)}")


def _form(number: str) -> int:
    """Which of the three Russian forms stands with a number: 1 файл, 2 файла, 5 файлов."""
    if not number.isdecimal():
        return 1 if re.fullmatch(r"\d+\.\d+", number) else 2
    tens, ones = int(number[-2:]) // 10, int(number[-1])
    if tens == 1 or ones == 0 or ones > 4:
        return 2
    return 0 if ones == 1 else 1


def _inserted(template: str, params: Mapping[str, Any]) -> str:
    if "|" in template:
        template = _FORMS.sub(lambda m: m[2 + _form(str(params.get(m[1], "")))], template)
    try:
        return template.format_map(params)
    except KeyError:
        return template.format_map(defaultdict(lambda: "?", params))
