/** Files of the session: upload by choosing or dropping, with progress; list, open, show, insert, download. */

import { download, el, fill } from "../dom";
import { live, named, say, size, t } from "../i18n";
import { type IconName, icon } from "../icons";
import { announce } from "../announce";
import { confirmed } from "../dialog";
import { literal } from "../positions";
import { type FileEntry, bytesContent, contentBytes, entriesOf } from "../protocol";
import { isRecord } from "../storage";
import { previewFile } from "../preview";
import { renameFile } from "../server_documents";
import type { Insert, ListedFile, OpenFile, Panel, Renamed, Request } from "./panel";

/** A file with its path below what was chosen or dropped. */
export interface Upload {
  readonly path: string;
  readonly file: File;
}

interface Row {
  readonly path: string;
  readonly element: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly note: HTMLElement;
}

export class FilesPanel implements Panel {
  readonly key = "files";
  readonly title = "files.title";
  readonly icon = "files";
  readonly element: HTMLElement;
  private readonly list = el("div", { class: "panel-list" });
  private readonly uploads = el("ul", { class: "uploads" });
  private readonly drop: HTMLElement;
  private readonly off: HTMLElement;
  private readonly bar: HTMLElement;
  private files: FileEntry[] = [];
  private enabled: boolean | null = null;
  private limit = 64;
  private visible = false;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly request: Request,
    private readonly insert: Insert,
    private readonly open: OpenFile,
    private readonly unsent: () => number,
    private readonly renamed: Renamed,
  ) {
    const files = el("input", { class: "off-screen", attrs: { type: "file", multiple: true, tabindex: -1, "aria-hidden": "true" } });
    const folder = el("input", {
      class: "off-screen",
      attrs: { type: "file", multiple: true, webkitdirectory: true, tabindex: -1, "aria-hidden": "true" },
    });
    for (const input of [files, folder]) {
      input.addEventListener("change", () => {
        this.upload([...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
        input.value = "";
      });
    }
    this.drop = el(
      "div",
      { class: "drop" },
      icon("upload"),
      el("p", {}, say("files.drop")),
      el(
        "p",
        { class: "drop-buttons" },
        this.button("files.choose", () => files.click()),
        this.button("files.chooseFolder", () => folder.click()),
      ),
      files,
      folder,
    );
    this.off = el("div", { class: "panel-note" }, el("p", {}, say("files.off")), el("code", {}, "datacode --websocket --use-ve"));
    const refresh = named(
      el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: () => void this.refresh() } }, icon("refresh")),
      "files.refresh",
    );
    this.bar = el("div", { class: "panel-bar" }, el("h3", {}, say("files.session")), refresh);
    this.element = el(
      "div",
      { class: "panel-body" },
      this.off,
      this.drop,
      this.uploads,
      this.bar,
      this.list,
    );
    live(this.list, () => this.render());
  }

  shown = (): void => {
    this.visible = true;
    void this.refresh();
  };

  /** What `info` says of uploads and of the largest message. */
  learn(info: Record<string, unknown> | null): void {
    const uploads = info && isRecord(info.uploads) ? info.uploads : null;
    this.enabled = uploads ? uploads.enabled === true : null;
    const limits = info && isRecord(info.limits) ? info.limits : {};
    this.limit = typeof limits.message_mib === "number" ? limits.message_mib : 64;
    fill(this.uploads);
    this.files = [];
    this.render();
    if (this.visible) void this.refresh();
  }

  async refresh(): Promise<void> {
    if (!this.enabled) return;
    const answer = await this.request({ type: "session_files", details: true });
    this.files = answer?.success ? entriesOf(answer) : [];
    this.render();
  }

  /** Sends files, one after the other. */
  upload(chosen: readonly Upload[]): void {
    if (chosen.length === 0) return;
    // macOS takes letters such as й apart, in which nobody writes the name in a program.
    const items = chosen.map((item) => ({ ...item, path: item.path.normalize("NFC") }));
    if (this.enabled === false) {
      announce(t("files.off"), true);
      return;
    }
    const rows = items.map((item) => this.row(item.path));
    for (const row of rows) this.uploads.append(row.element);
    this.queue = this.queue.then(() => this.sendAll(items, rows));
  }

  private async sendAll(items: readonly Upload[], rows: readonly Row[]): Promise<void> {
    let good = 0;
    for (const [index, item] of items.entries()) {
      if (await this.send(item, rows[index]!)) good += 1;
    }
    announce(t("files.uploaded", { n: good, all: items.length }), good < items.length);
    await this.refresh();
  }

  private async send(item: Upload, row: Row): Promise<boolean> {
    const fail = (text: string): false => {
      row.element.classList.add("bad");
      row.bar.hidden = true;
      fill(row.note, text);
      return false;
    };
    if (this.limit && item.file.size > this.limit * 1024 * 1024) {
      return fail(t("files.tooBig", { size: size(item.file.size), limit: this.limit }));
    }
    let content: string;
    try {
      content = bytesContent(new Uint8Array(await item.file.arrayBuffer()));
    } catch {
      return fail(t("files.unreadable"));
    }
    const total = content.length;
    const before = this.unsent();
    const watch = setInterval(() => {
      const left = Math.max(0, this.unsent() - before);
      row.bar.value = Math.max(row.bar.value, 1 - Math.min(1, left / total));
    }, 60);
    const answer = await this.request({ type: "upload_file", filename: item.path, content });
    clearInterval(watch);
    if (!answer) return fail(t("panel.offline"));
    if (!answer.success) return fail(answer.error ?? "");
    row.bar.value = 1;
    row.element.classList.add("good");
    fill(row.note, size(item.file.size));
    setTimeout(() => row.element.remove(), 4000);
    return true;
  }

  private row(path: string): Row {
    const bar = el("progress", { attrs: { max: 1, value: 0, "aria-label": path } });
    const note = el("span", { class: "upload-note" });
    return { path, bar, note, element: el("li", {}, el("span", { class: "upload-name" }, path), bar, note) };
  }

  private button(key: "files.choose" | "files.chooseFolder", act: () => void): HTMLElement {
    return el("button", { class: "small-button", attrs: { type: "button" }, on: { click: act } }, say(key));
  }

  private render(): void {
    this.off.hidden = this.enabled !== false;
    this.drop.hidden = this.enabled === false;
    this.bar.hidden = this.enabled !== true;
    if (this.enabled === null) {
      fill(this.list, el("p", { class: "panel-empty" }, t("panel.offline")));
    } else if (this.files.length === 0) {
      fill(this.list, this.enabled ? el("p", { class: "panel-empty" }, t("files.none")) : null);
    } else {
      fill(this.list, el("ul", { class: "files" }, ...this.files.map((file) => this.fileRow(file))));
    }
  }

  private fileRow(file: FileEntry): HTMLElement {
    const listed: ListedFile = {
      name: file.name,
      path: file.name,
      size: file.size,
      content: () => this.request({ type: "download_file", filename: file.name, aside: true }),
    };
    const open = el(
      "button",
      {
        class: "file",
        attrs: { type: "button", title: t("share.open", { path: file.name }) },
        on: { click: () => this.open(listed) },
      },
      icon("file"),
      el("span", { class: "file-name" }, file.name),
      el("span", { class: "file-size" }, file.size === null ? "" : size(file.size)),
    );
    return el(
      "li",
      {},
      open,
      this.action("eye", t("share.preview", { name: file.name }), () => void previewFile(this.request, listed)),
      this.action("edit", t("share.insert", { path: file.name }), () => this.insert(literal(file.name), file.name)),
      this.action("rename", t("files.rename", { name: file.name }), () => this.rename(file.name)),
      this.action("download", t("files.download", { name: file.name }), () => void this.save(file.name)),
      this.action("trash", t("files.delete", { name: file.name }), () => void this.remove(file.name)),
    );
  }

  private action(name: IconName, label: string, act: () => void): HTMLElement {
    return el(
      "button",
      { class: "icon-button", attrs: { type: "button", "aria-label": label, title: label }, on: { click: act } },
      icon(name),
    );
  }

  private rename(name: string): void {
    renameFile(this.request, name, (path) => {
      this.renamed(name, path);
      void this.refresh();
    });
  }

  private async remove(name: string): Promise<void> {
    if (!(await confirmed(t("files.deleteSure", { name }), t("files.deleteYes")))) return;
    const answer = await this.request({ type: "delete_file", filename: name });
    if (!answer) return;
    announce(answer.success ? String(answer.message ?? "") : (answer.error ?? ""), !answer.success);
    await this.refresh();
  }

  private async save(name: string): Promise<void> {
    const answer = await this.request({ type: "download_file", filename: name });
    if (!answer) return;
    if (answer.success && typeof answer.content === "string") {
      download(name.split("/").at(-1) ?? name, new Blob([contentBytes(answer.content)]));
    } else {
      announce(answer.error ?? "", true);
    }
  }
}

/** The files in what was dropped, folders walked through. */
export async function droppedFiles(transfer: DataTransfer): Promise<Upload[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found: Upload[] = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry: FileSystemEntry, folder: string, found: Upload[]): Promise<void> {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const child of part) await walk(child, `${path}/`, found);
  }
}
