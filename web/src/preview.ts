/** A look into a file: tables as the server's own reader reads them, text as text. */

import { el, fill } from "./dom";
import { say, size, t } from "./i18n";
import { openDialog } from "./dialog";
import { decodedText, kindOf, previewProgram, sheetsProgram } from "./opening";
import type { ListedFile, Request } from "./panels/panel";
import { type Answer, contentBytes, tablesOf, warningsOf } from "./protocol";
import { tableView } from "./table/view";

const LARGEST = 8 * 1024 * 1024;
const SHOWN = 200_000;

/** Opens a dialog that shows the beginning of a file. */
export async function previewFile(request: Request, file: ListedFile): Promise<void> {
  const body = el("div", { class: "preview" }, el("p", { class: "panel-empty" }, say("preview.loading")));
  openDialog(file.name, body, "wide");
  const kind = kindOf(file.name);
  if (kind === "table") await showTable(request, file, null, body);
  else if (kind === "workbook") await showWorkbook(request, file, body);
  else await showText(file, body);
}

function show(body: HTMLElement, text: string): void {
  fill(body, el("p", { class: "panel-empty" }, text));
}

async function showTable(request: Request, file: ListedFile, sheet: string | null, place: HTMLElement): Promise<void> {
  fill(place, el("p", { class: "panel-empty" }, say("preview.loading")));
  const code = previewProgram(file.path, sheet);
  const answer = await request({ type: "execute", code, tables: true, keep_tables: true, warnings: true });
  if (!answer) return show(place, t("panel.offline"));
  if (!answer.success) return show(place, answer.error ?? "");
  const [table] = tablesOf(answer);
  if (!table) return show(place, t("preview.noTable"));
  const ask = async (query: Record<string, unknown>): Promise<Answer> => {
    const rows = await request(query);
    if (!rows) throw new Error("no connection");
    return rows;
  };
  const warnings = warningsOf(answer).map((warning) => el("p", { class: "panel-note" }, warning));
  fill(place, tableView(table, ask), ...warnings);
}

/** The first sheet, and a choice of the others. */
async function showWorkbook(request: Request, file: ListedFile, body: HTMLElement): Promise<void> {
  const answer = await request({ type: "execute", code: sheetsProgram(file.path) });
  if (!answer) return show(body, t("panel.offline"));
  if (!answer.success) return show(body, answer.error ?? "");
  const sheets = String(answer.output ?? "").replace(/\n$/, "").split("\n");
  const place = el("div");
  const choice = el("select", {}, ...sheets.map((sheet) => el("option", {}, sheet)));
  choice.addEventListener("change", () => void showTable(request, file, choice.value, place));
  const label = el("label", { class: "preview-sheet" }, say("preview.sheet"), choice);
  fill(body, sheets.length > 1 ? label : null, place);
  await showTable(request, file, sheets.length > 1 ? sheets[0]! : null, place);
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
