"""A chart as a picture of characters, for terminals and for files of text.

Bars lie, so that labels of any length stand beside them; lines and points are drawn with the dots
of Braille characters, four rows of two in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from datacode.charts.languages import LanguageRules
from datacode.charts.reading import ReadAxis, ReadChart, ReadLayer, ReadSeries, read
from datacode.values.chart import Chart

WIDTH = 80
"""Characters of a line."""

_ROWS = 16
"""Lines of a picture of dots."""

_MOST_LINES = 200
_LABEL, _NUMBER = 24, 12
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_FILLS = "█▓▒░▚▞▤▥▦▧"
_SHADES = " ░▒▓█"
_MARKS = "•x+o*#@%&=~^"


def text_picture(chart: Chart) -> str:
    """The chart in lines of at most ``WIDTH`` characters, each with its end."""
    found = read(chart)
    lines = [found.title] if found.title else []
    lines += _SHAPES.get(found.kind, _plot)(found)
    return "".join(line.rstrip() + "\n" for line in lines)


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


# Bars --------------------------------------------------------------------------------------


def _bars(chart: ReadChart) -> list[str]:
    """A line for each category, or for each series of it."""
    labels = _place_labels(chart)
    lines = [chart.y.title] if chart.y.title else []
    for layer in chart.layers:
        if layer.is_right:
            lines += ["", layer.title or ", ".join(s.name for s in layer.series)]
        if layer.is_stacked and len(layer.series) > 1:
            lines += _stacked(chart, layer, labels)
        else:
            lines += _beside(chart, layer, labels)
    return lines


def _place_labels(chart: ReadChart) -> list[str]:
    if chart.bins:
        number = chart.rules.number
        return [f"{number(low)} – {number(high)}" for low, high in chart.bins]
    return chart.x.labels or []


def _by_place(series: ReadSeries, count: int) -> list[float | None]:
    found: list[float | None] = [None] * count
    for place, value in zip(series.x, series.y, strict=True):
        if isinstance(place, float) and 0 <= place < count:
            found[int(place)] = value
    return found


def _beside(chart: ReadChart, layer: ReadLayer, labels: Sequence[str]) -> list[str]:
    values = [_by_place(series, len(labels)) for series in layer.series]
    known = [value for each in values for value in each if value is not None]
    most, least = max([0.0, *known]), min([0.0, *known])
    label_room = min(max([1, *map(len, labels)]), _LABEL)
    names = [_short(series.name, 14) for series in layer.series]
    name_room = max(map(len, names), default=0)
    if len(layer.series) < 2:
        name_room = 0
    numbers = [chart.rules.number(value) for value in known]
    room = WIDTH - label_room - name_room - min(max([1, *map(len, numbers)]), _NUMBER + 6) - 3
    lines: list[str] = []
    for place, label in enumerate(labels):
        if _is_in_gap(values, place):
            if lines[-1:] != ["⋮"]:
                lines.append("⋮")
            continue
        for number, (each, name) in enumerate(zip(values, names, strict=True)):
            head = _short(label, label_room) if number == 0 else ""
            head = head.ljust(label_room) + " "
            if name_room:
                head += name.ljust(name_room) + " "
            lines.append(head + _bar(each[place], least, most, room, chart.rules))
            if len(lines) >= _MOST_LINES:
                return [*lines, f"⋮ {len(labels)}"]
    return lines


_GAP = 2


def _is_in_gap(values: Sequence[Sequence[float | None]], place: int) -> bool:
    """Is there nothing here, nor at the places around?"""
    around = range(max(place - _GAP, 0), place + _GAP + 1)
    return all(each[p] is None for each in values for p in around if p < len(each))


def _bar(value: float | None, least: float, most: float, room: int, rules: LanguageRules) -> str:
    if value is None:
        return ""
    scale = most - least
    if not scale:
        return f" {rules.number(value)}"
    left = round(-least / scale * room)
    if value < 0:
        length = max(round(-value / scale * room), 1)
        return f"{' ' * max(left - length, 0)}{'█' * min(length, left)} {rules.number(value)}"
    eighths = round(value / scale * room * 8)
    if value and not eighths:
        eighths = 1
    bar = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
    return f"{' ' * left}{bar} {rules.number(value)}"


def _stacked(chart: ReadChart, layer: ReadLayer, labels: Sequence[str]) -> list[str]:
    values = [_by_place(series, len(labels)) for series in layer.series]
    sums = [sum(max(each[place] or 0.0, 0.0) for each in values) for place in range(len(labels))]
    most = max([0.0, *sums])
    label_room = min(max([1, *map(len, labels)]), _LABEL)
    numbers = [chart.rules.number(each) for each in sums]
    room = WIDTH - label_room - max([1, *map(len, numbers)]) - 3
    fills = [_FILLS[number % len(_FILLS)] for number in range(len(values))]
    lines = _legend(
        [f"{fill} {series.name}" for fill, series in zip(fills, layer.series, strict=True)]
    )
    for place, label in enumerate(labels[:_MOST_LINES]):
        bar, done, total = "", 0, 0.0
        for each, fill in zip(values, fills, strict=True):
            total += max(each[place] or 0.0, 0.0)
            end = round(total / most * room) if most else 0
            bar += fill * (end - done)
            done = end
        lines.append(f"{_short(label, label_room).ljust(label_room)} {bar} {numbers[place]}")
    return lines if len(labels) <= _MOST_LINES else [*lines, f"⋮ {len(labels)}"]


def _legend(entries: Sequence[str]) -> list[str]:
    """The entries in as many lines as they need."""
    lines: list[str] = []
    for entry in entries:
        entry = _short(entry, 40)
        if lines and len(lines[-1]) + len(entry) + 3 <= WIDTH:
            lines[-1] += f"   {entry}"
        else:
            lines.append(entry)
    return lines


def _pie(chart: ReadChart) -> list[str]:
    """Slices as bars, with their part of the whole."""
    labels = chart.x.labels or []
    series = chart.layers[0].series if chart.layers else []
    values = _by_place(series[0], len(labels)) if series else []
    total = sum(value or 0.0 for value in values)
    lines = [chart.y.title] if chart.y.title else []
    label_room = min(max([1, *map(len, labels)]), _LABEL)
    room = WIDTH - label_room - 2 * _NUMBER
    for label, value in zip(labels, values, strict=True):
        part = (value or 0.0) / total if total else 0.0
        bar = "█" * max(round(part * room), 1)
        number = chart.rules.number(value or 0.0)
        percent = chart.rules.percent(part)
        lines.append(f"{_short(label, label_room).ljust(label_room)} {bar} {number} ({percent})")
    return lines


# Cells, boxes -------------------------------------------------------------------------------


def _heatmap(chart: ReadChart) -> list[str]:
    """A character or more for each cell, the darker the more."""
    rows, columns = chart.y.labels or [], chart.x.labels or []
    known = [value for row in chart.cells for value in row if value is not None]
    lines = [chart.legend] if chart.legend else []
    if not known:
        return lines
    least, most = min(known), max(known)
    label_room = min(max([1, *map(len, rows)]), _LABEL)
    wide = max(1, (WIDTH - label_room - 1) // len(columns))
    wide = min(wide, max(3, max(map(len, columns)) + 1))
    shown = min(len(columns), (WIDTH - label_room - 1) // wide)
    if wide >= 3:
        heads = "".join(_short(text, wide - 1).ljust(wide) for text in columns[:shown])
        lines.append(" " * (label_room + 1) + heads)
    for label, row in list(zip(rows, chart.cells, strict=True))[:_MOST_LINES]:
        cells = "".join(_shade(value, least, most) * wide for value in row[:shown])
        lines.append(f"{_short(label, label_room).ljust(label_room)} {cells}")
    number = chart.rules.number
    lines.append(f"{_SHADES[1]} {number(least)} … {_SHADES[-1]} {number(most)}")
    return lines


def _shade(value: float | None, least: float, most: float) -> str:
    if value is None:
        return " "
    part = (value - least) / (most - least) if most > least else 1.0
    return _SHADES[1 + min(int(part * (len(_SHADES) - 1)), len(_SHADES) - 2)]


def _boxes(chart: ReadChart) -> list[str]:
    """A lying box for each category: ├─▒█▒─┤."""
    labels = chart.x.labels or []
    beyond = [value for layer in chart.layers for s in layer.series for value in s.y]
    ends = [value for box in chart.boxes if box is not None for value in (box.low, box.high)]
    known = [value for value in (*ends, *beyond) if value is not None]
    lines = [chart.y.title] if chart.y.title else []
    if not known:
        return lines
    least, most = min(known), max(known)
    label_room = min(max([1, *map(len, labels)]), _LABEL)
    room = WIDTH - label_room - 2

    def place(value: float) -> int:
        return round((value - least) / (most - least) * (room - 1)) if most > least else 0

    for number, (label, box) in enumerate(zip(labels, chart.boxes, strict=True)):
        if number >= _MOST_LINES:
            lines.append(f"⋮ {len(labels)}")
            break
        line = [" "] * room
        for layer in chart.layers:
            for series in layer.series:
                for x, value in zip(series.x, series.y, strict=True):
                    if x == number and value is not None:
                        line[place(value)] = "·"
        if box is not None:
            for column in range(place(box.low), place(box.high) + 1):
                line[column] = "─"
            for column in range(place(box.q1), place(box.q3) + 1):
                line[column] = "▒"
            line[place(box.low)], line[place(box.high)] = "├", "┤"
            line[place(box.median)] = "█"
        lines.append(f"{_short(label, label_room).ljust(label_room)} {''.join(line)}")
    low, high = chart.rules.number(least), chart.rules.number(most)
    lines.append(" " * (label_room + 1) + low + high.rjust(max(room - len(low), len(high) + 1)))
    return lines


# Dots --------------------------------------------------------------------------------------


def _plot(chart: ReadChart) -> list[str]:
    """Lines, areas and points on a canvas of dots."""
    layer = chart.layers[0] if chart.layers else ReadLayer("line", [])
    points: list[list[tuple[float, float]]] = [
        [(_number(x), y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
        for series in layer.series
    ]
    if layer.is_stacked and len(points) > 1:
        points = _summed(points)
    xs = [x for each in points for x, _ in each]
    ys = [y for each in points for _, y in each]
    lines = [chart.y.title] if chart.y.title else []
    if not xs:
        return lines
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    if layer.mark == "area":
        low = min(low, 0.0)
    ends = (high, (high + low) / 2, low)
    ticks = [chart.rules.number(_rounded(value, high - low)) for value in ends]
    margin = min(max(map(len, ticks)), _NUMBER + 4)
    canvas = _Canvas(WIDTH - margin - 2, _ROWS)

    def across(x: float) -> float:
        return (x - left) / (right - left) if right > left else 0.5

    def down(y: float) -> float:
        return 1 - ((y - low) / (high - low) if high > low else 0.5)

    for number, each in enumerate(points):
        mark = _MARKS[number % len(_MARKS)] if len(points) > 1 and layer.mark == "point" else None
        previous = None
        for x, y in each:
            place = across(x), down(y)
            if mark is not None:
                canvas.write(place, mark)
            elif previous is not None and layer.mark != "point":
                canvas.line(previous, place)
            else:
                canvas.dot(place)
            previous = place
    if len(points) > 1:
        marks = [_MARKS[n % len(_MARKS)] for n in range(len(points))]
        if layer.mark != "point":
            for mark, each in zip(marks, points, strict=True):
                if each:
                    canvas.write((across(each[-1][0]), down(each[-1][1])), mark)
        names = [s.name for s in layer.series]
        lines += _legend([f"{mark} {name}" for mark, name in zip(marks, names, strict=True)])
    for number, text in enumerate(canvas.lines()):
        tick = {0: ticks[0], _ROWS // 2: ticks[1], _ROWS - 1: ticks[2]}.get(number, "")
        lines.append(f"{_short(tick, margin).rjust(margin)} ┤{text}")
    corners = [_end(chart.x, value, chart.rules, right - left) for value in (left, right)]
    lines.append(" " * (margin + 1) + "└" + "─" * (WIDTH - margin - 2))
    lines.append(
        " " * (margin + 2)
        + corners[0]
        + corners[1].rjust(max(WIDTH - margin - 2 - len(corners[0]), 1))
    )
    if chart.x.title:
        lines.append(chart.x.title.center(WIDTH).rstrip())
    return lines


_EPOCH = datetime(1970, 1, 1)


def _number(x: Any) -> float:
    """A place along the axis: a number, or a moment in seconds."""
    return (x - _EPOCH) / timedelta(seconds=1) if isinstance(x, datetime) else float(x)


def _summed(points: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """Each series upon those before it."""
    so_far: dict[float, float] = {}
    found = []
    for each in points:
        line = []
        for x, y in each:
            so_far[x] = so_far.get(x, 0.0) + y
            line.append((x, so_far[x]))
        found.append(line)
    return found


def _rounded(value: float, width: float) -> float:
    """The value with as many digits as the axis is exact."""
    if not width:
        return value
    digits = 3
    while width < 1 and digits < 12:
        width *= 10
        digits += 1
    return round(value, digits if abs(value) < 1e4 else 0)


def _end(axis: ReadAxis, value: float, rules: LanguageRules, width: float) -> str:
    if axis.labels is not None:
        place = int(value)
        return _short(axis.labels[place], 30) if 0 <= place < len(axis.labels) else ""
    if axis.is_time and axis.unit is not None:
        return rules.date(_EPOCH + timedelta(seconds=value), axis.unit)
    return rules.number(_rounded(value, width))


class _Canvas:
    """A rectangle of Braille characters; places are parts of its width and height, from 0 to 1."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._dots = [[0] * width for _ in range(height)]
        self._texts: dict[tuple[int, int], str] = {}

    def _place(self, place: tuple[float, float]) -> tuple[int, int]:
        x = round(place[0] * (2 * self._width - 1))
        y = round(place[1] * (4 * self._height - 1))
        return x, y

    def dot(self, place: tuple[float, float]) -> None:
        """Set a dot."""
        self._set(*self._place(place))

    def _set(self, x: int, y: int) -> None:
        bit = (0x01, 0x02, 0x04, 0x40)[y % 4] if x % 2 == 0 else (0x08, 0x10, 0x20, 0x80)[y % 4]
        self._dots[y // 4][x // 2] |= bit

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Set the dots from one place to another."""
        (x, y), (to_x, to_y) = self._place(start), self._place(end)
        steps = max(abs(to_x - x), abs(to_y - y), 1)
        for step in range(steps + 1):
            self._set(x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps))

    def write(self, place: tuple[float, float], mark: str) -> None:
        """Put a character there."""
        x, y = self._place(place)
        self._texts[y // 4, x // 2] = mark

    def lines(self) -> list[str]:
        """The lines of the picture."""
        return [
            "".join(
                self._texts.get((y, x)) or (chr(0x2800 + dots) if dots else " ")
                for x, dots in enumerate(row)
            )
            for y, row in enumerate(self._dots)
        ]


_SHAPES = {
    "bar": _bars,
    "barh": _bars,
    "stacked": _bars,
    "histogram": _bars,
    "combined": _bars,
    "pie": _pie,
    "heatmap": _heatmap,
    "box": _boxes,
}
