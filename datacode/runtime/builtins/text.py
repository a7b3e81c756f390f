"""Text (builtins reference, 7). A path counts as its text; positions count characters from 0."""

from __future__ import annotations

import re

from datacode.errors import argument_count_error, runtime_error, type_error
from datacode.language.analysis.type_sets import ARRAY, BOOL, STRING, with_elements
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.arguments import exactly_whole, text
from datacode.runtime.builtins.joins import join_of_tables
from datacode.runtime.builtins.registry import ABSENT, builtin, given_twice
from datacode.runtime.host import Host
from datacode.values import number_picture
from datacode.values.hashing import is_among
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.table import Column, Table
from datacode.values.text import printed
from datacode.values.types import Path, Value

# Parts -----------------------------------------------------------------------


@builtin("text", returns=ARRAY | with_elements(STRING), fresh=True, pure=True)
def split(host: Host, str_: Value, delim: Value) -> list[str]:
    """The parts of a text between the delimiters.

    An empty delimiter gives every character, with an empty text before the first and after the
    last.

    Example::

        print(split("a,b,,c", ","))     # [a, b, , c]
    """
    whole, mark = text(str_), text(delim)
    if mark:
        host.check_size(whole.count(mark), 64)
        return whole.split(mark)
    host.check_size(len(whole), 8 if whole.isascii() else 80)
    return ["", *whole, ""]


@builtin(
    "text",
    minimum=2,
    keeps=False,
    signature="join(array, delim), join(left, right, on, [type], [suffixes], [nulls_equal])",
)
def join(
    host: Host,
    array: Value = ABSENT,
    delim: Value = ABSENT,
    on: Value = ABSENT,
    type_: Value = ABSENT,
    suffixes: Value = ABSENT,
    nulls_equal: Value = ABSENT,
    *,
    left: Value = ABSENT,
    right: Value = ABSENT,
) -> str | Table:
    """The texts of an array's elements, with the delimiter between them.

    Elements that are no text are written as ``print`` would. Of two tables this is the join that
    ``type`` names, ``inner`` if none is given (see ``inner_join``).

    Example::

        print(join(["a", "b"], "-"), join([1, 2.5, null], ", "))        # a-b 1, 2.5, null
        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        print(len(join(people, people, "id", "left")))                  # 2
    """
    of_tables = array.__class__ is Table or left is not ABSENT or right is not ABSENT
    array, delim = _only_one("left", array, left), _only_one("right", delim, right)
    given = sum(each is not ABSENT for each in (array, delim, on, type_, suffixes, nulls_equal))
    if array is ABSENT or delim is ABSENT or (given > 2 and not of_tables):
        raise argument_count_error("join", 2, given)
    if of_tables:
        return join_of_tables(host, array, delim, on, type_, suffixes, nulls_equal)
    elements = arguments.elements(array, "Array and String")
    mark = text(delim, "Array and String")
    texts = [e if e.__class__ is str else printed(e) for e in elements]
    host.check_size(sum(map(len, texts)) + len(texts) * len(mark), 4)
    return mark.join(texts)


def _only_one(name: str, by_position: Value, by_name: Value) -> Value:
    if by_name is ABSENT:
        return by_position
    if by_position is not ABSENT:
        raise given_twice("join", name)
    return by_name


@builtin("text", returns=STRING, pure=True)
def trim(str_: Value) -> str:
    """The text without the white space around it.

    Example::

        print("[" + trim("  a b ") + "]")       # [a b]
    """
    return text(str_).strip(WHITE_SPACE)


@builtin("text")
def substring(str_: Value, start: Value, end: Value = ABSENT) -> str:
    """The characters from position ``start`` to before ``end``, or to the end of the text.

    Negative positions count from the end. What lies outside of the text is left out.

    Raises an error for a position with a fraction.

    Example::

        print(substring("DataCode", 0, 4), substring("DataCode", -4))       # Data Code
    """
    whole = text(str_)
    first = exactly_whole(start, "substring", "start")
    if end is ABSENT or end is None:
        return whole[first:]
    return whole[first : exactly_whole(end, "substring", "end")]


@builtin("text")
def replace(host: Host, str_: Value, old: Value, new: Value) -> str:
    """The text with every occurrence of ``old`` replaced by ``new``.

    Raises an error if ``old`` is empty.

    Example::

        print(replace("2,50", ",", "."))        # 2.50
    """
    whole, wanted, instead = text(str_), text(old), text(new)
    if not wanted:
        raise runtime_error("replace_nothing", "replace: the text to be replaced cannot be empty")
    growth = len(instead) - len(wanted)
    if growth > 0:
        host.check_size(len(whole) + whole.count(wanted) * growth, 4)
    return whole.replace(wanted, instead)


@builtin("text")
def pad(host: Host, str_: Value, width: Value, fill: Value = " ", side: Value = "left") -> str:
    """The text with as many ``fill`` characters on a side that it has ``width`` characters.

    A longer text stays as it is. Of a number its printed form is taken. ``side`` is where the
    characters are put: ``'left'`` or ``'right'``.

    Raises an error if ``fill`` is not one character.

    Example::

        print(pad(7, 3, "0"), "[" + pad("bolt", 6, side="right") + "]")     # 007 [bolt  ]
    """
    whole = printed(str_) if str_.__class__ is float else text(str_)
    count, filler = exactly_whole(width, "pad", "width"), text(fill)
    if len(filler) != 1:
        raise runtime_error("bad_fill", "pad: fill must be one character")
    if side != "left" and side != "right":
        raise runtime_error("bad_side", "pad: side must be 'left' or 'right'")
    host.check_size(max(count, len(whole)), 4)
    return whole.rjust(count, filler) if side == "left" else whole.ljust(count, filler)


@builtin("text")
def repeat(host: Host, str_: Value, n: Value) -> str:
    """The text so many times, one after the other.

    Raises an error for a negative number and for one with a fraction.

    Example::

        print(repeat("=", 5))       # =====
    """
    whole, times = text(str_), exactly_whole(n, "repeat", "n")
    if times < 0:
        raise runtime_error("negative_repeat", "repeat: n cannot be negative")
    host.check_size(len(whole) * times, 4)
    return whole * times if whole else whole


@builtin("text")
def format_(n: Value, picture: Value) -> str:
    """A number as a text by a picture such as ``# ##0,00``.

    ``0`` is a digit that is always written, ``#`` one that is left out where there is none. The
    last comma or point is the decimal mark; a space, an apostrophe, a comma or a point between
    ``#`` and ``##0`` goes between every three digits. With ``%`` the number is taken times 100.
    Halves are rounded away from zero.

    Raises an error for a picture that cannot be read.

    Example::

        print(format(1234567.891, "# ##0,00"), format(5000, "#,##0 $"))     # 1 234 567,89 5,000 $
        print(format(0.256, "0%"), format(7, "000"))    # 26% 007
    """
    if n.__class__ is not float:
        raise type_error("Number")
    read = number_picture.picture(text(picture))
    if read is None:
        raise runtime_error(
            "bad_number_picture",
            "format: '{picture}' is no picture of a number, such as '# ##0,00'",
            picture=text(picture),
        )
    return read.text(n)


# Characters ------------------------------------------------------------------


@builtin("text")
def chr_(n: Value) -> str:
    """The character of a number of Unicode: 160 is the space that keeps a line together.

    Raises an error for a number that no character has.

    Example::

        print(chr(1071), ord(chr(160)))     # Я 160
    """
    number = exactly_whole(n, "chr", "n")
    if not 0 <= number < 0x110000 or 0xD800 <= number < 0xE000:
        raise runtime_error("no_character", "chr: there is no character {number}", number=number)
    return chr(number)


@builtin("text")
def ord_(str_: Value) -> float:
    """The number of a character in Unicode; of a longer text that of its first character.

    Raises an error for an empty text.

    Example::

        print(ord("A"), ord("Я"))       # 65 1071
    """
    whole = text(str_)
    if not whole:
        raise runtime_error("ord_of_nothing", "ord: the text is empty")
    return float(ord(whole[0]))


# Letter case -----------------------------------------------------------------


@builtin("text", returns=STRING, pure=True)
def upper(str_: Value) -> str:
    """The text in capital letters.

    Example::

        print(upper("мир"), upper("straße"))        # МИР STRASSE
    """
    return text(str_).upper()


@builtin("text", returns=STRING, pure=True)
def lower(str_: Value) -> str:
    """The text in small letters.

    Example::

        print(lower("МИР"))     # мир
    """
    return text(str_).lower()


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@builtin("text", returns=STRING, pure=True)
def title(str_: Value) -> str:
    """The text with a capital at the beginning of every word, and small letters elsewhere.

    Example::

        print(title("иванов-ПЕТРОВ иван"), title("o'neil"))        # Иванов-Петров Иван O'neil
    """
    return _WORD.sub(lambda word: word[0].capitalize(), text(str_))


@builtin("text")
def isupper(str_: Value) -> bool:
    """Are there letters, and all of them capitals?

    Example::

        print(isupper("A1"), isupper("Ab"), isupper("1"))       # true false false
    """
    return text(str_).isupper()


@builtin("text")
def islower(str_: Value) -> bool:
    """Are there letters, and all of them small?

    Example::

        print(islower("a1"), islower("Ab"), islower("1"))       # true false false
    """
    return text(str_).islower()


# Searching -------------------------------------------------------------------


@builtin("text", returns=BOOL)
def contains(str_: Value, substr: Value) -> bool:
    """Is the text part of the other, or the value an element of the array?

    Example::

        print(contains("report.csv", ".csv"), contains([1, 2], 3))      # true false
    """
    kind = str_.__class__
    if kind is list or kind is Column:
        elements = arguments.elements(str_)
        if isinstance(elements, list):
            return is_among(elements, substr)
        return any(is_among([element], substr) for element in elements)
    if (kind is str or kind is Path) and (substr.__class__ is str or substr.__class__ is Path):
        return text(substr) in text(str_)
    raise type_error("String or Array")


@builtin("text")
def starts_with(str_: Value, prefix: Value) -> bool:
    """Does the text begin with the other?

    Example::

        print(starts_with("report.csv", "rep"))     # true
    """
    return text(str_).startswith(text(prefix))


@builtin("text")
def ends_with(str_: Value, suffix: Value) -> bool:
    """Does the text end with the other?

    Example::

        print(ends_with("report.csv", ".csv"))      # true
    """
    return text(str_).endswith(text(suffix))


@builtin("text")
def find(str_: Value, substr: Value, start: Value = 0.0) -> float:
    """The position where the text first occurs, from ``start`` on; -1 if it does not.

    Example::

        print(find("banana", "an"), find("banana", "an", 2), find("banana", "x"))       # 1 3 -1
    """
    return float(text(str_).find(text(substr), exactly_whole(start, "find", "start")))
