"""``docs/library.md``: the library's documentation, made of the registry.

``python -m tests.library_page en`` prints ``docs/library.md``, ``ru`` prints
``docs/ru/library.md``. The examples in it are programs; the comments behind their statements are
what they print, so that a test can run them all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from datacode.i18n import catalog
from datacode.runtime.builtins.documentation import explanation, split, text_of, translated
from datacode.runtime.builtins.registry import BUILTINS, Builtin

_ALIASES = "Also called {names}."

_INTRODUCTION = """\
# The library

Every function of DataCode. In a signature `[x]` may be left out, `x=value` can be given by name
only and has that value otherwise, and `x...` is any number of arguments. All arguments can be
given by position or by name, `pow(2, 10)` is `pow(base=2, exp=10)`; a function that takes any
number of them takes them by position. No function changes an argument; those that change
something give a new value. A column of a table stands for the array of its cells wherever an
array is wanted.

A value of a kind that a function does not take is a Type Error, a wrong number of arguments an
error that says how many there may be; what else a function refuses is said with it. `try` catches
all of them.

A comment behind a statement of an example is what the statement prints.
"""

_ORDER = (
    "output",
    "types",
    "conversions",
    "numbers",
    "text",
    "dates",
    "arrays",
    "functions over arrays",
    "objects",
    "paths",
    "files",
    "tables",
    "row filters",
    "joins",
)
"""The families that come first; the others follow in the order of their registration."""


@dataclass(frozen=True, slots=True)
class Example:
    """A program out of the documentation of the function ``name``, and what it prints."""

    name: str
    program: str
    output: str


def families() -> dict[str, list[Builtin]]:
    """The functions of each family, other names of a function left out."""
    found: dict[str, list[Builtin]] = {family: [] for family in _ORDER}
    for entry in BUILTINS.values():
        if entry.alias_of is None:
            found.setdefault(entry.family, []).append(entry)
    return {family: entries for family, entries in found.items() if entries}


def examples() -> Iterator[Example]:
    """Every example of every function."""
    for entry in BUILTINS.values():
        for program in split(entry.documentation)[1] if entry.alias_of is None else ():
            yield Example(entry.name, program, expected_output(program))


def paragraphs() -> Iterator[str]:
    """Every text of the page that the catalogue has a translation of."""
    yield from _INTRODUCTION.strip().split("\n\n")
    yield _ALIASES
    for family, entries in families().items():
        yield _title(family, "en")
        for entry in entries:
            yield from text_of(entry).split("\n\n")


def markdown(locale: str) -> str:
    """The text of ``docs/library.md``, or of the same page in another language."""
    grouped = families()
    lines = [translated(_INTRODUCTION.strip(), locale) + "\n"]
    for family, entries in grouped.items():
        names = ", ".join(f"[`{entry.name}`](#{_anchor(entry)})" for entry in entries)
        lines.append(f"- {_title(family, locale)}: {names}")
    for family, entries in grouped.items():
        lines.append(f"\n## {_title(family, locale)}")
        lines.extend(_section(entry, locale) for entry in entries)
    return "\n".join(lines) + "\n"


def _section(entry: Builtin, locale: str) -> str:
    parts = [f"\n### {entry.name}", f"`{entry.signature}`", explanation(entry, locale)]
    others = [f"`{e.name}`" for e in BUILTINS.values() if e.alias_of == entry.name]
    if others:
        template = catalog.translate(_ALIASES, locale)
        parts.append(template.format(names=", ".join(others)))
    parts += [f"```\n{program}\n```" for program in split(entry.documentation)[1]]
    return "\n\n".join(parts)


def _title(family: str, locale: str) -> str:
    return catalog.translate(family[0].upper() + family[1:], locale)


def _anchor(entry: Builtin) -> str:
    return entry.name.lower()


_COMMENT = re.compile(r"""(?: [^'"#] | '[^']*' | "[^"]*" )* \# [ ]? (?P<text>.*)""", re.VERBOSE)


def expected_output(program: str) -> str:
    """The comments of a program, a line each."""
    found = (_COMMENT.fullmatch(line) for line in program.splitlines())
    return "".join(f"{match['text']}\n" for match in found if match)


if __name__ == "__main__":
    sys.stdout.write(markdown(sys.argv[1]))
