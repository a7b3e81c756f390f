"""The help of the server's command line, in the language of whoever reads it.

The texts stand beside the options (``options.parser``) and in Twisted; each is a template of the
catalogue. Source: server reference, 3.2.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TextIO

from twisted.python import usage

from datacode.i18n.catalog import LOCALES, locale_of_environment, mark, translate, translate_parts
from datacode.standard_streams import silence

_USAGE = mark("Usage: ")
_ANY_OPTIONS = mark("[options]")
_DEFAULT = mark("{text} [default: {default}]")
_OPTIONS = mark("Options:")
_OF_CHECKERS = (
    mark("For detailed help: --help-auth-type AuthType"),
    mark("AuthType"),
    mark("ArgString format"),
    mark("ArgString format: "),
    mark("Location of a FilePasswordDB-formatted file."),
    mark("A colon-separated list (name:password:...)"),
    mark("No argstring required."),
    mark("The file's name."),
    mark("A file of accounts with argon2 hashes, as `datacode passwd FILE NAME` writes it."),
)
"""What ``--help-auth`` says of the checkers that there are without any plugins of others."""


def reader(asked: object, environment: Mapping[str, str]) -> str:
    """The language of a reader: the one that was asked for, else that of the environment."""
    return str(asked) if asked in LOCALES else locale_of_environment(environment)


class Help(usage.Options):
    """Options with their help in the language ``reader``: ``ru`` or ``en``."""

    reader = "en"
    longdesc = ""
    authOutput: Any = sys.stdout

    def explain_to(self, language: str) -> None:
        """Set the language of the help."""
        self.reader = language
        self.authOutput = Translated(sys.stdout, language)

    def opt_help(self) -> NoReturn:
        """Display this help and exit."""
        try:
            print(self, flush=True)  # noqa: T201
        except BrokenPipeError:
            silence(sys.stdout)  # whoever read it has gone (`| head`)
            raise SystemExit(1) from None
        raise SystemExit(0)

    def texts(self) -> Iterator[str]:
        """Every text of the help that wants a translation."""
        for name in self.longOpt:
            yield self._about(name)
        yield self.longdesc

    def getSynopsis(self) -> str:
        """How it is called."""
        synopsis: str = super().getSynopsis()
        for phrase in (_USAGE, _ANY_OPTIONS):
            synopsis = synopsis.replace(phrase, translate(phrase, self.reader))
        return synopsis

    def getUsage(self, width: int | None = None) -> str:
        """What each option is for; as Twisted has it, and in English to the letter the same."""
        width = width or int(os.environ.get("COLUMNS", "80"))
        rows = [self._row(name) for name in self.longOpt]
        chunks = usage.docMakeChunks(rows, width)  # type: ignore[no-untyped-call]
        longdesc = textwrap.wrap(translate(self.longdesc, self.reader), width)
        return "\n".join([f"{translate(_OPTIONS, self.reader)}\n{''.join(chunks)}", *longdesc, ""])

    def _about(self, name: str) -> str:
        return " ".join(self.docs[name.removesuffix("=")].split())

    def _row(self, name: str) -> dict[str, Any]:
        plain = name.removesuffix("=")
        text = translate(self._about(name), self.reader)
        default = self.defaults.get(plain)
        if name != plain and default is not None:
            text = translate(_DEFAULT, self.reader).format(text=text, default=default)
        kind = "flag" if name == plain else "parameter"
        return {"long": plain, "short": None, "doc": text, "optType": kind}


class Translated:
    """A stream for lines of texts in columns: those that the catalogue knows are translated."""

    def __init__(self, stream: TextIO, locale: str) -> None:
        self._stream = stream
        self._locale = locale

    def write(self, text: str) -> None:
        """Write some lines."""
        self._stream.write(re.sub(r"\S[^\t\n]*\S", self._said, text))

    def _said(self, match: re.Match[str]) -> str:
        return translate_parts(match[0], self._locale)
