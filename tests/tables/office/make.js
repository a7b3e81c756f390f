// Writes the workbooks of SheetJS and ExcelJS beside this script:
// npm install xlsx@0.18.5 exceljs@4.4.0 && NODE_PATH=node_modules node make.js
"use strict";
const path = require("path");
const XLSX = require("xlsx");
const ExcelJS = require("exceljs");

const rows = [
  ["имя", "число", "день", "флаг", "формула"],
  ["Ёлкин", 1.5, new Date(Date.UTC(2025, 11, 31)), true, 3],
  ["a<b", -2, null, false, null],
];

function sheetjs() {
  const book = XLSX.utils.book_new();
  const sheet = XLSX.utils.aoa_to_sheet(rows.map((row) => row.slice(0, 4)));
  sheet.C2 = { t: "n", v: 46022, z: "yyyy-mm-dd" };
  sheet.E1 = { t: "s", v: "формула" };
  sheet.E2 = { t: "n", v: 3, f: "B2*2" };
  sheet.E3 = { t: "e", v: 0x2a, w: "#N/A" };
  sheet["!ref"] = "A1:E3";
  const hidden = XLSX.utils.aoa_to_sheet([["тайна"], [1]]);
  XLSX.utils.book_append_sheet(book, hidden, "Скрытый");
  XLSX.utils.book_append_sheet(book, sheet, "Данные");
  book.Workbook = { Sheets: [{ Hidden: 1 }, { Hidden: 0 }] };
  for (const [name, type] of [
    ["sheetjs.xlsx", "xlsx"],
    ["sheetjs.xlsb", "xlsb"],
    ["sheetjs.xls", "biff8"],
    ["sheetjs.ods", "ods"],
  ])
    XLSX.writeFile(book, path.join(__dirname, name), { bookType: type, compression: true });
}

async function exceljs() {
  const book = new ExcelJS.Workbook();
  const hidden = book.addWorksheet("Скрытый", { state: "hidden" });
  hidden.addRow(["тайна"]);
  const sheet = book.addWorksheet("Данные");
  for (const row of rows) sheet.addRow(row);
  sheet.getCell("A2").value = { richText: [{ text: "Ёл", font: { bold: true } }, { text: "кин" }] };
  sheet.getCell("C2").numFmt = "dd.mm.yyyy";
  sheet.getCell("E2").value = { formula: "B2*2", result: 3 };
  sheet.getCell("E3").value = { error: "#N/A" };
  await book.xlsx.writeFile(path.join(__dirname, "exceljs.xlsx"));
}

sheetjs();
exceljs();

// What a workbook that is protected by a password looks like from outside.
const container = XLSX.CFB.utils.cfb_new();
XLSX.CFB.utils.cfb_add(container, "/EncryptionInfo", Buffer.alloc(200));
XLSX.CFB.utils.cfb_add(container, "/EncryptedPackage", Buffer.alloc(5000));
XLSX.CFB.writeFile(container, path.join(__dirname, "protected.xlsx"));
