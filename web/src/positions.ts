/**
 * The server counts characters (Unicode code points), the browser UTF-16 units. Lines and
 * columns of the server count from 1. Pure.
 */

/** How many code points stand before the UTF-16 offset. */
export function toPoints(text: string, offset: number): number {
  let count = 0;
  for (let at = 0; at < offset; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && at + 1 < offset) at += 1;
    count += 1;
  }
  return count;
}

/** The UTF-16 offset behind so many code points; the text's end where it has fewer. */
export function fromPoints(text: string, points: number): number {
  let at = 0;
  for (let left = points; left > 0 && at < text.length; left -= 1) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}

const TOKEN = /^(?:"[^"]*"?|'[^']*'?|\d+(?:\.\d+)?|[\p{L}_][\p{L}\p{N}_]*|[=!<>]=|<>|\*\*|\S)/u;

/** How many UTF-16 units the word, number, string or sign at an offset of a line takes; at least 1. */
export function tokenLength(line: string, offset: number): number {
  return TOKEN.exec(line.slice(offset))?.[0].length ?? 1;
}

/** A piece of a program, moved so that its lines and columns are those of the whole text. */
export function padded(text: string, from: number, to: number): string {
  const before = text.slice(0, from);
  const lines = before.split("\n");
  const column = toPoints(lines.at(-1) ?? "", (lines.at(-1) ?? "").length);
  return "\n".repeat(lines.length - 1) + " ".repeat(column) + text.slice(from, to);
}

/** A text as a literal of the language, which knows two quotes and no escapes. */
export function literal(text: string): string {
  if (!text.includes('"')) return `"${text}"`;
  if (!text.includes("'")) return `'${text}'`;
  return text
    .split(/("+)/)
    .filter(Boolean)
    .map((part) => (part.startsWith('"') ? `'${part}'` : `"${part}"`))
    .join(" + ");
}

/** Whether a line breaks off inside a string. */
export function insideString(before: string): boolean {
  let open = "";
  for (const character of before) {
    if (open) {
      if (character === open) open = "";
    } else if (character === '"' || character === "'") {
      open = character;
    } else if (character === "#") {
      return false;
    }
  }
  return open !== "";
}
