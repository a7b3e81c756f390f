/** The scrolling log: a card for each run with its output, tables, error and time. */

import { copyText, download, el, fileName, fill } from "./dom";
import { duration, live, named, say, t } from "./i18n";
import { type IconName, icon } from "./icons";
import { announce, speak } from "./announce";
import { makeFigure } from "./charts/figure";
import { readChart } from "./charts/reading";
import { type Piece, pieces } from "./output";
import { type Answer, type Diagnostics, chartsOf, diagnosticsOf, tablesOf, warningsOf } from "./protocol";
import { savePdf } from "./pdf";
import type { Request } from "./panels/panel";
import { tokenLength } from "./positions";
import { MOST_ROWS, type Report, type ReportPart, printReport, saveReport } from "./report";
import { type AskRows, NoRows, rowsFor } from "./table/rows";
import { shownNames } from "./table/shown";
import { type TableHost, tableView } from "./table/view";
import { TextView } from "./text_view";
import type { Key } from "./texts";

const MOST_CARDS = 60;
/** Grids in one card; the frames of further tables stay text. */
const MOST_TABLES = 40;
const MOST_CHARTS = 100;
const SPOKEN = 240;

/** The ways in which a run can end: how they look and what they are called. */
const ENDINGS = {
  good: { icon: "check", name: "log.good" },
  bad: { icon: "warning", name: "log.bad" },
  stopped: { icon: "stop", name: "log.stopped" },
} as const;

export interface RunInfo {
  /** The document's id and name. */
  readonly document: string;
  readonly title: string;
  readonly code: string;
  readonly lines: readonly [number, number] | null;
  /** Its output stands beneath its block in the program. */
  readonly inCell?: boolean;
}

export interface LogEvents {
  /** Asks the server. */
  readonly request: Request;
  /** Show a line of a document in the editor. */
  readonly goTo: (document: string, line: number, column: number | null) => void;
  /** The reader wants to see no outputs any more. */
  readonly cleared: () => void;
  /** Open the code of a run again. */
  readonly reopen: (info: RunInfo) => void;
  /** Show nothing but the output, or the editor, too, again; tells which it is now. */
  readonly fill: () => boolean;
  /** What a table has of the program that showed it, in a variable of that name. */
  readonly table: (info: RunInfo, variable: string | null) => TableHost;
}

export class Log {
  readonly element: HTMLElement;
  private readonly cards: HTMLElement;
  private readonly runs = new WeakMap<Element, RunCard>();
  private readonly empty: HTMLElement;

  constructor(private readonly events: LogEvents) {
    this.cards = el("div", { class: "log-cards" });
    this.empty = el(
      "div",
      { class: "log-empty" },
      icon("play"),
      el("p", {}, say("log.empty")),
      el("p", { class: "log-hint" }, say("log.hint")),
    );
    const clear = named(
      el("button", { class: "icon-button log-clear", attrs: { type: "button" }, on: { click: () => this.clear() } }, icon("trash")),
      "log.clear",
    );
    const full = named(
      el("button", { class: "icon-button log-full", attrs: { type: "button", "aria-pressed": "false" } }, icon("expand")),
      "log.full",
    );
    full.addEventListener("click", () => full.setAttribute("aria-pressed", String(this.events.fill())));
    const scroller = named(el("div", { class: "log-scroll", attrs: { tabindex: 0, role: "region" } }, this.empty, this.cards), "log.label");
    scroller.removeAttribute("title");
    this.element = el(
      "section",
      { class: "log", attrs: { "aria-labelledby": "log-title" } },
      el("div", { class: "log-bar" }, el("h2", { id: "log-title" }, say("log.title")), full, clear),
      scroller,
    );
  }

  /** A card for the run of a block, which `place` puts beneath it. */
  beginCell(info: RunInfo, place: (element: HTMLElement) => void, sent?: Date): RunCard {
    const card = new RunCard(info, this.events, () => false, sent);
    this.runs.set(card.element, card);
    place(card.element);
    return card;
  }

  /** A card for a run that begins now, or began at `sent`. */
  begin(info: RunInfo, sent?: Date): RunCard {
    this.empty.hidden = true;
    const card = new RunCard(info, this.events, () => this.nearEnd(), sent);
    this.runs.set(card.element, card);
    this.cards.append(card.element);
    while (this.cards.children.length > MOST_CARDS) this.cards.firstElementChild?.remove();
    this.scroller.scrollTop = this.scroller.scrollHeight;
    card.onGrow = () => this.follow();
    return card;
  }

  /** Outputs as documents, of what the page has of them: those beneath blocks, and all of the log. */
  reports(beneath: readonly HTMLElement[]): Report[] {
    return [...beneath, ...this.cards.children].flatMap((element) => this.runs.get(element)?.report() ?? []);
  }

  clear(): void {
    this.events.cleared();
    for (const card of [...this.cards.children]) {
      if (!card.classList.contains("running")) card.remove();
    }
    this.empty.hidden = this.cards.children.length > 0;
  }

  private get scroller(): HTMLElement {
    return this.cards.parentElement!;
  }

  private nearEnd(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < 80;
  }

  private follow(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

/** One run. */
export class RunCard {
  readonly element: HTMLElement;
  onGrow: () => void = () => {};
  private readonly state = el("span", { class: "run-state" });
  private readonly time = el("span", { class: "run-time" });
  private readonly body = el("div", { class: "run-body" });
  private readonly started: number;
  private readonly text = new TextView();
  /** It was begun before the page was loaded anew: how long it took is not known. */
  private readonly restored: boolean;
  /** All that was printed, once the run is over. */
  private printed: string | null = null;
  /** What stands in the output, and what is said of it. */
  private shown: readonly Piece[] = [];
  private notes: ReportPart[] = [];
  private ask: AskRows | null = null;
  private spoken = "";
  private spokenAt = performance.now();

  constructor(
    private readonly info: RunInfo,
    private readonly events: LogEvents,
    private readonly atEnd: () => boolean,
    sent?: Date,
  ) {
    const clock = sent ?? new Date();
    this.restored = sent !== undefined;
    this.started = performance.now() - (Date.now() - clock.getTime());
    const title = live(el("span", { class: "run-title" }), (node) => {
      const lines = info.lines ? ` · ${t("log.lines", { from: info.lines[0], to: info.lines[1] })}` : "";
      fill(node, info.title + lines);
    });
    const at = live(el("time", { class: "run-clock", attrs: { datetime: clock.toISOString() } }), (node) => {
      fill(node, clock.toLocaleTimeString(document.documentElement.lang));
    });
    fill(this.state, icon("play"));
    this.body.append(this.text.element);
    this.element = el(
      "article",
      { class: "run running" },
      el("div", { class: "run-head" }, this.state, title, at, this.time, this.actions()),
      this.body,
    );
    live(this.element, (node) => node.setAttribute("aria-label", t("log.run", { title: info.title })));
  }

  get elapsed(): number {
    return performance.now() - this.started;
  }

  /** More printed text. */
  output(text: string): void {
    const follow = this.atEnd();
    this.text.append(text);
    if (follow) {
      requestAnimationFrame(() => {
        if (this.element.classList.contains("running")) this.onGrow();
      });
    }
    this.say(text);
  }

  /** The run is over; `ask` gets more rows of its tables, `stopped` says that the reader ended it. */
  finish(answer: Answer, ask: AskRows, stopped = false): void {
    const elapsed = this.elapsed;
    const follow = this.atEnd();
    const output = typeof answer.output === "string" ? answer.output : this.text.text;
    const tables = tablesOf(answer)
      .filter((table) => table.rows.length > 0 || table.total === 0 || (table.handle && table.columns.length > 0))
      .slice(0, MOST_TABLES);
    const charts = chartsOf(answer).slice(0, MOST_CHARTS);
    this.printed = output;
    const isPlain = tables.length === 0 && charts.length === 0;
    this.shown = pieces(output, tables, charts);
    this.ask = ask;
    if (!isPlain || output !== this.text.text) this.replace(ask);
    else this.text.draw();
    const isStopped = stopped && diagnosticsOf(answer)?.kind === "limit";
    this.done(answer.success ? "good" : isStopped ? "stopped" : "bad", elapsed);
    for (const warning of warningsOf(answer)) {
      this.notes.push({ kind: "note", text: warning });
      this.body.append(el("p", { class: "run-warning" }, icon("warning"), el("span", {}, warning)));
    }
    if (!answer.success) this.failed(answer.error ?? "", diagnosticsOf(answer));
    else if (output === "" && isPlain) {
      this.body.append(el("p", { class: "run-silent" }, say("log.silent")));
    }
    const tail = this.spoken.slice(-SPOKEN);
    const result = answer.success ? t("log.finished", { time: duration(elapsed) }) : (answer.error ?? "");
    speak(`${tail} ${result}`.trim(), !answer.success);
    if (!follow) return;
    if (!isPlain && answer.success) this.element.scrollIntoView({ block: "start" });
    else this.onGrow();
  }

  /** There will be no answer. `unfinished`: the server was ended while the program ran. */
  lost(how: "lost" | "unfinished", again: () => void): void {
    this.shown = pieces(this.text.text, []);
    this.text.draw();
    this.done("bad", this.elapsed);
    this.failed(t(`log.${how}`), null);
    if (how === "unfinished") {
      const button = el("button", { class: "text-button", attrs: { type: "button" }, on: { click: again } }, say("log.again"));
      this.body.lastElementChild?.append(button);
    }
    this.onGrow();
  }

  private done(kind: keyof typeof ENDINGS, elapsed: number): void {
    this.element.classList.remove("running");
    this.element.classList.add(kind);
    fill(this.state, icon(ENDINGS[kind].icon));
    live(this.state, (node) => {
      node.setAttribute("role", "img");
      node.setAttribute("aria-label", t(ENDINGS[kind].name));
    });
    if (!this.restored) live(this.time, (node) => fill(node, duration(elapsed)));
  }

  private replace(ask: AskRows): void {
    fill(this.body);
    const tables = this.shown.filter((piece) => piece.kind === "table");
    const names = shownNames(this.info.code, tables.length);
    let place = 0;
    for (const piece of this.shown) {
      if (piece.kind === "text") {
        const view = new TextView(piece.text);
        view.draw();
        this.body.append(view.element);
      } else if (piece.kind === "table") {
        this.body.append(tableView(piece.table, ask, this.events.table(this.info, names[place++] ?? null)));
      } else {
        this.body.append(makeFigure((language) => readChart(piece.chart, language)).element);
      }
    }
  }

  /** The output as a document, of the rows that the page has; null while the program runs. */
  report(): Report | null {
    const parts = this.shown.map((piece): ReportPart => {
      if (piece.kind !== "table") return piece;
      const { columns, rows, total } = piece.table;
      return { kind: "table", columns, rows, total };
    });
    return this.element.classList.contains("running") ? null : { title: this.info.title, parts: [...parts, ...this.notes] };
  }

  /** The same with rows that the server still has. */
  private async wholeReport(): Promise<Report | null> {
    const report = this.report();
    if (!report) return null;
    const parts: ReportPart[] = [];
    for (const [index, part] of report.parts.entries()) {
      const piece = this.shown[index];
      if (piece?.kind !== "table" || part.kind !== "table") {
        parts.push(part);
        continue;
      }
      try {
        const rows = await rowsFor(piece.table, this.ask).read(MOST_ROWS);
        parts.push({ ...part, rows: rows.map((row) => row.cells) });
      } catch (error) {
        if (!(error instanceof NoRows)) throw error;
        parts.push(part, { kind: "note", text: error.message });
      }
    }
    return { ...report, parts };
  }

  private failed(error: string, place: Diagnostics | null): void {
    this.notes.push({ kind: "failure", text: error });
    const box = el("div", { class: "run-error" }, el("p", { class: "run-message" }, error));
    const line = place?.line ?? null;
    if (line !== null) {
      const column = place?.column ?? null;
      const source = this.info.code.split("\n")[line - 1];
      if (source?.trim()) box.append(excerpt(source, line, column));
      if (place?.hint) box.append(el("p", { class: "run-hint" }, icon("bulb"), place.hint));
      const jump = el(
        "button",
        {
          class: "text-button",
          attrs: { type: "button" },
          on: { click: () => this.events.goTo(this.info.document, line, column) },
        },
        say("log.goTo", { line }),
      );
      box.append(jump);
    }
    this.body.append(box);
  }

  private actions(): HTMLElement {
    const make = (name: IconName, key: Key, act: () => void) =>
      named(el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: act } }, icon(name)), key);
    return el(
      "span",
      { class: "run-actions" },
      make("print", "log.print", () => void this.wholeReport().then((report) => (report ? printReport(report) : announce(t("log.wait"), true)))),
      make("pdf", "log.pdf", () => {
        void this.wholeReport().then((report) => {
          if (report) void savePdf(this.events.request, report, fileName(report.title, "output"));
          else announce(t("log.wait"), true);
        });
      }),
      make("report", "log.html", () => {
        void this.wholeReport().then((report) => {
          if (report) saveReport(report, fileName(report.title, "output"));
          else announce(t("log.wait"), true);
        });
      }),
      make("edit", "log.reopen", () => this.events.reopen(this.info)),
      make("copy", "log.copy", () => {
        void copyText(this.whole()).then((done) => announce(t(done ? "copied" : "copyFailed"), !done));
      }),
      make("download", "log.save", () => download("output.txt", new Blob([this.whole()], { type: "text/plain;charset=utf-8" }))),
    );
  }

  private whole(): string {
    const error = this.body.querySelector(".run-message")?.textContent;
    return (this.printed ?? this.text.text) + (error ? `${error}\n` : "");
  }

  /** Screen readers hear what is printed, but not faster than they can speak. */
  private say(text: string): void {
    this.spoken = (this.spoken + text).slice(-4 * SPOKEN);
    const now = performance.now();
    if (now - this.spokenAt < 2000) return;
    this.spokenAt = now;
    speak(this.spoken.slice(-SPOKEN));
    this.spoken = "";
  }
}

/** The failing line with a mark under the column, as text. */
function excerpt(source: string, line: number, column: number | null): HTMLElement {
  const points = Array.from(source.replaceAll("\t", " "));
  const indent = points.findIndex((point) => point.trim() !== "");
  const from = column !== null && column - indent > 100 ? column - 60 : Math.min(indent, (column ?? Infinity) - 1);
  const shown = points.slice(from, from + 160).join("");
  const label = String(line);
  const marks = column === null ? 0 : Array.from(tokenAt(points, column - 1)).length;
  const room = " ".repeat(label.length + 3 + Math.max(0, (column ?? 1) - 1 - from));
  const caret = column === null ? "" : `\n${room}${"^".repeat(Math.min(marks, from + 160 - column + 1))}`;
  return el("pre", { class: "run-excerpt", attrs: { "aria-hidden": "true" } }, `${label} │ ${shown}${caret}`);
}

/** The word, number, string or sign that begins with the given character of a line. */
function tokenAt(points: readonly string[], index: number): string {
  const rest = points.slice(index).join("");
  return rest.slice(0, tokenLength(rest, 0)) || " ";
}
