/** Other engines on the same workload: run here if they are installed, else with their recorded figures. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const NUMBA = "numba_loop.py";

/** Recorded on two shared cores, one thread; good to one digit. Milliseconds a run on m and s. */
const RECORDED = [
  { engine: "NautilusTrader 1.221", script: "nautilus_engine.py", m: 57_000, s: 24_000 },
  { engine: "backtrader", script: null, m: 150_000, s: 43_000 },
  { engine: "vectorbt, flexible order function", script: "vectorbt_engine.py", m: 160, s: 300 },
  { engine: "numba, a bare loop", script: NUMBA, m: 1.2, s: 3.3 },
] as const;

/** What the right answer is held against. */
type Answer = { readonly trades: number; readonly final: number };
type PeerFigures = {
  readonly engine: string;
  readonly script: string | null;
  readonly source: "measured" | "recorded";
  readonly run_ms: number;
  /** Whether it came to the same trades, and to the same cash but for its way of taking slippage. */
  readonly agrees?: boolean;
  /** Why it was not run. */
  readonly why?: string;
  readonly [figure: string]: unknown;
};

const FINAL_SHARE_MAX = 0.001;

export type PeerRequest = {
  readonly folder: string;
  readonly python: string;
  /** Those that are not to run stand as recorded. */
  readonly isWanted: (script: string) => boolean;
  readonly ours: Answer & { readonly assets: number };
};

/** One after the other, as each may need all of the machine. */
export function runPeers({ folder, python, isWanted, ours }: PeerRequest): PeerFigures[] {
  return RECORDED.map(({ engine, script, m, s }) => {
    const run_ms = ours.assets === 1 ? s : m;
    const recorded = { engine, script, source: "recorded", run_ms } as const;
    if (script === null) return { ...recorded, why: "there is no script for it" };
    if (!isWanted(script)) return { ...recorded, why: "it was not asked for" };
    const run = runScript(python, script, folder);
    return "why" in run
      ? { ...recorded, ...run }
      : measured({ engine, script, ...run.figures }, ours);
  });
}

function measured(
  figures: Readonly<Record<string, unknown>> & Pick<PeerFigures, "engine" | "script">,
  ours: Answer,
): PeerFigures {
  const agrees =
    figures["trades"] === ours.trades &&
    Math.abs(Number(figures["final"]) / ours.final - 1) < FINAL_SHARE_MAX;
  return { ...figures, source: "measured", run_ms: Number(figures["run_ms"]), agrees };
}

/** The last line of its output says why it did not run: usually something is not installed. */
function runScript(python: string, script: string, folder: string) {
  const path = join(import.meta.dirname, script);
  const { status, stdout, stderr, error } = spawnSync(python, [path, folder], { encoding: "utf8" });
  if (error !== undefined) return { why: `'${python}' does not start: ${error.message}` };
  if (status !== 0) return { why: stderr.trim().split("\n").at(-1) ?? "" };
  const figures: Record<string, unknown> = JSON.parse(stdout);
  return { figures };
}
