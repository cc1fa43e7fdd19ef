/**
 * Reads scans that differ from an earlier file only in their numbers: remembers where the numbers of that file
 * are, and compares every other byte. Invariant: what it reads, the fixed-layout reader reads identically; on
 * any doubt it returns null.
 */
import { microsFromUnit, type TimeUnit } from "../../domain/scan/timestamp.ts";
import type { AssetNames } from "./asset-names.ts";
import { locateFrame } from "./completeness.ts";
import { type FixedScan, readFixedLayout } from "./fixed-layout.ts";
import { matchFixedSchema, type Place } from "./fixed-schema.ts";
import { batchHeader, type BatchHeader, bufferBytes, bufferOffset } from "./record-batch.ts";

export type TemplateReader = {
  /** Null where no template matches. The numbers are views into `bytes`. */
  read(bytes: Buffer): FixedScan | null;
  /** Remembers a file that the fixed layout has read. */
  learn(bytes: Buffer): void;
};

type Template = {
  readonly bytes: Buffer;
  /** Start and end of each stretch of equal bytes, alternating. */
  readonly fixed: readonly number[];
  readonly names: AssetNames;
  readonly timeUnit: TimeUnit;
  readonly scanNumberAt: number;
  readonly timestampAt: number;
  readonly prices: Doubles;
  readonly eigenvalues: Doubles;
};
type Doubles = { readonly at: number; readonly count: number };
type Stretch = { readonly start: number; readonly end: number };

/** The universe and the number of eigenvalues seldom change; at this limit the oldest template is dropped. */
const TEMPLATES_MAX = 8;
const LONG_BYTES = 8;

export function createTemplateReader(): TemplateReader {
  let templates: readonly Template[] = [];
  return {
    read(bytes) {
      for (const template of templates) {
        if (fits(template, bytes)) return scanFrom(template, bytes);
      }
      return null;
    },
    learn(bytes) {
      const template = templateOf(bytes);
      if (template !== null) templates = [template, ...templates].slice(0, TEMPLATES_MAX);
    },
  };
}

function fits({ bytes: learned, fixed }: Template, bytes: Buffer): boolean {
  if (bytes.length !== learned.length || bytes.byteOffset % LONG_BYTES !== 0) return false;
  for (let at = 0; at < fixed.length; at += 2) {
    const start = fixed[at]!;
    const end = fixed[at + 1]!;
    if (learned.compare(bytes, start, end, start, end) !== 0) return false;
  }
  return true;
}

function scanFrom(template: Template, bytes: Buffer): FixedScan {
  const { names, prices, eigenvalues } = template;
  return {
    names,
    columns: {
      scanNumber: Number(bytes.readBigInt64LE(template.scanNumberAt)),
      timestampUs: microsFromUnit(bytes.readBigInt64LE(template.timestampAt), template.timeUnit),
      assets: names.names,
      prices: doublesIn(bytes, prices),
      eigenvalues: doublesIn(bytes, eigenvalues),
    },
  };
}

function doublesIn(bytes: Buffer, { at, count }: Doubles): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset + at, count);
}

/** Null where the numbers cannot be told from the rest: nulls, buffers that overlap, no alignment. */
function templateOf(source: Buffer): Template | null {
  const bytes = Buffer.from(new Uint8Array(source).buffer);
  const frame = locateFrame(bytes);
  if (frame.kind !== "complete") return null;
  const read = readFixedLayout(frame);
  const schema = matchFixedSchema(frame.schema);
  const message = frame.messages[0];
  if (read === null || read.names.problem !== null || schema === null || !message) return null;
  const header = batchHeader(message, message.header);
  const regionOf = (place: Place, buffer: number): Stretch =>
    stretchOf(header, message.bodyStart, place.buffer + buffer);
  const { columns, names } = read;
  const prices = placeOf(columns.prices, bytes);
  const eigenvalues = placeOf(columns.eigenvalues, bytes);
  if (prices === null || eigenvalues === null) return null;
  const scanNumberAt = regionOf(schema.scanNumber, 1).start;
  const timestampAt = regionOf(schema.timestamp, 1).start;
  const numbers: Stretch[] = [
    { start: scanNumberAt, end: scanNumberAt + LONG_BYTES },
    { start: timestampAt, end: timestampAt + LONG_BYTES },
    stretch(prices),
    stretch(eigenvalues),
  ].filter(({ start, end }) => start < end);
  // The bytes that say where the numbers are, how many there are, and which assets they belong to.
  const structure: Stretch[] = [
    regionOf(schema.prices, 1),
    regionOf(schema.eigenvalues, 1),
    ...[1, 3, 4].map((buffer) => regionOf(schema.assets, buffer)),
    { start: 0, end: message.bodyStart },
    { start: message.bodyStart + message.bodyBytes, end: bytes.length },
  ];
  const fixed = gapsBetween(numbers, bytes.length);
  if (fixed === null || structure.some((part) => numbers.some((one) => overlaps(part, one)))) {
    return null;
  }
  const { timeUnit } = schema;
  return { bytes, fixed, names, timeUnit, scanNumberAt, timestampAt, prices, eigenvalues };
}

function stretchOf(batch: BatchHeader, bodyStart: number, buffer: number): Stretch {
  const start = bodyStart + bufferOffset(batch, buffer);
  return { start, end: start + bufferBytes(batch, buffer) };
}

/** Null for numbers that had to be copied, because they hold nulls or are not aligned. */
function placeOf(doubles: Float64Array, bytes: Buffer): Doubles | null {
  if (doubles.length === 0) return { at: 0, count: 0 };
  if (doubles.buffer !== bytes.buffer) return null;
  return { at: doubles.byteOffset - bytes.byteOffset, count: doubles.length };
}

function stretch({ at, count }: Doubles): Stretch {
  return { start: at, end: at + count * LONG_BYTES };
}

function overlaps(a: Stretch, b: Stretch): boolean {
  return a.start < b.end && b.start < a.end;
}

/** The gaps between the stretches, starts and ends alternating; null when two of them overlap. */
function gapsBetween(stretches: readonly Stretch[], length: number): readonly number[] | null {
  const gaps: number[] = [];
  let at = 0;
  for (const { start, end } of stretches.toSorted((a, b) => a.start - b.start)) {
    if (start < at) return null;
    if (at < start) gaps.push(at, start);
    at = end;
  }
  if (at < length) gaps.push(at, length);
  return gaps;
}
