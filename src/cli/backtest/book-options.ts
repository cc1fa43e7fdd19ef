/**
 * Options by which a run differs from the book: limits, instruments and age budgets, parsed from the command line.
 */
import type { Config } from "../../config.ts";
import type { AskedOfRun } from "../../wire/backtest/book-run.ts";
import { CliError, EXIT_USAGE } from "../context.ts";

type Section = Config["trader"];

/** `--limits`: none, the book's, or some of the book's with other values. */
export function limitsFrom(text: string): NonNullable<AskedOfRun["limits"]> | null {
  if (text === "none") return null;
  if (text === "book") return "book";
  return Object.fromEntries(
    text.split(",").map((setting) => {
      const [name, value] = namedFrom("--limits", "none, book or name=value,...", setting);
      return [name, Number(value)] as const;
    }),
  );
}

/** `--margin`: none, the book's, or some of the book's with other values. */
export function marginFrom(text: string): NonNullable<AskedOfRun["margin"]> {
  if (text === "none" || text === "book") return text;
  return Object.fromEntries(
    text.split(",").map((setting) => {
      const [name, value] = namedFrom("--margin", "none, book or name=value,...", setting);
      return [name, name === "mode" ? value : Number(value)] as const;
    }),
  );
}

const INSTRUMENTS = "none, book or ASSET=TICK:LOT[:MINIMUM],...";

/** `--instruments`: none, the book's, or some in addition to the book's. */
export function instrumentsFrom(text: string, book: Section["instruments"]) {
  if (text === "none") return {};
  if (text === "book") return book;
  const named = text.split(",").map((setting) => {
    const [asset, value] = namedFrom("--instruments", INSTRUMENTS, setting);
    const [tick = Number.NaN, lot = Number.NaN, minimum_notional = 0, ...rest] = value
      .split(":")
      .map(Number);
    if (0 < rest.length) throw wrong("--instruments", INSTRUMENTS, setting);
    return [asset, { ...book[asset], tick, lot, minimum_notional }] as const;
  });
  return { ...book, ...Object.fromEntries(named) };
}

/** `--age-budget`, which may be repeated. */
export function ageBudgetsFrom(settings: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    settings.map((setting) => {
      const [name, value] = namedFrom("--age-budget", "name=SECONDS", setting);
      return [name, Number(value)] as const;
    }),
  );
}

function namedFrom(flag: string, expected: string, setting: string): readonly [string, string] {
  const at = setting.indexOf("=");
  if (at < 1) throw wrong(flag, expected, setting);
  return [setting.slice(0, at), setting.slice(at + 1)];
}

export function wrong(flag: string, expected: string, found: string): CliError {
  return new CliError(`${flag} takes ${expected}, was '${found}'`, EXIT_USAGE);
}
