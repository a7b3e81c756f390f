"""Which names fit one part of a pattern: ``*.csv``, ``report-[0-9]?.txt``.

``*`` is any run of characters, ``?`` one character, ``[abc]``, ``[a-z]``, ``[!abc]`` one of some;
``[*]``, ``[?]`` and ``[[]`` are these characters themselves. However a pattern is made, a name is
looked at once, character by character: all places of the pattern that fit so far are the bits of
one number. Names are compared in Unicode's composed form (NFC), as macOS writes another one.

Source: tables and files reference, 3.2.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_NAME = 255
"""UTF-16 units: what file systems allow."""

_MOST_MASKS = 1 << 16


def composed(text: str) -> str:
    """The text in NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_long_name(name: str) -> bool:
    """Whether no file system could have a file of that name."""
    if len(name) <= LONGEST_NAME // 2:
        return False
    return len(name) + sum(char > "\uffff" for char in name) > LONGEST_NAME


def end_of_set(text: str, start: int) -> int:
    """Where the ``]`` of the set is that begins at ``start``; negative where there is none.

    One directly behind ``[`` or ``[!`` belongs to the set.
    """
    return text.find("]", start + (3 if text[start + 1 : start + 2] == "!" else 2))


@dataclass(frozen=True, slots=True)
class _Set:
    """One character of those between ``[`` and ``]``."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def has(self, forms: tuple[str, ...]) -> bool:
        """Whether a character is meant; ``forms`` are its cases that count."""
        found = any(low <= form <= high for form in forms for low, high in self.ranges)
        return found != self.negated


_ANY = _Set((), negated=True)
_Token = str | _Set


class NamePattern:
    """One part of a pattern. With ``fold`` case does not count."""

    def __init__(self, text: str, *, fold: bool = False) -> None:
        self.text = composed(text)
        self._fold = fold
        self._own_name = self._same(self.text)
        self._runs: list[str] | None = None
        self._masks: dict[str, int] = {}
        runs: list[list[_Token]] = [[]]
        for token in _tokens(self.text):
            if token is None:
                runs.append([])
            else:
                runs[-1].append(token)
        self._length = sum(map(len, runs))
        if all(isinstance(token, str) for run in runs for token in run):
            self._runs = [self._same("".join(map(str, run))) for run in runs]
            return
        self._literals: dict[str, int] = {}
        self._sets: list[tuple[int, _Set]] = []
        self._stars = place = 0
        for count, run in enumerate(runs):
            if count:
                self._stars |= 1 << place
            for token in run:
                if isinstance(token, str):
                    key = _simple(token) if fold else token
                    self._literals[key] = self._literals.get(key, 0) | 1 << place
                else:
                    self._sets.append((1 << place, token))
                place += 1

    @property
    def has_set(self) -> bool:
        """Whether there are brackets in it, which a name may have as well."""
        return "[" in self.text

    def is_name(self, name: str) -> bool:
        """Whether a name is spelled like the pattern itself."""
        return self._same(composed(name)) == self._own_name

    def fits(self, name: str) -> bool:
        """Whether a name is one of those that the pattern means."""
        name = composed(name)
        if self._runs is not None:
            return _has_runs(self._same(name), self._runs)
        if self._length > len(name):
            return False
        state, stars, masks = 1, self._stars, self._masks
        for char in name:
            mask = masks.get(char)
            if mask is None:
                mask = self._mask(char)
            state = (state & mask) << 1 | (state & stars)
            if not state:
                return False
        return state >> self._length & 1 == 1

    def _same(self, text: str) -> str:
        return text.casefold() if self._fold else text

    def _mask(self, char: str) -> int:
        """The places of the pattern that a character fits."""
        forms: tuple[str, ...] = (char,)
        if self._fold:
            cases = (char, char.lower(), char.upper())
            forms = tuple({form for form in cases if len(form) == 1})
        mask = self._literals.get(_simple(char) if self._fold else char, 0)
        for place, each in self._sets:
            if each.has(forms):
                mask |= place
        if len(self._masks) < _MOST_MASKS:
            self._masks[char] = mask
        return mask


def _has_runs(name: str, runs: list[str]) -> bool:
    """Whether a name consists of the texts with anything in between; each at its first place."""
    first, *middle = runs
    if not middle:
        return name == first
    last = middle.pop()
    if not name.startswith(first):
        return False
    at, end = len(first), len(name) - len(last)
    for run in middle:
        at = name.find(run, at, end)
        if at < 0:
            return False
        at += len(run)
    return at <= end and name.endswith(last)


def _tokens(text: str) -> Iterator[_Token | None]:
    """What each place of a pattern stands for; None for a star."""
    position = 0
    while position < len(text):
        char = text[position]
        end = end_of_set(text, position) if char == "[" else -1
        if char == "*":
            yield None
        elif char == "?":
            yield _ANY
        elif end >= 0:
            yield _set(text[position + 1 : end])
            position = end
        else:
            yield char
        position += 1


def _set(text: str) -> _Token:
    negated = text.startswith("!")
    text = text[1:] if negated else text
    if len(text) == 1 and not negated:
        return text
    ranges: list[tuple[str, str]] = []
    i = 0
    while i < len(text):
        if text[i + 1 : i + 2] == "-" and i + 2 < len(text):
            ranges.append((text[i], text[i + 2]))
            i += 3
        else:
            ranges.append((text[i], text[i]))
            i += 1
    return _Set(tuple(ranges), negated)


def _simple(char: str) -> str:
    """What the cases of a character have in common, in one character."""
    upper = char.upper()
    lower = upper.lower() if len(upper) == 1 else char
    return lower if len(lower) == 1 else char
