/**
 * Validates what a strategy returns, once, where it enters the core: its file may never have been type-checked.
 * Invariant: no code behind this border checks a signal's fields again.
 */
import type { ExitPlan } from "../orders.ts";
import { assertMemorable, UnmemorableError } from "../snapshot/memory.ts";
import type { EntrySignal, ParameterValue, Parameters, StrategyCheck } from "./strategy-values.ts";

/** How messages to its author name a strategy: its name, and its file where it has one. */
export type StrategyLabel = string;

export function strategyLabel(name: string, file: string | undefined): StrategyLabel {
  return file === undefined ? `strategy ${name}` : `strategy ${name} (${file})`;
}

type Wanted<T> = readonly [expected: string, is: (value: unknown) => value is T];

const DIRECTION: Wanted<EntrySignal["direction"]> = [
  "'long' or 'short'",
  (value): value is EntrySignal["direction"] => value === "long" || value === "short",
];
const QUESTION: Wanted<StrategyCheck["of"]> = [
  "'warm' or 'signal'",
  (value): value is StrategyCheck["of"] => value === "warm" || value === "signal",
];
const POSITIVE: Wanted<number> = [
  "a number above 0",
  (value): value is number => isNumber(value) && 0 < value,
];
const SHARE: Wanted<number> = [
  "a number above 0, as a share of the cash",
  (value): value is number => isNumber(value) && 0 < value && value < Infinity,
];
const NUMBER: Wanted<number> = ["a number", isNumber];
const SCANS: Wanted<number> = [
  "a number of scans from 1 on, or Infinity",
  (value): value is number => isNumber(value) && 1 <= value,
];
const TEXT: Wanted<string> = ["a text", isText];
const FLAG: Wanted<boolean> = ["true or false", isFlag];
const OBJECT: Wanted<object> = [
  "an object",
  (value): value is object => typeof value === "object" && value !== null && !Array.isArray(value),
];
const COUNT: Wanted<number> = [
  "a whole number from 0 on",
  (value): value is number => isNumber(value) && Number.isInteger(value) && 0 <= value,
];
const PARAMETER: Wanted<ParameterValue> = [
  "a finite number, true, false or a text",
  (value): value is ParameterValue =>
    (isNumber(value) && Number.isFinite(value)) || isFlag(value) || isText(value),
];
const READING: Wanted<number | boolean> = [
  "a number, true or false",
  (value): value is number | boolean => isNumber(value) || isFlag(value),
];

/** @throws {Error} that names the strategy, the field and the value. */
export function signalFrom(label: StrategyLabel, raw: unknown, assetCount: number): EntrySignal {
  if (!OBJECT[1](raw)) refuse(`${label}: decide`, "a signal, or null for none", raw);
  const of = (field: string) => `${label}: decide's ${field}`;
  const field = (name: keyof EntrySignal | "asset"): unknown => Reflect.get(raw, name);
  // The field was named `asset` before: files that still use it work as before.
  const column = read(of("column"), COUNT, field("column") ?? field("asset"));
  if (assetCount <= column) refuse(of("column"), `below ${assetCount}`, column);
  return {
    column,
    direction: read(of("direction"), DIRECTION, field("direction")),
    share: read(of("share"), SHARE, field("share")),
    strength: read(of("strength"), NUMBER, field("strength")),
    plan: planFrom(label, field("plan")),
  };
}

function planFrom(label: StrategyLabel, raw: unknown): ExitPlan {
  const of = (field: string) => `${label}: decide's plan.${field}`;
  const plan = read(`${label}: decide's plan`, OBJECT, raw);
  const field = (name: keyof ExitPlan): unknown => Reflect.get(plan, name);
  return {
    takeProfit: read(of("takeProfit"), POSITIVE, field("takeProfit")),
    stopLoss: read(of("stopLoss"), POSITIVE, field("stopLoss")),
    holdScansMax: read(of("holdScansMax"), SCANS, field("holdScansMax")),
    bucket: read(of("bucket"), TEXT, field("bucket")),
  };
}

export function flagFrom(label: StrategyLabel, part: string, raw: unknown): boolean {
  // Called at every scan: nothing is allocated unless it is wrong.
  return typeof raw === "boolean" ? raw : read(`${label}: ${part}`, FLAG, raw);
}

export function countFrom(label: StrategyLabel, part: string, raw: unknown): number {
  return read(`${label}: ${part}`, COUNT, raw);
}

/** @throws {Error} unless `remember` returned an object that a snapshot can store; it names the path inside. */
export function checkMemory(label: StrategyLabel, memory: unknown): void {
  const made = read(`${label}: remember`, OBJECT, memory);
  try {
    assertMemorable(made);
  } catch (error) {
    if (!(error instanceof UnmemorableError)) throw error;
    throw new Error(`${label}: remember's ${error.message}`, { cause: error });
  }
}

export function checkParameters(label: StrategyLabel, parameters: Parameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    read(`${label}: parameter ${name}`, PARAMETER, value);
  }
}

export function readingsFrom(
  label: StrategyLabel,
  raw: unknown,
): Readonly<Record<string, number | boolean>> {
  const readings = read(`${label}: readings`, OBJECT, raw);
  return Object.fromEntries(
    Object.entries(readings).map(([name, value]) => [
      name,
      read(`${label}: readings' ${name}`, READING, value),
    ]),
  );
}

export function checksFrom(label: StrategyLabel, raw: unknown): readonly StrategyCheck[] {
  if (!Array.isArray(raw)) refuse(`${label}: explain`, "a list of checks", raw);
  return raw.map((one: unknown, at) => {
    const of = `${label}: explain's check ${at + 1}`;
    const check = read(of, OBJECT, one);
    const field = (name: keyof StrategyCheck): unknown => Reflect.get(check, name);
    return {
      name: read(`${of}, name`, TEXT, field("name")),
      of: read(`${of}, of`, QUESTION, field("of")),
      passes: read(`${of}, passes`, FLAG, field("passes")),
      value: read(`${of}, value`, NUMBER, field("value")),
      bound: read(`${of}, bound`, NUMBER, field("bound")),
      says: read(`${of}, says`, TEXT, field("says")),
    };
  });
}

function read<T>(what: string, [expected, is]: Wanted<T>, value: unknown): T {
  return is(value) ? value : refuse(what, expected, value);
}

function refuse(what: string, expected: string, value: unknown): never {
  throw new Error(`${what} must be ${expected}, was ${shown(value)}`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return `'${value}'`;
  return typeof value === "object" && value !== null
    ? (JSON.stringify(value) ?? "an object")
    : String(value);
}

/** NaN is accepted: comparisons with it are false, so it passes no bound. */
function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}
