/** DataCode for CodeMirror: tokens, indentation, folding and the matching of block words. */

import {
  HighlightStyle,
  LanguageSupport,
  StreamLanguage,
  type StringStream,
  foldService,
  indentService,
  syntaxHighlighting,
} from "@codemirror/language";
import { type EditorState, type Extension, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Blocks, blockAt, dedents, findBlocks, innermostAt } from "./blocks";

const CONTROL = new Set(
  "if then else endif endeif for in do next break return try catch finally endtry throw".split(" "),
);
const DEFINING = new Set("function endfunction global local".split(" "));
const OPERATORS = new Set(["and", "or", "not"]);
const CONSTANTS = new Set(["true", "false", "null"]);

/** The reserved words of the language reference, 2.1. */
export const RESERVED: readonly string[] = [...CONTROL, ...DEFINING, ...OPERATORS, ...CONSTANTS];

/** What a token may be in the middle of, from one line to the next. */
interface LexerState {
  inside: null | '"""' | '"' | "'";
  /** The word before, as far as it changes what a name means. */
  after: null | "function" | ".";
}

function readRest(stream: StringStream, state: LexerState): string {
  const end = state.inside!;
  const kind = end === '"""' ? "comment" : "string";
  if (stream.skipTo(end)) {
    stream.match(end);
    state.inside = null;
  } else {
    stream.skipToEnd();
  }
  return kind;
}

function readWord(word: string, stream: StringStream, state: LexerState): string {
  const after = state.after;
  state.after = null;
  if (after === ".") return "propertyName";
  if (after === "function") return "functionDefinition";
  if (stream.match(/^[ \t]*:/, false) && !CONTROL.has(word)) return "propertyName";
  if (word === "function") state.after = "function";
  if (CONTROL.has(word)) return "controlKeyword";
  if (DEFINING.has(word)) return "definitionKeyword";
  if (OPERATORS.has(word)) return "operatorKeyword";
  if (word === "null") return "null";
  if (CONSTANTS.has(word)) return "bool";
  return stream.match(/^[ \t]*\(/, false) ? "functionCall" : "variableName";
}

function readToken(stream: StringStream, state: LexerState): string | null {
  if (state.inside) return readRest(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match('"""')) {
    state.inside = '"""';
    return readRest(stream, state);
  }
  const next = stream.peek()!;
  if (next === "#") {
    stream.skipToEnd();
    return "lineComment";
  }
  if (next === '"' || next === "'") {
    stream.next();
    state.inside = next;
    return readRest(stream, state);
  }
  if (stream.match(/^[0-9]+(\.[0-9]*)?/)) {
    state.after = null;
    return "number";
  }
  const word = stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u) as RegExpMatchArray | null;
  if (word) return readWord(word[0], stream, state);
  stream.next();
  state.after = next === "." ? "." : null;
  if (/[-+*/%^<>=!]/.test(next)) return "operator";
  return /[()[\]{},.:]/.test(next) ? "punctuation" : "invalid";
}

const dataCode = StreamLanguage.define<LexerState>({
  name: "datacode",
  startState: () => ({ inside: null, after: null }),
  copyState: (state) => ({ ...state }),
  token: readToken,
  tokenTable: {
    functionCall: tags.function(tags.variableName),
    functionDefinition: tags.definition(tags.function(tags.variableName)),
  },
  languageData: {
    commentTokens: { line: "#" },
    closeBrackets: { brackets: ["(", "[", "{", '"', "'"] },
    indentOnInput: /^\s*(endif|endeif|endfunction|endtry|next|else|catch|finally|[)\]}])$/,
  },
});

const cache = new WeakMap<Text, Blocks>();

/** The blocks of the document, scanned once for each version of it. */
export function blocksOf(state: EditorState): Blocks {
  let found = cache.get(state.doc);
  if (!found) {
    found = findBlocks(state.doc.toString());
    cache.set(state.doc, found);
  }
  return found;
}

/** Brackets that a line leaves open (positive) or closes (negative), strings and comments apart. */
function bracketBalance(line: string): number {
  let balance = 0;
  for (const part of line.match(/#.*|"[^"]*"?|'[^']*'?|[([{]|[)\]}]/g) ?? []) {
    if (/^[([{]/.test(part)) balance += 1;
    else if (/^[)\]}]/.test(part)) balance -= 1;
  }
  return balance;
}

const indentation = indentService.of((context, position) => {
  const state = context.state;
  const line = context.lineAt(position, 1);
  const block = innermostAt(blocksOf(state), position);
  let columns = 0;
  if (block) {
    const opening = state.doc.lineAt(block.open.from);
    columns = (/^\s*/.exec(opening.text)![0].length ?? 0) + context.unit;
    if (dedents(line.text, block)) return columns - context.unit;
  }
  // Inside brackets of the lines before, one more step.
  const from = block ? state.doc.lineAt(block.open.from).number + 1 : 1;
  const at = state.doc.lineAt(Math.min(position, state.doc.length)).number;
  let balance = 0;
  for (let number = Math.max(from, at - 200); number < at; number += 1) {
    balance = Math.max(0, balance + bracketBalance(state.doc.line(number).text));
  }
  if (context.simulatedBreak !== null && at <= state.doc.lines) {
    const current = state.doc.lineAt(Math.min(context.simulatedBreak, state.doc.length));
    if (current.from < position) {
      balance = Math.max(0, balance + bracketBalance(current.text.slice(0, position - current.from)));
    }
  }
  if (balance > 0 && !/^\s*[)\]}]/.test(line.text)) columns += context.unit;
  return columns;
});

const folding = foldService.of((state, start, end) => {
  for (const block of blocksOf(state).blocks) {
    if (block.open.from < start) continue;
    if (block.open.from > end) break;
    if (!block.close) continue;
    const last = state.doc.lineAt(block.close.from);
    if (last.from > end) return { from: end, to: last.from - 1 };
  }
  return null;
});

const matched = Decoration.mark({ class: "cm-matchingBlock" });
const unmatched = Decoration.mark({ class: "cm-unmatchedBlock" });

function markBlock(view: EditorView): DecorationSet {
  const selection = view.state.selection.main;
  if (!selection.empty) return Decoration.none;
  const found = blocksOf(view.state);
  const stray = found.stray.find((word) => word.from <= selection.head && selection.head <= word.to);
  if (stray) return Decoration.set(unmatched.range(stray.from, stray.to));
  const block = blockAt(found, selection.head);
  if (!block) return Decoration.none;
  if (!block.close) return Decoration.set(unmatched.range(block.open.from, block.open.to));
  const parts = [block.open, ...block.middle, block.close];
  return Decoration.set(
    parts.map((word) => matched.range(word.from, word.to)),
    true,
  );
}

const blockMatching = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = markBlock(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged || update.selectionSet) this.decorations = markBlock(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const highlighting = HighlightStyle.define([
  { tag: [tags.controlKeyword, tags.definitionKeyword], color: "var(--code-keyword)", fontWeight: "600" },
  { tag: tags.operatorKeyword, color: "var(--code-keyword)" },
  { tag: [tags.string], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
  {
    tag: tags.definition(tags.function(tags.variableName)),
    color: "var(--code-function)",
    fontWeight: "600",
  },
  { tag: tags.propertyName, color: "var(--code-property)" },
  { tag: [tags.operator, tags.punctuation], color: "var(--code-operator)" },
  { tag: tags.invalid, color: "var(--error)" },
]);

/** Everything that makes the editor know DataCode. */
export function dataCodeSupport(): Extension {
  return [
    new LanguageSupport(dataCode),
    indentation,
    folding,
    blockMatching,
    syntaxHighlighting(highlighting),
  ];
}
