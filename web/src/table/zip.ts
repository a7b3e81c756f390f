/** A ZIP archive of a few files: enough for an XLSX workbook. Pure but for the browser's deflate. */

export interface Part {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  if (typeof CompressionStream === "undefined") return null;
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

interface Entry {
  readonly name: Uint8Array<ArrayBuffer>;
  readonly method: number;
  readonly crc: number;
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly size: number;
  readonly offset: number;
}

// A fixed moment, 1980-01-01 00:00, so that the same table gives the same bytes.
const DOS_DATE = 0x0021;

function header(entry: Entry, central: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((central ? 46 : 30) + entry.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, central ? 0x02014b50 : 0x04034b50, true);
  let at = 4;
  if (central) {
    view.setUint16(at, 20, true);
    at += 2;
  }
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, 0x0800, true); // names are UTF-8
  view.setUint16(at + 4, entry.method, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.packed.length, true);
  view.setUint32(at + 18, entry.size, true);
  view.setUint16(at + 22, entry.name.length, true);
  if (central) view.setUint32(42, entry.offset, true);
  bytes.set(entry.name, central ? 46 : 30);
  return bytes;
}

function ending(count: number, size: number, offset: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}

/** Packs the parts, compressed where the browser can. Sizes must stay below 4 GiB. */
export async function zip(parts: readonly Part[], type: string): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const entries: Entry[] = [];
  let offset = 0;
  for (const part of parts) {
    const deflated = await deflate(part.content);
    const entry: Entry = {
      name: new TextEncoder().encode(part.name),
      method: deflated ? 8 : 0,
      crc: crc32(part.content),
      packed: deflated ?? part.content,
      size: part.content.length,
      offset,
    };
    entries.push(entry);
    const local = header(entry, false);
    pieces.push(local, entry.packed);
    offset += local.length + entry.packed.length;
  }
  const central = entries.map((entry) => header(entry, true));
  const length = central.reduce((sum, bytes) => sum + bytes.length, 0);
  return new Blob([...pieces, ...central, ending(entries.length, length, offset)], { type });
}
