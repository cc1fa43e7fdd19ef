/** run/<service>.json names the process of a service, so that whoever comes next finds it after a crash. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const RunFile = z.object({
  service: z.string(),
  pid: z.number().int(),
  started_ticks: z.number().int().nullable(),
  life: z.number().int(),
  started_at: z.string(),
});
export type RunFile = z.infer<typeof RunFile>;

export function writeRunFile(folder: string, run: RunFile): void {
  mkdirSync(folder, { recursive: true });
  const path = pathOf(folder, run.service);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(run)}\n`);
  renameSync(`${path}.tmp`, path);
}

export function readRunFile(folder: string, service: string): RunFile | null {
  try {
    const text = readFileSync(pathOf(folder, service), "utf8");
    return RunFile.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Removes it, unless it names another process by now. */
export function removeRunFile(folder: string, service: string, pid: number): void {
  if (readRunFile(folder, service)?.pid === pid) rmSync(pathOf(folder, service), { force: true });
}

function pathOf(folder: string, service: string): string {
  return join(folder, `${service}.json`);
}
