import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../src/output";
import { fromPoints, literal, padded, toPoints } from "../src/positions";
import { bytesContent, contentBytes } from "../src/protocol";
import { type Key, english, russian } from "../src/texts";

test("both languages use the same parameters", () => {
  const names = (text: string): string => [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))].sort().join();
  for (const key of Object.keys(english) as Key[]) {
    // Russian may say a number where English bends a word, so only the names are compared.
    assert.equal(names(russian[key]), names(english[key]), key);
  }
});

test("Russian texts are Russian", () => {
  const same = (Object.keys(english) as Key[]).filter((key) => russian[key] === english[key]);
  assert.deepEqual(same, ["table.csvShort", "table.xlsxShort"]);
});

test("positions count code points", () => {
  assert.equal(toPoints("a😀b", 3), 2);
  assert.equal(fromPoints("a😀b", 2), 3);
  assert.equal(fromPoints("ab", 9), 2);
});

test("a selection keeps its lines and columns", () => {
  assert.equal(padded("one\ntwo three\nfour", 8, 13), "\n    three");
});

test("texts as literals of a language without escapes", () => {
  assert.equal(literal("a"), '"a"');
  assert.equal(literal('a"b'), "'a\"b'");
  assert.equal(literal(`it's "x"`), `"it's " + '"' + "x" + '"'`);
});

test("files go as text where they are text, else in base64, and come back the same", () => {
  assert.equal(bytesContent(new TextEncoder().encode("привет")), "привет");
  for (const bytes of [Uint8Array.of(0xff, 0, 1), new TextEncoder().encode("base64:aa"), new TextEncoder().encode("\ufeffa")]) {
    assert.deepEqual([...contentBytes(bytesContent(bytes))], [...bytes]);
  }
});

const FRAME = "┌───┬───┐\n│ a │ b │\n├───┼───┤\n│ 1 │ x │\n└───┴───┘\n";

function shown(names: string[]) {
  return { columns: names.map((name) => ({ name, type: "String", nulls: 0 })), rows: [["1", "x"]], total: 1, counted: true, handle: null };
}

test("a table stands where its frame was printed", () => {
  const found = pieces(`before\n${FRAME}after\n`, [shown(["a", "b"])]);
  assert.deepEqual(found.map((piece) => (piece.kind === "text" ? piece.text : "table")), ["before\n", "table", "after\n"]);
});

test("frames that a program drew itself stay text", () => {
  const found = pieces(FRAME, [shown(["other"])]);
  assert.deepEqual(found.map((piece) => piece.kind), ["text", "table"]);
  assert.deepEqual(pieces(FRAME, []).map((piece) => piece.kind), ["text"]);
});

test("a frame that never ends is text", () => {
  assert.deepEqual(pieces("┌─┐\n│ a │\n", [shown(["a"])]).map((piece) => piece.kind), ["text", "table"]);
});

test("the line that counts the rows of a long table belongs to its frame", () => {
  const found = pieces(`${FRAME}⋮ 1/5000\nafter\n`, [shown(["a", "b"])]);
  assert.deepEqual(found.map((piece) => (piece.kind === "text" ? piece.text : "table")), ["table", "after\n"]);
});

test("several tables, one behind the other", () => {
  const found = pieces(FRAME + FRAME, [shown(["a", "b"]), shown(["a", "b"])]);
  assert.deepEqual(found.map((piece) => piece.kind), ["table", "table"]);
});
