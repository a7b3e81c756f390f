/** Puts the page together. */

import { announce, announcers } from "./announce";
import { Connection, ConnectionLost } from "./connection";
import { ConnectionView, helpButton } from "./connection_view";
import { type ProgramCell, cellsOf } from "./cells";
import { type CellRecord, Documents, type Doc, layoutFor, outputsOf, rememberLayout, rememberOutput } from "./documents";
import { add, download, el, fill } from "./dom";
import { Editor } from "./editor";
import { duration, hinted, live, locale, named, number, say, setLocale, size, t } from "./i18n";
import { type IconName, icon } from "./icons";
import { Library, functionCard } from "./library";
import { Log, type RunInfo } from "./log";
import { type Upload, FilesPanel, droppedFiles } from "./panels/files";
import { LibraryPanel } from "./panels/library";
import { HistoryPanel } from "./panels/history";
import { decodedText, freeName, kindOf, openingProgram } from "./opening";
import type { ListedFile, Panel, Request } from "./panels/panel";
import { literal, padded } from "./positions";
import { SamplesPanel } from "./panels/samples";
import { STATE_FILE, SessionState } from "./panels/session_state";
import { SharesPanel } from "./panels/shares";
import { VariablesPanel } from "./panels/variables";
import { type Answer, type Diagnostics, type Problem, asAnswer, completionsOf, contentBytes, problemsOf, variablesOf } from "./protocol";
import { printsOutputs } from "./report";
import { takenApart, withOutputs } from "./saved_outputs";
import { saveAgain, saveProgram } from "./server_documents";
import { Runner } from "./runner";
import { shareDocument, showView, viewInAddress } from "./shared_view";
import { samples } from "./samples";
import { applySettings, keepRollsBack, localeButtons, rollsBack, themeButton } from "./settings";
import { Sidebar } from "./sidebar";
import { splitter } from "./splitter";
import { load, oneOf, save } from "./storage";
import type { Said } from "./table/program";
import type { TableHost } from "./table/view";
import { Tabs } from "./tabs";
import type { Key } from "./texts";
import type { EditorState } from "@codemirror/state";

const CHECK_AFTER = 900;
const STORE_AFTER = 400;
const LOOK_EVERY = 2000;
const LARGEST_CHECKED = 200_000;

/** What of an answer is stored with its block: without the names by which the session knows its tables. */
function keptAnswer(answer: Answer): Record<string, unknown> {
  const { success, output, error, diagnostics, warnings, tables, charts } = answer;
  const rows = Array.isArray(tables) ? tables.map((table: object) => ({ ...table, table: undefined })) : tables;
  return { success, output, error, diagnostics, warnings, tables: rows, charts };
}

/** A document with the outputs of the blocks that it still has. */
function wholeText(doc: Doc): string {
  const codes = new Set(cellsOf(doc.text).map(({ from, to }) => doc.text.slice(from, to).trim()));
  return withOutputs(doc.text, outputsOf(doc).filter(({ code }) => codes.has(code)));
}

/** What stands in a file of a document. */
function fileText(doc: Doc): string {
  return doc.withOutputs === false ? doc.text : wholeText(doc);
}

class App {
  private readonly connection = new Connection();
  private readonly view = new ConnectionView(this.connection);
  private readonly library = new Library((message) => this.request(message));
  private readonly documents: Documents;
  private readonly states = new Map<string, EditorState>();
  private readonly failures = new Map<string, Problem>();
  private checked: Problem[] = [];
  private readonly editor: Editor;
  private readonly tabs: Tabs;
  private readonly log: Log;
  private readonly runner: Runner;
  private readonly variables: VariablesPanel;
  private readonly state: SessionState;
  private readonly shares: SharesPanel;
  private readonly files: FilesPanel;
  private readonly past: HistoryPanel;
  private readonly sidebar: Sidebar;
  private readonly main = el("main", { class: "main" });
  private readonly toolbar: Toolbar;
  private checking: ReturnType<typeof setTimeout> | undefined;
  private storing: ReturnType<typeof setTimeout> | undefined;
  private layout: "rows" | "columns";
  /** What each program gave when it last ran as a whole. */
  private readonly lastRuns = new Map<string, CellRecord>();
  private wasOn = false;
  private hadSession = false;

  constructor() {
    applySettings();
    const wide = matchMedia("(min-width: 1500px)").matches;
    this.layout = load("layout", wide ? "columns" : "rows", oneOf<"rows" | "columns">("rows", "columns"));
    const first = samples[locale()][0]!;
    this.documents = new Documents({ name: first.name, text: first.code });
    const place = el("div", { class: "editor", id: "editor", attrs: { role: "tabpanel" } });
    this.editor = new Editor(place, {
      changed: () => this.edited(),
      moved: () => this.toolbar?.update(),
      run: () => this.run(),
      runCell: () => this.runCell(),
      ask: async (code, position) => this.complete(code, position),
      describe: async (name) => {
        const found = await this.library.find(name);
        return found && functionCard(found);
      },
    });
    this.log = new Log({
      request: (message, listeners) => this.request(message, listeners),
      goTo: (id, line, column) => this.goTo(id, line, column),
      fill: () => this.main.classList.toggle("only-output"),
      cleared: () => {
        this.editor.clearOutputs();
        for (const doc of this.documents.all) delete doc.outputs;
        this.store();
      },
      table: (info, variable) => this.tableHost(info, variable),
      reopen: (info) => this.openNew(info.title, info.code.replace(/^\n+/, "")),
    });
    this.runner = new Runner(this.connection, this.log, {
      changed: () => this.toolbar.update(),
      ended: (info, answer, where) => this.ended(info, answer, where),
    });
    const insert = (quoted: string, bare: string): void => this.editor.insert(quoted, bare);
    const open = (file: ListedFile): void => void this.openFile(file);
    const renamed = (from: string, to: string): void => this.fileRenamed(from, to);
    this.state = new SessionState(this.request, this.connection, () => void this.variables.refresh());
    this.variables = new VariablesPanel(this.request, insert, (name) => this.showVariable(name), this.state.element);
    this.shares = new SharesPanel(this.request, insert, open, renamed);
    this.files = new FilesPanel(this.request, insert, open, () => this.connection.unsent, renamed);
    this.past = new HistoryPanel((name, code) => this.openNew(name, code));
    const opening = new SamplesPanel((name, code) => this.openNew(name, code));
    const functions = new LibraryPanel(this.library, insert, (name, code) => this.openNew(name, code));
    this.sidebar = new Sidebar(
      [this.variables, this.shares, this.files, opening, functions, this.past] satisfies Panel[],
      () => this.main.classList.toggle("beside-panel", this.sidebar?.open ?? false),
    );
    this.tabs = new Tabs(this.documents, {
      choose: (id) => this.choose(id),
      close: (id) => this.close(id),
      create: () => this.openNew(t("tabs.untitled"), ""),
      changed: () => this.store(),
    });
    this.toolbar = new Toolbar(this.runner, this.editor, {
      run: () => this.run(),
      runCell: () => void this.runCell(),
      runBelow: () => void this.runCells(this.editor.cellAtCursor()),
      stop: () => void this.runner.cancel(),
      import: (files) => void this.importFiles(files),
      export: () => this.exportActive(),
      save: () => this.saveOnServer(),
      share: () => this.share(),
      layout: () => this.changeLayout(),
    });
    this.assemble(place);
    this.openActive();
    this.listen();
    this.connection.onState = (state) => {
      this.view.show(state);
      if (state.name === "on") this.welcome();
      else if (this.wasOn) this.farewell();
    };
    printsOutputs(() => this.log.reports(this.editor.outputs()));
    this.view.start();
  }

  // --- The server ------------------------------------------------------------------------------

  private readonly request: Request = async (message, listeners) => {
    try {
      return await this.connection.request({ locale: locale(), ...message }, listeners);
    } catch (error) {
      if (error instanceof ConnectionLost) return null;
      throw error;
    }
  };

  private welcome(): void {
    if (this.connection.resumed && !this.hadSession) this.runner.resume(this.connection.runs);
    else if (this.hadSession) announce(t(this.connection.resumed ? "connection.back" : "connection.fresh"));
    const { outputLost } = this.connection;
    if (outputLost > 0) announce(t("connection.outputLost", { size: size(outputLost) }), true);
    this.wasOn = true;
    this.hadSession = true;
    this.learn(this.connection.info);
    this.check();
    void this.openView();
  }

  /** Shows the view that the address names, once. */
  private async openView(): Promise<void> {
    const view = viewInAddress();
    if (view === null) return;
    history.replaceState(null, "", location.pathname + location.search);
    await showView(this.request, view, {
      output: (record) => this.restoredOutput(record),
      copy: (title, code, outputs) => this.openNew(title, code, outputs),
    });
  }

  private restoredOutput(record: CellRecord): HTMLElement | null {
    const answer = asAnswer(record.answer);
    if (!answer) return null;
    let output: HTMLElement | null = null;
    const info = { document: "", title: "", code: record.code, lines: null, inCell: true };
    const card = this.log.beginCell(info, (element) => { output = element; }, new Date(record.sent));
    card.finish(answer, () => Promise.reject(new ConnectionLost()));
    return output;
  }

  /** Makes a link to the program in sight and its outputs. */
  private share(): void {
    const doc = this.documents.active;
    const last = this.lastRuns.get(doc.id);
    const outputs = cellsOf(doc.text).length > 0 ? outputsOf(doc) : last && last.code === doc.text.trim() ? [last] : [];
    shareDocument(this.request, doc, outputs, this.connection.address, () => this.store());
  }

  private farewell(): void {
    this.wasOn = false;
    this.learn(null);
  }

  private learn(info: Record<string, unknown> | null): void {
    this.shares.learn(info);
    this.files.learn(info);
    void this.variables.refresh();
  }

  private async complete(code: string, position: number): ReturnType<import("./completion").Ask> {
    const answer = await this.request({ type: "complete", code, position });
    if (!answer?.success) return null;
    return { start: typeof answer.start === "number" ? answer.start : position, items: completionsOf(answer) };
  }

  /** Looks for errors a moment after the last change. */
  private check(): void {
    clearTimeout(this.checking);
    this.checking = setTimeout(() => void this.checkNow(), CHECK_AFTER);
  }

  private async checkNow(): Promise<void> {
    const { id } = this.documents.active;
    const code = this.editor.text;
    if (code.length > LARGEST_CHECKED || this.connection.state.name !== "on") return;
    const answer = await this.request({ type: "check", code });
    if (!answer?.success || this.documents.active.id !== id || this.editor.text !== code) return;
    this.checked = problemsOf(answer);
    this.showProblems();
  }

  /** The failure of the last run stands over a warning or error found at the same line. */
  private showProblems(): void {
    const failure = this.failures.get(this.documents.active.id);
    const others = this.checked.filter((problem) => !failure || problem.line !== failure.line);
    this.editor.show(failure ? [failure, ...others] : others);
  }

  // --- Running ---------------------------------------------------------------------------------

  private run(): void {
    const doc = this.documents.active;
    if (!this.editor.hasSelection() && this.editor.cells().length > 0) {
      void this.runCells(0);
      return;
    }
    const { code, lines } = this.editor.program();
    this.failures.delete(doc.id);
    this.showProblems();
    void this.runner.run({ document: doc.id, title: doc.name, code, lines });
  }

  /** Runs the block at the cursor, and moves on to the next; false where there are no blocks. */
  private runCell(): boolean {
    const cells = this.editor.cells();
    const at = this.editor.cellAtCursor();
    if (at < 0) return false;
    void this.runOne(cells[at]!);
    const next = cells[at + 1];
    if (next) this.editor.enterCell(next);
    return true;
  }

  /** Runs the blocks from one on, one after the other, until one fails. */
  private async runCells(first: number): Promise<void> {
    const { id } = this.documents.active;
    for (let at = Math.max(0, first); ; at += 1) {
      // The program may be edited meanwhile; in another tab there are other blocks.
      const cell = this.editor.cells()[at];
      if (!cell || this.documents.active.id !== id) return;
      const answer = await this.runOne(cell);
      if (!answer?.success) return;
    }
  }

  private async runOne(cell: ProgramCell): Promise<Answer | null> {
    const doc = this.documents.active;
    const { code, lines } = this.editor.cellProgram(cell);
    this.failures.delete(doc.id);
    this.showProblems();
    const sent = Date.now();
    const title = cell.title || doc.name;
    const info = { document: doc.id, title, code, lines, inCell: true };
    const answer = await this.runner.run(info, (element) => this.editor.showOutput(cell, element));
    if (answer) {
      const codes = new Set(cellsOf(doc.text).map(({ from, to }) => doc.text.slice(from, to)));
      rememberOutput(doc, { code: code.trim(), sent, answer: keptAnswer(answer) }, codes);
      this.store();
    }
    return answer;
  }

  /** Puts the outputs that were stored with a program beneath its blocks. */
  private showOutputs(doc: Doc): void {
    const known = new Map(outputsOf(doc).map((each) => [each.code, each]));
    if (known.size === 0) return;
    for (const cell of this.editor.cells()) {
      const { code, lines } = this.editor.cellProgram(cell);
      const kept = known.get(code.trim());
      const answer = kept && asAnswer(kept.answer);
      if (!answer) continue;
      const info = { document: doc.id, title: cell.title || doc.name, code, lines, inCell: true };
      const card = this.log.beginCell(info, (element) => this.editor.showOutput(cell, element), new Date(kept.sent));
      card.finish(answer, () => Promise.reject(new ConnectionLost()));
    }
  }

  // --- Tables ----------------------------------------------------------------------------------

  private tableHost(info: RunInfo, variable: string | null): TableHost {
    const known = (): Doc | undefined => this.documents.find(info.document);
    return {
      variable,
      layout: variable === null ? null : layoutFor(known(), variable),
      keep: (layout) => {
        const doc = known();
        if (!doc || variable === null) return;
        rememberLayout(doc, variable, layout);
        this.store();
      },
      write: (title, letter, make) => this.writeLines(info, title, letter, make),
    };
  }

  /** Writes lines at the end of the program that showed a table, and runs them; what could not be said is given back. */
  private async writeLines(info: RunInfo, title: string, letter: string, make: (target: string) => Said): Promise<Said | null> {
    const answer = await this.request({ type: "inspect" });
    const taken = new Set(answer?.success ? variablesOf(answer).map((variable) => variable.name) : []);
    const doc = this.documents.find(info.document) ?? this.documents.active;
    for (const [word] of doc.text.matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu)) taken.add(word);
    const said = make(freeName(taken, letter));
    if ("key" in said) return said;
    this.choose(doc.id);
    const { from, to } = this.editor.append(said.lines.join("\n"), title);
    const cell = this.editor.cells().at(-1);
    if (cell && cell.from <= from && from < cell.to) void this.runOne(cell);
    else {
      const text = this.editor.text;
      const lines: [number, number] = [text.slice(0, from).split("\n").length, text.slice(0, to).split("\n").length];
      void this.runner.run({ document: doc.id, title, code: padded(text, from, to), lines });
    }
    return said;
  }

  private ended(info: RunInfo, answer: Answer | null, where: Diagnostics | null): void {
    if (answer && info.document && info.lines === null) {
      this.lastRuns.set(info.document, { code: info.code.trim(), sent: Date.now(), answer: keptAnswer(answer) });
    }
    if (answer && info.document) this.past.remember(info.title, info.code, answer.success);
    if (where && where.line !== null && answer) {
      const unchanged = info.lines !== null || this.documents.find(info.document)?.text === info.code;
      if (unchanged) this.failures.set(info.document, { ...where, severity: "error", message: answer.error ?? "" });
    }
    if (info.document === this.documents.active.id) this.showProblems();
    void this.variables.refresh();
    void this.files.refresh();
  }

  // --- Documents -------------------------------------------------------------------------------

  private edited(): void {
    const doc = this.documents.active;
    doc.text = this.editor.text;
    this.failures.delete(doc.id);
    this.checked = [];
    this.store();
    this.check();
  }

  private store(): void {
    clearTimeout(this.storing);
    this.storing = setTimeout(() => {
      if (!this.documents.store()) announce(t("tabs.noRoom"), true);
    }, STORE_AFTER);
  }

  private keepState(): void {
    const { id } = this.documents.active;
    this.states.set(id, this.editor.view.state);
  }

  private openActive(): void {
    const doc = this.documents.active;
    const state = this.states.get(doc.id);
    this.editor.open(state ?? this.editor.fresh(doc.text));
    if (!state) this.showOutputs(doc);
    this.checked = [];
    this.tabs.render();
    this.showProblems();
    this.toolbar.update();
    this.check();
    this.store();
  }

  private choose(id: string): void {
    if (id === this.documents.active.id) return;
    this.keepState();
    this.documents.activate(id);
    this.openActive();
  }

  private openNew(name: string, text: string, outputs: readonly CellRecord[] = []): void {
    this.keepState();
    const doc = this.documents.add(name, text);
    if (outputs.length > 0) doc.outputs = [...outputs];
    this.openActive();
    this.editor.focus();
  }

  /** Opens a file of the session or of a share; where a program awaits an argument its path is inserted. */
  private async openFile(file: ListedFile): Promise<void> {
    const kind = kindOf(file.name);
    if (kind === "program") return this.openProgram(file);
    if (kind === "other" || this.editor.awaitsValue()) return this.editor.insert(literal(file.path), file.path);
    const answer = await this.request({ type: "inspect" });
    const taken = new Set(answer?.success ? variablesOf(answer).map((variable) => variable.name) : []);
    const code = openingProgram(file.path, freeName(taken));
    if (this.editor.text.trim()) this.openNew(file.name, code);
    else {
      const doc = this.documents.active;
      this.documents.rename(doc.id, file.name);
      doc.text = code;
      this.states.delete(doc.id);
      this.openActive();
    }
    this.run();
  }

  private async openProgram(file: ListedFile): Promise<void> {
    const answer = await file.content();
    if (!answer) return;
    const text = answer.success && typeof answer.content === "string" ? decodedText(contentBytes(answer.content)) : null;
    if (text === null) announce(answer.error ?? t("preview.binary"), true);
    else {
      const program = takenApart(text.replaceAll("\r\n", "\n"));
      this.openNew(file.name.split("/").at(-1)!.replace(/\.dc$/i, ""), program.text, program.outputs);
      this.documents.active.path = file.path;
      this.store();
    }
  }

  /** Saves the program on the server, at a path that is asked for. */
  private saveOnServer(): void {
    const doc = this.documents.active;
    const { name, text, path: before } = doc;
    const program = { name, text, whole: wholeText(doc), withOutputs: doc.withOutputs !== false, path: before ?? null };
    saveProgram(this.request, program, (path, keepsOutputs) => {
      doc.path = path;
      doc.withOutputs = keepsOutputs;
      this.documents.rename(doc.id, path.split("/").at(-1)!.replace(/\.dc$/i, ""));
      this.tabs.render();
      this.store();
      announce(t("server.saved", { name: path }));
      void this.files.refresh();
    });
  }

  /** A program that was opened from a file is saved where that is now. */
  private fileRenamed(from: string, to: string): void {
    for (const doc of this.documents.all) {
      if (doc.path !== from) continue;
      doc.path = to;
      this.documents.rename(doc.id, to.split("/").at(-1)!.replace(/\.dc$/i, ""));
    }
    this.tabs.render();
    this.store();
    announce(t("files.renamed", { name: to }));
  }

  /** Keeps all programs in the browser, and the one in sight where it is on the server. */
  private async save(): Promise<void> {
    const isStored = this.documents.store();
    const { path } = this.documents.active;
    if (!isStored || !path) {
      announce(t(isStored ? "tabs.stored" : "tabs.noRoom"), !isStored);
      return;
    }
    const problem = await saveAgain(this.request, path, fileText(this.documents.active));
    announce(problem ?? t("server.saved", { name: path }), problem !== null);
  }

  /** Shows the value of a variable beneath the output of the programs. */
  private showVariable(name: string): void {
    void this.runner.run({ document: "", title: name, code: name, lines: null });
  }

  private close(id: string): void {
    const doc = this.documents.find(id);
    if (!doc) return;
    const copy: Doc = { ...doc };
    const active = id === this.documents.active.id;
    if (!active) this.keepState();
    const place = this.documents.remove(id, () => ({ name: t("tabs.untitled"), text: "" }));
    this.states.delete(id);
    this.failures.delete(id);
    if (active) this.openActive();
    else this.tabs.render();
    this.store();
    if (!copy.text.trim()) return;
    announce(t("tabs.closed", { name: copy.name }), false, {
      name: t("tabs.restore"),
      run: () => {
        this.keepState();
        this.documents.add(copy.name, copy.text, place);
        this.openActive();
      },
    });
  }

  private goTo(id: string, line: number, column: number | null): void {
    if (!this.documents.find(id)) {
      announce(t("log.noTab"), true);
      return;
    }
    this.choose(id);
    this.editor.goTo(line, column);
  }

  private async importFiles(files: readonly File[]): Promise<void> {
    for (const file of files) {
      if (file.size > 4 * 1024 * 1024) {
        announce(t("import.tooBig", { name: file.name, size: size(file.size) }), true);
        continue;
      }
      const { text, outputs } = takenApart((await file.text()).replace(/^\ufeff/, "").replaceAll("\r\n", "\n"));
      this.openNew(file.name.replace(/\.(dc|txt)$/i, ""), text, outputs);
    }
  }

  private exportActive(): void {
    const { name } = this.documents.active;
    const safe = name.replace(/[\\/:*?"<>|\u0000-\u001f]/g, "_");
    download(`${safe}.dc`, new Blob([fileText(this.documents.active)], { type: "text/plain;charset=utf-8" }));
  }

  // --- The page --------------------------------------------------------------------------------

  private assemble(place: HTMLElement): void {
    const skip = el("a", { class: "skip", attrs: { href: "#editor" } }, say("skip"));
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      this.editor.focus();
    });
    const header = el(
      "header",
      { class: "header" },
      el("h1", { class: "brand" }, icon("layout"), el("span", {}, "DataCode")),
      el(
        "div",
        { class: "header-right" },
        this.view.button,
        localeButtons(() => this.languageChanged()),
        themeButton(),
        helpButton(),
      ),
    );
    const workbench = el("section", { class: "workbench" }, this.tabs.element, this.toolbar.element, place);
    live(workbench, () => workbench.setAttribute("aria-label", t("editor.area")));
    this.main.dataset.layout = this.layout;
    add(this.main, workbench, splitter(this.main, () => this.layout === "columns"), this.log.element);
    const help = el("p", { id: "editor-help", class: "off-screen" }, say("editor.help"));
    this.main.append(help);
    const rail = live(el("nav", { class: "rail-nav" }, this.sidebar.rail), (nav) => nav.setAttribute("aria-label", t("side.label")));
    const work = el("div", { class: "work" }, rail, this.sidebar.element, this.main);
    document.body.replaceChildren(skip, header, this.view.banner, work, ...announcers(), this.dropOverlay());
  }

  private languageChanged(): void {
    this.editor.translate();
    this.check();
  }

  private changeLayout(): void {
    this.layout = this.layout === "rows" ? "columns" : "rows";
    this.main.dataset.layout = this.layout;
    save("layout", this.layout);
    setLocale(locale());
  }

  private listen(): void {
    document.addEventListener("keydown", (event) => {
      if (!event.defaultPrevented && !document.querySelector("dialog[open]")) this.key(event);
    });
    setInterval(() => {
      if (this.runner.running) void this.variables.refresh();
    }, LOOK_EVERY);
    addEventListener("pagehide", () => {
      this.documents.store();
      // The browser may keep the page, and its connection, to come back to.
      this.connection.pause();
    });
    addEventListener("pageshow", () => {
      this.connection.goOn();
      this.connection.look();
    });
    const look = (): void => {
      if (!document.hidden) this.connection.look();
    };
    addEventListener("online", look);
    document.addEventListener("visibilitychange", look);
    document.addEventListener("resume", look);
  }

  /** Keys that mean the same wherever the focus is. */
  private key(event: KeyboardEvent): void {
    const modified = event.ctrlKey || event.metaKey;
    const inField = (event.target as Element).matches("input, select, textarea, [role=grid]");
    if (event.key === "Escape" && this.runner.running) {
      void this.runner.cancel();
    } else if (event.key === "Enter" && modified && !inField) {
      this.run();
    } else if (event.key.toLowerCase() === "s" && modified && !event.shiftKey && !event.altKey) {
      void this.save();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Files dropped anywhere: programs open in tabs, others are uploaded. */
  private dropOverlay(): HTMLElement {
    const overlay = el("div", { class: "drop-overlay", attrs: { "aria-hidden": "true" } }, icon("upload"), say("drop.here"));
    overlay.hidden = true;
    const withFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    addEventListener("dragenter", (event) => {
      if (withFiles(event)) overlay.hidden = false;
    });
    overlay.addEventListener("dragleave", () => {
      overlay.hidden = true;
    });
    addEventListener("dragover", (event) => {
      if (withFiles(event)) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      overlay.hidden = true;
      if (!withFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      void droppedFiles(event.dataTransfer).then((items) => this.dropped(items));
    });
    return overlay;
  }

  private dropped(items: readonly Upload[]): void {
    const [only] = items;
    if (items.length === 1 && only && STATE_FILE.test(only.path)) {
      void this.state.open(only.file);
      return;
    }
    const programs = items.filter((item) => /\.dc$/i.test(item.path) && !item.path.includes("/"));
    const others = items.filter((item) => !programs.includes(item));
    void this.importFiles(programs.map((item) => item.file));
    if (others.length === 0) return;
    this.sidebar.show("files");
    this.files.upload(others);
  }
}

interface ToolbarEvents {
  readonly save: () => void;
  readonly share: () => void;
  readonly runCell: () => void;
  readonly runBelow: () => void;
  readonly run: () => void;
  readonly stop: () => void;
  readonly import: (files: readonly File[]) => void;
  readonly export: () => void;
  readonly layout: () => void;
}

/** Run, stop, the clock, and what can be done with the document. */
class Toolbar {
  readonly element: HTMLElement;
  private readonly runWords = el("span");
  private readonly runButton: HTMLButtonElement;
  private readonly cellButton: HTMLButtonElement;
  private readonly belowButton: HTMLButtonElement;
  private readonly stopButton: HTMLButtonElement;
  private readonly clock = el("span", { class: "clock", attrs: { role: "timer", "aria-live": "off" } });
  private readonly bar = el("progress", { attrs: { max: 1 } });
  private readonly path = el("span", { class: "progress-path" });
  private readonly progress: HTMLElement;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly runner: Runner,
    private readonly editor: Editor,
    events: ToolbarEvents,
  ) {
    this.runButton = el(
      "button",
      { class: "button primary", id: "run", attrs: { type: "button" }, on: { click: events.run } },
      icon("play"),
      this.runWords,
    );
    const small = (key: Key, help: Key, act: () => void): HTMLButtonElement =>
      hinted(el("button", { class: "button cell-button", attrs: { type: "button" }, on: { click: act } }, say(key)), help);
    this.cellButton = small("run.cell", "run.cellHelp", events.runCell);
    this.belowButton = small("run.below", "run.belowHelp", events.runBelow);
    this.stopButton = el(
      "button",
      { class: "button danger", id: "stop", attrs: { type: "button" }, on: { click: events.stop } },
      icon("stop"),
      say("run.stop"),
    );
    this.progress = el("span", { class: "progress" }, this.bar, this.path);
    const chosen = el("input", {
      class: "off-screen",
      attrs: { type: "file", multiple: true, accept: ".dc,.txt,text/plain", tabindex: -1, "aria-hidden": "true" },
    });
    chosen.addEventListener("change", () => {
      events.import([...(chosen.files ?? [])]);
      chosen.value = "";
    });
    const layout = this.tool("layout", "layout.title", events.layout);
    const rollback = this.tool("undo", "rollback.title", () => {
      keepRollsBack(!rollsBack());
      pressed();
      announce(t(rollsBack() ? "rollback.on" : "rollback.off"));
    });
    const pressed = (): void => rollback.setAttribute("aria-pressed", String(rollsBack()));
    pressed();
    layout.classList.add("layout-button");
    this.element = el(
      "div",
      { class: "toolbar", attrs: { role: "toolbar" } },
      this.runButton,
      this.cellButton,
      this.belowButton,
      this.stopButton,
      this.clock,
      this.progress,
      el("span", { class: "toolbar-space" }),
      rollback,
      this.tool("search", "find.title", () => editor.find()),
      this.tool("folder", "import.title", () => chosen.click()),
      this.tool("save", "server.title", events.save),
      this.tool("link", "link.title", events.share),
      this.tool("download", "export.title", events.export),
      layout,
      chosen,
    );
    live(this.element, () => {
      this.element.setAttribute("aria-label", t("toolbar.label"));
      this.update();
    });
  }

  /** Draws what depends on whether a program runs and on the selection. */
  update(): void {
    const { running, cancelling, progress } = this.runner;
    const focused = document.activeElement;
    this.element.classList.toggle("is-running", running);
    this.runButton.hidden = running;
    this.cellButton.hidden = this.belowButton.hidden = running || this.editor.cells().length === 0;
    this.stopButton.hidden = !running;
    // Not `disabled`, which would take the focus away.
    this.stopButton.setAttribute("aria-disabled", String(cancelling));
    if (running && focused === this.runButton) this.stopButton.focus();
    if (!running && focused === this.stopButton) this.runButton.focus();
    const text = t(this.editor.hasSelection() ? "run.selection" : "run.all");
    if (this.runWords.textContent !== text) fill(this.runWords, text);
    this.runButton.title = `${text} (Ctrl+Enter)`;
    this.stopButton.title = `${t("run.stop")} (Esc)`;
    this.clock.hidden = !running;
    this.progress.hidden = !progress;
    if (progress) {
      if (progress.total) this.bar.value = progress.done / progress.total;
      else this.bar.removeAttribute("value");
      const share = progress.total ? ` · ${number((100 * progress.done) / progress.total)} %` : "";
      const done = progress.isPercent ? "" : ` · ${size(progress.done)}`;
      fill(this.path, `${progress.path}${done}${share}`);
      this.bar.setAttribute("aria-label", progress.path);
    }
    this.tick(running);
  }

  private tick(running: boolean): void {
    document.title = running ? `● ${t("run.running")} · DataCode` : "DataCode";
    if (!running) {
      clearInterval(this.ticking);
      this.ticking = undefined;
      return;
    }
    const draw = (): void => fill(this.clock, duration(this.runner.elapsed));
    draw();
    this.ticking ??= setInterval(draw, 100);
  }

  private tool(name: IconName, key: Key, act: () => void): HTMLButtonElement {
    return named(
      el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: act } }, icon(name)),
      key,
    );
  }
}

new App();
