"""Regular expressions by Polars' engine, which takes time in proportion to the text.

There is one engine for single texts and for whole columns, so that both give the same. It knows
neither look-around nor references back to a group, which no engine can do in such time.
"""

from __future__ import annotations

import re
from functools import lru_cache

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.regex_reasons import regex_reason
from datacode.values.lazy_polars import pl

LONGEST_PATTERN = 1000
"""Characters of a pattern."""

_LARGEST = 2000
"""Parts of a pattern with its counted repetitions written out: each may take time for each
character of a text."""

_COUNTED = re.compile(r"\{ *([0-9]+) *(?:(,) *([0-9]*) *)?\}")
_WITH_BRACES = re.compile(r"\\[pPxuUb]\{[^}]*\}")
_GROUP = re.compile(r"\$\$|\$\{(\w+)\}|\$(\d+)|\$")


@lru_cache(maxsize=256)
def checked(pattern: str) -> int:
    """The number of groups of a pattern. Raises what is wrong with it as a Runtime Error."""
    if len(pattern) > LONGEST_PATTERN or _size(pattern) > _LARGEST:
        raise runtime_error("regex_too_large", "The regular expression is too large")
    try:
        empty = pl.Series([""], dtype=pl.String)
        empty.str.contains(pattern, strict=True)
        groups = empty.str.extract_groups(pattern)
    except UnicodeEncodeError:
        raise _half_a_character() from None
    except pl.exceptions.PolarsError as error:
        reason = _reason(str(error))
        raise runtime_error(
            "regex_unreadable",
            "The regular expression '{pattern}' cannot be read: {reason}",
            pattern=pattern,
            reason=regex_reason(reason),
        ) from None
    return len(groups.struct.fields) if isinstance(groups.dtype, pl.Struct) else 0


def _reason(text: str) -> str:
    """What the engine says is wrong, without the picture of the place."""
    lines = [line.strip() for line in text.splitlines()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return errors[0] if errors else lines[0].removeprefix("regex error: ")


def _size(pattern: str) -> int:
    """About how many parts a pattern has once its counted repetitions are written out."""
    totals, last, place = [0], 0, 0
    while place < len(pattern):
        sign = pattern[place]
        place += 1
        if sign == "(":
            totals.append(0)
            last = 0
            continue
        if sign == ")":
            last = totals.pop() if len(totals) > 1 else 0
        elif sign == "{" and (counted := _COUNTED.match(pattern, place - 1)):
            least, comma, most = counted.groups()
            times = max(int(most or least) if comma else int(least), 1)
            totals[-1] += last * (times - 1)
            last *= times
            place = counted.end()
            continue
        elif sign in "*+?|":
            continue
        else:
            last = 1
            place = _end_of_part(pattern, place - 1)
        totals[-1] += last
    return sum(totals)


def _end_of_part(pattern: str, start: int) -> int:
    """Where an escaped character, a set or a plain character ends."""
    if pattern[start] == "\\":
        braces = _WITH_BRACES.match(pattern, start)
        return braces.end() if braces else start + 2
    if pattern[start] != "[":
        return start + 1
    depth, place = 1, start + 1
    place += pattern.startswith("^", place)
    place += pattern.startswith("]", place)
    while place < len(pattern) and depth:
        sign = pattern[place]
        depth += (sign == "[") - (sign == "]")
        place += 2 if sign == "\\" else 1
    return place


def _half_a_character() -> DataCodeError:
    return runtime_error(
        "regex_surrogate",
        "A text with half a character in it cannot be searched with a regular expression",
    )


def texts(values: list[str | None]) -> pl.Series:
    """The texts for the engine; a Runtime Error for one that it cannot hold."""
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError:
        raise _half_a_character() from None


def are_matching(series: pl.Series, pattern: str) -> pl.Series:
    """Which texts hold a part that matches; null where the text is null."""
    checked(pattern)
    return series.str.contains(pattern, strict=True)


_SHORT_TEXT = 200


def is_matching(text: str, pattern: str) -> bool:
    """Does a text hold a part that matches?"""
    if len(text) > _SHORT_TEXT:
        return bool(are_matching(texts([text]), pattern)[0])
    return _is_matching(text, pattern)


@lru_cache(maxsize=4096)
def _is_matching(text: str, pattern: str) -> bool:
    return bool(are_matching(texts([text]), pattern)[0])


def first(series: pl.Series, pattern: str, group: int = 0) -> pl.Series:
    """The first part of each text that matches, or that group of it; null where there is none."""
    groups = checked(pattern)
    if not 0 <= group <= groups:
        raise _no_group(group, groups)
    return series.str.extract(pattern, group)


def count(series: pl.Series, pattern: str) -> int:
    """How often a pattern matches in all the texts."""
    checked(pattern)
    return int(series.str.count_matches(pattern).sum())


def all_of(text: str, pattern: str) -> list[str]:
    """All parts of a text that match, none of which overlap."""
    checked(pattern)
    return list(texts([text]).str.extract_all(pattern)[0])


def replaced(series: pl.Series, pattern: str, by: str) -> pl.Series:
    """The texts with ``by`` for every part that matches.

    In ``by`` ``$1`` is the first group, ``$0`` the whole part, ``$$`` a dollar sign.
    """
    return series.str.replace_all(pattern, replacement(pattern, by))


def replacement(pattern: str, by: str) -> str:
    """``by`` as the engine wants it. Raises for a group that the pattern does not have."""
    groups = checked(pattern)
    texts([by])

    def written(match: re.Match[str]) -> str:
        name, number = match.groups()
        if number is None and name is None:
            return "$$"
        known = name or number
        if known.isdigit() and int(known) > groups:
            raise _no_group(int(known), groups)
        return f"${{{known}}}"

    return _GROUP.sub(written, by)


def _no_group(group: int, groups: int) -> DataCodeError:
    return runtime_error(
        "no_regex_group",
        "The regular expression has no group {group}: it has {groups}",
        group=group,
        groups=groups,
    )
