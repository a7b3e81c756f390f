/** A modal dialog with a title; Esc and the button close it, focus returns to where it was. */

import { el, freshId } from "./dom";
import { named } from "./i18n";
import { icon } from "./icons";

/** Shows the dialog and returns a function that closes it. */
export function openDialog(title: string | Node, body: HTMLElement, kind: "wide" | "narrow" = "narrow"): () => void {
  const before = document.activeElement as HTMLElement | null;
  const id = freshId("dialog");
  const dialog = el("dialog", { class: `dialog ${kind}`, attrs: { "aria-labelledby": id } });
  const close = (): void => dialog.close();
  dialog.append(
    el(
      "div",
      { class: "dialog-head" },
      el("h2", { id }, title),
      named(el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: close } }, icon("close")), "close"),
    ),
    body,
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return close;
}
