import assert from "node:assert/strict";
import { test } from "node:test";
import { blockAt, dedents, depthAt, findBlocks, innermostAt } from "../src/blocks";

/** Each block as "open-close" by the line numbers of its words. */
function pairs(text: string): string[] {
  const line = (offset: number): number => text.slice(0, offset).split("\n").length;
  return findBlocks(text).blocks.map((block) => `${block.kind} ${line(block.open.from)}-${block.close ? line(block.close.from) : "?"}`);
}

test("every kind of block finds its end", () => {
  const text = "function f(x) do\nfor a in x do\nif a do\ntry\nendtry\nendif\nnext a\nendfunction";
  assert.deepEqual(pairs(text), ["function 1-8", "for 2-7", "if 3-6", "try 4-5"]);
});

test("else if on one line opens no block of its own", () => {
  assert.deepEqual(pairs("if a do\nelse if b do\nelse\nendif"), ["if 1-4"]);
});

test("else and if on two lines are two blocks", () => {
  assert.deepEqual(pairs("if a do\nelse\nif b do\nendif\nendif"), ["if 1-5", "if 3-4"]);
});

test("next inside if or try goes on with the loop and closes nothing", () => {
  const text = "for a in x do\nif a do\nnext a\nendif\nnext a";
  assert.deepEqual(pairs(text), ["for 1-5", "if 2-4"]);
  assert.equal(findBlocks(text).blocks[0]!.middle.length, 1);
});

test("words in strings, comments, keys and members are not block words", () => {
  assert.deepEqual(pairs("x = 'if' # for\n\"\"\" try\nif \"\"\"\no = {if: 1, next: 2}\no.next\no.if"), []);
});

test("endeif closes an if as endif does", () => {
  assert.deepEqual(pairs("if a then\nendeif"), ["if 1-2"]);
});

test("an unclosed inner block does not spoil the outer one", () => {
  const text = "function f() do\nif a do\nendfunction\nfor x in y do\nnext x";
  assert.deepEqual(pairs(text), ["function 1-3", "if 2-?", "for 4-5"]);
  assert.equal(depthAt(findBlocks(text), text.indexOf("for x")), 0);
});

test("an end without a beginning is stray", () => {
  assert.deepEqual(findBlocks("endif\nprint(1)").stray.map((word) => word.text), ["endif"]);
});

test("the block of the word at the cursor, middle words included", () => {
  const text = "if a do\nelse\nendif";
  for (const word of ["if", "else", "endif"]) {
    assert.equal(blockAt(findBlocks(text), text.indexOf(word))?.open.from, 0);
  }
  assert.equal(blockAt(findBlocks(text), text.indexOf(" a") + 1), null);
});

test("a closing line stands one step to the left", () => {
  const text = "for a in x do\n";
  const block = innermostAt(findBlocks(text), text.length);
  assert.equal(dedents("    next a", block), true);
  assert.equal(dedents("    next_one = 1", block), false);
  assert.equal(dedents("    endif", block), false);
});
