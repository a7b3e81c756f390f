/** Small panels and menus beside an element; Esc and a click elsewhere close them, focus returns. */

import { el, fill } from "./dom";
import { type IconName, icon } from "./icons";

const MARGIN = 8;

/** Where a panel opens: beneath this. */
export interface Anchor {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
}

/** Shows the panel beneath a place, above it where there is more room. Returns a function that closes it. */
export function openPopover(anchor: Anchor, content: HTMLElement, name: string, role: "dialog" | "menu" = "dialog"): () => void {
  const before = document.activeElement as HTMLElement | null;
  const panel = el("div", { class: role === "menu" ? "popover for-menu" : "popover", attrs: { popover: "auto", role, "aria-label": name } }, content);
  const close = (): void => panel.hidePopover();
  panel.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState !== "closed") return;
    const hadFocus = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    if (hadFocus) before?.focus();
  });
  // The page's own keys, Esc that stops a program among them, are not meant in here.
  panel.addEventListener("keydown", (event) => event.stopPropagation());
  // Behind an open dialog nothing can be used, so there it belongs to the dialog.
  (document.querySelector("dialog[open]") ?? document.querySelector("main") ?? document.body).append(panel);
  panel.showPopover();
  place(panel, anchor);
  new ResizeObserver(() => place(panel, anchor)).observe(panel);
  (content.querySelector<HTMLElement>("[autofocus]") ?? content.querySelector<HTMLElement>("button:not([disabled]), input, select"))?.focus();
  return close;
}

function place(panel: HTMLElement, { left, top, bottom }: Anchor): void {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = innerHeight - bottom - MARGIN;
  const isAbove = height > below && top > below;
  panel.style.maxHeight = `${Math.max(160, (isAbove ? top : below) - MARGIN)}px`;
  panel.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  panel.style.top = `${isAbove ? Math.max(MARGIN, top - Math.min(height, top - MARGIN) - 2) : Math.max(MARGIN, Math.min(bottom + 2, innerHeight - Math.min(height, innerHeight) - MARGIN))}px`;
}

export interface MenuItem {
  readonly name: string;
  readonly icon?: IconName;
  readonly act: () => void;
  readonly isDisabled?: boolean;
  /** For one that is switched on and off. */
  readonly isOn?: boolean;
  /** A line above it. */
  readonly startsGroup?: boolean;
  readonly keys?: string;
}

/** Opens a menu; arrows, Home and End move in it. */
export function openMenu(anchor: Anchor, items: readonly MenuItem[], name: string): void {
  const buttons = items.map((item) => {
    const isChecked = item.isOn !== undefined;
    return el(
      "button",
      {
        class: item.startsGroup ? "menu-item group" : "menu-item",
        attrs: {
          type: "button",
          role: isChecked ? "menuitemcheckbox" : "menuitem",
          tabindex: -1,
          "aria-checked": isChecked ? String(item.isOn) : null,
          "aria-disabled": item.isDisabled ? "true" : null,
        },
        on: {
          click: () => {
            if (item.isDisabled) return;
            close();
            item.act();
          },
        },
      },
      item.icon || item.isOn ? icon(item.icon ?? "check") : el("span", { class: "menu-space" }),
      el("span", { class: "menu-name" }, item.name),
      item.keys ? el("kbd", { attrs: { "aria-hidden": "true" } }, item.keys) : null,
    );
  });
  const list = el("div", { class: "menu-list" });
  fill(list, ...buttons);
  list.addEventListener("keydown", (event) => {
    const at = buttons.findIndex((button) => button === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length]?.focus();
  });
  const close = openPopover(anchor, list, name, "menu");
}
