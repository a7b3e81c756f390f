"""Charts (chart reference, 1): a table's description for every face that draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from datacode.charts.build import chart_of
from datacode.charts.periods import PERIODS
from datacode.charts.request import FUNCTIONS, SYNONYMS, ChartRequest
from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.builtins.tables import as_columns, as_table, as_text
from datacode.runtime.host import Host
from datacode.tables.select import position_of
from datacode.tables.summaries import checked_edges
from datacode.values.chart import KINDS, LARGEST, SMALLEST, Chart, Kind, Language
from datacode.values.table import Table
from datacode.values.types import Value

_EXPECTED = "Table, String, String"
_LANGUAGES = ("en", "ru")
_MOST_BINS = 500


@builtin("charts")
def chart(
    host: Host,
    table: Value,
    kind: Value,
    x: Value,
    y: Value = ABSENT,
    *,
    by: Value = ABSENT,
    line: Value = ABSENT,
    value: Value = ABSENT,
    agg: Value = ABSENT,
    every: Value = ABSENT,
    bins: Value = ABSENT,
    title: Value = ABSENT,
    x_title: Value = ABSENT,
    y_title: Value = ABSENT,
    width: Value = ABSENT,
    height: Value = ABSENT,
    language: Value = ABSENT,
) -> Chart:
    """A chart of a table.

    ``kind`` is ``bar``, ``barh`` (bars that lie), ``stacked``, ``line``, ``area``, ``scatter``,
    ``histogram``, ``box``, ``pie``, ``heatmap`` or ``combined``. ``x`` and ``y`` are names of
    columns; an array of names for ``y`` makes several series, and so does ``by``, a column whose
    different values are the series. Without ``y`` rows are counted. ``combined`` draws the columns
    ``line`` over its bars, by an axis of their own; ``heatmap`` has categories for ``x`` and ``y``
    and colours by the column ``value``.

    Rows at one place are added up; ``agg`` is another function for them (``average``, ``median``,
    ``min``, ``max``, ``count``, ``distinct``). Dates stand in their order, one bar for each day,
    or each month where all dates are first days of months; ``every`` puts them together by
    ``year``, ``quarter``, ``month``, ``week``, ``day`` or ``hour``. ``bins`` is the number of a
    histogram's bins, or an array of their limits.

    ``title``, ``x_title`` and ``y_title`` are texts, ``width`` and ``height`` pixels. Months and
    numbers are written in Russian where a name has Russian letters, otherwise in English, or as
    ``language`` says (``ru``, ``en``).

    A chart is shown by ``show_chart``, and ``write_file`` makes a file of it.

    Raises an error for a column that is not there or cannot be drawn, and for more categories or
    series than anybody could tell apart.

    Example::

        sold = table([["2026-01-15", 5], ["2026-01-20", 3], ["2026-03-02", 4]], ["day", "sum"])
        months = chart(sold, "bar", "day", "sum", every="month", title="Sales")
        print(months)       # Chart(bar, 3 rows)
        print(chart(sold, "line", "day", "sum"))        # Chart(line, 3 rows)
    """
    source = as_table(table, _EXPECTED)
    request = ChartRequest(
        source,
        checked_kind(kind),
        _column(source, x),
        () if y in (ABSENT, None) else as_columns(source, y, _EXPECTED),
        _optional_column(source, by),
        () if line in (ABSENT, None) else as_columns(source, line, _EXPECTED),
        _optional_column(source, value),
        _function(agg),
        _one_of("every", every, PERIODS),
        _bins(bins),
        _optional_text(title),
        _optional_text(x_title),
        _optional_text(y_title),
        _pixels("width", width),
        _pixels("height", height),
        cast("Language | None", _one_of("language", language, _LANGUAGES)),
    )
    return chart_of(request, host.warn)


@builtin("charts")
def show_chart(host: Host, chart: Value) -> None:
    """Draw a chart: as a picture where the reader's screen can show one, else of characters.

    Example::

        sold = table([["Oslo", 5], ["Riga", 3]], ["city", "sum"])
        show_chart(chart(sold, "bar", "city", "sum"))
        # sum
        # Oslo ████████████████████████████████████████████████████████████████████████ 5
        # Riga ███████████████████████████████████████████▎ 3
    """
    if chart.__class__ is not Chart:
        raise type_error("Chart")
    host.show_chart(chart)


# Arguments -------------------------------------------------------------------------------


def checked_kind(kind: Value) -> Kind:
    """A kind of chart, by its name or another tool's."""
    text = as_text(kind, _EXPECTED).strip().lower()
    found = SYNONYMS.get(text, text)
    if found in KINDS:
        return found
    raise runtime_error(
        "chart_kind",
        "chart: there is no kind '{kind}'; kinds are {kinds}",
        kind=text[:50],
        kinds=", ".join(KINDS),
    )


def _column(table: Table, name: Value) -> int:
    return position_of(table, as_text(name, _EXPECTED))


def _optional_column(table: Table, name: Value) -> int | None:
    return None if name is ABSENT or name is None else _column(table, name)


def _optional_text(text: Value) -> str | None:
    return None if text is ABSENT or text is None else as_text(text, "String")


def _one_of(argument: str, given: Value, allowed: Sequence[str] | Any) -> str | None:
    if given is ABSENT or given is None:
        return None
    if given.__class__ is str and given in allowed:
        return str(given)
    raise _wrong(argument, ", ".join(allowed))


def _wrong(argument: str, allowed: str) -> DataCodeError:
    return runtime_error(
        "chart_argument_value",
        "chart: {argument} must be one of: {allowed}",
        argument=argument,
        allowed=allowed,
    )


def _function(agg: Value) -> str | None:
    if agg.__class__ is str:
        agg = {"avg": "average", "mean": "average"}.get(agg, agg)
    return _one_of("agg", agg, FUNCTIONS)


def _pixels(argument: str, given: Value) -> int | None:
    if given is ABSENT or given is None:
        return None
    if given.__class__ is float and SMALLEST <= given <= LARGEST:
        return int(given)
    raise runtime_error(
        "chart_size",
        "chart: {argument} must be a number of pixels from {least} to {most}",
        argument=argument,
        least=SMALLEST,
        most=LARGEST,
    )


def _bins(bins: Value) -> int | list[float] | None:
    if bins is ABSENT or bins is None:
        return None
    if bins.__class__ is float and bins.is_integer() and 1 <= bins <= _MOST_BINS:
        return int(bins)
    if bins.__class__ is float:
        raise runtime_error(
            "chart_bins", "chart: bins must be from 1 to {most}, or their limits", most=_MOST_BINS
        )
    edges = checked_edges(arguments.array(bins))
    if len(edges) > _MOST_BINS + 1:
        raise runtime_error(
            "chart_bins", "chart: bins must be from 1 to {most}, or their limits", most=_MOST_BINS
        )
    return edges
