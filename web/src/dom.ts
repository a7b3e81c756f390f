/**
 * Making elements. Text always becomes text nodes and nothing here takes markup, so that
 * whatever a program, a file name or a server says stays text.
 */

export type Child = Node | string | null | undefined | false;

export interface Props {
  class?: string;
  id?: string;
  /** Attributes by their HTML names; `false`, `null` and `undefined` leave one out. */
  attrs?: Record<string, string | number | boolean | null | undefined>;
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
}

function setAttributes(element: Element, attrs: NonNullable<Props["attrs"]>): void {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A new HTML element. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class) element.className = props.class;
  if (props.id) element.id = props.id;
  if (props.attrs) setAttributes(element, props.attrs);
  for (const [name, listener] of Object.entries(props.on ?? {})) {
    element.addEventListener(name, listener as EventListener);
  }
  add(element, ...children);
  return element;
}

/** Appends children; strings become text nodes. */
export function add(parent: Node, ...children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
}

/** Replaces all children. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  add(parent, ...children);
}

const SVG = "http://www.w3.org/2000/svg";

/** A new SVG element. */
export function svg(
  tag: string,
  attrs: NonNullable<Props["attrs"]> = {},
  ...children: Child[]
): SVGElement {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attrs);
  add(element, ...children);
  return element;
}

let counter = 0;

/** An id that no other element of the page has. */
export function freshId(prefix: string): string {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** A title as the name of a file, without its ending; `otherwise` where nothing is left of it. */
export function fileName(title: string, otherwise: string): string {
  const clean = title.replace(/[\\/:*?"<>|\p{Cc}]/gu, "_").replace(/^\.+|[. ]+$/g, "").slice(0, 80);
  return clean || otherwise;
}

/** Hands the browser a file to save. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = el("a", { attrs: { href: url, download: name } });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Puts text into the clipboard; false where the browser does not let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** The older way, for pages opened from disk or over plain HTTP. */
function copyBySelection(text: string): boolean {
  const focused = document.activeElement as HTMLElement | null;
  const area = el("textarea", { class: "off-screen", attrs: { "aria-hidden": "true" } });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}
