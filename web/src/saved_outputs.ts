/** Outputs of blocks within a program's file: comments at its end, which the language ignores. Pure. */

import { type CellRecord, isCellRecord } from "./documents";

const MARK = "# --- Outputs of the blocks, kept by the web client: not a part of the program ---";
const LONGEST = 4_000_000;

/** The text of a file: the program, and its outputs behind it. */
export function withOutputs(text: string, outputs: readonly CellRecord[]): string {
  if (outputs.length === 0) return text;
  const end = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${end}${MARK}\n${outputs.map((each) => `# ${JSON.stringify(each)}\n`).join("")}`;
}

/** The program in a file, and the outputs that were kept with it; what is none of ours stays in the program. */
export function takenApart(file: string): { text: string; outputs: CellRecord[] } {
  const at = file.lastIndexOf(`${MARK}\n`);
  const whole = { text: file, outputs: [] };
  if (at < 0 || (at > 0 && file[at - 1] !== "\n") || file.length - at > LONGEST) return whole;
  const lines = file.slice(at + MARK.length + 1).split("\n").filter(Boolean);
  const outputs: CellRecord[] = [];
  for (const line of lines) {
    const record = line.startsWith("# ") ? parsed(line.slice(2)) : null;
    if (!record) return whole;
    outputs.push(record);
  }
  return { text: file.slice(0, at), outputs };
}

function parsed(text: string): CellRecord | null {
  try {
    const found: unknown = JSON.parse(text);
    return isCellRecord(found) ? found : null;
  } catch {
    return null;
  }
}
