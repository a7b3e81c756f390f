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
  /** The text with the outputs of its blocks, which the reader may leave out; the same text where there are none. */
  readonly whole: string;
  readonly withOutputs: boolean;
  /** Where it was saved last, or opened from. */
  readonly path: string | null;
}

/** Saves a program where it was; the error, null where there is none. */
export async function saveAgain(request: Request, path: string, text: string): Promise<string | null> {
  const answer = await written(request, path, text);
  if (!answer) return t("panel.offline");
  return answer.success ? null : (answer.error ?? "");
}

/** What a dialog that asks for a path has of its own. */
interface PathDialog {
  readonly title: Node | string;
  /** The name of the field, and what it holds at first. */
  readonly name: string;
  readonly path: string;
  readonly yes: Node;
  /** What stands beneath the field. */
  readonly rest: readonly Node[];
  /** The path that a text means. */
  readonly meant: (text: string) => string;
  /** Is there nothing to be done for this path? Then the dialog closes. */
  readonly isDone: (target: string) => boolean;
  /** Why this path cannot be, null where it can. */
  readonly refusal: (target: string) => string | null;
  /** Whether a file that is there may be replaced without a question. */
  readonly mayReplace: (target: string) => boolean;
  /** Does it; the error, null where there is none. */
  readonly act: (target: string) => Promise<string | null>;
  readonly done: (target: string) => void;
}

/** Asks for a path until what it is for is done; the field, with the cursor in it. */
function askForPath(request: Request, dialog: PathDialog): HTMLInputElement {
  const field = el("input", { attrs: { type: "text", name: dialog.name, maxlength: 400, spellcheck: "false" } });
  field.value = dialog.path;
  field.id = freshId("path");
  const error = el("p", { class: "form-error", attrs: { role: "alert" } });
  error.hidden = true;
  const fail = (text: string): void => {
    fill(error, text);
    error.hidden = false;
  };
  const button = el("button", { class: "button primary", attrs: { type: "submit" } }, dialog.yes);
  const submit = async (): Promise<void> => {
    const target = dialog.meant(field.value.trim());
    if (!target || target.endsWith("/")) return fail(t("server.noPath"));
    if (dialog.isDone(target)) return close();
    const refusal = dialog.refusal(target);
    if (refusal !== null) return fail(refusal);
    button.disabled = true;
    try {
      if (!dialog.mayReplace(target) && (await exists(request, target))) {
        if (!(await confirmed(t("server.replaceSure", { name: target }), t("server.replace")))) return;
      }
      const problem = await dialog.act(target);
      if (problem !== null) return fail(problem);
      close();
      dialog.done(target);
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
    el("div", { class: "field" }, el("label", { attrs: { for: field.id } }, say("server.path")), field),
    ...dialog.rest,
    error,
    el("div", { class: "form-buttons" }, button),
  );
  const close = openDialog(dialog.title, form);
  field.focus();
  return field;
}

/** Asks for a path and saves the program there; `saved` gets the path, and whether its outputs are there, too. */
export function saveProgram(request: Request, program: SavedProgram, saved: (path: string, withOutputs: boolean) => void): void {
  const outputs = el("input", { attrs: { type: "checkbox", name: "with-outputs" } });
  outputs.checked = program.withOutputs;
  const choice = el("label", { class: "form-choice" }, outputs, say("server.outputs"));
  choice.hidden = program.whole === program.text;
  const field = askForPath(request, {
    title: say("server.title"),
    name: "server-path",
    path: program.path ?? `${fileName(program.name, "program")}.dc`,
    yes: say("server.save"),
    rest: [choice, el("p", { class: "form-note" }, say("server.pathNote"))],
    meant: (text) => (!text || /\.[^/.]+$/.test(text) ? text : `${text}.dc`),
    isDone: () => false,
    refusal: () => null,
    mayReplace: (target) => target === program.path,
    act: (target) => saveAgain(request, target, outputs.checked ? program.whole : program.text),
    done: (target) => saved(target, outputs.checked),
  });
  field.select();
}

/** Whether two names are those of one file: in the session's folder, or on a share, where the case of letters counts for nothing. */
function isSame(one: string, other: string): boolean {
  return SHARE.test(one) ? one.toLowerCase() === other.toLowerCase() : one === other;
}

/** Gives a file of the session's folder or of a share another path; the error, null where there is none. */
async function moved(request: Request, from: string, to: string): Promise<string | null> {
  const answer = await request({ type: "execute", code: `copy_file(${literal(from)}, ${literal(to)})\ndelete_file(${literal(from)})` });
  if (!answer) return t("panel.offline");
  return answer.success ? null : (answer.error ?? "");
}

/** Asks for a new path of a file; `renamed` gets it when the file is there. */
export function renameFile(request: Request, path: string, renamed: (path: string) => void): void {
  const field = askForPath(request, {
    title: t("files.rename", { name: path }),
    name: "new-path",
    path,
    yes: say("files.renameYes"),
    rest: [],
    meant: (text) => text,
    isDone: (target) => target === path,
    refusal: (target) => (isSame(target, path) ? t("files.sameName") : null),
    mayReplace: () => false,
    act: (target) => moved(request, path, target),
    done: renamed,
  });
  const name = path.lastIndexOf("/") + 1;
  const dot = path.lastIndexOf(".");
  field.setSelectionRange(name, dot > name ? dot : path.length);
}

/** Asks whether a file of a share is to go; `deleted` is called when it is gone. */
export async function deleteShared(request: Request, path: string, deleted: () => void): Promise<string | null> {
  if (!(await confirmed(t("files.deleteSure", { name: path }), t("files.deleteYes")))) return null;
  const answer = await request({ type: "execute", code: `delete_file(${literal(path)})` });
  if (!answer) return t("panel.offline");
  if (!answer.success) return answer.error ?? "";
  deleted();
  return null;
}
