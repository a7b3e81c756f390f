import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, cellsOf } from "../src/cells";
import { type Doc, outputsOf, rememberOutput } from "../src/documents";

test("lines with marks begin blocks; a program without marks has none", () => {
  assert.deepEqual(cellsOf("x = 1\ny = 2\n"), []);
  const text = "x = 1\n\n# %% Чтение\ny = 2\n\n#%%\nz = 3\n";
  const cells = cellsOf(text);
  assert.deepEqual(cells.map(({ from, to }) => text.slice(from, to)), ["x = 1", "# %% Чтение\ny = 2", "#%%\nz = 3"]);
  assert.deepEqual(cells.map(({ lines }) => lines), [[1, 1], [3, 4], [6, 7]]);
  assert.deepEqual(cells.map(({ title }) => title), ["", "Чтение", ""]);
  assert.equal(cellsOf("\n# %%\nx").length, 1);
});

test("marks in strings, in comments and behind code are none", () => {
  assert.deepEqual(cellsOf('x = "\n# %%\n"'), []);
  assert.deepEqual(cellsOf('"""\n# %%\n"""'), []);
  assert.deepEqual(cellsOf("x = 1 # %%\n  # %%"), []);
});

test("a place is in the block that begins before it", () => {
  const cells = cellsOf("# %%\na\n# %%\nb");
  assert.deepEqual([0, 6, 7, 99].map((offset) => cellAt(cells, offset)), [0, 0, 1, 1]);
  assert.equal(cellAt([], 5), -1);
});

test("outputs are kept for blocks that exist, the last first, within a limit", () => {
  const doc: Doc = { id: "1", name: "p", text: "" };
  const codes = new Set(["a", "b"]);
  rememberOutput(doc, { code: "a", sent: 1, answer: { output: "1" } }, codes);
  rememberOutput(doc, { code: "a", sent: 2, answer: { output: "2" } }, codes);
  rememberOutput(doc, { code: "b", sent: 3, answer: { output: "x".repeat(299_000) } }, codes);
  assert.deepEqual(outputsOf(doc).map(({ sent }) => sent), [2, 3]);
  rememberOutput(doc, { code: "b", sent: 4, answer: { output: "x".repeat(400_000) } }, new Set(["b"]));
  assert.deepEqual(outputsOf(doc), []);
  assert.deepEqual(outputsOf({ ...doc, outputs: [5, { code: "a" }] as never }), []);
});
