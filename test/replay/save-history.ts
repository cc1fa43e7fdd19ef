/** Saves the history of a run on a real server. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { execFileSync } from "../helpers/run-program.ts";

const FOLDER = join(import.meta.dirname, "histories");

export type SavedHistory = { readonly address: string; readonly number: number };

/** `runId` is empty for the newest. */
export function saveHistory(workflowId: string, runId: string, place: SavedHistory): void {
  const run = runId === "" ? [] : ["--run-id", runId];
  const show = ["workflow", "show", "--workflow-id", workflowId, "--output", "json", ...run];
  const { temporal } = findToolchain();
  const history = execFileSync(temporal, [...show, "--address", place.address]);
  const file = join(FOLDER, `${workflowId}-${place.number}.json`);
  writeFileSync(file, `${JSON.stringify(JSON.parse(history.toString()))}\n`);
  process.stdout.write(`${file}\n`);
}
