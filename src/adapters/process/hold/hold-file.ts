/**
 * run/holds/<service>.json identifies the attempt of an activity that holds a service, and its worker, so that after a
 * crash the next worker can give that very attempt back.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Hold } from "../../../domain/supervision/hold/release.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { isNamedProcess } from "../run-file.ts";

export type HoldFile = Hold & {
  readonly service: string;
  readonly run_id: string;
  /** Temporal's token of that attempt, in base64: it fits no other one. */
  readonly token: string;
};

const SUFFIX = ".json";
const HOLDS_MAX = 100;

export function holdsFolder(runFolder: string): string {
  return join(runFolder, "holds");
}

export function writeHold(runFolder: string, hold: HoldFile): void {
  mkdirSync(holdsFolder(runFolder), { recursive: true });
  replaceFile(pathOf(runFolder, hold.service), `${JSON.stringify(hold)}\n`);
}

/** Those that can be read. */
export function readHolds(runFolder: string): readonly HoldFile[] {
  return namesIn(holdsFolder(runFolder))
    .filter((name) => name.endsWith(SUFFIX))
    .slice(0, HOLDS_MAX)
    .flatMap((name) => readHold(runFolder, name.slice(0, -SUFFIX.length)) ?? []);
}

/** Removes it, unless it identifies another attempt by now. */
export function removeHold(runFolder: string, service: string, token: string): void {
  const path = pathOf(runFolder, service);
  if (readHold(runFolder, service)?.token === token) rmSync(path, { force: true });
}

export function readHold(runFolder: string, service: string): HoldFile | null {
  try {
    const value: unknown = JSON.parse(readFileSync(pathOf(runFolder, service), "utf8"));
    return isHoldFile(value) && value.service === service ? value : null;
  } catch {
    return null;
  }
}

function pathOf(runFolder: string, service: string): string {
  return join(holdsFolder(runFolder), `${service}${SUFFIX}`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

type Fields = Partial<Record<keyof HoldFile, unknown>>;

function isHoldFile(value: unknown): value is HoldFile {
  if (typeof value !== "object" || value === null) return false;
  const { service, run_id, token, attempt, identity, place, keeper }: Fields = value;
  const texts = [service, run_id, token, identity];
  const isWhole = texts.every((text) => typeof text === "string" && text !== "");
  const isPlace = place === null || typeof place === "string";
  return isWhole && isPlace && Number.isSafeInteger(attempt) && isNamedProcess(keeper);
}
