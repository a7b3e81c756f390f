"""What help says of a builtin: its docstring as Markdown, translated, and its examples.

Each paragraph of a docstring has a translation in the catalogue.
"""

from __future__ import annotations

import re
import textwrap

from datacode.i18n import catalog
from datacode.runtime.builtins.registry import BUILTINS, Builtin


def explanation(entry: Builtin, locale: str) -> str:
    """What a function does, as Markdown without examples."""
    return translated(text_of(_original(entry)), locale)


def plain(entry: Builtin, locale: str) -> str:
    """What a function does, for a terminal: signature, explanation, examples."""
    examples_ = split(_original(entry).documentation)[1]
    shown = [textwrap.indent(program, "    ") for program in examples_]
    return "\n\n".join([entry.signature, explanation(entry, locale), *shown])


def described(entry: Builtin, locale: str) -> str:
    """What a function does, as Markdown: explanation and examples."""
    programs = split(_original(entry).documentation)[1]
    fenced = [f"```datacode\n{program}\n```" for program in programs]
    return "\n\n".join([explanation(entry, locale), *fenced])


def _original(entry: Builtin) -> Builtin:
    return entry if entry.alias_of is None else BUILTINS[entry.alias_of]


def text_of(entry: Builtin) -> str:
    """The docstring without examples, as Markdown, in English."""
    return split(entry.documentation)[0]


def translated(text: str, locale: str) -> str:
    """The text, each of its paragraphs in the language, if there is a translation of it."""
    return "\n\n".join(catalog.translate(part, locale) for part in text.split("\n\n"))


def split(documentation: str) -> tuple[str, list[str]]:
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
