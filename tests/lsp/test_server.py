"""The language server, in a process of its own, spoken to as an editor does."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[2]
URI = "file:///a.dc"
PATIENCE = 60.0

TEXT = """\
# 😀 two units in an editor
total = 0
function add(value, other) do
  local copy = value
  total = total + copy + other
  return total
endfunction
for price in [1, 2] do
  add(price, 1)
next price
print("😀", total)
"""


COMMAND = "import sys; from datacode.lsp import main; sys.exit(main())"
"""What ``datacode-lsp`` does."""


class Editor(LanguageClient):
    """An editor with one text open; ``diagnostics`` are what it was told last."""

    def __init__(self) -> None:
        super().__init__("tests", "1")
        self.diagnostics: asyncio.Queue[list[types.Diagnostic]] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def told(params: types.PublishDiagnosticsParams) -> None:
            self.diagnostics.put_nowait(list(params.diagnostics))

    async def begin(self, locale: str | None) -> types.InitializeResult:
        """Start the server, and greet it."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        await self.start_io(sys.executable, "-c", COMMAND, env=environment)
        return await self.initialize_async(
            types.InitializeParams(capabilities=types.ClientCapabilities(), locale=locale)
        )

    async def open(self, text: str) -> list[types.Diagnostic]:
        """Open a text; what the server says about it."""
        item = types.TextDocumentItem(URI, "datacode", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.told()

    async def told(self) -> list[types.Diagnostic]:
        """The next diagnostics."""
        return await asyncio.wait_for(self.diagnostics.get(), PATIENCE)

    async def end(self) -> None:
        """Say goodbye."""
        await self.shutdown_async(None)
        self.exit(None)
        await self.stop()


DOCUMENT = types.TextDocumentIdentifier(URI)


def place(line: int, character: int) -> types.Position:
    """A position as editors show it: from 1."""
    return types.Position(line - 1, character - 1)


def shown(range_: types.Range) -> tuple[int, int, int]:
    """Line, first and last column, from 1."""
    return range_.start.line + 1, range_.start.character + 1, range_.end.character + 1


class ServerTests(SynchronousTestCase):
    """What the server offers, in one conversation each."""

    def talk(
        self, conversation: Callable[[Editor], Awaitable[None]], locale: str | None = None
    ) -> None:
        """Hold a conversation with a server of its own."""

        async def talk() -> None:
            editor = Editor()
            await editor.begin(locale)
            await conversation(editor)
            await editor.end()

        asyncio.run(asyncio.wait_for(talk(), PATIENCE))

    def test_diagnostics(self) -> None:
        """Errors and warnings with their places, anew after each change, gone when closed."""

        async def conversation(editor: Editor) -> None:
            self.assertEqual(await editor.open(TEXT), [])
            for text, expected in (
                (
                    'x = "😀" + nosuch\n',
                    [
                        (
                            "Variable 'nosuch' not found",
                            (1, 12, 18),
                            types.DiagnosticSeverity.Warning,
                        )
                    ],
                ),
                ("x = = 1\n", [("Unexpected token: =", (1, 5, 6), types.DiagnosticSeverity.Error)]),
                ("x = 1\n", []),
                (
                    't = table([[1]], ["n"])\ns = 0\nfor r in t do\n  s = s + r[0]\nnext r\n',
                    [
                        (
                            'The same without a loop, for all rows at once: s = sum(t["n"])',
                            (3, 1, 4),
                            types.DiagnosticSeverity.Information,
                        )
                    ],
                ),
            ):
                change = types.TextDocumentContentChangeWholeDocument(text)
                document = types.VersionedTextDocumentIdentifier(2, URI)
                editor.text_document_did_change(
                    types.DidChangeTextDocumentParams(document, [change])
                )
                found = [(d.message, shown(d.range), d.severity) for d in await editor.told()]
                self.assertEqual(found, expected)
            editor.text_document_did_close(types.DidCloseTextDocumentParams(DOCUMENT))
            self.assertEqual(await editor.told(), [])

        self.talk(conversation)

    def test_russian(self) -> None:
        """In the editor's language."""

        async def conversation(editor: Editor) -> None:
            (found,) = await editor.open("print(nosuch)\n")
            self.assertEqual(found.message, "переменная 'nosuch' не определена")
            hover = await editor.text_document_hover_async(types.HoverParams(DOCUMENT, place(1, 2)))
            self.assertIn("Печатает тексты значений", str(hover))

        self.talk(conversation, "ru-RU")

    def test_names(self) -> None:
        """Completion, hover, definition, references, outline, rename."""

        async def conversation(editor: Editor) -> None:
            await editor.open(TEXT)
            await self.look_around(editor)
            await self.rename(editor)

        self.talk(conversation)

    async def look_around(self, editor: Editor) -> None:
        """Everything that changes nothing."""
        found = await editor.text_document_completion_async(
            types.CompletionParams(DOCUMENT, place(11, 2))
        )
        assert isinstance(found, types.CompletionList)
        items = {item.label: item for item in found.items}
        self.assertEqual(items["print"].kind, types.CompletionItemKind.Function)
        self.assertNotIn("value", items)
        documentation = items["pow"].documentation
        self.assertEqual(items["pow"].detail, "pow(base, exp)")
        self.assertIsInstance(documentation, types.MarkupContent)

        hover = await editor.text_document_hover_async(types.HoverParams(DOCUMENT, place(9, 4)))
        self.assertIn("function add(value, other) do", str(hover))
        hover = await editor.text_document_hover_async(types.HoverParams(DOCUMENT, place(11, 2)))
        self.assertIn("print(", str(hover))
        nothing = await editor.text_document_hover_async(types.HoverParams(DOCUMENT, place(1, 4)))
        self.assertIsNone(nothing)

        (definition,) = await editor.text_document_definition_async(  # type: ignore[misc]
            types.DefinitionParams(DOCUMENT, place(9, 4))
        )
        self.assertEqual(shown(definition.range), (3, 10, 13))
        # Behind a character of two units.
        references = await editor.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(True), DOCUMENT, place(11, 13))
        )
        self.assertEqual(
            [shown(r.range)[:2] for r in references or ()],
            [(2, 1), (5, 3), (5, 11), (6, 10), (11, 13)],
        )
        outline = await editor.text_document_document_symbol_async(
            types.DocumentSymbolParams(DOCUMENT)
        )
        self.assertEqual([s.name for s in outline or ()], ["add"])

    async def rename(self, editor: Editor) -> None:
        """A parameter, within its function; builtins and nonsense are refused."""
        edit = await editor.text_document_rename_async(
            types.RenameParams(DOCUMENT, place(3, 15), "цена")
        )
        assert edit is not None
        (change,) = edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        self.assertEqual([shown(e.range) for e in change.edits], [(3, 14, 19), (4, 16, 21)])
        for position, name in ((place(11, 2), "show"), (place(2, 2), "if"), (place(2, 2), "a b")):
            refused = await editor.text_document_rename_async(
                types.RenameParams(DOCUMENT, position, name)
            )
            self.assertIsNone(refused)

    def test_formatting(self) -> None:
        """One edit of the whole text; none for what is laid out, or is no program."""

        async def conversation(editor: Editor) -> None:
            options = types.FormattingOptions(tab_size=2, insert_spaces=True)
            for text, expected in (
                ("if true do\nx=1\nendif", ["if true do\n  x = 1\nendif\n"]),
                ("x = 1\n", []),
                ("x = = 1", None),
            ):
                await editor.open(text)
                edits = await editor.text_document_formatting_async(
                    types.DocumentFormattingParams(DOCUMENT, options)
                )
                texts = None if edits is None else [e.new_text for e in edits]
                self.assertEqual(texts, expected)

        self.talk(conversation)
