/** The session's state as a file, and a second session from it. */

import { announce } from "../announce";
import { type Connection } from "../connection";
import { confirmed } from "../dialog";
import { download, el } from "../dom";
import { hinted, say, size, t } from "../i18n";
import { type IconName, icon } from "../icons";
import { type Answer, bytesContent, contentBytes } from "../protocol";
import { placeTicket } from "../session_ticket";
import type { Key } from "../texts";
import type { Request } from "./panel";

/** How a saved state's name ends. */
export const STATE_FILE = /\.dcstate$/i;

export class SessionState {
  readonly element: HTMLElement;

  constructor(
    private readonly request: Request,
    private readonly connection: Connection,
    private readonly restored: () => void,
  ) {
    const chosen = el("input", { class: "off-screen", attrs: { type: "file", accept: ".dcstate", tabindex: -1, "aria-hidden": "true" } });
    chosen.addEventListener("change", () => {
      const file = chosen.files?.[0];
      if (file) void this.open(file);
      chosen.value = "";
    });
    this.element = el(
      "div",
      { class: "panel-bar" },
      action("download", "session.save", "session.saveHelp", () => void this.save()),
      action("folder", "session.open", "session.openHelp", () => chosen.click()),
      action("copy", "session.duplicate", "session.duplicateHelp", () => void this.duplicate()),
      chosen,
    );
  }

  /** Puts the state in a file in place of the session's. */
  async open(file: File): Promise<void> {
    if (!(await confirmed(t("session.openSure", { name: file.name }), t("session.openYes")))) return;
    const content = bytesContent(new Uint8Array(await file.arrayBuffer()));
    const answer = await this.request({ type: "restore", content });
    if (!answer) return;
    announce(answer.success ? t("session.opened", { name: file.name }) : (answer.error ?? ""), !answer.success);
    const missing = missingShares(answer);
    if (answer.success && missing.length > 0) announce(t("session.sharesMissing", { names: missing.join(", ") }), true);
    this.restored();
  }

  private async save(): Promise<void> {
    const answer = await this.request({ type: "save" });
    if (!answer) return;
    if (!answer.success || typeof answer.content !== "string") {
      announce(answer.error ?? "", true);
      return;
    }
    const bytes = contentBytes(answer.content);
    const name = `session-${new Date().toISOString().slice(0, 10)}.dcstate`;
    download(name, new Blob([bytes]));
    announce(t("session.saved", { name, size: size(bytes.length) }));
  }

  /** A second session from this state, in another tab. */
  private async duplicate(): Promise<void> {
    const answer = await this.request({ type: "fork" });
    if (!answer) return;
    const { session, token } = answer;
    if (!answer.success || typeof session !== "string" || typeof token !== "string") {
      announce(answer.error ?? "", true);
      return;
    }
    // A page that is opened from here begins with a copy of this tab's storage.
    const putBack = placeTicket({ url: this.connection.address, session, token });
    const opened = window.open(location.href);
    putBack();
    if (!opened) announce(t("session.noWindow"), true);
  }
}

function missingShares(answer: Answer): string[] {
  const found = Array.isArray(answer.shares_missing) ? answer.shares_missing : [];
  return found.map((share: { name?: unknown }) => String(share.name ?? ""));
}

function action(name: IconName, key: Key, help: Key, act: () => void): HTMLElement {
  const button = el("button", { class: "small-button", attrs: { type: "button" }, on: { click: act } }, icon(name), say(key));
  hinted(button, help);
  return button;
}
