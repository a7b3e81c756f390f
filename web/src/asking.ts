/** Requests that the reader can take back. */

import type { Listeners } from "./connection";
import type { Request } from "./panels/panel";
import type { Answer } from "./protocol";

export type Ask = (message: Record<string, unknown>) => Promise<Answer | null>;

/** Asks with a way to cancel what is under way: `whenOver` is given a function that does. */
export function cancellable(request: Request, whenOver: (cancel: () => void) => void, listeners: Listeners = {}): Ask {
  const waiting = new Set<string>();
  whenOver(() => {
    for (const id of waiting) void request({ type: "cancel", request: id });
  });
  return async (message) => {
    let own = "";
    const sent = (id: string): void => {
      own = id;
      waiting.add(id);
    };
    try {
      return await request(message, { ...listeners, sent });
    } finally {
      waiting.delete(own);
    }
  };
}
