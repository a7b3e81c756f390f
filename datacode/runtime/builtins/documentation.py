"""The library's documentation, made of the registry.

``python -m datacode.runtime.builtins.documentation en`` prints ``docs/library.md``, ``ru`` prints
``docs/ru/library.md``: each paragraph of a docstring has a translation in the catalogue. The
examples in it are programs; the comments behind their statements are what they print, so that a
test can run them all.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from datacode.i18n import catalog
from datacode.runtime.builtins.registry import BUILTINS, Builtin

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
        for program in _split(entry.documentation)[1] if entry.alias_of is None else ():
            yield Example(entry.name, program, _expected(program))


def paragraphs() -> Iterator[str]:
    """Every text that the catalogue has a translation of: introduction, titles, docstrings."""
    yield from _INTRODUCTION.strip().split("\n\n")
    for family, entries in families().items():
        yield _title(family, "en")
        for entry in entries:
            yield from _text(entry).split("\n\n")


def explanation(entry: Builtin, locale: str) -> str:
    """What a function does, as Markdown without examples."""
    return _translated(_text(_original(entry)), locale)


def plain(entry: Builtin, locale: str) -> str:
    """What a function does, for a terminal: signature, explanation, examples."""
    examples_ = _split(_original(entry).documentation)[1]
    shown = [textwrap.indent(program, "    ") for program in examples_]
    return "\n\n".join([entry.signature, explanation(entry, locale), *shown])


def described(entry: Builtin, locale: str) -> str:
    """What a function does, as Markdown: explanation and examples."""
    programs = _split(_original(entry).documentation)[1]
    fenced = [f"```datacode\n{program}\n```" for program in programs]
    return "\n\n".join([explanation(entry, locale), *fenced])


def markdown(locale: str) -> str:
    """The text of ``docs/library.md``, or of the same page in another language."""
    grouped = families()
    lines = [_translated(_INTRODUCTION.strip(), locale) + "\n"]
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
        template = catalog.translate(catalog.mark("Also called {names}."), locale)
        parts.append(template.format(names=", ".join(others)))
    parts += [f"```\n{program}\n```" for program in _split(entry.documentation)[1]]
    return "\n\n".join(parts)


def _original(entry: Builtin) -> Builtin:
    return entry if entry.alias_of is None else BUILTINS[entry.alias_of]


def _text(entry: Builtin) -> str:
    return _split(entry.documentation)[0]


def _translated(text: str, locale: str) -> str:
    return "\n\n".join(catalog.translate(part, locale) for part in text.split("\n\n"))


def _title(family: str, locale: str) -> str:
    return catalog.translate(family[0].upper() + family[1:], locale)


def _anchor(entry: Builtin) -> str:
    return entry.name.lower()


def _split(documentation: str) -> tuple[str, list[str]]:
    """A docstring as Markdown, and the programs of its ``Example::`` blocks."""
    programs: list[str] = []
    text: list[str] = []
    lines = iter(documentation.splitlines())
    for line in lines:
        if not re.fullmatch(r"Examples?::", line.strip()):
            text.append(line)
            continue
        block: list[str] = []
        for each in lines:
            if each.strip() and not each.startswith("    "):
                text.append(each)
                break
            block.append(each[4:])
        programs.append("\n".join(block).strip("\n"))
    return "\n".join(text).strip().replace("``", "`"), programs


_COMMENT = re.compile(r"""(?: [^'"#] | '[^']*' | "[^"]*" )* \# [ ]? (?P<text>.*)""", re.VERBOSE)


def _expected(program: str) -> str:
    """The comments of a program, a line each."""
    found = (_COMMENT.fullmatch(line) for line in program.splitlines())
    return "".join(f"{match['text']}\n" for match in found if match)


if __name__ == "__main__":
    sys.stdout.write(markdown(sys.argv[1]))
