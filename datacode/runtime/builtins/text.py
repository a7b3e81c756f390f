"""Text (builtins reference, 7). A path counts as its text; positions count characters from 0."""

from __future__ import annotations

from datacode.errors import argument_count_error, runtime_error, type_error
from datacode.language.analysis.type_sets import ARRAY, BOOL, STRING, with_elements
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.arguments import exactly_whole, text
from datacode.runtime.builtins.joins import table_join
from datacode.runtime.builtins.registry import ABSENT, builtin, given_twice
from datacode.runtime.host import Host
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
        return table_join(host, array, delim, on, type_, suffixes, nulls_equal)
    elements = arguments.array(array, "Array and String")
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
        return is_among(arguments.array(str_), substr)
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
