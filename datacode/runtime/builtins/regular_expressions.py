"""Regular expressions over one text (builtins reference, 12)."""

from __future__ import annotations

from datacode.errors import type_error
from datacode.runtime.builtins.arguments import exactly_whole, text
from datacode.runtime.builtins.registry import builtin
from datacode.runtime.host import Host
from datacode.tables import regular_expressions as regex
from datacode.values.types import Value


def _pattern(value: Value) -> str:
    if value.__class__ is not str:
        raise type_error("String")
    return value


@builtin("text")
def regex_find(str_: Value, pattern: Value, group: Value = 0.0) -> str | None:
    """The first part of a text that a regular expression matches, or a group of it; else null.

    Expressions are those of Rust's ``regex``: ``\\d`` is a digit, ``\\w`` a letter of any script,
    ``(?i)`` in front makes letter case not count. There is no look-around, and no reference back
    to a group: every expression takes time in proportion to the text.

    Raises an error for an expression that cannot be read, and for a group that it does not have.

    Example::

        print(regex_find("Invoice 2024-117", "[0-9]+"))                     # 2024
        print(regex_find("Invoice 2024-117", "([0-9]+)-([0-9]+)", 2))       # 117
    """
    whole, wanted = text(str_), _pattern(pattern)
    number = exactly_whole(group, "regex_find", "group")
    found = regex.first(regex.texts([whole]), wanted, number)[0]
    return None if found is None else str(found)


@builtin("text")
def regex_all(host: Host, str_: Value, pattern: Value) -> list[str]:
    """All parts of a text that a regular expression matches, in order (see ``regex_find``).

    Example::

        print(regex_all("3 bolts, 12 nuts", "[0-9]+"))      # [3, 12]
    """
    whole, wanted = text(str_), _pattern(pattern)
    host.check_size(regex.count(regex.texts([whole]), wanted), 100)
    return regex.all_of(whole, wanted)


@builtin("text")
def regex_replace(host: Host, str_: Value, pattern: Value, by: Value) -> str:
    """The text with another one for every part that a regular expression matches.

    In ``by`` ``$1`` is the first group of the expression, ``$0`` the whole part and ``$$`` a
    dollar sign (see ``regex_find`` for expressions).

    Raises an error for an expression that cannot be read, and for a group that it does not have.

    Example::

        print(regex_replace("8 (912) 345-67-89", "[^0-9]", ""))             # 89123456789
        print(regex_replace("31.12.2024", "(..)[.](..)[.](....)", "$3-$2-$1"))     # 2024-12-31
    """
    whole, wanted, instead = text(str_), _pattern(pattern), text(by)
    series = regex.texts([whole])
    times = regex.count(series, wanted)
    host.check_size(len(whole) * (1 + instead.count("$")) + times * len(instead), 4)
    return str(regex.replaced(series, wanted, instead)[0])


@builtin("text")
def regex_match(str_: Value, pattern: Value) -> bool:
    """Does a regular expression match some part of a text?

    ``^`` and ``$`` in it are the text's beginning and end. In conditions ``text matches pattern``
    says the same.

    Example::

        print(regex_match("A-17", "^[A-Z]-[0-9]+$"), regex_match("17", "^[A-Z]"))       # true false
    """
    return regex.is_matching(text(str_), _pattern(pattern))
