"""A report as one HTML file: styles and pictures are in it, and it asks nobody for anything.

The file's own policy forbids scripts and everything from elsewhere, should a text ever get past
the escaping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from markdown_it.token import Token

from datacode.charts.figure import picture
from datacode.charts.labels import LONGEST_TITLE, label
from datacode.charts.languages import LanguageRules, language_of_report
from datacode.reports import tables
from datacode.reports.text import inline, tokens
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Table

_STYLE = """
:root { color-scheme: light }
body { margin: 0; background: #fff; color: #222;
  font: 15px/1.5 "DejaVu Sans", Verdana, Arial, sans-serif }
main { max-width: 960px; margin: 0 auto; padding: 24px }
h1 { font-size: 1.8em } h2 { font-size: 1.4em } h3 { font-size: 1.15em }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.2em 0 .5em; break-after: avoid }
figure { margin: 1em 0; break-inside: avoid } figure svg { max-width: 100%; height: auto }
.table { overflow-x: auto; margin: 1em 0 }
table { border-collapse: collapse; font-size: 13px }
th, td { border-bottom: 1px solid #ddd; padding: 4px 10px; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; min-width: 2em }
th { border-bottom: 2px solid #888; background: #f4f5f8 }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
thead { display: table-header-group } tr { break-inside: avoid }
.note { color: #666; font-size: 13px } p, li, h1, h2, h3 { overflow-wrap: anywhere }
code, pre { font-family: "DejaVu Sans Mono", monospace }
pre { background: #f4f5f8; padding: 10px; white-space: pre-wrap; overflow-wrap: anywhere }
blockquote { margin: 1em 0; padding-left: 1em; border-left: 3px solid #ccc; color: #555 }
@page { size: A4; margin: 15mm }
@media print { main { max-width: none; padding: 0 } .table { overflow: visible }
  body { font-size: 10.5pt } }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html(report: Report) -> bytes:
    """The file."""
    return "".join(_parts(report)).encode("utf-8", "replace")


def _parts(report: Report) -> Iterator[str]:
    language, rules = language_of_report(report)
    title = escape(label(report.title, LONGEST_TITLE))
    yield f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    if title:
        yield f"<h1>{title}</h1>\n"
    for number, block in enumerate(report.blocks):
        if isinstance(block, str):
            yield from _text(tokens(block))
        elif isinstance(block, Table):
            yield from _table(block, rules)
        else:
            yield _chart(block, number)
    yield "</main>\n</body>\n</html>\n"


_NAMESPACES = (' xmlns="http://www.w3.org/2000/svg"', ' xmlns:xlink="http://www.w3.org/1999/xlink"')


def _chart(chart: Chart, number: int) -> str:
    """The picture as a part of the page, named for those who do not see it."""
    svg = picture(chart, "svg", str(number)).decode("utf-8")
    head, _, rest = svg[svg.index("<svg") :].partition(">")
    for namespace in _NAMESPACES:  # HTML knows them, and they are addresses
        head = head.replace(namespace, "")
    rest = rest.replace("xlink:href=", "href=")
    style = rest.find("<style")
    if style >= 0:  # it would hold for the whole page
        rest = rest[:style] + rest[rest.index("</style>") + len("</style>") :]
    name = escape(label(chart.title if isinstance(chart.title, str) else chart.kind, LONGEST_TITLE))
    return f'<figure>{head} role="img" aria-label="{name}">{rest}</figure>\n'


def _table(table: Table, rules: LanguageRules) -> Iterator[str]:
    found = tables.shown(table, rules)
    classes = [' class="n"' if is_number else "" for is_number in found.is_number]
    head = _row("th", found.names, classes)
    yield f'<div class="table"><table>\n<thead>{head}</thead>\n<tbody>'
    for row in found.rows:
        yield _row("td", row, classes)
    yield "</tbody>\n</table></div>\n"
    note = found.note(rules)
    if note:
        yield f'<p class="note">{escape(note)}</p>\n'


def _row(element: str, cells: Sequence[str], classes: Sequence[str]) -> str:
    inside = "".join(
        f"<{element}{kind}>{escape(cell)}</{element}>"
        for cell, kind in zip(cells, classes, strict=True)
    )
    return f"<tr>{inside}</tr>\n"


# Text --------------------------------------------------------------------------------------------

_VOID = {"hr": "<hr>\n", "hardbreak": "<br>\n", "softbreak": "\n"}
_ELEMENTS = frozenset(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td strong em s".split()
)


def _text(parts: Sequence[Token]) -> Iterator[str]:
    """HTML of Markdown: elements from a list of ours, everything else escaped."""
    for token in parts:
        if token.type == "inline":
            yield from _text(list(inline(token.children)))
        elif token.type in _VOID:
            yield _VOID[token.type]
        elif token.type in ("code_block", "fence"):
            yield f"<pre><code>{escape(token.content)}</code></pre>\n"
        elif token.type == "code_inline":
            yield f"<code>{escape(token.content)}</code>"
        elif token.nesting and token.tag in _ELEMENTS:
            if not token.hidden:
                tag = _below_title(token.tag)
                start = token.attrGet("start") if token.tag == "ol" else None
                number = f' start="{int(start)}"' if start is not None else ""
                yield f"<{tag}{number}>" if token.nesting > 0 else f"</{tag}>"
                yield "\n" if token.block and token.nesting < 0 else ""
        elif not token.nesting:
            yield escape(token.content)


def _below_title(tag: str) -> str:
    """Headings within a report stand below its title."""
    return f"h{min(int(tag[1]) + 1, 6)}" if tag[0] == "h" and tag[1:].isdigit() else tag
