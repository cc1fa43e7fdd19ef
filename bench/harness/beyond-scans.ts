/**
 * Checks after faults that are not about scans: alerts that open and are resolved, books that add up, secrets that stay
 * where they are.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  incidentsFile,
  openIncidentsToRead,
} from "../../src/adapters/incident-store/incident-database.ts";
import { codeOf } from "../../src/domain/failure.ts";
import { dolphin } from "../../test/chaos/harness/dolphin-json.ts";
import { until } from "../../test/helpers/processes.ts";

const RESOLVED_WITHIN_MS = 300_000;

/** One incident of the rule was opened since then, and is resolved; else what is wrong. */
export async function alertsOnce(
  dataDir: string,
  rule: string,
  fromMs: number,
): Promise<string | null> {
  const read = () => incidentsSince(dataDir, rule, fromMs);
  try {
    await until(() => read().every(({ resolved_ms: ms }) => ms !== null), {
      ms: RESOLVED_WITHIN_MS,
      tell: () => `${rule} is still open`,
    });
  } catch (error) {
    return String(error);
  }
  const subjects = read().map(({ subject }) => subject);
  return subjects.length === 1
    ? null
    : `${rule} was opened ${subjects.length} times (${subjects.join(", ")})`;
}

type Row = { readonly subject: string; readonly resolved_ms: number | null };

function incidentsSince(dataDir: string, rule: string, fromMs: number): readonly Row[] {
  const db = openIncidentsToRead(incidentsFile(join(dataDir, "safety")));
  if (db === null) return [];
  try {
    return db
      .prepare<[string, number], Row>(
        "SELECT subject, resolved_ms FROM incidents WHERE rule = ? AND ? <= started_ms",
      )
      .all(rule, fromMs);
  } finally {
    db.close();
  }
}

/** The day run again comes to the same fills, positions and trades; else what `dolphin replay` says. */
export async function replaysEqual(
  dataDir: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const days = readdirSync(join(dataDir, "journal", "trading", "BLUE"));
  const day = days.flatMap((name) => /^(.*)\.seg$/.exec(name)?.[1] ?? []).toSorted();
  const args = ["--data-dir", dataDir, "replay", day.at(-1) ?? "none", "--book", "BLUE"];
  const { code, stdout, stderr } = await dolphin(args, env);
  return code === 0 ? null : `replay ended with ${code}: ${stdout.slice(-500)}${stderr}`;
}

/** A channel whose address is a secret, and the places where that secret was found. Nothing listens at port 1. */
export function plantSecret(port = 1) {
  const secret = `canary-${randomUUID()}`;
  return {
    env: { FAULTS_HOOK_URL: `http://127.0.0.1:${port}/${secret}` },
    settings: {
      alerts: { channels: { planted: { kind: "webhook", url_env: "FAULTS_HOOK_URL" } } },
    },
    /** Files below `dir` that hold it: logs, histories of Temporal, journals. */
    leaks: (dir: string): readonly string[] => filesWith(secret, dir),
  };
}

function filesWith(text: string, dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => contentOf(path).includes(text));
}

/** A file that was deleted since it was listed contains nothing. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
