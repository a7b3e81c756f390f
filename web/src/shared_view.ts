/** Links for colleagues: a program and its outputs as they are now, for reading. */

import { announce } from "./announce";
import { cellsOf } from "./cells";
import { openDialog } from "./dialog";
import { type CellRecord, type Doc, isCellRecord } from "./documents";
import { copyText, el, fill } from "./dom";
import { locale, say, t } from "./i18n";
import type { Request } from "./panels/panel";

const MARK = /^#view=([\w-]{1,64})$/;
const MOST_TEXT = 200_000;
const MOST_ROWS = 100;
const DAYS = 7;

/** The view that the page's address names, if any. */
export function viewInAddress(): string | null {
  return MARK.exec(location.hash)?.[1] ?? null;
}

/** The address of a view on the server that the page is connected to. */
function addressOf(view: string, server: string): string {
  const base = /^https?:$/.test(location.protocol) ? location.href : server.replace(/^ws/, "http");
  const address = new URL(base);
  address.search = "";
  address.hash = `view=${view}`;
  return address.href;
}

/** An output as far as a view has room for it. */
export function shortened(record: CellRecord): CellRecord {
  const { output, tables, ...others } = record.answer;
  const rows = Array.isArray(tables) ? tables.map((table: { rows?: unknown }) => ({ ...table, rows: Array.isArray(table.rows) ? table.rows.slice(0, MOST_ROWS) : [] })) : tables;
  return { ...record, answer: { ...others, output: typeof output === "string" ? output.slice(0, MOST_TEXT) : output, tables: rows } };
}

function day(seconds: unknown): string {
  return typeof seconds === "number" ? new Date(seconds * 1000).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" }) : "";
}

/** Makes a link to a document with these outputs, or shows the one that there is; `changed` after either was kept in the document. */
export function shareDocument(request: Request, doc: Doc, outputs: readonly CellRecord[], server: string, changed: () => void): void {
  const place = el("div", { class: "form" });
  const close = openDialog(say("link.title"), place);
  const error = el("p", { class: "form-error", attrs: { role: "alert" } });
  const begin = (): void => {
    error.hidden = true;
    const make = el("button", { class: "button primary", attrs: { type: "button" }, on: { click: () => void publish() } }, say("link.make"));
    fill(place, el("p", { class: "form-note" }, say("link.note")), error, el("div", { class: "form-buttons" }, make));
    make.focus();
  };
  const fail = (text: string): void => {
    fill(error, text);
    error.hidden = false;
  };
  const publish = async (): Promise<void> => {
    if (doc.link) await request({ type: "unpublish", view: doc.link.view, key: doc.link.key });
    const answer = await request({ type: "publish", title: doc.name, code: doc.text, outputs: outputs.map(shortened), days: DAYS });
    if (!answer?.success) return fail(answer?.error ?? t("panel.offline"));
    doc.link = { view: String(answer.view), key: String(answer.key), expires: Number(answer.expires) };
    changed();
    shown();
  };
  const revoke = async (): Promise<void> => {
    const { link } = doc;
    if (!link) return;
    const answer = await request({ type: "unpublish", view: link.view, key: link.key });
    if (!answer) return fail(t("panel.offline"));
    delete doc.link;
    changed();
    announce(t("link.revoked"));
    close();
  };
  const shown = (): void => {
    const { link } = doc;
    if (!link) return;
    error.hidden = true;
    const address = el("input", { attrs: { type: "text", name: "view-address", readonly: true, "aria-label": t("link.title") } });
    address.value = addressOf(link.view, server);
    const copy = el("button", { class: "button primary", attrs: { type: "button" } }, say("link.copy"));
    copy.addEventListener("click", () => void copyText(address.value).then((done) => announce(t(done ? "copied" : "copyFailed"), !done)));
    const button = (key: "link.renew" | "link.revoke", kind: string, act: () => void): HTMLElement =>
      el("button", { class: `button ${kind}`, attrs: { type: "button" }, on: { click: act } }, say(key));
    fill(
      place,
      el("div", { class: "field" }, address),
      el("p", { class: "form-note" }, t("link.until", { date: day(link.expires) })),
      error,
      el("div", { class: "form-buttons" }, copy, button("link.renew", "", () => void publish()), button("link.revoke", "danger", () => void revoke())),
    );
    address.focus();
    address.select();
  };
  if (doc.link && doc.link.expires * 1000 > Date.now()) shown();
  else begin();
}

export interface ViewEvents {
  /** The element of an output. */
  readonly output: (record: CellRecord) => HTMLElement | null;
  /** Open a copy that can be changed and run. */
  readonly copy: (title: string, code: string, outputs: readonly CellRecord[]) => void;
}

/** Shows a view: the program, each block with its output beneath it. */
export async function showView(request: Request, view: string, events: ViewEvents): Promise<void> {
  const answer = await request({ type: "published", view });
  if (!answer) return;
  if (!answer.success) return announce(answer.error ?? "", true);
  const title = String(answer.title ?? "");
  const code = String(answer.code ?? "");
  const outputs = Array.isArray(answer.outputs) ? answer.outputs.filter(isCellRecord) : [];
  const cells = cellsOf(code);
  const texts = cells.length > 0 ? cells.map(({ from, to }) => code.slice(from, to)) : [code];
  const known = new Map(outputs.map((each) => [each.code.trim(), each]));
  const parts = texts.flatMap((text) => {
    const record = known.get(text.trim());
    const output = record ? events.output(record) : null;
    return [el("pre", { class: "view-code", attrs: { tabindex: 0 } }, text.trim()), ...(output ? [output] : [])];
  });
  const copy = el("button", { class: "button", attrs: { type: "button" } }, say("link.openCopy"));
  const by = typeof answer.account === "string" ? ` · ${answer.account}` : "";
  const note = el("p", { class: "form-note" }, t("link.readOnly", { date: day(answer.made) }), by);
  const close = openDialog(title, el("div", { class: "view" }, el("div", { class: "view-head" }, note, copy), ...parts), "wide");
  copy.addEventListener("click", () => {
    close();
    events.copy(title, code, outputs);
  });
}
