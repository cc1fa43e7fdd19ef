/** The command line that all benches share. */
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { findToolchain } from "../../src/embedded/toolchain.ts";

export type BenchOptions = {
  readonly json: boolean;
  readonly rounds: number;
  /** Files a run; null: the bench's own number. */
  readonly files: number | null;
  readonly assets: readonly number[];
  /** Of bench:trader. */
  readonly saving: boolean;
  /** The bridge to compare with, as `bench/peer/python_bridge.py` takes its arguments. */
  readonly peer: string;
  readonly python: () => string;
};

const PEER = resolve(import.meta.dirname, "../peer/python_bridge.py");

/** `--json --rounds N --files N --assets 50,400 --peer SCRIPT --python INTERPRETER` */
export function benchOptions(defaults = { rounds: 5 }): BenchOptions {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      rounds: { type: "string", default: String(defaults.rounds) },
      files: { type: "string" },
      saving: { type: "boolean", default: false },
      assets: { type: "string", default: "50,400" },
      peer: { type: "string", default: PEER },
      python: { type: "string" },
    },
  });
  return {
    json: values.json,
    rounds: Number(values.rounds),
    saving: values.saving,
    files: values.files === undefined ? null : Number(values.files),
    assets: values.assets.split(",").map(Number),
    peer: resolve(values.peer),
    python: () => values.python ?? pythonOfCheckout(),
  };
}

export function machine() {
  return { cores: cpus().length, cpu: cpus()[0]?.model.trim() ?? "", node: process.version };
}

/** The one JSON line with --json, else a table of rows under a title. */
export function report(
  options: BenchOptions,
  result: Readonly<Record<string, unknown>> & { readonly title: string },
  rows: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...result, machine: machine() })}\n`);
    return;
  }
  const { cores, cpu, node } = machine();
  process.stdout.write(`${result.title}\n${cores} cores, ${cpu}, Node ${node}\n`);
  // A figure a line: there are more figures than cases.
  const figures = new Set(Object.values(rows).flatMap((row) => Object.keys(row)));
  const cells = (figure: string) =>
    Object.entries(rows).map(([name, row]) => [name, row[figure]] as const);
  console.table(
    Object.fromEntries(
      [...figures].map((figure) => [figure, Object.fromEntries(cells(figure))] as const),
    ),
  );
}

export function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

function pythonOfCheckout(): string {
  const { python } = findToolchain();
  if (python === undefined) {
    throw new Error("the Python peer needs 'node scripts/setup.mjs --test', or --python");
  }
  return python;
}
