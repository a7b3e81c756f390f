import assert from "node:assert/strict";
import { shownCell, shownNames, shownNumber, toRussianCsv, toTabs } from "../src/table/shown";
import { inflateRawSync } from "node:zlib";
import cases from "../../tests/tables/browsing.json";
import { test } from "node:test";
import { type Cell, type TableData, compareCells, numberText, parseFilter, sortRows, toCsv } from "../src/table/data";
import { filterRows } from "../src/table/filters";
import { histogram, niceScale } from "../src/table/scales";
import { columnLetters, escapeXml, serialDay, toXlsx } from "../src/table/xlsx";
import { crc32 } from "../src/table/zip";

function table(types: string[], ...rows: Cell[][]): TableData {
  const columns = types.map((type, index) => ({ name: `c${index}`, type, nulls: 0 }));
  return { columns, rows, total: rows.length, counted: true, handle: null };
}

function column(type: string, ...cells: Cell[]): TableData {
  return table([type], ...cells.map((cell) => [cell]));
}

function sorted(data: TableData, ascending = true): (Cell | undefined)[] {
  const all = data.rows.map((_, index) => index);
  return sortRows(data, all, [{ column: 0, ascending }]).map((row) => data.rows[row]![0]);
}

test("numbers are written in full", () => {
  assert.equal(numberText(1e21), "1000000000000000000000");
  assert.equal(numberText(1.5e-7), "0.00000015");
  assert.equal(numberText(-2.5), "-2.5");
});

test("nulls come last in both directions, equal rows keep their order", () => {
  assert.deepEqual(sorted(column("Integer", 3, null, 1, 2)), [1, 2, 3, null]);
  assert.deepEqual(sorted(column("Integer", 3, null, 1, 2), false), [3, 2, 1, null]);
  const data = table(["Integer", "String"], [1, "a"], [0, "b"], [1, "c"]);
  assert.deepEqual(sortRows(data, [0, 1, 2], [{ column: 0, ascending: false }]), [0, 2, 1]);
});

test("kinds are kept apart: bools, numbers, texts", () => {
  assert.ok(compareCells(true, 0) < 0);
  assert.ok(compareCells(99, "1") < 0);
});

test("money and dates are sorted by what they mean", () => {
  assert.deepEqual(sorted(column("Currency", "$10", "$9", "$1,000.50")), ["$9", "$10", "$1,000.50"]);
  assert.deepEqual(sorted(column("Date", "31.01.2024", "2023-12-31", "01.02.2024")), ["2023-12-31", "31.01.2024", "01.02.2024"]);
});

test("filters: text, comparisons, negation, null", () => {
  const keeps = (filter: string, cell: Cell): boolean => parseFilter(filter)!(cell);
  assert.equal(parseFilter("  "), null);
  assert.ok(keeps("каз", "Казань") && !keeps("каз", null));
  assert.ok(keeps("!каз", "Томск") && !keeps("!каз", "Казань"));
  assert.ok(keeps(">= 10", 10) && !keeps(">10", 10) && !keeps(">10", null) && !keeps(">10", "abc1"));
  assert.ok(keeps(">10", "$11.50") && !keeps(">10", "9 EUR") && keeps(">2023", "2024-05-01"));
  assert.ok(keeps("= 5", 5) && keeps("=томск", "Томск") && !keeps("=то", "Томск"));
  assert.ok(keeps("!= 5", 6) && keeps("!= 5", null));
  assert.ok(keeps("null", null) && !keeps("!null", null));
  assert.ok(keeps("> 2024-01-31", "01.02.2024"));
});

test("filters do what the server's do", () => {
  for (const { cells, text, passing } of cases.filters) {
    const found = filterRows(column("", ...cells), new Map([[0, { text, choice: null }]]));
    assert.deepEqual(found, passing, `${text} in ${JSON.stringify(cells)}`);
  }
});

test("orders are the server's", () => {
  for (const { type, cells, up, down } of cases.orders) {
    const data = column(type, ...cells);
    const all = cells.map((_cell, index) => index);
    assert.deepEqual(sortRows(data, all, [{ column: 0, ascending: true }]), up, JSON.stringify(cells));
    assert.deepEqual(sortRows(data, all, [{ column: 0, ascending: false }]), down, JSON.stringify(cells));
  }
});

test("values are chosen as by the server", () => {
  for (const { cells, values, passing } of cases.choices) {
    const data = column("", ...cells);
    const found = (isWithout: boolean): number[] => filterRows(data, new Map([[0, { text: "", choice: { values, isWithout } }]]));
    assert.deepEqual(found(false), passing, JSON.stringify(values));
    assert.deepEqual(found(true), cells.map((_, row) => row).filter((row) => !(passing as number[]).includes(row)));
  }
});

test("several keys order as on the server", () => {
  for (const { rows, sort, order } of cases.severalKeys) {
    const data = table(["String", "Integer"], ...(rows as Cell[][]));
    const keys = (sort as [number, boolean][]).map(([at, descending]) => ({ column: at, ascending: !descending }));
    assert.deepEqual(sortRows(data, rows.map((_, row) => row), keys), order);
  }
});

test("rows must pass the filters of all columns", () => {
  const data = table(["Integer", "String"], [1, "a"], [2, "a"], [3, "b"]);
  assert.deepEqual(filterRows(data, new Map([[0, { text: ">1", choice: null }], [1, { text: "a", choice: null }]])), [1]);
});

test("CSV quotes what needs it", () => {
  const data = table(["String", "Float"], ['a "b", c', 1.5], ["line\nbreak", null], [" x", -0.5]);
  const text = toCsv(data.columns, data.rows);
  assert.equal(text.split("\r\n")[0], "c0,c1");
  assert.equal(text, 'c0,c1\r\n"a ""b"", c",1.5\r\n"line\nbreak",\r\n" x",-0.5\r\n');
});

test("scales are round and hold the values", () => {
  assert.deepEqual(niceScale(0, 9800, 5, true).ticks, [0, 2000, 4000, 6000, 8000, 10000]);
  assert.deepEqual(niceScale(0.1, 0.3, 2, false).ticks, [0.1, 0.2, 0.3]);
  const flat = niceScale(5, 5, 5, false);
  assert.ok(flat.min < 5 && flat.max > 5);
  const negative = niceScale(-3, -1, 4, true);
  assert.ok(negative.min <= -3 && negative.max === 0);
});

test("a histogram counts every value once", () => {
  const values = Array.from({ length: 101 }, (_, index) => index);
  const bins = histogram(values);
  assert.equal(bins.reduce((sum, bin) => sum + bin.count, 0), 101);
  assert.deepEqual(histogram([]), []);
  assert.equal(histogram([4, 4, 4]).reduce((sum, bin) => sum + bin.count, 0), 3);
});

test("names of columns of a sheet", () => {
  assert.deepEqual([0, 25, 26, 701, 702].map(columnLetters), ["A", "Z", "AA", "ZZ", "AAA"]);
});

test("XML holds no characters that it must not", () => {
  assert.equal(escapeXml("<a>&\u0000\u000b\ud800"), "&lt;a&gt;&amp;");
});

test("the checksum of a ZIP archive", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

test("a workbook is an archive whose sheet holds the cells", async () => {
  const file = await toXlsx(table(["String", "Integer", "Bool"]).columns, [[null, 1.5, null], ["<b>", 5, true]]);
  const bytes = Buffer.from(await file.arrayBuffer());
  const at = bytes.indexOf("xl/worksheets/sheet1.xml");
  const sheet = inflateRawSync(bytes.subarray(at + "xl/worksheets/sheet1.xml".length)).toString();
  assert.ok(sheet.includes('<c r="B2"><v>1.5</v></c>'));
  assert.ok(sheet.includes('<c r="C3" t="b"><v>1</v></c>'));
  assert.ok(sheet.includes("&lt;b&gt;"));
});

test("numbers and dates as the reader writes them", () => {
  assert.equal(shownNumber(1234567.25, "ru", true), "1\u00a0234\u00a0567,25");
  assert.equal(shownNumber(-12345, "en", true), "-12,345");
  assert.equal(shownNumber(2024, "ru", true), "2024");
  assert.equal(shownNumber(12345, "ru", false), "12345");
  assert.equal(shownNumber(NaN, "ru", true), "NaN");
  assert.equal(shownNumber(0.1 + 0.2, "ru", true), "0,3");
  const date = { name: "день", type: "Date", nulls: 0 };
  assert.equal(shownCell("2024-01-31", date, "ru"), "31.01.2024");
  assert.equal(shownCell("2024-01-31T10:30:00", date, "ru"), "31.01.2024 10:30:00");
  assert.equal(shownCell("2024-01-31", date, "en"), "2024-01-31");
  assert.equal(shownCell("31.01.24", date, "ru"), "31.01.24");
  assert.equal(shownCell(123456, { name: "order_id", type: "Integer", nulls: 0 }, "ru"), "123456");
});

test("a workbook has dates as dates, and numbers in their formats", async () => {
  assert.equal(serialDay("2024-01-31"), 45322);
  assert.equal(serialDay("31.01.2024"), 45322);
  assert.equal(serialDay("2024-01-31 12:00"), 45322.5);
  assert.equal(serialDay("2024-02-30"), null);
  assert.equal(serialDay("1900-01-01"), null);
  const { columns } = table(["Date", "Float"]);
  const file = await toXlsx(columns, [["2024-01-31", 0.5]], [{ kind: "auto" }, { kind: "percent", decimals: 1, grouped: false }], "ru");
  const bytes = Buffer.from(await file.arrayBuffer());
  const part = (name: string): string => inflateRawSync(bytes.subarray(bytes.indexOf(name) + name.length)).toString();
  assert.ok(part("xl/worksheets/sheet1.xml").includes('<c r="A2" s="2"><v>45322</v></c><c r="B2" s="4"><v>0.5</v></c>'));
  assert.ok(part("xl/styles.xml").includes('<numFmt numFmtId="166" formatCode="0.0%"/>'));
});

test("tabs and semicolons for spreadsheets", () => {
  const data = table(["String", "Float"], ["a\tb", 1.5], ['"c"; d', null]);
  assert.equal(toTabs(data.columns, data.rows, "en"), 'c0\tc1\r\n"a\tb"\t1.5\r\n"""c""; d"\t\r\n');
  assert.equal(toTabs(data.columns, [["x", 1.5]], "ru", false), "x\t1,5\r\n");
  assert.equal(toRussianCsv(data.columns, data.rows), 'c0;c1\r\na\tb;1,5\r\n"""c""; d";\r\n');
});

test("files are named after the variable", () => {
  assert.deepEqual(shownNames("show_table(t)", 1), ["t"]);
  assert.deepEqual(shownNames("show_table(продажи, 5)\n# show_table(x)\nшт", 2), ["продажи", "шт"]);
  assert.deepEqual(shownNames("show_table(table_head(t, 5))", 1), [null]);
  assert.deepEqual(shownNames("for i in range(2) do\nshow_table(t)\nnext i", 2), [null, null]);
  assert.deepEqual(shownNames('print("show_table(t)")\nx', 1), ["x"]);
});
