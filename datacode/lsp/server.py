"""The language server: diagnostics, completion, hover, definition, references, rename, formatting.

Source: Language Server Protocol 3.17, through pygls. Positions of the protocol count from 0, in the
units that editor and server agreed on; ours count from 1, in characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from datacode import __version__
from datacode.errors import DataCodeError
from datacode.hints import completion
from datacode.i18n.catalog import locale_of_environment
from datacode.language.syntax.lexer import tokens
from datacode.language.tools import symbols
from datacode.language.tools.format import format_source
from datacode.language.tools.lint import LintProblem, check
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import described

server = LanguageServer("datacode", __version__)


# The editor ------------------------------------------------------------------------


@dataclass(slots=True)
class EditorUser:
    """Who reads the messages; ``locale`` is the editor's, else that of the environment."""

    locale: str


user = EditorUser(locale_of_environment())


@server.feature(types.INITIALIZE)
def initialize(ls: LanguageServer, params: types.InitializeParams) -> None:
    """The editor says in which language its user reads."""
    if params.locale:
        user.locale = "ru" if params.locale.lower().startswith("ru") else "en"


# Places ---------------------------------------------------------------------------


def _client_range(document: TextDocument, line: int, column: int, length: int) -> types.Range:
    """A range in the editor's units out of our line, column and a number of characters."""
    begin = types.Position(line - 1, column - 1)
    end = types.Position(line - 1, column - 1 + length)
    codec = document.position_codec
    return codec.range_to_client_units(document.lines, types.Range(begin, end))


def _place(document: TextDocument, position: types.Position) -> tuple[int, int]:
    """Our line and column out of the editor's position."""
    own = document.position_codec.position_from_client_units(document.lines, position)
    return own.line + 1, own.character + 1


def _name_at(document: TextDocument, position: types.Position) -> symbols.Occurrence | None:
    return symbols.at(document.source, *_place(document, position))


def _location(document: TextDocument, place: symbols.Occurrence) -> types.Location:
    shown = _client_range(document, place.line, place.column, len(place.name))
    return types.Location(document.uri, shown)


# Diagnostics ------------------------------------------------------------------------


_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}


def _diagnostic(document: TextDocument, problem: LintProblem) -> types.Diagnostic:
    name = problem.message.value("name") or problem.message.value("token") or " "
    if problem.severity == "info":
        name = "for"
    return types.Diagnostic(
        range=_client_range(document, problem.line, problem.column, len(name)),
        message=problem.render(user.locale),
        severity=_SEVERITIES[problem.severity],
        source="datacode",
    )


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def changed(
    ls: LanguageServer, params: types.DidOpenTextDocumentParams | types.DidChangeTextDocumentParams
) -> None:
    """Look at the text again."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    problems = check(document.source, known_variables=("argv",), builtins=BUILTINS)
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(
            uri=document.uri,
            version=document.version,
            diagnostics=[_diagnostic(document, p) for p in problems],
        )
    )


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def closed(ls: LanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    """Nothing is said about a text that nobody looks at."""
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri=params.text_document.uri, diagnostics=[])
    )


# Names --------------------------------------------------------------------------------


_KINDS = {
    "keyword": types.CompletionItemKind.Keyword,
    "builtin": types.CompletionItemKind.Function,
    "function": types.CompletionItemKind.Function,
    "variable": types.CompletionItemKind.Variable,
}


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["."]))
def complete(ls: LanguageServer, params: types.CompletionParams) -> types.CompletionList:
    """What may stand at the cursor: keywords, builtins with signatures, names of the text."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    offset = document.offset_at_position(params.position)
    found = completion.complete(document.source, offset, BUILTINS, {}, {}).found
    return types.CompletionList(is_incomplete=False, items=[_item(choice) for choice in found])


def _item(choice: completion.CompletionItem) -> types.CompletionItem:
    item = types.CompletionItem(choice.text, kind=_KINDS.get(choice.kind))
    item.detail = choice.detail or None
    if choice.kind == "builtin":
        text = described(BUILTINS[choice.text], user.locale)
        item.documentation = types.MarkupContent(types.MarkupKind.Markdown, text)
    return item


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(ls: LanguageServer, params: types.HoverParams) -> types.Hover | None:
    """What a function does."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    place = _name_at(document, params.position)
    if place is None or place.kind != "function":
        return None
    definitions = [o for o in symbols.same(document.source, place) if o.role == "definition"]
    if definitions:
        text = f"```datacode\n{document.lines[definitions[0].line - 1].strip()}\n```"
    elif place.name in BUILTINS:
        builtin = BUILTINS[place.name]
        text = f"```datacode\n{builtin.signature}\n```\n\n{described(builtin, user.locale)}"
    else:
        return None
    shown = _client_range(document, place.line, place.column, len(place.name))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), shown)


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
def definition(ls: LanguageServer, params: types.DefinitionParams) -> list[types.Location]:
    """Where the name is made: all definitions of a function, the first assignment of a variable."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    place = _name_at(document, params.position)
    if place is None:
        return []
    found = [o for o in symbols.same(document.source, place) if o.role == "definition"]
    return [_location(document, o) for o in (found if place.kind == "function" else found[:1])]


@server.feature(types.TEXT_DOCUMENT_REFERENCES)
def references(ls: LanguageServer, params: types.ReferenceParams) -> list[types.Location]:
    """Everywhere the name stands."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    place = _name_at(document, params.position)
    return (
        []
        if place is None
        else [_location(document, o) for o in symbols.same(document.source, place)]
    )


@server.feature(types.TEXT_DOCUMENT_RENAME)
def rename(ls: LanguageServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """Give a variable or function of the program another name; builtins keep theirs."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    place = _name_at(document, params.position)
    if place is None or not _is_name(params.new_name):
        return None
    found = symbols.same(document.source, place)
    if place.kind == "function" and not any(o.role == "definition" for o in found):
        return None
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
        types.TextEdit(_location(document, o).range, params.new_name) for o in found
    ]
    version = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(version, edits)])


def _is_name(text: str) -> bool:
    found = [p for p in tokens(text) if p.kind != "NEWLINE"]
    return len(found) == 1 and found[0].kind == "NAME" and found[0].text == text


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def outline(ls: LanguageServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The functions of the text."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    make = partial(types.DocumentSymbol, kind=types.SymbolKind.Function)
    return [
        make(name=o.name, range=place, selection_range=place)
        for o in symbols.occurrences(document.source)
        if o.kind == "function" and o.role == "definition"
        for place in [_location(document, o).range]
    ]


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
def formatting(
    ls: LanguageServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    """The whole text, laid out; nothing while it has syntax errors."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    try:
        text = format_source(document.source)
    except DataCodeError:
        return None
    if text == document.source:
        return []
    whole = types.Range(types.Position(0, 0), types.Position(len(document.lines), 0))
    return [types.TextEdit(whole, text)]
