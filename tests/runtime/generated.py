"""Generated values and arguments for tests of properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from datacode.runtime.builtins.registry import Builtin
from datacode.values.table import Table
from datacode.values.types import Currency, Path, PathPattern
from tests.column_tables import table_of_columns

FILES = {"a.txt": b"x", "a.csv": b"a,b\n1,2\n,x", "in/b.csv": b"\xff", "lib://s/c.json": b"{}"}
"""What programs find: the names occur among the generated texts."""

_WORDS = (
    "", "a", "b", "id", "INDEX", "PARAM_0", "2024-01-31", "31.12.24", "$5", "1.5", "null", "days",
    "len", "abs", "sum", "count", "*.csv", "utf-8", "outer", "left", ">", "==", "like", "a > 1",
    "a = b", *FILES,
)  # fmt: skip

exact = st.integers(-20, 20).map(lambda n: n / 2)
"""Numbers whose sums and products are the same in any order."""

numbers = st.floats() | exact
texts = st.text(max_size=6) | st.sampled_from(_WORDS)
scalars = st.none() | st.booleans() | numbers | texts
others = st.builds(Path, texts) | st.builds(PathPattern, texts) | st.builds(Currency, texts)
values = st.recursive(
    scalars | others,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(["a", "b", "id", "x y", ""])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Small tables; some of their columns are of one kind, as most are in life."""
    names = draw(st.just(["a", "b", "id"]) | st.lists(_names, max_size=3))
    length = draw(st.integers(0, 4))
    columns = []
    for _ in names:
        kind = draw(st.sampled_from((exact, exact, texts, scalars, st.booleans())))
        cells = st.lists(kind | st.none(), min_size=length, max_size=length)
        columns.append(draw(cells))
    return table_of_columns(names, columns)


columns = (
    tables()
    .filter(lambda table: bool(table.names))
    .map(lambda table: table.column_named(table.names[-1]))
)
anything = values | tables() | columns

_dates = st.sampled_from(["2024-01-31", "31.12.24", "1/2/2024", "2024-01-01T10:00:00Z"])
_units = st.sampled_from(["days", "Months", "year", "hours"])
_kinds = st.sampled_from(["inner", "left", "right", "full", "semi", "anti", "cross"])
_files = st.sampled_from(sorted(FILES)) | st.sampled_from(
    ["in", "", "*.csv", "out.csv", "out.xlsx"]
)
_rows = st.integers(0, 3).flatmap(
    lambda width: st.lists(st.lists(scalars, min_size=width, max_size=width), max_size=3)
)
_common = st.sampled_from(["a", "b", "id"])
_column_lists = st.lists(_names, max_size=3)
_numbers = st.lists(exact, max_size=4)
_arrays = _numbers | st.lists(scalars, max_size=5) | st.lists(values, max_size=3) | columns

_wanted = {
    "table left right": tables(),
    "tables": st.lists(tables(), max_size=3),
    "array other names params template values": _arrays,
    "data": _rows,
    "headers cols header": _column_lists,
    "on": _common | _common | _names | _column_lists,
    "by rows": _common | _column_lists,
    "col name column key right_on": _common | _names,
    "_first _second _third": exact,
    "column1 column2": columns,
    "str delim substr prefix suffix old new text": texts,
    "n start end step a b base exp low high amount header_row": exact,
    "date": _dates,
    "unit": _units,
    "format": st.sampled_from(["DD.MM.YY", "0.00 $", "USD", "[x] YYYY"]),
    "type": _kinds,
    "direction": st.sampled_from(["backward", "forward", "nearest"]),
    "mode": st.sampled_from(["outer", "inner"]),
    "object": st.dictionaries(_names, scalars | st.lists(scalars, max_size=2), max_size=3),
    "columns": st.dictionaries(_names, _names, max_size=2),
    "path": _files,
    "content": texts | tables(),
    "encoding": st.sampled_from(["utf-8", "cp1251"]),
    "delimiter": st.sampled_from([";", ",", "|"]),
    "decimal": st.sampled_from([".", ","]),
    "regex sheet_name": texts,
    "func": st.sampled_from(["abs", "len", "str", "upper", "nowhere", "max"]),
    "op": st.sampled_from(["=", "!=", "<", ">=", "LIKE", "in", "~"]),
    "expression condition": st.sampled_from(["a > 1", "b = 'x'", "a == b", "a <= id", "(", "a"]),
    "cond": st.sampled_from(["a > a", "a = b", "b <= id", "a", "id ~ b"]),
    "suffixes": st.lists(texts, min_size=2, max_size=2),
    "nulls_equal recursive asc": st.booleans(),
}
_made = ["sum", "average", "count", "size", "min", "max", "first", "list", "other"]
_aggregates = st.dictionaries(
    _names, st.tuples(_common, st.sampled_from(_made)).map(list), min_size=1, max_size=2
)
_windows = st.dictionaries(
    _names,
    st.tuples(_common, st.sampled_from(["sum", "lag", "rank", "rolling_sum", "x"])).map(list)
    | st.tuples(_common, st.sampled_from(["lag", "rolling_mean"]), exact).map(list),
    min_size=1,
    max_size=2,
)
_wanted_by = {
    "date_diff": {"start": _dates, "end": _dates},
    "date": {"value": _dates | texts},
    "int": {"value": exact.map(str) | scalars},
    "float": {"value": exact.map(str) | scalars},
    "number": {
        "text": exact | exact.map(str),
        "decimal": st.sampled_from([".", ","]),
        "thousands": st.sampled_from([",", ".", " ", "'"]),
    },
    "primary_key": {"column": columns},
    "isinstance": {"type": st.sampled_from(["int", "text", "date", "money", "null", "map", "x"])},
    "table_group": {"columns": _aggregates},
    "table_pivot": {"columns": _common, "values": _common, "func": st.sampled_from(_made)},
    "table_fill": {"direction": st.sampled_from(["down", "up"]), "value": scalars},
    "table_unpivot": {"keys": _column_lists, "columns": _column_lists, "value": texts},
    "table_split": {"by": texts, "names": st.lists(texts, min_size=1, max_size=3)},
    "table_explode": {"by": texts},
    "table_dedupe": {"keys": _common, "keep": st.sampled_from(["first", "last", "none"])},
    "table_total": {"columns": _column_lists, "func": st.sampled_from(_made)},
    "table_bins": {"bins": st.integers(0, 5).map(float) | _numbers},
    "table_quantile": {"q": st.floats(0, 1) | st.lists(st.floats(0, 1), max_size=2)},
    "table_months": {"date": _common, "columns": _aggregates},
    "table_window": {"columns": _windows, "order": _common},
    "table_top": {"by": _common, "group": _common},
    "table_sort": {"col": _common | _column_lists, "locale": st.sampled_from(["ru", "en"])},
    "table_join": {"how": _kinds, "check": st.sampled_from(["one_to_one", "many_to_one"])},
    "random": {"seed": scalars},
    "json_parse": {"text": st.sampled_from(['{"a": [1, null]}', "[", "[1e999]", '"\\ud800"'])},
    "table_rename": {"names": st.dictionaries(_common, texts, max_size=2)},
    "table_suffixes": {"left": texts, "right": texts},
    "table_add_column": {"values": st.lists(scalars, max_size=4) | columns},
    "map": {"array": _numbers},
    "reduce": {"array": _numbers, "func": st.sampled_from(["pow", "max", "div"])},
    "min": {"": exact},
    "max": {"": exact},
    "array": {"": anything},
}
_by_name = {name: strategy for names, strategy in _wanted.items() for name in names.split()}


@st.composite
def calls(draw: st.DrawFn, entry: Builtin) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of a call, by position and by name; most of a kind that the function wants."""
    own = _wanted_by.get(entry.name, {})

    def argument(name: str) -> Any:
        wanted = own.get(name, _by_name.get(name))
        if wanted is None or draw(st.integers(0, 19)) == 0:
            return draw(anything)
        return draw(wanted)

    most = entry.minimum + 3 if entry.maximum is None else entry.maximum
    count = draw(st.just(entry.minimum) | st.integers(entry.minimum, most))
    positions = [*entry.positions, *[""] * count][:count]
    rest = [name for name in entry.parameters if name not in positions]
    chosen = draw(st.lists(st.sampled_from(rest), max_size=2, unique=True)) if rest else []
    return [argument(name) for name in positions], {name: argument(name) for name in chosen}
