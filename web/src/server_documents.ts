/** Programs as files of the server: in the session's folder, or on a share. */

import { confirmed, openDialog } from "./dialog";
import { el, fill, fileName, freshId } from "./dom";
import { say, t } from "./i18n";
import type { Request } from "./panels/panel";
import { literal } from "./positions";
import { type Answer, entriesOf } from "./protocol";

const SHARE = /^lib:\/\/([^/]+)\/(.+)$/;

/** Writes a program to a path of the session's folder, or of a share (`lib://…`). */
function written(request: Request, path: string, text: string): Promise<Answer | null> {
  if (!SHARE.test(path)) return request({ type: "upload_file", filename: path, content: text });
  return request({ type: "execute", code: `write_file(${literal(path)}, ${literal(text)})` });
}

/** Whether there is a file at the path already; false also where nobody can tell. */
async function exists(request: Request, path: string): Promise<boolean> {
  const share = SHARE.exec(path);
  if (!share) {
    const answer = await request({ type: "session_files", details: true });
    return answer?.success === true && entriesOf(answer).some(({ name }) => name === path);
  }
  const below = share[2]!.split("/");
  const name = below.pop()!;
  const answer = await request({ type: "smb_list_files", share_name: share[1]!, path: below.join("/"), details: true });
  return answer?.success === true && entriesOf(answer).some((entry) => entry.name.toLowerCase() === name.toLowerCase());
}

export interface SavedProgram {
  readonly name: string;
  readonly text: string;
  /** Where it was saved last, or opened from. */
  readonly path: string | null;
}

/** Saves a program where it was; the error, null where there is none. */
export async function saveAgain(request: Request, path: string, text: string): Promise<string | null> {
  const answer = await written(request, path, text);
  if (!answer) return t("panel.offline");
  return answer.success ? null : (answer.error ?? "");
}

/** Asks for a path and saves the program there; `saved` gets the path. */
export function saveProgram(request: Request, program: SavedProgram, saved: (path: string) => void): void {
  const path = el("input", { attrs: { type: "text", name: "server-path", maxlength: 400, spellcheck: "false" } });
  path.value = program.path ?? `${fileName(program.name, "program")}.dc`;
  path.id = freshId("path");
  const error = el("p", { class: "form-error", attrs: { role: "alert" } });
  error.hidden = true;
  const fail = (text: string): void => {
    fill(error, text);
    error.hidden = false;
  };
  const button = el("button", { class: "button primary", attrs: { type: "submit" } }, say("server.save"));
  const submit = async (): Promise<void> => {
    const chosen = path.value.trim();
    const target = !chosen || /\.[^/.]+$/.test(chosen) ? chosen : `${chosen}.dc`;
    if (!target || target.endsWith("/")) return fail(t("server.noPath"));
    button.disabled = true;
    try {
      if (target !== program.path && (await exists(request, target))) {
        if (!(await confirmed(t("server.replaceSure", { name: target }), t("server.replace")))) return;
      }
      const problem = await saveAgain(request, target, program.text);
      if (problem !== null) return fail(problem);
      close();
      saved(target);
    } finally {
      button.disabled = false;
    }
  };
  const form = el(
    "form",
    {
      class: "form",
      attrs: { novalidate: true, autocomplete: "off" },
      on: {
        submit: (event) => {
          event.preventDefault();
          void submit();
        },
      },
    },
    el("div", { class: "field" }, el("label", { attrs: { for: path.id } }, say("server.path")), path),
    el("p", { class: "form-note" }, say("server.pathNote")),
    error,
    el("div", { class: "form-buttons" }, button),
  );
  const close = openDialog(say("server.title"), form);
  path.focus();
  path.select();
}
