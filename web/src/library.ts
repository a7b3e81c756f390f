/** What the functions of the library do, asked of the server once for each language. */

import { el } from "./dom";
import { locale } from "./i18n";
import { markdown } from "./markdown";
import type { Request } from "./panels/panel";
import { type LibraryFunction, functionsOf } from "./protocol";

export class Library {
  private known = new Map<string, Promise<LibraryFunction[] | null>>();

  constructor(private readonly request: Request) {}

  /** Every function; null while nobody can be asked. */
  all(): Promise<LibraryFunction[] | null> {
    const language = locale();
    const known = this.known.get(language) ?? this.ask();
    this.known.set(language, known);
    void known.then((found) => {
      if (!found) this.known.delete(language);
    });
    return known;
  }

  /** The function of a name, or of another name of it. */
  async find(name: string): Promise<LibraryFunction | null> {
    const found = await this.all();
    return found?.find((each) => each.name === name || each.aliases.includes(name)) ?? null;
  }

  private async ask(): Promise<LibraryFunction[] | null> {
    const answer = await this.request({ type: "library" });
    return answer?.success ? functionsOf(answer) : null;
  }
}

/** A card that tells how a function is called, what it does, and an example. */
export function functionCard(entry: LibraryFunction): HTMLElement {
  return el("div", { class: "function-card" }, el("p", { class: "function-call" }, entry.signature), ...markdown(entry.documentation));
}
