/** Parses a venue's answer within limits: any deviation is reported in one sentence, with its kind. */

export type ReadingProblem =
  /** A field is missing or of another type. */
  | "wrong_shape"
  /** An implausible value, such as a volatility of 0.2 percent. */
  | "out_of_range"
  /** A time in the future, or not a time. */
  | "bad_time"
  /** The venue reports an error of its own. */
  | "venue_error"
  | "no_such_symbol";

export class ReadingError extends Error {
  override readonly name = "ReadingError";
  readonly problem: ReadingProblem;
  constructor(problem: ReadingProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export type IndicatorReader = typeof READER;

type Range = { readonly min: number; readonly max: number };

const DECIMAL = /^[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?$/;
const INTEGER = /^\d{1,17}$/;
/** 2010 to 2100: the oldest series begins later. */
const TIME_MS: Range = { min: 1_262_304_000_000, max: 4_102_444_800_000 };
const SHOWN_CHARS_MAX = 60;

export const READER = {
  record(value: unknown, what: string): Readonly<Record<string, unknown>> {
    if (isRecord(value)) return value;
    throw new ReadingError("wrong_shape", `${what} is no object but ${shown(value)}`);
  },

  list(value: unknown, what: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw new ReadingError("wrong_shape", `${what} is no list but ${shown(value)}`);
  },

  /** A number, or one as text: venues have changed from one to the other before. */
  number(value: unknown, what: string, { min, max }: Range): number {
    const isText = typeof value === "string" && DECIMAL.test(value);
    const number = isText ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number)) {
      throw new ReadingError("wrong_shape", `${what} is no number but ${shown(value)}`);
    }
    if (min <= number && number <= max) return number;
    throw new ReadingError("out_of_range", `${what} is ${number}, and not from ${min} to ${max}`);
  },

  /** Milliseconds since the epoch, as a number or as text. */
  timeMs(value: unknown, what: string): number {
    return timeFrom(value, what, 1);
  },

  timeS(value: unknown, what: string): number {
    return timeFrom(value, what, 1_000);
  },

  text(value: unknown, what: string): string {
    if (typeof value === "string" && value.length <= SHOWN_CHARS_MAX) return value;
    throw new ReadingError("wrong_shape", `${what} is no short text but ${shown(value)}`);
  },

  fail(problem: ReadingProblem, message: string): never {
    throw new ReadingError(problem, message);
  },
} as const;

function timeFrom(value: unknown, what: string, unitMs: number): number {
  const number = typeof value === "string" && INTEGER.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) {
    throw new ReadingError("wrong_shape", `${what} is no time but ${shown(value)}`);
  }
  const ms = number * unitMs;
  if (TIME_MS.min <= ms && ms <= TIME_MS.max) return ms;
  throw new ReadingError("bad_time", `${what} is ${number}, which is no time of ours`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Short, and without characters that would break a log line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  const plain = text.replaceAll(/[^\x20-\x7e]/g, "?");
  return plain.length <= SHOWN_CHARS_MAX ? plain : `${plain.slice(0, SHOWN_CHARS_MAX - 3)}...`;
}
