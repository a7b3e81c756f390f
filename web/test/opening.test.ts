import assert from "node:assert/strict";
import { test } from "node:test";
import { awaitsValue, decodedText, freeName, kindOf, openingProgram } from "../src/opening";

test("files are what their names say", () => {
  const kinds = ["a.dc", "a.CSV", "a.tsv.gz", "a.xlsx", "a.parquet", "a.txt", "a.png", "csv"].map(kindOf);
  assert.deepEqual(kinds, ["program", "table", "table", "workbook", "table", "text", "other", "other"]);
});

test("programs name files as literals, and find out separators and encodings of texts", () => {
  assert.equal(openingProgram("lib://data/a.csv", "t"), 't = read_file("lib://data/a.csv", auto=true)\nt\n');
  assert.equal(openingProgram('a"b.xlsx', "t2"), "t2 = read_file('a\"b.xlsx')\nt2\n");
});

test("no variable is overwritten", () => {
  assert.equal(freeName(new Set(["x"])), "t");
  assert.equal(freeName(new Set(["t", "t2", "t4"])), "t3");
});

test("a path is wanted where a line breaks off", () => {
  for (const line of ["t = read_file(", "x = ", "f(a, ", "s = 'lib://", "a + "]) assert.ok(awaitsValue(line), line);
  for (const line of ["", "  ", "x = 1", "print(x)", "# (", "f()"]) assert.ok(!awaitsValue(line), line);
});

test("texts of Windows are read, what is no text is not", () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
  assert.equal(decodedText(new TextEncoder().encode("Ёж\n")), "Ёж\n");
  assert.equal(decodedText(bytes(0xcf, 0xf0, 0xe8)), "При");
  assert.equal(decodedText(bytes(0xff, 0xfe, 0x41, 0x04)), "с".replace("с", "\u0441"));
  assert.equal(decodedText(bytes(0x50, 0x4b, 3, 4)), null);
});
