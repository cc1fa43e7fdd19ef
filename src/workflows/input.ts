/**
 * Reads what people type as the input of a workflow or update: one JSON object whose fields are
 * all optional. Absent, `null` and `{}` mean the defaults; anything wrong is said in one sentence.
 */
import { ApplicationFailure } from "@temporalio/common";
import type { Mode } from "../domain/supervision/next-step.ts";

type FieldCheck<T> = {
  /** Completes "`field` must be ...". */
  readonly expected: string;
  readonly read: (value: unknown) => T | undefined;
};
type FieldChecks = Readonly<Record<string, FieldCheck<unknown>>>;
type ReadFields<C extends FieldChecks> = {
  readonly [K in keyof C]?: C[K] extends FieldCheck<infer T> ? T : never;
};

/** @throws {ApplicationFailure} not retryable, of type InvalidInput. */
export function readInput<C extends FieldChecks>(raw: unknown, checks: C): ReadFields<C> {
  if (raw === undefined || raw === null) return {};
  const allowed = Object.keys(checks).join(", ") || "none";
  if (typeof raw !== "object" || Array.isArray(raw)) {
    throw invalidInput(`input must be one JSON object with the optional fields ${allowed}`);
  }
  const found: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(raw)) {
    const check = Object.hasOwn(checks, field) ? checks[field] : undefined;
    if (check === undefined) {
      throw invalidInput(`unknown field '${field}'; the fields are: ${allowed}`);
    }
    if (value === undefined || value === null) continue;
    const read = check.read(value);
    if (read === undefined) {
      throw invalidInput(
        `field '${field}' must be ${check.expected}, was ${shown(value)}; the fields are: ${allowed}`,
      );
    }
    found[field] = read;
  }
  // Every value was read by its own check.
  return found as ReadFields<C>;
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

export const text: FieldCheck<string> = {
  expected: "a text that is not empty",
  read: (value) => (typeof value === "string" && value !== "" ? value : undefined),
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

const MODE = oneOf("auto", "monitor-only");

/** Takes the bare word or `{"mode": word}`. */
export function readMode(raw: unknown): Mode {
  const { mode } = readInput(typeof raw === "string" ? { mode: raw } : raw, { mode: MODE });
  if (mode === undefined) throw invalidInput(`field 'mode' is missing: ${MODE.expected}`);
  return mode;
}

/** Takes no argument; `null` and `{}` are what the Web UI and the CLI send for none. */
export function expectNoArgument(raw: unknown): void {
  readInput(raw, {});
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? typeof value;
  return json.length <= 60 ? json : `${json.slice(0, 57)}...`;
}
