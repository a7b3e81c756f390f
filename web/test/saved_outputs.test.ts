import assert from "node:assert/strict";
import { test } from "node:test";
import { takenApart, withOutputs } from "../src/saved_outputs";

const record = { code: "# %% a\nprint(\"x\")", sent: 5, answer: { success: true, output: "x\n# y\n" } };

test("outputs come back with the program, which stays as it was", () => {
  for (const program of ["# %% a\nprint(\"x\")\n", "# %% a\nprint(\"x\")"]) {
    const { text, outputs } = takenApart(withOutputs(program, [record, record]));
    assert.equal(text.trimEnd(), program.trimEnd());
    assert.deepEqual(outputs, [record, record]);
    for (const line of withOutputs(program, [record]).slice(program.length).split("\n")) assert.ok(line === "" || line.startsWith("#"));
  }
});

test("a program without outputs is not changed", () => {
  assert.equal(withOutputs("print(1)", []), "print(1)");
  assert.deepEqual(takenApart("print(1)"), { text: "print(1)", outputs: [] });
});

test("what somebody has changed is a part of the program, and nothing else", () => {
  const file = withOutputs("print(1)\n", [record]);
  for (const changed of [`${file}print(2)\n`, `${file}# {"code": 1}\n`, `${file}# {\n`, ` ${file}`.replace("# ---", "x # ---")]) {
    assert.deepEqual(takenApart(changed), { text: changed, outputs: [] });
  }
});
