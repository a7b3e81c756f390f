/** What every side panel has. */

import type { Key } from "../texts";
import type { IconName } from "../icons";
import { type Answer } from "../protocol";
import { type Listeners } from "../connection";

export interface Panel {
  readonly key: string;
  readonly title: Key;
  readonly icon: IconName;
  readonly element: HTMLElement;
  /** The panel comes into sight. */
  shown?: () => void;
}

/** Asks the server; null where there is no connection (which is then said elsewhere). */
export type Request = (message: Record<string, unknown>, listeners?: Listeners) => Promise<Answer | null>;

/** A file that a panel lists. */
export interface ListedFile {
  readonly name: string;
  /** As programs name it. */
  readonly path: string;
  readonly size: number | null;
  /** Asks the server for its bytes. */
  readonly content: () => Promise<Answer | null>;
}

/** Opens a file: a program in a tab, a table by a program that reads it. */
export type OpenFile = (file: ListedFile) => void;

/** A file has another path now. */
export type Renamed = (from: string, to: string) => void;

/** Puts a text into the program: quoted, or bare inside a string. */
export type Insert = (quoted: string, bare: string) => void;
