"""``help`` at the prompt: the groups of the library, the functions of one, and a search.

A search looks at names and at what is said of each function, in both languages at once.
Source: server reference, 9.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from datacode.i18n import catalog
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import explanation
from datacode.runtime.builtins.registry import Builtin

MOST_FOUND = 20
"""Functions that a search lists."""

_WORD = re.compile(r"[^\W\d_]+")
_LANGUAGES = ("en", "ru")
_SYNONYMS = (
    ("sort", "сортировать", "упорядочить"),
    ("average", "mean", "среднее"),
    ("total", "sum", "итог", "сумма"),
    ("join", "merge", "соединить", "объединить"),
    ("group", "aggregate", "группировать", "группа", "агрегировать"),
    ("filter", "where", "фильтр", "отобрать", "выбрать"),
    ("read", "load", "import", "читать", "прочитать", "загрузить"),
    ("write", "save", "export", "записать", "сохранить", "выгрузить"),
    ("length", "count", "size", "длина", "количество", "число"),
    ("rename", "переименовать"),
    ("unique", "distinct", "duplicates", "dedupe", "уникальные", "дубликаты"),
    ("chart", "plot", "graph", "диаграмма", "график"),
    ("currency", "money", "валюта", "деньги"),
    ("replace", "substitute", "заменить", "замена"),
)
"""Words for one thing, of which the documentation has some and a reader may type any."""


def groups(locale: str) -> Iterator[str]:
    """A line for each group of functions: its name, and how many there are in it."""
    for family in _families():
        yield f"{_title(family, locale)} ({len(_of(family))})"


def group(words: str, locale: str) -> list[str]:
    """The functions of a group by its name in any language; none where there is no such group."""
    for family in _families():
        if words.casefold() in {_title(family, each).casefold() for each in _LANGUAGES}:
            return [_line(entry, locale) for entry in _of(family)]
    return []


def search(words: str, locale: str, *, but: str = "") -> tuple[list[str], int]:
    """A line for each function that has to do with all the words, the nearest first, and how many
    more there are. ``but`` is a function that is known already."""
    wanted = [_synonyms(word) for word in _WORD.findall(words.casefold())]
    found = [
        (nearness, entry)
        for entry in BUILTINS.values()
        if entry.alias_of is None and entry.name != but
        if (nearness := _nearness(entry, wanted)) is not None
    ]
    found.sort(key=lambda pair: pair[0])
    lines = [_line(entry, locale) for _, entry in found[:MOST_FOUND]]
    return lines, len(found) - len(lines)


def related(name: str) -> list[str]:
    """Other functions whose names have this one's in them."""
    return [
        entry.name
        for entry in BUILTINS.values()
        if entry.alias_of is None and name != entry.name and name in entry.name.split("_")
    ][:MOST_FOUND]


def _families() -> list[str]:
    return list(dict.fromkeys(entry.family for entry in BUILTINS.values()))


def _of(family: str) -> list[Builtin]:
    return [e for e in BUILTINS.values() if e.family == family and e.alias_of is None]


def _title(family: str, locale: str) -> str:
    return catalog.translate(family[0].upper() + family[1:], locale)


def _line(entry: Builtin, locale: str) -> str:
    return f"{entry.name:<18} {_first_sentence(entry, locale)}"


def _first_sentence(entry: Builtin, locale: str) -> str:
    paragraph = explanation(entry, locale).split("\n\n", 1)[0]
    return re.split(r"(?<=\.)\s(?=[^\W\da-zа-яё_])", " ".join(paragraph.split()), maxsplit=1)[0]


def _nearness(entry: Builtin, wanted: list[frozenset[str]]) -> int | None:
    """0 where the words, or others for the same, are in the name, 1 in the first sentence, 2
    elsewhere; None: nowhere."""
    name, sentence, whole = _texts(entry.name)
    if not wanted:
        return None
    if all(any(w in each for w in words if w.isascii() for each in name) for words in wanted):
        return 0
    for nearness, text in enumerate((name | sentence, name | sentence | whole), 1):
        if all(any(_same(w, other) for w in words for other in text) for words in wanted):
            return nearness
    return None


def _synonyms(wanted: str) -> frozenset[str]:
    """The word itself, and others for the same."""
    sets = [words for words in _SYNONYMS if any(_same(wanted, word) for word in words)]
    return frozenset({wanted}.union(*sets))


@cache
def _texts(function: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The words of a function's names, of its first sentence and of all that is said of it."""
    entry = BUILTINS[function]
    names = " ".join([function, *(e.name for e in BUILTINS.values() if e.alias_of == function)])
    sentences = " ".join(_first_sentence(entry, locale) for locale in _LANGUAGES)
    texts = " ".join(explanation(entry, locale) for locale in _LANGUAGES)
    name, sentence, whole = (
        frozenset(_WORD.findall(text.casefold())) for text in (names, sentences, texts)
    )
    return name, sentence, whole


def _same(wanted: str, word: str) -> bool:
    """Are they forms of one word? Russian ones differ in their last letters, English ones are
    longer or shorter."""
    if wanted == word:
        return True
    shorter = min(len(wanted), len(word))
    if wanted.isascii():
        return shorter >= 4 and (word.startswith(wanted) or wanted.startswith(word))
    least = shorter - 1 if shorter <= 5 else max(5, shorter - 3)
    return least >= 3 and wanted[:least] == word[:least]
