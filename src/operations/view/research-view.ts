/**
 * Runs and sweeps below `<data-dir>/backtests`, from their own reports, newest first. An unchanged report is read
 * once.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../domain/failure.ts";
import { type SweepGrid, sweepGrid } from "../../domain/backtest/sweep/sweep-grid.ts";
import type { BacktestRecord } from "../../reports/run-record.ts";
import type { SweepRecord } from "../../reports/sweep-record.ts";
import { CHECKPOINT_FILE, REPORT_FILE, SHEET_FILE } from "../backtest/run-folder.ts";
import { SWEEP_FILE } from "../backtest/sweep/conclude-sweep.ts";

export type ResearchRow = {
  readonly name: string;
  readonly kind: "run" | "sweep" | "unfinished" | "unreadable";
  /** Time of its last file. */
  readonly atMs: number;
  /** Why it can't be read. */
  readonly problem: string | null;
  readonly hasSheet: boolean;
  readonly strategy: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly scans: number | null;
  /** For a sweep, of the best set. */
  readonly total: number | null;
  readonly sharpe: number | null;
  readonly drawdownMax: number | null;
  readonly trades: number | null;
  /** Number of sets tried; null: not a sweep. */
  readonly sets: number | null;
  readonly deflatedSharpe: number | null;
  readonly wallMs: number | null;
};

export type SweepMap = SweepGrid & Pick<SweepRecord, "name" | "objective">;

export type ResearchView = {
  list(): { readonly rows: readonly ResearchRow[]; readonly leftOut: number };
  /** A sentence where there is none. */
  sweepMap(name: string): SweepMap | string;
  /** The report as it was written; null: there is none of this name. */
  sheet(name: string): string | null;
};

const ROWS_MAX = 200;
const BYTES_MAX = 64 * 1_048_576;
/** The names that `dolphin backtest run` allows: never a path. */
const NAME = /^(?!\.)[\w.-]{1,200}$/;

export function createResearchView(dataDir: string): ResearchView {
  const root = join(dataDir, "backtests");
  const kept = new Map<string, ResearchRow>();
  return {
    list() {
      const folders = foldersIn(root);
      const rows = folders.slice(0, ROWS_MAX).map(({ name, file, atMs }) => {
        const key = `${name} ${file} ${atMs}`;
        const row = kept.get(key) ?? rowOf(root, { name, file, atMs });
        if (row.kind === "run" || row.kind === "sweep") kept.set(key, row);
        return row;
      });
      for (const key of [...kept.keys()].slice(0, -2 * ROWS_MAX)) kept.delete(key);
      return { rows, leftOut: Math.max(0, folders.length - ROWS_MAX) };
    },
    sweepMap: (name) => (NAME.test(name) ? sweepMapIn(join(root, name)) : "no such sweep"),
    sheet: (name) => (NAME.test(name) ? readIfThere(join(root, name, SHEET_FILE)) : null),
  };
}

type Folder = { readonly name: string; readonly file: string; readonly atMs: number };

function foldersIn(root: string): readonly Folder[] {
  let names: readonly string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
  return names
    .filter((name) => NAME.test(name))
    .flatMap((name): readonly Folder[] => {
      for (const file of [REPORT_FILE, SWEEP_FILE, CHECKPOINT_FILE, ""]) {
        const stat = statSync(join(root, name, file), { throwIfNoEntry: false });
        if (stat !== undefined) return [{ name, file, atMs: stat.mtimeMs }];
      }
      return [];
    })
    .toSorted((one, other) => other.atMs - one.atMs);
}

const NOTHING = {
  problem: null,
  strategy: null,
  from: null,
  to: null,
  scans: null,
  total: null,
  sharpe: null,
  drawdownMax: null,
  trades: null,
  sets: null,
  deflatedSharpe: null,
  wallMs: null,
} as const;

function rowOf(root: string, { name, file, atMs }: Folder): ResearchRow {
  const folder = join(root, name);
  const hasSheet = statSync(join(folder, SHEET_FILE), { throwIfNoEntry: false }) !== undefined;
  const about = { name, atMs, hasSheet };
  try {
    if (file === REPORT_FILE) {
      const record: BacktestRecord = JSON.parse(textOf(folder, file));
      return { ...NOTHING, ...about, ...runFigures(record) };
    }
    if (file === SWEEP_FILE) {
      const record: SweepRecord = JSON.parse(textOf(folder, file));
      return { ...NOTHING, ...about, ...sweepFigures(record) };
    }
    return { ...NOTHING, ...about, kind: "unfinished" };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { ...NOTHING, ...about, kind: "unreadable", problem };
  }
}

function runFigures({
  report,
  from,
  to,
  timing,
}: Pick<BacktestRecord, "report" | "from" | "to" | "timing">) {
  return {
    kind: "run" as const,
    from,
    to,
    strategy: report.run.strategy,
    scans: report.run.scans,
    total: report.returns.total,
    sharpe: report.risk.sharpe,
    drawdownMax: report.risk.drawdownMax,
    trades: report.trades.count,
    wallMs: timing.wallMs,
  };
}

function sweepFigures({ best, from, to, timing, trials, deflatedSharpe }: SweepRecord) {
  return {
    ...runFigures({ report: best.report, from, to, timing }),
    kind: "sweep" as const,
    sets: trials,
    deflatedSharpe: deflatedSharpe.probability,
  };
}

function sweepMapIn(folder: string): SweepMap | string {
  let record: SweepRecord;
  try {
    record = JSON.parse(textOf(folder, SWEEP_FILE));
  } catch {
    return "there is no finished sweep of this name";
  }
  return { name: record.name, objective: record.objective, ...sweepGrid(record) };
}

/** Written by us, as `dolphin backtest report` reads it; anything else throws where it is used. */
function textOf(folder: string, file: string): string {
  const text = readIfThere(join(folder, file));
  if (text === null) throw new Error(`${file} no longer exists`);
  return text;
}

function readIfThere(path: string): string | null {
  let descriptor: number;
  try {
    // A link that leads out of the folder is not one of our reports.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return null;
    if (BYTES_MAX < stat.size) throw new Error(`${path} is larger than ${BYTES_MAX} bytes`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}
