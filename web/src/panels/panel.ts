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

/** Puts a text into the program: quoted, or bare inside a string. */
export type Insert = (quoted: string, bare: string) => void;
