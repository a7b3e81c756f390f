"""A value within an error: programs see its debug form, readers of Russian a form of their own.

Source: language reference, 10.3.
"""

from __future__ import annotations

from datacode.i18n.message import Message
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import beginning, debug
from datacode.values.types import Currency, Path, PathPattern, Value

_LONGEST = 200
"""Characters of a value that are shown in Russian."""
_KINDS: dict[type, Message] = {
    float: Message("number_shown", "{debug}"),
    str: Message("text_shown", "{debug}"),
    bool: Message("bool_shown", "{debug}"),
    list: Message("array_shown", "{debug}"),
    dict: Message("object_shown", "{debug}"),
    Path: Message("path_shown", "{debug}"),
    PathPattern: Message("pattern_shown", "{debug}"),
    Currency: Message("money_shown", "{debug}"),
    Table: Message("table_shown", "{debug}"),
    Indexer: Message("indexer_shown", "{debug}"),
    Column: Message("column_shown", "{debug}"),
    Chart: Message("chart_shown", "{debug}"),
    Report: Message("report_shown", "{debug}"),
    type(None): Message("null_shown", "{debug}"),
}

_NAMES = {
    float: "Number",
    str: "String",
    bool: "Bool",
    list: "Array",
    dict: "Object",
    Column: "TableColumn",
    Indexer: "TableIndexer",
    type(None): "Null",
}


def kind_name(value: object) -> str | None:
    """The kind of a value as errors name it, ``Number``; None for what is none of the language."""
    kind = value.__class__
    return (_NAMES.get(kind) or kind.__name__) if kind in _KINDS else None


def described(value: Value) -> Message:
    """The value for an error message. Its text is ``debug(value)``."""
    return _KINDS[value.__class__].filled(debug=debug(value), shown=_shown(value))


def _shown(value: Value) -> str:
    if value.__class__ is str or value.__class__ is Path or value.__class__ is PathPattern:
        text = value if isinstance(value, str) else value.text
    elif isinstance(value, Table):
        text = str(len(value))
    elif isinstance(value, Indexer):
        text = str(len(value.table))
    elif isinstance(value, Column):
        text = value.name
    elif isinstance(value, Chart):
        text = value.kind
    else:
        text = beginning(value, _LONGEST + 1)
    text = text[: _LONGEST + 1].replace("\n", " ")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
