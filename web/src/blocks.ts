/**
 * Blocks of a program: which `endif` belongs to which `if`, and how deep a line stands.
 *
 * A light scanner over the whole text, not a parser: it must give a sensible answer while a
 * program is half typed. Words and comments follow the language reference, sections 3 and 6.
 */

export type Opener = "if" | "for" | "function" | "try";

/** A block word in the text; `from` and `to` are offsets in UTF-16 units. */
export interface Word {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** An opened block; `close` is null while the program lacks its end. */
export interface Block {
  readonly kind: Opener;
  readonly open: Word;
  /** `else`, `catch`, `finally`, and each `next` that only goes on with the loop. */
  readonly middle: Word[];
  close: Word | null;
  /** Where the block ends for indentation: its close, or where it was given up. */
  end: number;
  readonly depth: number;
}

export interface Blocks {
  readonly blocks: readonly Block[];
  /** Ends that close nothing. */
  readonly stray: readonly Word[];
}

const OPENERS: Record<string, Opener> = { if: "if", for: "for", function: "function", try: "try" };
const CLOSERS: Record<string, Opener> = {
  endif: "if",
  endeif: "if",
  next: "for",
  endfunction: "function",
  endtry: "try",
};
const MIDDLES: Record<string, Opener> = { else: "if", catch: "try", finally: "try" };

export const CLOSING_WORD: Record<Opener, string> = {
  if: "endif",
  for: "next",
  function: "endfunction",
  try: "endtry",
};

// A block comment, a line comment, a string of either kind (open ones run to the end of the
// text), a word, or a line break.
const TOKEN = /"""[^]*?(?:"""|$)|#[^\n]*|"[^"]*(?:"|$)|'[^']*(?:'|$)|[\p{L}_][\p{L}\p{N}_]*|\n/gu;

/** The words of a text that are neither in strings nor in comments, with line breaks. */
function* words(text: string): Generator<Word> {
  TOKEN.lastIndex = 0;
  const token = new RegExp(TOKEN);
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const first = found[0][0]!;
    if (first === '"' || first === "'" || first === "#") continue;
    yield { text: found[0], from: found.index, to: found.index + found[0].length };
  }
}

/** A reserved word used as a member (`o.next`) or as a key (`{if: 1}`) opens and closes nothing. */
function isName(text: string, word: Word): boolean {
  if (/\.[ \t]*$/.test(text.slice(Math.max(0, word.from - 8), word.from))) return true;
  return /^[ \t]*:/.test(text.slice(word.to, word.to + 8));
}

/** Finds all blocks of a program, complete or not. */
export function findBlocks(text: string): Blocks {
  const blocks: Block[] = [];
  const open: Block[] = [];
  const stray: Word[] = [];
  let previous = "\n";
  for (const word of words(text)) {
    const before = previous;
    previous = word.text;
    if (word.text === "\n" || !(word.text in OPENERS || word.text in CLOSERS || word.text in MIDDLES)) continue;
    if (isName(text, word)) continue;
    const top = open[open.length - 1];
    const opens = OPENERS[word.text];
    if (opens) {
      if (opens === "if" && before === "else") continue;
      const block = { kind: opens, open: word, middle: [], close: null, end: Infinity, depth: open.length };
      blocks.push(block);
      open.push(block);
      continue;
    }
    const middle = MIDDLES[word.text];
    if (middle) {
      if (top?.kind === middle) top.middle.push(word);
      else stray.push(word);
      continue;
    }
    close(word, CLOSERS[word.text]!, open, stray);
  }
  return { blocks, stray };
}

function close(word: Word, kind: Opener, open: Block[], stray: Word[]): void {
  const top = open[open.length - 1];
  if (top?.kind === kind) {
    top.close = word;
    top.end = word.from;
    open.pop();
    return;
  }
  if (kind === "for") {
    // Inside an `if` or `try` of the loop, `next` goes on with the next element.
    const loop = open.findLast((block) => block.kind === "for" || block.kind === "function");
    if (loop?.kind === "for") loop.middle.push(word);
    else stray.push(word);
    return;
  }
  // A block inside was never closed: give it up, so that one mistake does not spoil the rest.
  const position = open.findLastIndex((block) => block.kind === kind);
  if (position < 0) {
    stray.push(word);
    return;
  }
  open[position]!.close = word;
  for (const block of open.splice(position)) block.end = word.from;
}

/** The words of the block that the offset touches, or null where no block word stands. */
export function blockAt(found: Blocks, offset: number): Block | null {
  const touches = (word: Word | null): boolean => word !== null && word.from <= offset && offset <= word.to;
  return (
    found.blocks.find((block) => touches(block.open) || touches(block.close) || block.middle.some(touches)) ?? null
  );
}

/** How many blocks are open at the start of the line that begins at `offset`. */
export function depthAt(found: Blocks, offset: number): number {
  let depth = 0;
  for (const block of found.blocks) {
    if (block.open.from >= offset) break;
    if (block.end >= offset) depth += 1;
  }
  return depth;
}

/** Whether a line beginning with this word stands one step to the left of the block's body. */
export function dedents(line: string, innermost: Block | null): boolean {
  const word = /^\s*([\p{L}_]+)/u.exec(line)?.[1];
  if (!word || !innermost) return false;
  if (CLOSERS[word] === innermost.kind || MIDDLES[word] === innermost.kind) {
    return !/^\s*[\p{L}_]+\s*[:=(.[]/u.test(line);
  }
  return false;
}

/** The innermost block that is open at the offset. */
export function innermostAt(found: Blocks, offset: number): Block | null {
  let innermost: Block | null = null;
  for (const block of found.blocks) {
    if (block.open.from >= offset) break;
    if (block.end >= offset) innermost = block;
  }
  return innermost;
}
