"""A report as a PDF of A4 pages, by reportlab: it sets text and tables, breaks pages, numbers them.

Text in reportlab's markup is escaped, fonts are embedded as far as they are used, and equal reports
give equal files. Charts are pictures of 200 dots an inch.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from markdown_it.token import Token
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    CondPageBreak,
    HRFlowable,
    Image,
    LongTable,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from datacode.charts import fonts
from datacode.charts.figure import picture
from datacode.charts.labels import LONGEST_TITLE, label
from datacode.charts.languages import LanguageRules, language_of_report
from datacode.reports import tables
from datacode.reports.text import inline, tokens
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Table

_NAMES = {face: f"DejaVu-{face}" for face in fonts.FILES}
_MARGIN = 16 * mm
_WIDE = 8
"""Columns from which pages lie."""

_GREY = colors.HexColor("#888888")
_LIGHT = colors.HexColor("#f4f5f8")
_LINE = colors.HexColor("#dddddd")


@cache
def _register_fonts() -> None:
    for face, name in _NAMES.items():
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(fonts.content(face))))
    regular, bold, italic = (_NAMES[face] for face in ("regular", "bold", "italic"))
    pdfmetrics.registerFontFamily(regular, regular, bold, italic, bold)


def _style(size: float, face: str = "regular", **options: Any) -> ParagraphStyle:
    return ParagraphStyle(
        face,
        fontName=_NAMES[face],
        bulletFontName=_NAMES["regular"],
        fontSize=size,
        bulletFontSize=size,
        leading=size * 1.35,
        splitLongWords=1,
        **options,
    )


_TEXT = _style(10, spaceAfter=6)
_TITLE = _style(18, "bold", spaceAfter=10)
_HEADINGS = [
    _style(size, "bold", spaceBefore=10, spaceAfter=5) for size in (14, 12, 11, 10, 10, 10)
]
_NOTE = _style(8, textColor=_GREY, spaceAfter=6)
_CODE = _style(8.5, "mono", spaceAfter=6)


def pdf(report: Report, tell: Callable[[int], None] = lambda per_cent: None) -> bytes:
    """The file. ``tell`` gets per cents while it is made."""
    _register_fonts()
    language, rules = language_of_report(report)
    title = label(report.title, LONGEST_TITLE)
    is_wide = any(isinstance(each, Table) and len(each.columns) > _WIDE for each in report.blocks)
    size = landscape(A4) if is_wide else A4
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=title,
        creator="DataCode",
        producer="DataCode",
        lang=language,
        invariant=1,
        initialFontName=_NAMES["regular"],
    )
    width, height = size[0] - 2 * _MARGIN - 12, size[1] - 2 * _MARGIN - 24
    story: list[Any] = [Paragraph(escape(title), _TITLE)] if title else []
    for number, block in enumerate(report.blocks):
        tell(_LAID_OUT * number // len(report.blocks))
        if isinstance(block, str):
            story += _Text(tokens(block)).flowables()
        elif isinstance(block, Table):
            story += _table(block, rules, width)
        else:
            story.append(_chart(block, width, height))
    story = list(_kept_together(story, height))
    document.setProgressCallBack(_telling(len(story), tell))
    document.build(story or [Spacer(1, 1)], onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


_LAID_OUT = 40
"""Per cents of the work that are done when the parts are made; the others are pages."""


def _telling(count: int, tell: Callable[[int], None]) -> Callable[[str, int], None]:
    """What reportlab is to call: with PROGRESS it tells how many of the parts are on pages."""

    def report(kind: str, value: int) -> None:
        if kind == "PROGRESS":
            tell(min(100, _LAID_OUT + (100 - _LAID_OUT) * value // max(1, count)))

    return report


_HEADING_ROOM = 80.0
"""Points below the beginning of a heading, or it stands on the next page."""


def _kept_together(story: Sequence[Any], height: float) -> Iterator[Any]:
    """The same with page breaks that keep headings with what follows them.

    What reportlab offers for that does not end where it does not fit on a page.
    """
    for number, flowable in enumerate(story):
        if isinstance(flowable, Paragraph) and flowable.style in _HEADINGS:
            following = story[number + 1] if number + 1 < len(story) else None
            room = following.drawHeight if isinstance(following, Image) else 0.0
            yield CondPageBreak(min(room + _HEADING_ROOM, height))
        yield flowable


def _number(canvas: Any, document: Any) -> None:
    """The number of the page, below it."""
    canvas.setFont(_NAMES["regular"], 8)
    canvas.setFillColor(_GREY)
    canvas.drawCentredString(document.pagesize[0] / 2, 9 * mm, str(document.page))


def _chart(chart: Chart, width: float, height: float) -> Any:
    """The picture, as large as the page at most."""
    wide, high = chart.width * 0.72, chart.height * 0.72
    scale = min(1.0, width / wide, height / high)
    image = Image(io.BytesIO(picture(chart, "png")), wide * scale, high * scale)
    image.hAlign, image.spaceAfter = "LEFT", 8
    return image


# Tables -----------------------------------------------------------------------------------------


def _table(table: Table, rules: LanguageRules, width: float) -> Iterator[Any]:
    found = tables.shown(table, rules)
    if found.names:
        size, widths = _fitted(found, width)
        yield _grid(found, size, widths)
        yield Spacer(1, 6)
    note = found.note(rules)
    if note:
        yield Paragraph(escape(note), _NOTE)


_SIZES = (8.5, 7.5, 6.5, 5.5, 4.5)
_SMALLEST = 3.5
_PADDING = 4.0
_SAMPLE = 300
_LONGEST = 300
"""Characters of a cell: it must fit on a page."""


def _fitted(found: tables.ShownTable, width: float) -> tuple[float, list[float]]:
    """The largest letters in which columns fit beside each other, and the columns' widths."""
    widths: list[float] = []
    for size in _SIZES:
        widths = []
        for position, name in enumerate(found.names):
            longest = max(
                [name, *(row[position] for row in found.rows[:_SAMPLE])], key=len, default=""
            )
            needed = pdfmetrics.stringWidth(longest, _NAMES["bold"], size) + 2 * _PADDING
            most = width if found.is_number[position] else width / 3
            widths.append(max(min(needed, most), 2 * _PADDING + size))
        if sum(widths) <= width:
            return size, widths
    scale = width / sum(widths)
    return max(_SIZES[-1] * scale, _SMALLEST) if scale < 0.8 else _SIZES[-1], [
        each * scale for each in widths
    ]


def _grid(found: tables.ShownTable, size: float, widths: Sequence[float]) -> Any:
    plain, bold = _style(size), _style(size, "bold")
    plain_right, bold_right = _style(size, alignment=2), _style(size, "bold", alignment=2)

    def cell(text: str, position: int) -> Any:
        text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        room = widths[position] - 2 * _PADDING
        if pdfmetrics.stringWidth(text, _NAMES["regular"], size) <= room:
            return text
        return Paragraph(escape(text), plain_right if found.is_number[position] else plain)

    head = [
        Paragraph(escape(name), bold_right if is_number else bold)
        for name, is_number in zip(found.names, found.is_number, strict=True)
    ]
    body = [[cell(text, position) for position, text in enumerate(row)] for row in found.rows]
    style: list[Any] = [
        ("FONT", (0, 0), (-1, -1), _NAMES["regular"], size),
        ("LEADING", (0, 0), (-1, -1), size * 1.25),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), _LIGHT),
        ("LINEBELOW", (0, 0), (-1, 0), 1, _GREY),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        *(
            ("ALIGN", (position, 1), (position, -1), "RIGHT")
            for position, is_number in enumerate(found.is_number)
            if is_number
        ),
    ]
    return LongTable(
        [head, *body],
        colWidths=list(widths),
        repeatRows=1,
        splitInRow=1,
        hAlign="LEFT",
        style=TableStyle(style),
    )


# Text -------------------------------------------------------------------------------------------

_MARKUP = {"strong": ("<b>", "</b>"), "em": ("<i>", "</i>"), "s": ("<strike>", "</strike>")}


def _markup(children: Sequence[Token] | None) -> str:
    """Inline text in reportlab's markup."""
    parts = []
    for token in inline(children):
        if token.tag in _MARKUP and token.nesting:
            parts.append(_MARKUP[token.tag][token.nesting < 0])
        elif token.type == "code_inline":
            parts.append(f'<font face="{_NAMES["mono"]}">{escape(token.content)}</font>')
        elif token.type == "hardbreak":
            parts.append("<br/>")
        elif token.type == "softbreak":
            parts.append(" ")
        else:
            parts.append(escape(token.content))
    return "".join(parts)


class _Text:
    """The flowables of Markdown."""

    def __init__(self, parts: Sequence[Token]) -> None:
        self._parts = parts
        self._lists: list[int | None] = []
        self._quotes = 0
        self._heading = 0
        self._mark: str | None = None
        self._cells: list[list[str]] = []

    def flowables(self) -> list[Any]:
        """All of it, in order."""
        return [flowable for token in self._parts for flowable in self._flowables(token)]

    def _flowables(self, token: Token) -> Iterator[Any]:
        kind = token.type
        if kind == "heading_open":
            self._heading = int(token.tag[1])
        elif kind in ("bullet_list_open", "ordered_list_open"):
            start = token.attrGet("start")
            self._lists.append(int(1 if start is None else start) if kind[0] == "o" else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif kind == "list_item_open":
            number = self._lists[-1] if self._lists else None
            self._mark = "•" if number is None else f"{number}."
            if number is not None:
                self._lists[-1] = number + 1
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quotes += 1 if kind.endswith("open") else -1
        elif kind == "hr":
            yield HRFlowable(width="100%", color=_LINE, spaceBefore=6, spaceAfter=6)
        elif kind in ("code_block", "fence"):
            yield Preformatted(token.content.rstrip("\n"), _CODE, maxLineLength=95)
        elif kind == "tr_open":
            self._cells.append([])
        elif kind == "table_close":
            yield _plain_table(self._cells)
            yield Spacer(1, 6)
            self._cells = []
        elif kind == "inline":
            yield self._line(token)

    def _line(self, token: Token) -> Any:
        markup = _markup(token.children)
        if self._cells:
            self._cells[-1].append(markup)
            return Spacer(0, 0)
        if self._heading:
            style, self._heading = _HEADINGS[self._heading - 1], 0
            return Paragraph(markup, style)
        depth = min(len(self._lists) + self._quotes, 8)
        if not depth:
            return Paragraph(markup, _TEXT)
        mark, self._mark = self._mark, None
        style = _style(10, spaceAfter=3, leftIndent=16 * depth, bulletIndent=16 * (depth - 1))
        return Paragraph(markup, style, bulletText=mark)


def _plain_table(rows: Sequence[Sequence[str]]) -> Any:
    """A table of Markdown."""
    style = _style(9)
    width = max(map(len, rows))
    cells = [
        [Paragraph(text, style) for text in [*row, *[""] * (width - len(row))]] for row in rows
    ]
    lines: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), _LIGHT),
    ]
    return LongTable(cells, repeatRows=1, splitInRow=1, style=TableStyle(lines))


_EVERYTHING = (
    "# Яy\n\n*a* **b** `c` ~~d~~\n\n- e\n\n> f\n\n```\ng\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n---"
)


def warm_up() -> None:
    """Make a small file, for a process that will be without files."""
    pdf(Report("Яy", (_EVERYTHING,)))
