"""Numbers written by a picture such as ``# ##0,00``: what ``format`` does.

A picture is a text with one run of ``#`` and ``0``: ``0`` is a digit that is always written, ``#``
one that is only where there is something to write. The last comma or point is the decimal mark;
what stands between digits before it (a space of any kind, an apostrophe, a comma, a point) is put
between every three digits. A ``%`` in the text around the run takes the number times 100.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

MOST_DIGITS = 100
"""Digits that a picture may ask for on either side of the decimal mark."""

_SPACES = " \xa0\u202f\u2009"
_RUN = re.compile(rf"[#0](?:[#0,.'{_SPACES}]*[#0])?")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was read: see ``picture``."""

    before: str
    behind: str
    grouping: str
    mark: str
    least_whole: int
    least_decimals: int
    most_decimals: int
    is_percent: bool

    def text(self, number: float) -> str:
        """The number by the picture; halves are rounded away from zero."""
        if not math.isfinite(number):
            return self.before + ("NaN" if number != number else str(number)) + self.behind
        exact = Decimal(repr(number)) * (100 if self.is_percent else 1)
        rounded = to_decimals(exact, self.most_decimals)
        whole, _, decimals = format(abs(rounded), "f").partition(".")
        decimals = decimals.rstrip("0").ljust(self.least_decimals, "0")
        whole = whole.lstrip("0").rjust(self.least_whole, "0")
        if self.grouping:
            whole = _grouped(whole, self.grouping)
        sign = "-" if rounded < 0 else ""
        mark = self.mark if decimals else ""
        return f"{sign}{self.before}{whole}{mark}{decimals}{self.behind}"


def to_decimals(number: Decimal, digits: int) -> Decimal:
    """The number with so many decimals (of tens, hundreds ... for negative ones), halves up."""
    with localcontext() as context:
        context.prec = 800
        return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _grouped(digits: str, mark: str) -> str:
    first = len(digits) % 3
    parts = [digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))]
    return mark.join(part for part in parts if part)


@lru_cache(maxsize=256)
def picture(text: str) -> Picture | None:
    """The picture that a text is; None if it is none."""
    runs = list(_RUN.finditer(text))
    if len(runs) != 1 or len(text) > 4 * MOST_DIGITS:
        return None
    run = runs[0][0]
    whole, mark, decimals = _split(run)
    marks = set(whole) - set("#0")
    if len(marks) > 1 or not _is_in_order(whole, decimals):
        return None
    places = "".join(sign for sign in whole if sign in "#0")
    if max(len(places), len(decimals)) > MOST_DIGITS:
        return None
    before, behind = text[: runs[0].start()], text[runs[0].end() :]
    return Picture(
        before,
        behind,
        marks.pop() if marks else "",
        mark,
        places.count("0"),
        decimals.count("0"),
        len(decimals),
        "%" in before + behind,
    )


def _split(run: str) -> tuple[str, str, str]:
    """The part before the decimal mark, the mark, and the part behind it."""
    place = max(run.rfind(","), run.rfind("."))
    if place < 0:
        return run, "", ""
    mark, whole, decimals = run[place], run[:place], run[place + 1 :]
    if set(decimals) - set("#0"):
        return run, "", ""  # a space follows: both are between digits
    others = set(whole) - set("#0")
    is_grouping = mark in others or (not others and mark == "," and _is_thousands(whole, decimals))
    return (run, "", "") if is_grouping else (whole, mark, decimals)


def _is_thousands(whole: str, decimals: str) -> bool:
    """``#,##0`` without anything else: a comma between digits."""
    return whole.endswith("#") and decimals == "##0"


def _is_in_order(whole: str, decimals: str) -> bool:
    """Signs that are always written stand beside the decimal mark."""
    places = "".join(sign for sign in whole if sign in "#0")
    return "0#" not in places and "#0" not in decimals
