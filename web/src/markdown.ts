/** The Markdown of the library's documentation as elements: paragraphs, lists, code, bold words. */

import { el } from "./dom";

type Piece = HTMLElement | string;

/** Words of a paragraph; `code` and **bold** are marked, of a link its words remain. */
function words(text: string): Piece[] {
  const pieces: Piece[] = [];
  let last = 0;
  for (const found of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)/g)) {
    pieces.push(text.slice(last, found.index));
    const [, code, bold, link] = found;
    pieces.push(code !== undefined ? el("code", {}, code) : bold !== undefined ? el("strong", {}, bold) : (link ?? ""));
    last = found.index + found[0].length;
  }
  pieces.push(text.slice(last));
  return pieces;
}

/** The elements of a text; `example` makes that of a program. */
export function markdown(text: string, example: (code: string) => HTMLElement = (code) => el("pre", {}, code)): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (const [index, part] of text.split(/^```\w*\n([\s\S]*?)^```$/m).entries()) {
    if (index % 2 === 1) {
      found.push(example(part.replace(/\n$/, "")));
      continue;
    }
    for (const block of part.split(/\n{2,}/)) {
      if (!block.trim()) continue;
      const items = block.trim().split(/^- /m);
      if (items.length > 1) {
        if (items[0]!.trim()) found.push(el("p", {}, ...words(items[0]!)));
        found.push(el("ul", {}, ...items.slice(1).map((item) => el("li", {}, ...words(item)))));
      } else {
        found.push(el("p", {}, ...words(block.trim())));
      }
    }
  }
  return found;
}
