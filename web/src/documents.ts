/** The programs in tabs, kept in the browser; pure but for storage. */

import { type KeptLayout, isKeptLayout } from "./table/layout";
import { isRecord, isString, load, save } from "./storage";

export interface Doc {
  readonly id: string;
  name: string;
  text: string;
  /** Where on the server it was opened from, or saved last: in the session's folder, or `lib://…`. */
  path?: string;
  /** Whether files of it have its outputs; they do unless the reader says otherwise. */
  withOutputs?: boolean;
  /** The link to what it was when the link was made; `expires` in seconds since 1970. */
  link?: { view: string; key: string; expires: number };
  /** The last outputs of its blocks. */
  outputs?: CellRecord[];
  /** How the columns of its tables are laid out, by the names of their variables; the last ones changed are at the end. */
  layouts?: [string, KeptLayout][];
}

const MOST_LAYOUTS = 30;

/** How the columns of a table of a document are laid out. */
export function layoutFor(doc: Doc | undefined, variable: string): KeptLayout | null {
  const all: unknown = doc?.layouts;
  if (!Array.isArray(all)) return null;
  const found = all.find((each) => Array.isArray(each) && each[0] === variable);
  return found && isKeptLayout(found[1]) ? found[1] : null;
}

/** Remembers a layout, or (null) that columns are as at first. */
export function rememberLayout(doc: Doc, variable: string, layout: KeptLayout | null): void {
  const known = Array.isArray(doc.layouts) ? doc.layouts : [];
  const others = known.filter(([name]) => name !== variable);
  doc.layouts = (layout ? [...others, [variable, layout] as [string, KeptLayout]] : others).slice(-MOST_LAYOUTS);
}

/** The output of a block: the block's text, when it ran, and the server's answer. */
export interface CellRecord {
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly sent: number;
  readonly answer: Record<string, unknown>;
}

interface Stored {
  docs: Doc[];
  active: string;
}

function isStored(value: unknown): value is Stored {
  if (!isRecord(value) || !isString(value.active) || !Array.isArray(value.docs)) return false;
  return value.docs.every((doc) => isRecord(doc) && isString(doc.id) && isString(doc.name) && isString(doc.text));
}

let made = 0;

function freshKey(): string {
  made += 1;
  return `${Date.now().toString(36)}-${made}`;
}

const MOST_OUTPUT = 300_000;

/** The outputs that were stored with a document, as far as they are whole. */
export function outputsOf(doc: Doc): CellRecord[] {
  const all: unknown = doc.outputs;
  if (!Array.isArray(all)) return [];
  return all.filter(isCellRecord);
}

export function isCellRecord(value: unknown): value is CellRecord {
  return isRecord(value) && isString(value.code) && typeof value.sent === "number" && isRecord(value.answer);
}

/** Remembers the output of a block; of all outputs of a document those that ran last, as far as there is room. */
export function rememberOutput(doc: Doc, record: CellRecord, codes: ReadonlySet<string>): void {
  const others = outputsOf(doc).filter(({ code }) => code !== record.code && codes.has(code));
  let room = MOST_OUTPUT;
  doc.outputs = [...others, record]
    .sort((a, b) => b.sent - a.sent)
    .filter((each) => (room -= JSON.stringify(each).length) > 0)
    .reverse();
}

/** All open documents in their order, one of them active. There is always at least one. */
export class Documents {
  private docs: Doc[];
  private current: string;
  /** Every document that this window has or had. */
  private readonly known = new Set<string>();

  constructor(first: { name: string; text: string }) {
    const stored = load<Stored | null>("documents", null, (value): value is Stored => isStored(value));
    this.docs = stored?.docs ?? [];
    this.current = stored?.active ?? "";
    if (this.docs.length === 0) this.docs.push({ id: freshKey(), ...first });
    if (!this.find(this.current)) this.current = this.docs[0]!.id;
    for (const doc of this.docs) this.known.add(doc.id);
  }

  get all(): readonly Doc[] {
    return this.docs;
  }

  get active(): Doc {
    return this.find(this.current) ?? this.docs[0]!;
  }

  find(id: string): Doc | undefined {
    return this.docs.find((doc) => doc.id === id);
  }

  /** Adds a document at the end, or at `position`, and makes it the active one. */
  add(name: string, text: string, position = this.docs.length): Doc {
    const doc = { id: freshKey(), name: this.unused(name), text };
    this.docs.splice(position, 0, doc);
    this.current = doc.id;
    return doc;
  }

  activate(id: string): void {
    if (this.find(id)) this.current = id;
  }

  rename(id: string, name: string): void {
    const doc = this.find(id);
    const wanted = name.trim().slice(0, 80);
    if (doc && wanted && wanted !== doc.name) doc.name = this.unused(wanted);
  }

  /** Removes a document; its neighbour becomes active. Returns its place. */
  remove(id: string, substitute: () => { name: string; text: string }): number {
    const position = this.docs.findIndex((doc) => doc.id === id);
    if (position < 0) return position;
    this.docs.splice(position, 1);
    if (this.docs.length === 0) this.docs.push({ id: freshKey(), ...substitute() });
    if (this.current === id) this.current = this.docs[Math.min(position, this.docs.length - 1)]!.id;
    return position;
  }

  /** Moves a document so that it stands at `position`. */
  move(id: string, position: number): void {
    const from = this.docs.findIndex((doc) => doc.id === id);
    const target = Math.min(Math.max(0, position), this.docs.length - 1);
    if (from < 0 || from === target) return;
    const [doc] = this.docs.splice(from, 1);
    this.docs.splice(target, 0, doc!);
  }

  /**
   * Stores all; false where the browser has no room. Documents that another window of the
   * browser has stored meanwhile are kept.
   */
  store(): boolean {
    const stored = load<Stored | null>("documents", null, (value): value is Stored => isStored(value));
    const others = (stored?.docs ?? []).filter((doc) => !this.known.has(doc.id));
    for (const doc of this.docs) this.known.add(doc.id);
    return save("documents", { docs: [...this.docs, ...others], active: this.current });
  }

  private unused(name: string): string {
    const taken = new Set(this.docs.map((doc) => doc.name));
    if (!taken.has(name)) return name;
    let number = 2;
    while (taken.has(`${name} ${number}`)) number += 1;
    return `${name} ${number}`;
  }
}
