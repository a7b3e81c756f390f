/** One share as a tree: folders are listed when opened, a click on a file opens it. */

import { el, fill } from "../dom";
import { live, size, t } from "../i18n";
import { type IconName, icon } from "../icons";
import { literal } from "../positions";
import { type FileEntry, entriesOf } from "../protocol";
import { announce } from "../announce";
import { deleteShared, renameFile } from "../server_documents";
import type { Insert, ListedFile, OpenFile, Renamed, Request } from "./panel";

export interface TreeEvents {
  readonly request: Request;
  readonly insert: Insert;
  readonly open: OpenFile;
  readonly preview: (file: ListedFile) => void;
  readonly renamed: Renamed;
  /** None for a share that cannot be disconnected. */
  readonly disconnect: ((share: string) => void) | null;
}

interface Item {
  readonly element: HTMLElement;
  readonly row: HTMLElement;
  readonly open: (() => Promise<void>) | null;
}

/** The tree of a connected share. */
export function shareTree(share: string, events: TreeEvents): HTMLElement {
  const tree = el("div", { class: "tree", attrs: { role: "tree" } });
  live(tree, () => tree.setAttribute("aria-label", t("share.tree", { share })));
  const root = folderItem(share, "", { name: share, folder: true, size: null }, 1, events);
  root.row.tabIndex = 0;
  tree.append(root.element);
  tree.addEventListener("keydown", (event) => key(event, tree));
  tree.addEventListener("focusin", (event) => {
    const row = (event.target as Element).closest<HTMLElement>(".tree-row");
    if (!row) return;
    for (const other of tree.querySelectorAll<HTMLElement>(".tree-row")) other.tabIndex = -1;
    row.tabIndex = 0;
  });
  void root.open?.();
  return tree;
}

function address(share: string, path: string): string {
  return path ? `lib://${share}/${path}` : `lib://${share}`;
}

function rowOf(
  share: string,
  path: string,
  entry: FileEntry,
  level: number,
  events: TreeEvents,
): { element: HTMLElement; row: HTMLElement; actions: HTMLElement } {
  const where = address(share, path);
  const actions = el("span", { class: "tree-actions" });
  const row = el(
    "div",
    { class: "tree-row" },
    el("span", { class: "tree-chevron" }, entry.folder ? icon("chevron") : null),
    icon(level === 1 ? "share" : entry.folder ? "folder" : "file"),
    el("span", { class: "tree-name" }, entry.name),
    el("span", { class: "tree-size" }, entry.size === null || entry.folder ? "" : size(entry.size)),
    actions,
  );
  row.style.paddingLeft = `${6 + (level - 1) * 14}px`;
  row.tabIndex = -1;
  row.setAttribute("role", "treeitem");
  row.setAttribute("aria-level", String(level));
  live(row, () => row.setAttribute("title", entry.folder ? where : t("share.open", { path: where })));
  actions.append(small("edit", "share.insert", { path: where }, () => events.insert(literal(where), where)));
  return { element: el("div", { class: "tree-item", attrs: { role: "none" } }, row), row, actions };
}

function small(
  name: IconName,
  key: "share.insert" | "share.preview" | "share.disconnect" | "files.rename" | "files.delete",
  params: Record<string, string>,
  act: () => void,
): HTMLElement {
  const button = el(
    "button",
    {
      class: "icon-button",
      attrs: { type: "button", tabindex: -1 },
      on: {
        click: (event) => {
          event.stopPropagation();
          act();
        },
      },
    },
    icon(name),
  );
  return live(button, () => {
    button.setAttribute("aria-label", t(key, params));
    button.setAttribute("title", t(key, params));
  });
}

/** `again` lists the folder of the file anew. */
function fileItem(share: string, path: string, entry: FileEntry, level: number, events: TreeEvents, again: () => void): Item {
  const { element, row, actions } = rowOf(share, path, entry, level, events);
  const where = address(share, path);
  const file: ListedFile = {
    name: entry.name,
    path: where,
    size: entry.size,
    content: () => events.request({ type: "smb_read_file", share_name: share, file_path: path, aside: true }),
  };
  row.addEventListener("click", () => events.open(file));
  const rename = (): void => {
    renameFile(events.request, where, (to) => {
      events.renamed(where, to);
      again();
    });
  };
  const remove = async (): Promise<void> => {
    const problem = await deleteShared(events.request, where, again);
    if (problem !== null) announce(problem, true);
  };
  actions.append(
    small("rename", "files.rename", { name: where }, rename),
    small("trash", "files.delete", { name: where }, () => void remove()),
  );
  actions.prepend(small("eye", "share.preview", { name: entry.name }, () => events.preview(file)));
  return { element, row, open: null };
}

function folderItem(share: string, path: string, entry: FileEntry, level: number, events: TreeEvents): Item {
  const { element, row, actions } = rowOf(share, path, entry, level, events);
  const group = el("div", { class: "tree-group", attrs: { role: "group" } });
  group.hidden = true;
  element.append(group);
  row.setAttribute("aria-expanded", "false");
  const { disconnect } = events;
  if (level === 1 && disconnect) actions.append(small("plug", "share.disconnect", { share }, () => disconnect(share)));
  let busy = false;
  const open = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    row.setAttribute("aria-expanded", "true");
    row.classList.add("open", "busy");
    group.hidden = false;
    fill(group, message(t("share.listing"), level, false));
    const answer = await events.request({ type: "smb_list_files", share_name: share, path, details: true });
    busy = false;
    row.classList.remove("busy");
    if (!answer) return fill(group, message(t("panel.offline"), level, true));
    if (!answer.success) return fill(group, message(answer.error ?? "", level, true));
    const entries = entriesOf(answer).sort((a, b) => Number(b.folder) - Number(a.folder));
    const rows = entries.map((child) => {
      const below = path ? `${path}/${child.name}` : child.name;
      if (child.folder) return folderItem(share, below, child, level + 1, events).element;
      return fileItem(share, below, child, level + 1, events, () => void open()).element;
    });
    fill(group, ...(rows.length > 0 ? rows : [message(t("share.empty"), level, false)]));
  };
  row.addEventListener("click", () => {
    if (group.hidden) {
      void open();
    } else {
      group.hidden = true;
      row.setAttribute("aria-expanded", "false");
      row.classList.remove("open");
    }
  });
  return { element, row, open };
}

function message(text: string, level: number, bad: boolean): HTMLElement {
  const line = el("p", { class: bad ? "tree-message bad" : "tree-message", attrs: { role: bad ? "alert" : null } }, text);
  line.style.paddingLeft = `${26 + level * 14}px`;
  return line;
}

/** Arrows walk the tree; right opens, left closes, Enter does what a click does, Space previews. */
function key(event: KeyboardEvent, tree: HTMLElement): void {
  const row = (event.target as Element).closest<HTMLElement>(".tree-row");
  if (!row || event.target !== row) return;
  const rows = [...tree.querySelectorAll<HTMLElement>(".tree-row")].filter((candidate) => candidate.offsetParent !== null);
  const place = rows.indexOf(row);
  const expanded = row.getAttribute("aria-expanded");
  switch (event.key) {
    case "ArrowDown":
      rows[place + 1]?.focus();
      break;
    case "ArrowUp":
      rows[place - 1]?.focus();
      break;
    case "Home":
      rows[0]?.focus();
      break;
    case "End":
      rows.at(-1)?.focus();
      break;
    case "ArrowRight":
      if (expanded === "false") row.click();
      else if (expanded === "true") rows[place + 1]?.focus();
      break;
    case "ArrowLeft":
      if (expanded === "true") row.click();
      else row.parentElement?.parentElement?.closest(".tree-item")?.querySelector<HTMLElement>(".tree-row")?.focus();
      break;
    case "Enter":
      row.click();
      break;
    case " ":
      row.querySelector<HTMLElement>(".tree-actions button")?.click();
      break;
    default:
      return;
  }
  event.preventDefault();
}
