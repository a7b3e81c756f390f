/** What people see of the connection: the button in the header, the banner, the settings. */

import { type Connection, type Credentials, NOBODY, type Reason, type State } from "./connection";
import { speak } from "./announce";
import { openDialog } from "./dialog";
import { el, fill, freshId } from "./dom";
import { live, locale, named, say, t } from "./i18n";
import { icon } from "./icons";
import { isString, load, save } from "./storage";
import type { Key } from "./texts";

const REASONS: Record<Reason, Key> = {
  refused: "connection.refused",
  lost: "connection.lost",
  silent: "connection.silent",
  stopped: "connection.stopped",
  idle: "connection.idle",
  closed: "connection.closed",
  tooBig: "connection.tooBig",
  pairing: "connection.wrongPairing",
  token: "connection.token",
  taken: "connection.taken",
  badUrl: "connection.badUrl",
  insecure: "connection.insecure",
};

function isServed(): boolean {
  return location.protocol === "http:" || location.protocol === "https:";
}

/** The address to begin with: where the page came from, or the usual one for a page from disk. */
export function ownAddress(): string {
  if (!isServed()) return "ws://127.0.0.1:8080";
  const folder = location.pathname.replace(/[^/]*$/, "");
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${folder}`;
}

const TOKEN = "datacode.token";

/** The token of this tab of the browser; one in the page's own address is taken out of it. */
function keptToken(): string {
  const address = new URL(location.href);
  const given = address.searchParams.get("token");
  if (given !== null) {
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
    keepToken(given);
    return given;
  }
  try {
    return sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    return "";
  }
}

function keepToken(token: string): void {
  try {
    if (token) sessionStorage.setItem(TOKEN, token);
    else sessionStorage.removeItem(TOKEN);
  } catch {
    // Storage is forbidden: the token holds until the page is closed or loaded anew.
  }
}

export class ConnectionView {
  /** The button in the header. */
  readonly button: HTMLElement;
  readonly banner: HTMLElement;
  private readonly words = el("span", { class: "connection-words" });
  private readonly message = el("span", { class: "banner-text" });
  private readonly countdown = el("span", { class: "banner-count", attrs: { "aria-hidden": "true" } });
  private readonly retry: HTMLElement;
  private readonly anew: HTMLElement;
  private url: string;
  private credentials: Credentials = { ...NOBODY, token: keptToken() };
  private ticking: ReturnType<typeof setInterval> | undefined;
  private opened = false;
  private spoken = "";

  constructor(private readonly connection: Connection) {
    this.url = load(this.addressKey, ownAddress(), isString);
    this.button = el(
      "button",
      { class: "connection", attrs: { type: "button", "aria-haspopup": "dialog" }, on: { click: () => this.settings() } },
      el("span", { class: "connection-dot", attrs: { "aria-hidden": "true" } }),
      this.words,
    );
    this.retry = el(
      "button",
      { class: "text-button", attrs: { type: "button" }, on: { click: () => this.again() } },
    );
    this.anew = el(
      "button",
      { class: "text-button", attrs: { type: "button" }, on: { click: () => this.connection.startAnew() } },
      say("connection.anew"),
    );
    this.banner = el(
      "div",
      { class: "banner", attrs: { role: "region" } },
      icon("warning"),
      el("span", { class: "banner-words" }, this.message, this.countdown),
      el(
        "span",
        { class: "banner-actions" },
        this.retry,
        this.anew,
        el(
          "button",
          { class: "text-button", attrs: { type: "button" }, on: { click: () => this.settings() } },
          say("connection.settings"),
        ),
      ),
    );
    this.banner.hidden = true;
    live(this.words, () => this.show(connection.state));
  }

  start(): void {
    const pairing = isServed() ? "" : load(this.pairingKey, "", isString);
    this.connection.connect(this.url, { ...this.credentials, pairing });
  }

  /** Each server has its own code. */
  private get pairingKey(): string {
    return `pairing.${this.url}`;
  }

  /** Pages of different servers remember different addresses. */
  private get addressKey(): string {
    return isServed() ? `address.${location.host}${location.pathname}` : "address";
  }

  /** Draws the state; called whenever it changes. */
  show(state: State): void {
    this.button.dataset.state = state.name;
    const text = t(`connection.is.${state.name}`);
    fill(this.words, text);
    this.button.setAttribute("title", `${text} · ${this.url}`);
    clearInterval(this.ticking);
    if (state.name === "on") this.opened = true;
    const reason = state.name === "waiting" || state.name === "off" ? state.reason : null;
    if (state.name === "connecting" && !this.banner.hidden) {
      fill(this.countdown, ` ${t("connection.trying")}`);
      return;
    }
    this.banner.hidden = reason === null;
    if (reason === null) {
      if (this.spoken && state.name === "on") speak(text);
      this.spoken = "";
      return;
    }
    this.explain(reason, state);
  }

  private explain(reason: Reason, state: State): void {
    // The close frame's own words, where we know no better and they are in the reader's language.
    const said = "detail" in state && (reason === "closed" || reason === "token") ? state.detail : "";
    const words = said && /[а-яё]/i.test(said) === (locale() === "ru") ? said : "";
    const detail = words ? ` ${words}.`.replace(/\.+$/, ".") : "";
    const left = this.opened && !["token", "pairing", "badUrl", "taken"].includes(reason);
    const session = left ? ` ${t(this.connection.kept ? "connection.kept" : "connection.gone")}` : "";
    fill(this.retry, t(reason === "taken" ? "connection.takeBack" : "connection.now"));
    this.anew.hidden = reason !== "taken";
    const start = reason === "refused" && !this.opened && !isServed() ? ` ${t("connection.start")}` : "";
    const page = this.url.replace(/^ws/i, "http");
    const pair = reason === "refused" && !isServed() ? ` ${t("connection.pair", { page })}` : "";
    const text = t(REASONS[reason], { url: this.url }) + detail + session + start + pair;
    fill(this.message, text);
    this.banner.setAttribute("aria-label", t("connection.label"));
    if (text !== this.spoken) {
      this.spoken = text;
      speak(text, true);
    }
    fill(this.countdown);
    if (state.name !== "waiting") return;
    const tick = (): void => {
      const seconds = Math.max(0, Math.ceil((state.until - Date.now()) / 1000));
      fill(this.countdown, ` ${t("connection.again", { n: seconds })}`);
    };
    tick();
    this.ticking = setInterval(tick, 500);
  }

  private again(): void {
    const { state } = this.connection;
    if (state.name === "waiting") this.connection.retry();
    else if (state.name === "off" && state.reason === "taken") this.connection.takeBack();
    else this.start();
  }

  private settings(): void {
    const url = field("connection.url", this.url, "text", "ws://127.0.0.1:8080");
    const token = field("connection.tokenLabel", this.credentials.token, "password");
    const login = field("connection.login", this.credentials.login, "text");
    const password = field("connection.password", this.credentials.password, "password");
    const pairing = field("connection.pairing", load(this.pairingKey, "", isString), "text", "XXXX-XXXX");
    const code = this.connection.info.pairing_code;
    const off = button("connection.disconnect", () => {
      this.connection.disconnect();
      close();
    });
    off.hidden = this.connection.state.name === "off";
    const submit = (event: Event): void => {
      event.preventDefault();
      this.url = withScheme(url.input.value.trim()) || ownAddress();
      save(this.addressKey, this.url);
      if (!isServed()) save(this.pairingKey, pairing.input.value.trim());
      keepToken(token.input.value.trim());
      this.credentials = {
        ...NOBODY,
        token: token.input.value.trim(),
        login: login.input.value.trim(),
        password: password.input.value,
      };
      this.opened = false;
      this.start();
      close();
    };
    const access = el(
      "fieldset",
      { class: "fieldset" },
      el("legend", {}, say("connection.access")),
      token.element,
      el("div", { class: "pair" }, login.element, password.element),
      el("p", { class: "form-note" }, say("connection.accessNote")),
    );
    const form = el(
      "form",
      { class: "form", attrs: { novalidate: true, autocomplete: "off" }, on: { submit } },
      url.element,
      isServed() ? null : pairing.element,
      isServed() ? null : el("p", { class: "form-note" }, say("connection.pairingNote")),
      access,
      isServed() && isString(code)
        ? el("p", { class: "form-note pairing-code" }, say("connection.pairingOfServer", { code }))
        : null,
      el(
        "div",
        { class: "form-buttons" },
        el("button", { class: "button primary", attrs: { type: "submit" } }, say("connection.connect")),
        off,
      ),
    );
    const close = openDialog(say("connection.title"), form);
    const { state } = this.connection;
    const reason = "reason" in state ? state.reason : null;
    const { input } = reason === "token" ? token : reason === "pairing" && !isServed() ? pairing : url;
    input.focus();
    input.select();
  }
}

function button(key: Key, act: () => void): HTMLElement {
  return el("button", { class: "button", attrs: { type: "button" }, on: { click: act } }, say(key));
}

function field(
  key: Key,
  value: string,
  type: "text" | "password",
  placeholder = "",
): { element: HTMLElement; input: HTMLInputElement } {
  const id = freshId("field");
  const input = el("input", {
    id,
    attrs: {
      type,
      placeholder,
      name: key,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: type === "password" ? "new-password" : "off",
    },
  });
  input.value = value;
  return { input, element: el("div", { class: "field" }, el("label", { attrs: { for: id } }, say(key)), input) };
}

/** `host:port` alone means ws://. */
function withScheme(text: string): string {
  if (!text || /^wss?:\/\//i.test(text)) return text;
  const rest = text.replace(/^(https?):\/\//i, "");
  return `${/^https:/i.test(text) ? "wss" : "ws"}://${rest}`;
}

const FIRST_STEPS: readonly Key[] = ["help.first1", "help.first2", "help.first3", "help.first4"];

/** The first steps, and the list of shortcuts. */
export function openHelp(): void {
  const modifier = /mac|iphone|ipad/i.test(navigator.platform) ? "⌘" : "Ctrl";
  const rows: [string, Key][] = [
    [`${modifier}+Enter, Shift+Enter`, "help.run"],
    ["Esc", "help.stop"],
    [`${modifier}+F`, "help.find"],
    [`${modifier}+Space`, "help.complete"],
    [`${modifier}+/`, "help.comment"],
    ["Alt+↑ / Alt+↓", "help.move"],
    [`${modifier}+Z / ${modifier}+Y`, "help.undo"],
    ["Tab / Shift+Tab", "help.indent"],
    ["Esc, Tab", "help.leave"],
    ["F2, Delete, Ctrl+Shift+←/→", "help.tabs"],
    ["F8", "help.problem"],
    [`Enter, Shift+Enter, Alt+↓`, "help.gridHead"],
    [`Shift+←↑→↓, ${modifier}+Space, ${modifier}+C`, "help.gridCells"],
  ];
  const list = el("dl", { class: "shortcuts" });
  for (const [keys, key] of rows) {
    list.append(el("dt", {}, ...keys.split(", ").flatMap((part, index) => [index ? " " : null, el("kbd", {}, part)])), el("dd", {}, say(key)));
  }
  const steps = el("ol", { class: "first-steps" }, ...FIRST_STEPS.map((key) => el("li", {}, say(key))));
  const body = el("div", { class: "help" }, steps, el("h3", {}, say("help.keys")), list, el("p", { class: "form-note" }, say("help.privacy")));
  openDialog(say("help.title"), body);
}

/** The button that opens the help. */
export function helpButton(): HTMLElement {
  return named(
    el("button", { class: "icon-button", attrs: { type: "button", "aria-haspopup": "dialog" }, on: { click: openHelp } }, icon("help")),
    "help.title",
  );
}
