/** Programs and questions that files and variables are opened with; which files are what. Pure. */

import { insideString, literal } from "./positions";

/** Text files of which `read_file` finds encoding and separators by itself when told so. */
const SEPARATED = /\.(csv|tsv|tab)(\.gz)?$/i;
const WORKBOOKS = /\.(xlsx|xlsm|xlsb|xls|ods)$/i;
const TABLES = /\.(json|jsonl|ndjson|parquet|pq|arrow|feather|ipc|zip)$/i;
const TEXTS = /\.(txt|md|log|sql|xml|html|htm|ini|yaml|yml)$/i;

/** What a file holds, by its name. */
export type FileKind = "program" | "table" | "workbook" | "text" | "other";

export function kindOf(name: string): FileKind {
  if (/\.dc$/i.test(name)) return "program";
  if (WORKBOOKS.test(name)) return "workbook";
  if (SEPARATED.test(name) || TABLES.test(name)) return "table";
  return TEXTS.test(name) ? "text" : "other";
}

/** The call that reads a file as a table. */
function reading(path: string): string {
  return `read_file(${[literal(path), ...(SEPARATED.test(path) ? ["auto=true"] : [])].join(", ")})`;
}

/** A program that reads a file into a variable and shows it. */
export function openingProgram(path: string, variable: string): string {
  return `${variable} = ${reading(path)}\n${variable}\n`;
}

/** A name for a table: `t` (or another letter), or the first of `t2`, `t3`, … that is free. */
export function freeName(taken: ReadonlySet<string>, letter = "t"): string {
  let name = letter;
  for (let number = 2; taken.has(name); number += 1) name = `${letter}${number}`;
  return name;
}

/** Whether a line breaks off where an argument or a value is awaited: there a path is wanted, not a table. */
export function awaitsValue(before: string): boolean {
  return insideString(before) || (/[([,=+]\s*$/.test(before) && !before.includes("#"));
}

/** The text of a file: UTF-8, UTF-16 with a mark, or else that of Windows; null where it is none. */
export function decodedText(bytes: Uint8Array): string | null {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  if (marked) return new TextDecoder(marked).decode(bytes);
  if (bytes.some((byte) => byte < 9 || (byte > 13 && byte < 27))) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1251").decode(bytes);
  }
}
