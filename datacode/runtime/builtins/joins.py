"""Joins of tables (builtins reference, 10)."""

from __future__ import annotations

from datacode.errors import runtime_error
from datacode.plans.nodes import JoinKind
from datacode.runtime.builtins.arguments import number
from datacode.runtime.builtins.registry import ABSENT, builtin, missing_argument
from datacode.runtime.builtins.tables import as_table, as_text
from datacode.runtime.host import Host
from datacode.tables import join as joins
from datacode.tables.asof import Direction
from datacode.tables.asof import asof_join as nearest_join
from datacode.tables.join import SUFFIXES, On, Suffixes, checked_on
from datacode.tables.join_match import CheckCount
from datacode.tables.keyed_join import CHECKS, keyed_join
from datacode.values.table import Table
from datacode.values.types import Value

_TYPES = [how.value for how in JoinKind]


def _tables(left: Value, right: Value) -> tuple[Table, Table]:
    return as_table(left, "Table, Table"), as_table(right, "Table, Table")


def _suffixes(suffixes: Value) -> Suffixes:
    if suffixes is ABSENT:
        return SUFFIXES
    if suffixes.__class__ is list and len(suffixes) == 2:
        own, other = suffixes
        if own.__class__ is other.__class__ is str:
            return own, other
    raise runtime_error("bad_suffixes", "suffixes must be an array of two strings")


def _how(type_: Value, allowed: list[str], argument: str = "type") -> JoinKind:
    if type_.__class__ is not str or type_ not in allowed:
        raise runtime_error(
            "join_type",
            "{argument} must be one of {types}",
            argument=argument,
            types=", ".join(allowed),
        )
    return JoinKind(type_)


def _check_size(host: Host, *tables: Table) -> CheckCount:
    """A check that raises if a result with so many rows and all columns would be too large."""
    width = sum(len(table.columns) for table in tables) + 1
    return lambda rows: host.check_size(rows * width, 16)


def _on(on: Value, right_on: Value, left: Table, right: Table) -> On:
    """The columns: ``on`` alone, or one name for either table."""
    if right_on is ABSENT:
        return checked_on(on, left, right)
    expected = "Table, Table, String, String"
    return [(as_text(on, expected), as_text(right_on, expected))]


def _equal_join(
    host: Host,
    how: JoinKind,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value,
    suffixes: Value = ABSENT,
    nulls_equal: Value = False,
) -> Table:
    one, other = _tables(left, right)
    if nulls_equal.__class__ is not bool:
        raise runtime_error("bad_nulls_equal", "nulls_equal must be true or false")
    return joins.equal_join(
        one,
        other,
        _on(on, right_on, one, other),
        how,
        _check_size(host, one, other),
        suffixes=_suffixes(suffixes),
        nulls_equal=nulls_equal,
        warn=host.warn,
    )


# Joins on equal columns --------------------------------------------------------


@builtin("joins")
def inner_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value = ABSENT,
    *,
    suffixes: Value = ABSENT,
    nulls_equal: Value = False,
) -> Table:
    """The rows of both tables that belong together, side by side.

    ``on`` is the name of a column of both, a pair ``[left, right]`` of names, or an array of
    names and pairs of which all must be equal; two names can also be two arguments. An array of
    two names is a pair, unless both tables have both columns. Columns that have the same name get
    suffixes, ``_left`` and ``_right`` if ``suffixes=[l, r]`` does not say otherwise. Empty cells
    belong to nothing, unless ``nulls_equal=true``.

    Example::

        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        orders = table([[1, 30], [1, 12]], ["person", "sum"])
        both = inner_join(people, orders, "id", "person")
        print(both.column_names, both.rows.rows)
        # [id, name, person, sum] [[1, Ann, 1, 30], [1, Ann, 1, 12]]
    """
    return _equal_join(host, JoinKind.INNER, left, right, on, right_on, suffixes, nulls_equal)


@builtin("joins")
def left_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value = ABSENT,
    *,
    suffixes: Value = ABSENT,
    nulls_equal: Value = False,
) -> Table:
    """As ``inner_join``, but every row of the left table stays, with nulls if it is alone.

    Example::

        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        orders = table([[1, 30]], ["person", "sum"])
        print(left_join(people, orders, ["id", "person"]).idx[1])       # [2, Bob, null, null]
    """
    return _equal_join(host, JoinKind.LEFT, left, right, on, right_on, suffixes, nulls_equal)


@builtin("joins")
def right_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value = ABSENT,
    *,
    suffixes: Value = ABSENT,
    nulls_equal: Value = False,
) -> Table:
    """As ``inner_join``, but every row of the right table stays; those that are alone come last.

    Example::

        people = table([[1, "Ann"]], ["id", "name"])
        orders = table([[7, 5], [1, 30]], ["id", "sum"])
        print(right_join(people, orders, "id").rows.rows)
        # [[1, Ann, 1, 30], [null, null, 7, 5]]
    """
    return _equal_join(host, JoinKind.RIGHT, left, right, on, right_on, suffixes, nulls_equal)


@builtin("joins")
def full_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value = ABSENT,
    *,
    suffixes: Value = ABSENT,
    nulls_equal: Value = False,
) -> Table:
    """As ``left_join``, and behind it the rows of the right table that are alone.

    Example::

        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        orders = table([[7, 5], [1, 30]], ["id", "sum"])
        print(len(full_join(people, orders, "id")))     # 3
    """
    return _equal_join(host, JoinKind.FULL, left, right, on, right_on, suffixes, nulls_equal)


@builtin("joins")
def semi_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value = ABSENT,
    *,
    nulls_equal: Value = False,
) -> Table:
    """The rows of the left table that have a partner in the right one, each once.

    Example::

        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        orders = table([[1, 30], [1, 12]], ["person", "sum"])
        print(semi_join(people, orders, "id", "person").rows.rows)      # [[1, Ann]]
    """
    return _equal_join(host, JoinKind.SEMI, left, right, on, right_on, ABSENT, nulls_equal)


@builtin("joins")
def anti_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    right_on: Value = ABSENT,
    *,
    nulls_equal: Value = False,
) -> Table:
    """The rows of the left table that have no partner in the right one.

    Example::

        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        orders = table([[1, 30], [1, 12]], ["person", "sum"])
        print(anti_join(people, orders, "id", "person").rows.rows)      # [[2, Bob]]
    """
    return _equal_join(host, JoinKind.ANTI, left, right, on, right_on, ABSENT, nulls_equal)


def join_of_tables(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    type_: Value,
    suffixes: Value,
    nulls_equal: Value,
) -> Table:
    """What ``join`` does for tables: the join that ``type`` names, ``inner`` if none is given."""
    kind = "inner" if type_ is ABSENT else type_
    if kind == "cross":
        return cross_join(host, left, right, suffixes=suffixes)
    how = _how(kind, [*_TYPES, "cross"])
    if on is ABSENT:
        raise missing_argument("join", "on")
    nulls_equal = False if nulls_equal is ABSENT else nulls_equal
    return _equal_join(host, how, left, right, on, ABSENT, suffixes, nulls_equal)


@builtin("joins")
def table_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    how: Value = "inner",
    *,
    keep_key: Value = True,
    tolerance: Value = ABSENT,
    check: Value = ABSENT,
    suffixes: Value = ABSENT,
) -> Table:
    """The rows of two tables that belong together, with each key in one column.

    ``on`` are the columns as for ``inner_join``; ``how`` is ``inner``, ``left``, ``right``,
    ``full``, ``semi`` or ``anti``. A pair of keys is one column, called as in the left table; with
    ``keep_key=false`` there are both, as for ``inner_join``. Other columns with the same name get
    ``suffixes``.

    ``check`` is ``'one_to_one'``, ``'one_to_many'`` or ``'many_to_one'``: a key that occurs more
    than once on a side that is *one* is an error. With a ``tolerance`` each left row belongs to the
    right row that is nearest in the last key, if the two are not farther from each other: numbers
    by their difference, dates by so many days.

    Example::

        people = table([[1, "Ann"], [2, "Bob"]], ["id", "name"])
        orders = table([[1, 30], [1, 12]], ["id", "sum"])
        both = table_join(people, orders, "id", "left", check="one_to_many")
        print(both.column_names, both.rows.rows)
        # [id, name, sum] [[1, Ann, 30], [1, Ann, 12], [2, Bob, null]]
    """
    one, other = _tables(left, right)
    if keep_key.__class__ is not bool:
        raise runtime_error("bad_keep_key", "keep_key must be true or false")
    if check is not ABSENT and (check.__class__ is not str or check not in CHECKS):
        raise runtime_error("bad_check", "check must be one of {checks}", checks=", ".join(CHECKS))
    return keyed_join(
        one,
        other,
        checked_on(on, one, other),
        _how(how, _TYPES, "how"),
        _check_size(host, one, other),
        suffixes=_suffixes(suffixes),
        keep_key=keep_key,
        tolerance=None if tolerance is ABSENT else number(tolerance),
        check=None if check is ABSENT else check,
        warn=host.warn,
    )


# Other joins -------------------------------------------------------------------


@builtin("joins")
def cross_join(host: Host, left: Value, right: Value, *, suffixes: Value = ABSENT) -> Table:
    """Every row of the left table with every row of the right one.

    Example::

        sizes = table([["S"], ["L"]], ["size"])
        colours = table([["red"], ["blue"]], ["colour"])
        print(cross_join(sizes, colours).rows.rows)
        # [[S, red], [S, blue], [L, red], [L, blue]]
    """
    one, other = _tables(left, right)
    return joins.cross_join(one, other, _check_size(host, one, other), _suffixes(suffixes))


@builtin("joins")
def zip_join(left: Value, right: Value, *, suffixes: Value = ABSENT) -> Table:
    """The first row with the first, the second with the second, as far as both tables go.

    Example::

        names = table([["bolt"], ["nut"], ["pin"]], ["item"])
        prices = table([[1.5], [0.25]], ["price"])
        print(zip_join(names, prices).rows.rows)        # [[bolt, 1.5], [nut, 0.25]]
    """
    return joins.zip_join(*_tables(left, right), _suffixes(suffixes))


@builtin("joins")
def join_on(
    host: Host,
    left: Value,
    right: Value,
    cond: Value,
    type_: Value = "inner",
    *,
    suffixes: Value = ABSENT,
) -> Table:
    """The rows of which a left column compares with a right one as ``cond`` says.

    ``cond`` is an array ``[left, operator, right]`` or a text ``'left operator right'``; operators
    are ``=``, ``!=``, ``<``, ``<=``, ``>`` and ``>=``. ``type`` is ``inner``, ``left``, ``right``,
    ``full``, ``semi`` or ``anti``.

    Raises an error for any other operator, and for a column that is not there.

    Example::

        orders = table([[100], [400]], ["sum"])
        tiers = table([[0, "low"], [350, "high"]], ["from", "tier"])
        print(join_on(orders, tiers, "sum >= from").rows.rows)
        # [[100, 0, low], [400, 0, low], [400, 350, high]]
    """
    one, other = _tables(left, right)
    return joins.compared_join(
        one,
        other,
        _comparison(cond),
        _how(type_, _TYPES),
        _check_size(host, one, other),
        _suffixes(suffixes),
        host.warn,
    )


def _comparison(cond: Value) -> tuple[str, str, str]:
    parts = cond.split() if cond.__class__ is str else cond
    is_triple = parts.__class__ is list and len(parts) == 3
    if not is_triple or any(part.__class__ is not str for part in parts):
        raise runtime_error(
            "bad_join_condition",
            "cond must be an array [left column, operator, right column], "
            "or a text with these three parts",
        )
    if parts[1] not in joins.COMPARISONS:
        raise runtime_error("bad_operator", "Unsupported operator: {operator}", operator=parts[1])
    return parts[0], parts[1], parts[2]


@builtin("joins")
def asof_join(
    host: Host,
    left: Value,
    right: Value,
    on: Value,
    by: Value = ABSENT,
    direction: Value = "backward",
    *,
    suffixes: Value = ABSENT,
) -> Table:
    """Every row of the left table with the nearest row of the right one, in the column ``on``.

    ``direction`` is ``backward`` (the last row that is not above), ``forward`` (the first that is
    not below) or ``nearest``, for which there must be numbers or dates. With ``by``, columns as
    for ``inner_join``, only rows that are equal in them belong together.

    Example::

        prices = table([[100, 10.5], [200, 11]], ["time", "price"])
        trades = table([[150, "a"], [250, "b"]], ["time", "trade"])
        print(asof_join(trades, prices, "time").rows.rows)
        # [[150, a, 100, 10.5], [250, b, 200, 11]]
    """
    one, other = _tables(left, right)
    if direction.__class__ is not str or direction not in list(Direction):
        raise runtime_error("bad_direction", "direction must be 'backward', 'forward' or 'nearest'")
    columns = checked_on(on, one, other)
    if len(columns) != 1:
        raise runtime_error(
            "asof_needs_one_column", "asof_join compares one column with one; others belong into by"
        )
    equal = [] if by is ABSENT or by is None else checked_on(by, one, other)
    return nearest_join(
        one, other, columns[0], equal, Direction(direction), _suffixes(suffixes), host.warn
    )


@builtin("joins", calls_back=True)
def apply_join(
    host: Host, left: Value, func: Value, type_: Value = "inner", *, suffixes: Value = ABSENT
) -> Table:
    """Every row of a table with the rows of the table that a function makes of it.

    The function is given by its name and gets the row as an array; its tables must all have the
    same columns. With ``type='left'`` rows stay for which the table is empty (or null).

    Example::

        function parts(row) do
            return table([[row[0] + "-1"], [row[0] + "-2"]], ["part"])
        endfunction
        print(apply_join(table([["A"], ["B"]], ["kind"]), "parts").rows.rows)
        # [[A, A-1], [A, A-2], [B, B-1], [B, B-2]]
    """
    source = as_table(left, "Table and String (function name)")
    name = as_text(func, "Table and String (function name)")
    how = _how(type_, ["inner", "left"])
    return joins.applied(
        source,
        lambda row: host.engine.call(name, [row]),
        how,
        _check_size(host, source),
        _suffixes(suffixes),
    )


@builtin("joins")
def table_suffixes(table: Value, left: Value, right: Value) -> Table:
    """Other suffixes for the columns that a join has named ``NAME_left`` and ``NAME_right``.

    Example::

        both = inner_join(table([[1, "a"]], ["id", "x"]), table([[1, "b"]], ["id", "x"]), "id")
        print(both.column_names)        # [id_left, x_left, id_right, x_right]
        print(table_suffixes(both, "", "_new").column_names)        # [id, x, id_new, x_new]
    """
    expected = "Table, String, String"
    source = as_table(table, expected)
    return joins.with_suffixes(source, (as_text(left, expected), as_text(right, expected)))
