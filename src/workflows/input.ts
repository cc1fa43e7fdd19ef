/**
 * Parses what people type as the input of a workflow or update: one JSON object whose fields are all optional.
 * Absent, `null` and `{}` mean the defaults; an error is one sentence.
 */
import { ApplicationFailure } from "@temporalio/common";
import { isDayFolder } from "../domain/scan/archive-names.ts";
import type { ServiceDeclaration } from "../domain/supervision/declared/declaration.ts";
import type { Mode } from "../domain/supervision/next-step.ts";

type FieldCheck<T> = {
  /** Completes "`field` must be ...". */
  readonly expected: string;
  readonly read: (value: unknown) => T | undefined;
};
/** Reads one field: its value, or undefined where it is absent or null. */
type FieldReader = <T>(field: string, check: FieldCheck<T>) => T | undefined;

/** @throws {ApplicationFailure} not retryable, of type InvalidInput. */
export function openInput(raw: unknown, fields: readonly string[]): FieldReader {
  const allowed = fields.length === 0 ? "it takes none" : `the fields are: ${fields.join(", ")}`;
  const given = new Map<string, unknown>();
  if (raw !== undefined && raw !== null) {
    if (typeof raw !== "object" || Array.isArray(raw)) {
      throw invalidInput(`input must be one JSON object, was ${shown(raw)}; ${allowed}`);
    }
    for (const [field, value] of Object.entries(raw)) {
      if (!fields.includes(field)) throw invalidInput(`unknown field '${field}'; ${allowed}`);
      given.set(field, value);
    }
  }
  return (field, check) => {
    const value = given.get(field);
    if (value === undefined || value === null) return undefined;
    const read = check.read(value);
    if (read !== undefined) return read;
    throw invalidInput(
      `field '${field}' must be ${check.expected}, was ${shown(value)}; ${allowed}`,
    );
  };
}

export function invalidInput(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, "InvalidInput");
}

/** The service that a workflow id names. */
export function serviceFrom(workflowId: string, prefix: string): string {
  const name = workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : "";
  if (name !== "") return name;
  throw invalidInput(
    `field 'service' is missing, and workflow id '${workflowId}' does not name one ` +
      `(it would be '${prefix}<service>')`,
  );
}

/** Book and day of a session: as named, else from the workflow id `trades-<book>-YYYY-MM-DD`. */
export function sessionFrom(
  workflowId: string,
  named: { readonly book: string | undefined; readonly day: string | undefined },
): { readonly book: string; readonly day: string } {
  const found = /^trades-([A-Z]+)-(\d{4}-\d{2}-\d{2})$/.exec(workflowId);
  const book = named.book ?? found?.[1];
  const day = named.day ?? found?.[2];
  if (book !== undefined && day !== undefined) return { book, day };
  throw invalidInput(
    `field '${book === undefined ? "book" : "day"}' is missing, and workflow id '${workflowId}' ` +
      "does not name one (it would be 'trades-<book>-YYYY-MM-DD')",
  );
}

export const DAY: FieldCheck<string> = {
  expected: "a day such as '2026-03-25'",
  read: (value) =>
    typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined,
};

export const text: FieldCheck<string> = {
  expected: "a text that is not empty",
  read: (value) => (typeof value === "string" && value !== "" ? value : undefined),
};

export const yesOrNo: FieldCheck<boolean> = {
  expected: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

export function integerFrom(least: number): FieldCheck<number> {
  return {
    expected: `a whole number of at least ${least}`,
    read: (value) =>
      typeof value === "number" && Number.isSafeInteger(value) && least <= value
        ? value
        : undefined,
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): FieldCheck<T> {
  return {
    expected: choices.map((choice) => `'${choice}'`).join(" or "),
    read: (value) => choices.find((choice) => choice === value),
  };
}

export const times: FieldCheck<readonly string[]> = {
  expected: "a list of ISO-8601 times",
  read: (value) =>
    Array.isArray(value) &&
    value.every((at) => typeof at === "string" && !Number.isNaN(Date.parse(at)))
      ? value.map(String)
      : undefined,
};

export const days: FieldCheck<readonly string[]> = {
  expected: "a list of days such as '2026-03-25'",
  read: (value) =>
    Array.isArray(value) && value.every((day) => typeof day === "string" && isDayFolder(day))
      ? value.map(String)
      : undefined,
};

export const MODE = oneOf("auto", "monitor-only");

/** Takes the bare word or `{"mode": word}`. */
export function readMode(raw: unknown): Mode {
  const mode = openInput(typeof raw === "string" ? { mode: raw } : raw, ["mode"])("mode", MODE);
  if (mode === undefined) throw invalidInput(`field 'mode' is missing: ${MODE.expected}`);
  return mode;
}

const DECLARED_YES_OR_NO = ["enabled", "autostart"] as const;
const DECLARED_COUNTS = ["restarts_max", "tasks_max"] as const;
const DECLARED_NUMBERS = ["memory_max_mb", "cpu_max_percent"] as const;

const DECLARED_FIELDS = [...DECLARED_YES_OR_NO, ...DECLARED_COUNTS, ...DECLARED_NUMBERS];

export const DECLARATION: FieldCheck<ServiceDeclaration> = {
  expected: `an object with ${DECLARED_FIELDS.join(", ")}`,
  read: (value) => (isDeclaration(value) ? value : undefined),
};

/** The bare object is the declaration. */
export function readDeclaration(raw: unknown): ServiceDeclaration {
  if (isDeclaration(raw)) return raw;
  throw invalidInput(`the input must be ${DECLARATION.expected}, was ${shown(raw)}`);
}

function isDeclaration(value: unknown): value is ServiceDeclaration {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isAbove0 = (field: string): boolean => {
    const found = fields.get(field);
    return typeof found === "number" && 0 < found && found < Infinity;
  };
  return (
    DECLARED_YES_OR_NO.every((field) => typeof fields.get(field) === "boolean") &&
    DECLARED_NUMBERS.every(isAbove0) &&
    // A status with another number would not be readable.
    DECLARED_COUNTS.every((field) => isAbove0(field) && Number.isSafeInteger(fields.get(field)))
  );
}

/** Takes no argument; `null` and `{}` are what the Web UI and the CLI send for none. */
export function expectNoArgument(raw: unknown): void {
  openInput(raw, []);
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? typeof value;
  return json.length <= 60 ? json : `${json.slice(0, 57)}...`;
}
