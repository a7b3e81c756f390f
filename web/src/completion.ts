/** What the editor offers while one types: the server's answer, or what the text itself tells. */

import {
  type Completion as Option,
  type CompletionContext,
  type CompletionResult,
  completeAnyWord,
  snippet,
  snippetCompletion,
} from "@codemirror/autocomplete";
import { type Extension } from "@codemirror/state";
import { EditorView, type Tooltip, hoverTooltip } from "@codemirror/view";
import { el } from "./dom";
import { t } from "./i18n";
import { RESERVED } from "./language";
import { fromPoints, insideString, toPoints } from "./positions";
import type { Completion } from "./protocol";

/** What a function of the library does, as an element; null for other names. */
export type Describe = (name: string) => Promise<HTMLElement | null>;

/** What the server proposes; `start` counts code points. Null where nobody can be asked. */
export type Ask = (code: string, position: number) => Promise<{ start: number; items: Completion[] } | null>;

const WORD = /[\p{L}_][\p{L}\p{N}_]*/u;

const TYPES: Record<string, string> = {
  keyword: "keyword",
  builtin: "function",
  function: "function",
  variable: "variable",
  column: "property",
  share: "namespace",
  folder: "namespace",
  file: "text",
};

function blockSnippets(): Option[] {
  const detail = t("editor.block");
  return [
    snippetCompletion("if ${condition} do\n\t${}\nendif", { label: "if", detail, type: "keyword", boost: 2 }),
    snippetCompletion("for ${item} in ${items} do\n\t${}\nnext ${item}", { label: "for", detail, type: "keyword", boost: 2 }),
    snippetCompletion("function ${name}(${}) do\n\t${}\nendfunction", { label: "function", detail, type: "keyword", boost: 2 }),
    snippetCompletion("try\n\t${}\ncatch ${error}\n\tprint(${error})\nendtry", { label: "try", detail, type: "keyword", boost: 2 }),
  ];
}

const WITH_BLOCKS = new Set(["if", "for", "function", "try"]);

/** A call gets its brackets, unless they are there already. */
function applyCall(view: EditorView, option: Option, from: number, to: number): void {
  const next = view.state.sliceDoc(to, to + 1);
  if (next === "(") {
    view.dispatch({ changes: { from, to, insert: option.label }, selection: { anchor: from + option.label.length } });
  } else {
    snippet(`${option.label}(\${})`)(view, option, from, to);
  }
}

function toOption(item: Completion, describe: Describe): Option {
  const type = TYPES[item.kind] ?? "text";
  const option: Option = { label: item.text, type };
  if (item.detail && item.detail !== item.text) {
    const signature = item.detail.startsWith(item.text) ? item.detail.slice(item.text.length) : item.detail;
    option.detail = signature.length > 46 ? `${signature.slice(0, 45)}…` : signature;
    option.info = item.detail.length > 46 ? item.detail : undefined;
  }
  if (item.kind === "builtin") option.info = async () => describe(item.text);
  if (type === "function") option.apply = applyCall;
  return option;
}

/** The source of completions; `ask` answers null while there is no connection. */
export function completionSource(ask: Ask, describe: Describe) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const word = context.matchBefore(new RegExp(`${WORD.source}$`, "u"));
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const share = /lib:\/\/[^"']*$/.test(before);
    const column = /\[\s*["'][^"'\]]*$/.test(before);
    const member = /[\p{L}\p{N}_\])]\.[\p{L}_]*$/u.test(before);
    if (!word && !share && !member && !column && !context.explicit) return null;
    if (!share && !column && (insideString(before) || /^[^"'#]*#/.test(before))) return null;
    const code = context.state.doc.toString();
    const answer = await ask(code, toPoints(code, context.pos)).catch(() => null);
    if (context.aborted) return null;
    if (!answer) return local(context);
    const from = fromPoints(code, answer.start);
    if (from > context.pos) return null;
    const plain = !share && !member && !column;
    const items = answer.items.filter((item) => !(plain && item.kind === "keyword" && WITH_BLOCKS.has(item.text)));
    const options = [...items.map((item) => toOption(item, describe)), ...(plain && word ? blockSnippets() : [])];
    return { from, options, validFor: plain ? new RegExp(`^(?:${WORD.source})?$`, "u") : undefined };
  };
}

async function local(context: CompletionContext): Promise<CompletionResult | null> {
  const words = await completeAnyWord(context);
  if (!words) return null;
  const taken = new Set<string>(RESERVED);
  const reserved = RESERVED.filter((label) => !WITH_BLOCKS.has(label)).map((label): Option => ({ label, type: "keyword" }));
  const others = words.options.filter((option) => !taken.has(option.label));
  return { ...words, options: [...blockSnippets(), ...reserved, ...others] };
}

/** Hovering over a name shows how it is called. */
export function hoverCards(ask: Ask, describe: Describe): Extension {
  const known = new Map<string, string>();
  return hoverTooltip(async (view, position): Promise<Tooltip | null> => {
    const found = view.state.wordAt(position);
    if (!found) return null;
    const word = view.state.sliceDoc(found.from, found.to);
    if (!WORD.test(word) || RESERVED.includes(word)) return null;
    let detail = known.get(word);
    if (detail === undefined) {
      const answer = await ask(word, toPoints(word, word.length)).catch(() => null);
      const item = answer?.items.find((candidate) => candidate.text === word);
      detail = item?.detail ?? "";
      if (item?.kind === "builtin") known.set(word, detail);
    }
    if (!detail) return null;
    const card = (known.has(word) ? await describe(word) : null) ?? el("span", {}, detail);
    return {
      pos: found.from,
      end: found.to,
      above: true,
      create: () => ({ dom: el("div", { class: "hover-card" }, card) }),
    };
  });
}
