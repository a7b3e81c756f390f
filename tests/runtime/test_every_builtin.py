"""All functions of the library, called with arguments of every kind."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError, function_error
from datacode.runtime.builtins.registry import BUILTINS
from datacode.runtime.host import Host
from datacode.values import column_storage
from datacode.values.equality import equal, type_name
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import debug, printed
from tests.column_tables import table_of_columns
from tests.runtime.builtins.calling import MemoryFiles, call_with
from tests.runtime.generated import FILES, calls

UNLIKE_EACH_TIME = {"now", "table_sample", "random", "random_choice"}

WITH_CONDITIONS = {"table_query", "table_filter", "table_where", "table_add_column"}
"""What works conditions out for whole columns, which the engine here does not really know
(``test_stored_both_ways`` tries them with the true one)."""


class OnlyBuiltins:
    """An engine whose functions are the builtins; conditions compare nothing but hold or not."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        if name not in BUILTINS or BUILTINS[name].calls_back:
            raise function_error(name)
        return call_with(self.host, name, arguments, {})

    def defines(self, name: str) -> bool:
        return False

    def condition(self, text: str, columns: Sequence[str]) -> Any:
        return lambda row: bool(row) and row[0] is not None


def described(value: Any) -> str:
    """The debug form; of tables and their parts with all cells, and zero without its sign."""
    if isinstance(value, Column):
        return f"column {value.name} of {described(value.table)}"
    if isinstance(value, Indexer):
        return f"rows of {described(value.table)}"
    if isinstance(value, Table):
        return f"table {debug([list(value.names), *value.rows()])}".replace("(-0.0)", "(0.0)")
    if isinstance(value, list):
        return f"[{', '.join(map(described, value))}]"
    return debug(value).replace("(-0.0)", "(0.0)")


def outcome(name: str, arguments: list[Any], named: dict[str, Any]) -> str:
    """What a call gives, writes and leaves in files, or its error."""
    files = MemoryFiles(dict(FILES))
    host = Host(files, memory_limit=2**20)
    host.attach(OnlyBuiltins(host))
    try:
        result = call_with(host, name, arguments, named)
    except DataCodeError as error:
        return f"{error} after {host.take_output()}"
    type_name(result)
    printed(result)
    equal(result, result)
    written = {path: content for path, content in files.contents.items() if path not in FILES}
    return f"{described(result)} after {host.take_output()} and {sorted(written)}"


def typed(value: Any) -> Any:
    """A copy whose tables have typed columns wherever they can be."""
    if isinstance(value, Table):
        return table_of_columns(value.names, [list(column) for column in value.columns])
    if isinstance(value, Column):
        return Column(typed(value.table), value.position)
    if isinstance(value, list):
        return [typed(each) for each in value]
    return copy.deepcopy(value)


class EveryBuiltinTests(SynchronousTestCase):
    def tearDown(self) -> None:
        column_storage.SHORT = self.short

    def setUp(self) -> None:
        self.short = column_storage.SHORT

    @given(st.data())
    @settings(max_examples=400, deadline=None, database=None)
    def test_calls(self, data: st.DataObject) -> None:
        """A call gives a value or an error of the language, changes no argument, and does not
        depend on how the columns of its tables are stored."""
        entry = BUILTINS[data.draw(st.sampled_from(sorted(BUILTINS)))]
        column_storage.SHORT = self.short
        arguments, named = data.draw(calls(entry))
        before = described([*arguments, *named.values()])
        found = outcome(entry.name, arguments, named)
        self.assertEqual(described([*arguments, *named.values()]), before)
        if entry.name in UNLIKE_EACH_TIME | WITH_CONDITIONS:
            return
        column_storage.SHORT = -1
        again = outcome(entry.name, typed(arguments), {n: typed(v) for n, v in named.items()})
        self.assertEqual(again, found, entry.name)
