/** An output as PDF: the server makes it, of what the page shows. */

import { announce } from "./announce";
import { cancellable } from "./asking";
import { openDialog } from "./dialog";
import { download, el } from "./dom";
import { number, say, t } from "./i18n";
import type { Request } from "./panels/panel";
import { contentBytes } from "./protocol";
import { MOST_COLUMNS, MOST_ROWS, type Report, type ReportPart } from "./report";

const MOST_TEXT = 1_000_000;

/** Has the file made, with its progress in a dialog that cancels it when it is closed, and saves it. */
export async function savePdf(request: Request, report: Report, name: string): Promise<void> {
  const bar = el("progress", { attrs: { max: 100 } });
  const cancel = el("button", { class: "button", attrs: { type: "button" } }, say("cancel"));
  const body = el("div", { class: "form" }, bar, el("div", { class: "form-buttons" }, cancel));
  const close = openDialog(say("pdf.making"), body);
  cancel.addEventListener("click", close);
  let isOpen = true;
  const listeners = {
    progress: (_: string, done: number) => {
      bar.value = done;
    },
  };
  const ask = cancellable(request, (end) => body.closest("dialog")?.addEventListener("close", () => { isOpen = false; end(); }), listeners);
  const parts = report.parts.flatMap(described);
  const answer = await ask({ type: "report", title: report.title, parts, format: "pdf", progress: true });
  if (!isOpen) return;
  close();
  if (answer?.success && typeof answer.content === "string") {
    download(`${name}.pdf`, new Blob([contentBytes(answer.content)], { type: "application/pdf" }));
  } else announce(answer?.error ?? t("panel.offline"), true);
}

/** A part as the server takes it. */
function described(part: ReportPart): Record<string, unknown>[] {
  if (part.kind === "text") {
    if (!part.text.trim()) return [];
    const note = part.text.length > MOST_TEXT ? [{ kind: "note", text: t("report.cut") }] : [];
    return [{ kind: "text", text: part.text.slice(0, MOST_TEXT) }, ...note];
  }
  if (part.kind !== "table") return [{ ...part }];
  const columns = part.columns.slice(0, MOST_COLUMNS).map((column) => column.name);
  const rows = part.rows.slice(0, MOST_ROWS).map((row) => columns.map((_, index) => row[index] ?? null));
  const left = part.columns.length - columns.length;
  const words = { n: number(columns.length), all: number(part.columns.length) };
  const note = left > 0 ? [{ kind: "note", text: t("report.columns", words) }] : [];
  return [{ kind: "table", columns, rows, row_count: part.total }, ...note];
}
