/** The editor: CodeMirror with DataCode, one at a time of several documents. */

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { awaitsValue } from "./opening";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Prec, type Text } from "@codemirror/state";
import {
  EditorView,
  crosshairCursor,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { cellOutputs, clearOutputs, outputsIn, showOutput } from "./cell_outputs";
import { type ProgramCell, cellAt, cellsOf } from "./cells";
import { type Ask, type Describe, completionSource, hoverCards } from "./completion";
import { locale, t } from "./i18n";
import { dataCodeSupport } from "./language";
import { editorTheme } from "./editor_theme";
import { phrases } from "./phrases";
import { fromPoints, insideString, padded, tokenLength } from "./positions";
import type { Problem } from "./protocol";

export interface EditorEvents {
  /** The text changed by typing. */
  readonly changed: () => void;
  readonly moved: () => void;
  readonly run: () => void;
  /** Run the block at the cursor; false where the program has none. */
  readonly runCell: () => boolean;
  readonly ask: Ask;
  readonly describe: Describe;
}

/** What Run sends: all, or the selection moved to its own lines. */
export interface Program {
  readonly code: string;
  /** First and last line of the selection; null for the whole text. */
  readonly lines: readonly [number, number] | null;
}

export class Editor {
  readonly view: EditorView;
  private readonly language = new Compartment();

  constructor(parent: HTMLElement, private readonly events: EditorEvents) {
    this.view = new EditorView({ parent, state: this.fresh("") });
  }

  /** A state for a new document, with its own undo history. */
  fresh(text: string): EditorState {
    return EditorState.create({ doc: text, extensions: this.extensions() });
  }

  /** Shows another document. */
  open(state: EditorState): void {
    this.view.setState(state);
    this.translate();
  }

  /** Words of the editor itself in the page's language. */
  translate(): void {
    this.view.dispatch({ effects: this.language.reconfigure(this.words()) });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** The selection if there is one, else everything. Whatever was being offered is put away. */
  program(): Program {
    closeCompletion(this.view);
    const { from, to, empty } = this.view.state.selection.main;
    const text = this.text;
    if (empty || !text.slice(from, to).trim()) return { code: text, lines: null };
    const document = this.view.state.doc;
    const last = document.lineAt(to).from === to && to > from ? to - 1 : to;
    return { code: padded(text, from, to), lines: [document.lineAt(from).number, document.lineAt(last).number] };
  }

  /** The blocks of the program; none where it has no marks. */
  cells(): ProgramCell[] {
    return cellsOf(this.text);
  }

  /** The number of the block that the cursor is in; -1 without blocks. */
  cellAtCursor(): number {
    return cellAt(this.cells(), this.view.state.selection.main.head);
  }

  /** The text of a block, at its own lines. */
  cellProgram(cell: ProgramCell): Program {
    return { code: padded(this.text, cell.from, cell.to), lines: cell.lines };
  }

  /** Puts the output of a block beneath it. */
  showOutput(cell: ProgramCell, element: HTMLElement): void {
    showOutput(this.view, cell.from, cell.to, element);
  }

  outputs(): HTMLElement[] {
    return outputsIn(this.view.state);
  }

  clearOutputs(): void {
    clearOutputs(this.view);
  }

  /** Moves the cursor into a block. */
  enterCell(cell: ProgramCell): void {
    const { doc } = this.view.state;
    const line = doc.lineAt(cell.from);
    const at = line.to < cell.to ? line.to + 1 : line.to;
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "nearest", yMargin: 40 }) });
  }

  hasSelection(): boolean {
    const { from, to } = this.view.state.selection.main;
    return this.view.state.sliceDoc(from, to).trim() !== "";
  }

  /** Underlines problems where they are. */
  show(problems: readonly Problem[]): void {
    const diagnostics = problems.flatMap((problem) => diagnostic(this.view.state.doc, problem) ?? []);
    diagnostics.sort((a, b) => a.from - b.from);
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  /** Puts text at the cursor; `bare` instead, where the cursor stands inside a string. */
  insert(text: string, bare: string): void {
    const { from, to } = this.view.state.selection.main;
    const line = this.view.state.doc.lineAt(from);
    const inside = insideString(line.text.slice(0, from - line.from));
    const insert = inside ? bare : text;
    this.view.dispatch({
      changes: { from, to, insert },
      selection: { anchor: from + insert.length },
      userEvent: "input.paste",
      scrollIntoView: true,
    });
    this.view.focus();
  }

  /** Puts lines at the end of the program, as a block of their own where it has blocks; where they stand. */
  append(lines: string, title: string): { from: number; to: number } {
    const { doc } = this.view.state;
    const text = doc.toString();
    const hasCells = this.cells().length > 0;
    const gap = !text.trim() ? "" : text.endsWith("\n\n") ? "" : text.endsWith("\n") ? "\n" : "\n\n";
    const head = hasCells ? `# %% ${title}\n` : "";
    const from = doc.length + gap.length;
    const insert = `${gap}${head}${lines}\n`;
    const to = doc.length + insert.length - 1;
    this.view.dispatch({
      changes: { from: doc.length, insert },
      selection: { anchor: to },
      userEvent: "input.paste",
      effects: EditorView.scrollIntoView(to, { y: "nearest", yMargin: 20 }),
    });
    return { from, to };
  }

  /** Whether the cursor stands where a path would be an argument. */
  awaitsValue(): boolean {
    const { from } = this.view.state.selection.main;
    const line = this.view.state.doc.lineAt(from);
    return awaitsValue(line.text.slice(0, from - line.from));
  }

  /** Moves the cursor to a line and column, counted from 1. */
  goTo(line: number, column: number | null): void {
    const document = this.view.state.doc;
    const target = document.line(Math.min(Math.max(1, line), document.lines));
    const anchor = target.from + fromPoints(target.text, Math.max(0, (column ?? 1) - 1));
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.view.focus();
  }

  find(): void {
    openSearchPanel(this.view);
  }

  focus(): void {
    this.view.focus();
  }

  private words(): Extension {
    return [
      EditorState.phrases.of(locale() === "ru" ? phrases : {}),
      EditorView.contentAttributes.of({
        "aria-label": t("editor.label"),
        "aria-describedby": "editor-help",
        spellcheck: "false",
        autocorrect: "off",
        autocapitalize: "off",
      }),
    ];
  }

  private extensions(): Extension {
    const run = (): boolean => {
      this.events.run();
      return true;
    };
    return [
      Prec.highest(
        keymap.of([
          { key: "Mod-Enter", run },
          { key: "Shift-Enter", run: () => this.events.runCell() || run() },
          { key: "Ctrl-Enter", run },
          { key: "Enter", run: leaveFinishedWord },
          { key: "Tab", run: acceptCompletion },
        ]),
      ),
      this.language.of(this.words()),
      lineNumbers(),
      highlightActiveLineGutter(),
      history(),
      lintGutter(),
      codeFolding(),
      foldGutter({ openText: "⌄", closedText: "›" }),
      drawSelection(),
      dropCursor(),
      EditorState.allowMultipleSelections.of(true),
      EditorState.tabSize.of(4),
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ override: [completionSource(this.events.ask, this.events.describe)], icons: true }),
      hoverCards(this.events.ask, this.events.describe),
      rectangularSelection(),
      crosshairCursor(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      search({ top: true }),
      dataCodeSupport(),
      cellOutputs(),
      editorTheme,
      keymap.of([
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...lintKeymap,
        ...defaultKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.events.changed();
        if (update.docChanged || update.selectionSet) this.events.moved();
      }),
    ];
  }
}

/** Enter behind a word that is complete ends the line instead of choosing the same word. */
function leaveFinishedWord(view: EditorView): boolean {
  const chosen = completionStatus(view.state) === "active" ? selectedCompletion(view.state) : null;
  if (!chosen || chosen.apply) return false;
  const { head } = view.state.selection.main;
  const typed = view.state.sliceDoc(Math.max(0, head - chosen.label.length), head);
  if (typed === chosen.label) closeCompletion(view);
  return false;
}

/** From the error's column to the end of the token there, or the whole line without a column. */
function diagnostic(document: Text, problem: Problem): Diagnostic | null {
  if (problem.line === null || problem.line < 1) return null;
  const line = document.line(Math.min(problem.line, document.lines));
  let from = line.from + (/^\s*/.exec(line.text)?.[0].length ?? 0);
  let to = line.to;
  if (problem.column !== null) {
    from = line.from + fromPoints(line.text, problem.column - 1);
    to = Math.min(line.to, from + tokenLength(line.text, from - line.from));
  }
  if (from >= to) from = Math.max(line.from, to - 1);
  return { from, to: Math.max(from, to), severity: problem.severity, message: problem.message };
}
