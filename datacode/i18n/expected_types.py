"""The types that a function expects, as a message: ``Table and Array of Numbers``.

Programs and readers of English see the words of DataCode 1.x, which name the arguments in order;
readers of Russian the same in theirs. Source: language reference, section 9.
"""

from __future__ import annotations

from functools import lru_cache

from datacode.i18n.message import Message

_TYPES = {
    message.template: message
    for message in (
        Message("type_array", "Array"),
        Message("type_array_of_numbers", "Array of Numbers"),
        Message("type_array_of_paths", "Array of Paths"),
        Message("type_array_of_strings", "Array of Strings"),
        Message("type_array_of_tables", "Array of Tables"),
        Message("type_bool", "Bool"),
        Message("type_chart", "Chart"),
        Message("type_currency", "Currency"),
        Message("type_date", "Date"),
        Message("type_function", "Function"),
        Message("type_function_name", "String (function name)"),
        Message("type_null", "Null"),
        Message("type_number", "Number"),
        Message("type_numbers", "Numbers"),
        Message("type_object", "Object"),
        Message("type_path", "Path"),
        Message("type_path_pattern", "PathPattern"),
        Message("type_report", "Report"),
        Message("type_string", "String"),
        Message("type_strings", "Strings"),
        Message("type_table", "Table"),
        Message("type_column", "TableColumn"),
        Message("type_indexer", "TableIndexer"),
        Message("type_value", "Value"),
    )
}
_JOINED = (
    (", or ", Message("types_or_last", "{one}, or {other}")),
    (", ", Message("types_listed", "{one}, {other}")),
    (" and ", Message("types_and", "{one} and {other}")),
    (" or ", Message("types_or", "{one} or {other}")),
)


@lru_cache(maxsize=256)
def expected_types(text: str) -> str | Message:
    """The types named in ``text``; the text itself where one of them is not known."""
    if text in _TYPES:
        return _TYPES[text]
    for separator, joined in _JOINED:
        one, found, other = text.partition(separator)
        if found:
            return joined.filled(one=expected_types(one), other=expected_types(other))
    return text
