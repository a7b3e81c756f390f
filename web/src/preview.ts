/** A look into a file of a share: text as text, CSV as a table. */

import { el, fill } from "./dom";
import { say, size, t } from "./i18n";
import { openDialog } from "./dialog";
import type { Request } from "./panels/panel";
import type { FileEntry } from "./protocol";
import { type Cell, type TableData } from "./table/data";
import { parseCsv } from "./table/csv";
import { tableView } from "./table/view";

const LARGEST = 8 * 1024 * 1024;
const SHOWN = 200_000;
const MOST_ROWS = 5000;

/** Opens a dialog that shows the beginning of a file. */
export async function previewFile(request: Request, share: string, path: string, entry: FileEntry): Promise<void> {
  const body = el("div", { class: "preview" }, el("p", { class: "panel-empty" }, say("preview.loading")));
  openDialog(entry.name, body, "wide");
  if (entry.size !== null && entry.size > LARGEST) {
    show(body, t("preview.tooBig", { size: size(entry.size), limit: size(LARGEST) }));
    return;
  }
  const answer = await request({ type: "smb_read_file", share_name: share, file_path: path });
  if (!answer) show(body, t("panel.offline"));
  else if (!answer.success || typeof answer.content !== "string") show(body, answer.error ?? "");
  else if (answer.content.startsWith("base64:")) show(body, t("preview.binary"));
  else if (/\.csv$/i.test(entry.name)) fill(body, tableView(csvTable(answer.content), null));
  else {
    const text = answer.content.slice(0, SHOWN);
    fill(
      body,
      el("pre", { class: "preview-text", attrs: { tabindex: 0 } }, text),
      text.length < answer.content.length ? el("p", { class: "panel-note" }, t("preview.part")) : null,
    );
  }
}

function show(body: HTMLElement, text: string): void {
  fill(body, el("p", { class: "panel-empty" }, text));
}

/** A CSV text as a table: numbers where a whole column is of numbers. */
function csvTable(text: string): TableData {
  const [names = [], ...records] = parseCsv(text.replace(/^\ufeff/, ""), MOST_ROWS + 1);
  const numeric = names.map((_, index) => {
    const cells = records.map((record) => record[index]?.trim() ?? "").filter(Boolean);
    return cells.length > 0 && cells.every((cell) => /^[-+]?\d+(\.\d+)?$/.test(cell));
  });
  const rows = records.map((record) => names.map((_, index) => csvCell(record[index] ?? "", numeric[index] ?? false)));
  const columns = names.map((name, index) => ({
    name: name.trim(),
    type: numeric[index] ? (rows.every((row) => Number.isInteger(row[index] ?? 0)) ? "Integer" : "Float") : "String",
    nulls: rows.reduce((sum, row) => sum + Number(row[index] === null), 0),
  }));
  return { columns, rows, total: rows.length, counted: true, handle: null };
}

function csvCell(text: string, numeric: boolean): Cell {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return numeric ? Number(trimmed) : trimmed;
}
