"""The formats that numbers and dates are shown in: what people write, as a workbook stores it.

Spreadsheets show a format in the signs of the reader's country, but store it in the American
form, in which ``,`` groups digits and ``.`` is the decimal point (ECMA-376, part 1, 18.8.31).
People write what they see: ``# ##0,00``, ``DD.MM.YYYY`` or ``ДД.ММ.ГГГГ``.
"""

from __future__ import annotations

import re

from datacode.errors import DataCodeError, runtime_error

_LONGEST = 200
"""Characters of a format; a workbook can hold 255, and letters get quotes."""

_SECTIONS = 4
"""For positive and negative numbers, zero, and text."""

_TOKEN = re.compile(r'"[^"]*"|\\.|\[[^][]*\]|_.|\*.|General|Основной|.', re.DOTALL)
_LITERAL = re.compile(r'"|\\|_|\*')
_CORE = re.compile("[0#?](?:[0#?., \xa0\u202f]*[0#?.,])?")
_SPACES = re.compile("[ \xa0\u202f]")
_EXPONENT = re.compile("E[+-](?=[0#?])")
_UNQUOTED = " $€£¥₽-+/():!^&'~{}<>=%\xa0"
"""What a spreadsheet shows as it is, besides digits."""
_WORDS = re.compile(rf"[^\0{re.escape(_UNQUOTED)}](?:[^\0]*[^\0{re.escape(_UNQUOTED)}])?")

_DATE_LETTERS = str.maketrans("YMDHSГДМЧС", "ymdhsydmhs")
_DATE_LETTERS |= str.maketrans("гдмчс", "ydmhs")
_IS_DATE = re.compile(r"[ymdhs]+(?:\.0{1,3})?|AM/PM|A/P", re.IGNORECASE)
_BRACKETS = re.compile(
    r"\[(?:h+|m+|s+|[<>=]+-?[0-9.]+|\$[^\[\]]*|Color[0-9]{1,2}"
    r"|Black|Blue|Cyan|Green|Magenta|Red|White|Yellow)\]",
    re.IGNORECASE,
)


def stored_format(picture: str) -> str:
    """The format as a workbook stores it; what is none is a Runtime Error."""
    sections = _sections(picture)
    if not picture.strip() or len(picture) > _LONGEST or len(sections) > _SECTIONS:
        raise _no_format(picture)
    return ";".join(_section(tokens, picture) for tokens in sections)


def _no_format(picture: str) -> DataCodeError:
    return runtime_error(
        "bad_number_format",
        "'{format}' is no format of numbers or dates, such as '# ##0.00', '0%' or 'DD.MM.YYYY'",
        format=picture[:_LONGEST],
    )


def _sections(picture: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for part in _TOKEN.findall(picture):
        if part == ";":
            sections.append([])
        else:
            sections[-1].append(part)
    return sections


def _section(tokens: list[str], picture: str) -> str:
    if not tokens:
        return ""  # nothing is shown
    if any(part == '"' or part == "\\" for part in tokens):
        raise _no_format(picture)  # a quote that does not close
    for part in tokens:
        if part[0] == "[" and not _BRACKETS.fullmatch(part):
            raise _no_format(picture)
    bare = "".join(part for part in tokens if not _LITERAL.match(part) and part[0] != "[")
    if bare.strip() in ("General", "Основной", "@"):
        return "".join("General" if part == "Основной" else part for part in tokens)
    if _CORE.search(bare) and not _IS_DATE.match(bare.strip().translate(_DATE_LETTERS)):
        return _number_section(tokens, picture)
    if set(re.findall(r"[^\W\d_]", bare)):
        return _date_section(tokens, picture)
    if bare == "".join(tokens):
        raise _no_format(picture)
    return "".join(tokens)


def _number_section(tokens: list[str], picture: str) -> str:
    """Digits: a group of spaces or commas, a decimal point or comma, and words around them."""
    text, kept = _without_literals(tokens)
    match = _CORE.search(text)
    if match is None:
        raise _no_format(picture)
    before, core, after = text[: match.start()], match[0], text[match.end() :]
    exponent = _EXPONENT.match(after)
    if exponent is not None:
        power = re.match("E[+-][0#?]+", after)
        scientific = power[0] if power else ""
        core, after = core + scientific, after[len(scientific) :]
        if "," in core or _SPACES.search(core):
            raise _no_format(picture)
    else:
        core = _digits(core, picture)
    if _CORE.search(before) or _CORE.search(after):
        raise _no_format(picture)
    return _with_literals(_quoted(before), kept) + core + _with_literals(_quoted(after), kept)


def _digits(core: str, picture: str) -> str:
    """``#,##0.00`` for ``# ##0,00``, ``#,##0.00`` and ``# ##0.00``."""
    spaced = _SPACES.search(core) is not None
    core = _SPACES.sub("", core)
    whole, point, places = core.partition(".")
    head, comma, tail = core.rpartition(",")
    if point and ("." in places or "," in places):
        raise _no_format(picture)
    if not point and comma and tail and (spaced or ("," not in head and len(tail) != 3)):
        whole, point, places = head, ".", tail
    scaled = len(whole) - len(whole.rstrip(",")) if not point else 0
    grouped = spaced or "," in whole.rstrip(",")
    whole = whole.replace(",", "")
    if grouped:
        whole = whole.rjust(4, "#")
        whole = f"{whole[:-3]},{whole[-3:]}"
    return whole + "," * scaled + point + places


def _date_section(tokens: list[str], picture: str) -> str:
    """Years, months, days, hours, minutes and seconds, and what stands between them."""
    text, kept = _without_literals(tokens)
    text = text.translate(_DATE_LETTERS)
    shown = ""
    position = 0
    while position < len(text):
        part = _IS_DATE.match(text, position)
        if part is not None:
            shown += part[0]
            position = part.end()
        elif text[position] == "\0" or text[position] in _UNQUOTED + ".,":
            shown += text[position]
            position += 1
        else:
            raise _no_format(picture)
    return _with_literals(shown, kept)


def _without_literals(tokens: list[str]) -> tuple[str, list[str]]:
    """The section with NUL for each part that is kept as it is, and these."""
    kept = [part for part in tokens if len(part) > 1]
    return "".join("\0" if len(part) > 1 else part for part in tokens), kept


def _with_literals(text: str, kept: list[str]) -> str:
    return re.sub("\0", lambda _: kept.pop(0), text)


def _quoted(text: str) -> str:
    """Words between quotes, as a spreadsheet would take their letters for parts of the format."""
    return _WORDS.sub(lambda words: f'"{words[0]}"', text)
