/** A look into a file: tables as the server's own reader reads them, text as text. */

import { el, fill } from "./dom";
import { say, size, t } from "./i18n";
import { openDialog } from "./dialog";
import { decodedText, kindOf } from "./opening";
import { type Ask, cancellable } from "./asking";
import type { ListedFile, Request } from "./panels/panel";
import { contentBytes, tablesOf, warningsOf } from "./protocol";
import { tableView } from "./table/view";

const LARGEST = 8 * 1024 * 1024;
const SHOWN = 200_000;
/** Rows that the server shows at most. */
const MOST_ROWS = 1000;

/** Opens a dialog that shows the beginning of a file. */
export async function previewFile(request: Request, file: ListedFile): Promise<void> {
  const body = el("div", { class: "preview" });
  loading(body);
  openDialog(file.name, body, "wide");
  const dialog = body.closest("dialog");
  const listeners = { progress: (_: string, done: number, total: number | null) => loading(body, done, total) };
  const ask = cancellable(request, (cancel) => dialog?.addEventListener("close", cancel), listeners);
  const kind = kindOf(file.name);
  if (kind === "table" || kind === "workbook") await showTable(ask, file, null, body);
  else await showText(file, body);
}

function loading(body: HTMLElement, done = 0, total: number | null = null): void {
  const bytes = done > 0 ? ` ${size(done)}${total ? ` / ${size(total)}` : ""}` : "";
  fill(body, el("p", { class: "panel-empty", attrs: { role: "status" } }, t("preview.loading"), bytes));
}

function show(body: HTMLElement, text: string): void {
  fill(body, el("p", { class: "panel-empty" }, text));
}

/** A sheet of a workbook, the first unless one is named, or a table of another kind; a choice of sheets above it. */
async function showTable(ask: Ask, file: ListedFile, sheet: string | null, body: HTMLElement): Promise<void> {
  loading(body);
  const answer = await ask({ type: "preview", path: file.path, sheet, progress: true });
  if (!answer) return show(body, t("panel.offline"));
  const sheets = Array.isArray(answer.sheets) ? answer.sheets.filter((each) => typeof each === "string") : [];
  const choice = el("select", {}, ...sheets.map((each) => el("option", {}, each)));
  if (sheet !== null) choice.value = sheet;
  choice.addEventListener("change", () => void showTable(ask, file, choice.value, body));
  const label = sheets.length > 1 ? el("label", { class: "preview-sheet" }, say("preview.sheet"), choice) : null;
  const [table] = tablesOf(answer);
  if (!answer.success || !table) {
    fill(body, label, el("p", { class: "panel-empty" }, answer.success ? t("preview.noTable") : (answer.error ?? "")));
    return;
  }
  const warnings = warningsOf(answer).map((warning) => el("p", { class: "panel-note" }, warning));
  const part = table.rows.length < table.total || table.rows.length === MOST_ROWS;
  const note = part ? [el("p", { class: "panel-note" }, say("preview.part"))] : [];
  const shown = { ...table, total: table.rows.length };
  fill(body, label, tableView(shown, () => Promise.reject(new Error("a preview is whole"))), ...note, ...warnings);
}

async function showText(file: ListedFile, body: HTMLElement): Promise<void> {
  if (file.size !== null && file.size > LARGEST) {
    show(body, t("preview.tooBig", { size: size(file.size), limit: size(LARGEST) }));
    return;
  }
  const answer = await file.content();
  if (!answer) return show(body, t("panel.offline"));
  if (!answer.success || typeof answer.content !== "string") return show(body, answer.error ?? "");
  const whole = decodedText(contentBytes(answer.content));
  if (whole === null) return show(body, t("preview.binary"));
  const text = whole.slice(0, SHOWN);
  fill(
    body,
    el("pre", { class: "preview-text", attrs: { tabindex: 0 } }, text),
    text.length < whole.length ? el("p", { class: "panel-note" }, t("preview.part")) : null,
  );
}
