/** Reading CSV for a preview: commas, quotes as in RFC 4180, any line ends. Pure. */

/** The first `most` records; empty lines count for nothing. */
export function parseCsv(text: string, most: number): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /(?:"([^"]*(?:""[^"]*)*)"([^,\r\n]*)|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length && records.length < most) {
    const found = field.exec(text);
    if (!found) break;
    const [all, inside, tail, plain, end] = found;
    record.push(inside === undefined ? (plain ?? "") : inside.replaceAll('""', '"') + (tail ?? ""));
    if (end === ",") {
      if (field.lastIndex === text.length) record.push("");
      else continue;
    }
    if (record.length > 1 || record[0]?.trim()) records.push(record);
    record = [];
    if (all === "") break;
  }
  if (record.length > 0 && records.length < most) records.push(record);
  return records;
}
