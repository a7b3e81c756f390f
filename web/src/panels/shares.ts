/** Connecting shares and looking through them. The password is used once and kept nowhere. */

import { el, fill, freshId } from "../dom";
import { say, t } from "../i18n";
import { icon } from "../icons";
import { announce } from "../announce";
import { previewFile } from "../preview";
import { sharesOf } from "../protocol";
import { isRecord, isString, load, save } from "../storage";
import type { Key } from "../texts";
import type { Insert, OpenFile, Panel, Renamed, Request } from "./panel";
import { shareTree } from "./share_tree";

type Field = "host" | "login" | "password" | "domain" | "share";

const FIELDS: readonly { name: Field; label: Key; hint: string; required: boolean }[] = [
  { name: "host", label: "share.host", hint: "192.168.1.100", required: true },
  { name: "share", label: "share.name", hint: "data", required: true },
  { name: "login", label: "share.login", hint: "", required: false },
  { name: "password", label: "share.password", hint: "", required: false },
  { name: "domain", label: "share.domain", hint: "WORKGROUP", required: false },
];

export class SharesPanel implements Panel {
  readonly key = "shares";
  readonly title = "share.title";
  readonly icon = "share";
  readonly element: HTMLElement;
  private readonly inputs = new Map<Field, HTMLInputElement>();
  private readonly form: HTMLFormElement;
  private readonly details: HTMLDetailsElement;
  private readonly error = el("p", { class: "form-error", attrs: { role: "alert" } });
  private readonly offered = el("datalist", { id: freshId("shares") });
  private readonly submit: HTMLButtonElement;
  private readonly trees = el("div", { class: "trees" });
  private readonly none: HTMLElement;

  constructor(
    private readonly request: Request,
    private readonly insert: Insert,
    private readonly open: OpenFile,
    private readonly renamed: Renamed,
  ) {
    this.submit = el("button", { class: "button primary", attrs: { type: "submit" } }, say("share.connect"));
    this.form = el(
      "form",
      {
        class: "form",
        attrs: { autocomplete: "off", novalidate: true },
        on: {
          submit: (event) => {
            event.preventDefault();
            void this.connect();
          },
        },
      },
      ...FIELDS.map((field) => this.field(field)),
      this.offered,
      this.error,
      el(
        "div",
        { class: "form-buttons" },
        this.submit,
        el(
          "button",
          { class: "button", attrs: { type: "button" }, on: { click: () => void this.offer() } },
          say("share.offer"),
        ),
      ),
      el("p", { class: "form-note" }, say("share.passwordNote")),
    );
    this.error.hidden = true;
    this.details = el(
      "details",
      { class: "fold", attrs: { open: true } },
      el("summary", {}, icon("plus"), say("share.add")),
      this.form,
    );
    this.none = el("p", { class: "panel-empty" }, say("share.none"));
    this.element = el("div", { class: "panel-body" }, this.details, this.none, this.trees);
    this.restore();
  }

  /** A new session begins: what is connected is what the server says. */
  learn(info: Record<string, unknown> | null): void {
    fill(this.trees);
    const names = (found: unknown): string[] => (Array.isArray(found) ? found.filter(isString) : []);
    const ofAccount = new Set(names(info?.account_shares));
    for (const share of names(info?.shares)) this.addTree(share, ofAccount.has(share));
    if (ofAccount.size > 0) this.details.open = false;
    this.update();
  }

  private field(field: (typeof FIELDS)[number]): HTMLElement {
    const id = freshId("share");
    const input = el("input", {
      id,
      attrs: {
        type: field.name === "password" ? "password" : "text",
        name: `share-${field.name}`,
        placeholder: field.hint,
        autocomplete: field.name === "password" ? "new-password" : "off",
        spellcheck: "false",
        required: field.required,
        list: field.name === "share" ? this.offered.id : null,
      },
    });
    this.inputs.set(field.name, input);
    return el("div", { class: `field field-${field.name}` }, el("label", { attrs: { for: id } }, say(field.label)), input);
  }

  private value(field: Field): string {
    const text = this.inputs.get(field)?.value ?? "";
    return field === "password" ? text : text.trim();
  }

  private restore(): void {
    const stored = load<Record<string, unknown>>("share", {}, isRecord);
    for (const field of ["host", "login", "domain", "share"] as const) {
      const value = stored[field];
      if (isString(value)) this.inputs.get(field)!.value = value;
    }
  }

  private credentials(): Record<string, string> {
    return {
      ip: this.value("host"),
      login: this.value("login"),
      password: this.value("password"),
      domain: this.value("domain"),
    };
  }

  private fail(text: string, field?: Field): void {
    this.error.hidden = !text;
    fill(this.error, text);
    for (const [name, input] of this.inputs) input.toggleAttribute("aria-invalid", name === field);
    if (field) this.inputs.get(field)?.focus();
  }

  private async connect(): Promise<void> {
    this.fail("");
    const share = this.value("share");
    if (!this.value("host")) return this.fail(t("share.hostMissing"), "host");
    if (!share) return this.fail(t("share.nameMissing"), "share");
    this.submit.disabled = true;
    this.form.classList.add("busy");
    const answer = await this.request({ type: "smb_connect", ...this.credentials(), share_name: share });
    this.submit.disabled = false;
    this.form.classList.remove("busy");
    if (!answer) return this.fail(t("panel.offline"));
    if (!answer.success) return this.fail(answer.error ?? "");
    this.inputs.get("password")!.value = "";
    save("share", { host: this.value("host"), login: this.value("login"), domain: this.value("domain"), share });
    announce(String(answer.message ?? ""));
    this.addTree(share);
    this.details.open = false;
    this.update();
  }

  /** Asks the host which shares it has and offers them in the field. */
  private async offer(): Promise<void> {
    this.fail("");
    if (!this.value("host")) return this.fail(t("share.hostMissing"), "host");
    this.form.classList.add("busy");
    const answer = await this.request({ type: "smb_shares", ...this.credentials() });
    this.form.classList.remove("busy");
    if (!answer) return this.fail(t("panel.offline"));
    if (!answer.success) return this.fail(answer.error ?? "");
    const shares = sharesOf(answer).filter((share) => share.kind === "disk");
    fill(
      this.offered,
      ...shares.map((share) => el("option", { attrs: { value: share.name } }, share.comment)),
    );
    announce(t("share.offered", { n: shares.length, names: shares.map((share) => share.name).join(", ") }));
    const input = this.inputs.get("share")!;
    if (shares.length === 1 && !input.value) input.value = shares[0]!.name;
    input.focus();
  }

  /** Those of the account are there without a connection, and cannot be disconnected. */
  private addTree(share: string, ofAccount = false): void {
    const tree = shareTree(share, {
      request: this.request,
      insert: this.insert,
      open: this.open,
      preview: (file) => void previewFile(this.request, file),
      renamed: this.renamed,
      disconnect: ofAccount ? null : (name) => void this.disconnect(name, tree),
    });
    this.trees.append(tree);
  }

  private async disconnect(share: string, tree: HTMLElement): Promise<void> {
    const answer = await this.request({ type: "smb_disconnect", share_name: share });
    if (!answer) return;
    announce(answer.success ? String(answer.message ?? "") : (answer.error ?? ""), !answer.success);
    tree.remove();
    this.update();
  }

  private update(): void {
    this.none.hidden = this.trees.children.length > 0;
    if (this.trees.children.length === 0) this.details.open = true;
  }
}
