/**
 * The outcomes of a chunk of trials, one line each, and a last line about the scans that were read: written and read
 * line by line, so that memory stays bounded. Invariant: the file gets its name only when it is complete.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { PassCounts } from "../../../wire/backtest/run-checkpoint.ts";
import { stagingOf } from "../run-folder.ts";
import type { TriedSet } from "./sweep-tally.ts";
import type { ScansRead } from "./sweep-waves.ts";

/** What a chunk depends on, besides its job. */
export type ChunkGround = ScansRead & { readonly codeVersion: string };
export type ChunkContent = ChunkGround & { readonly sha256: string };

const BUFFER_CHARACTERS = 65_536;

const Tried = z.custom<TriedSet | null>((value) => typeof value === "object");
const LastLine = z.object({
  dataHash: z.string(),
  codeVersion: z.string(),
  // Written by this module, and verified by its hash.
  read: z.custom<PassCounts>((value) => typeof value === "object" && value !== null),
});

export function openChunkFile(folder: string, name: string) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  const staging = stagingOf(path);
  const descriptor = openSync(staging, "w");
  const hash = createHash("sha256");
  let buffer = "";
  const flush = (): void => {
    hash.update(buffer);
    writeSync(descriptor, buffer);
    buffer = "";
  };
  return {
    path,
    add(tried: TriedSet | null): void {
      buffer += `${JSON.stringify(tried)}\n`;
      if (BUFFER_CHARACTERS < buffer.length) flush();
    },
    /** Returns the hash of the file's content. */
    finish({ dataHash, codeVersion, read }: ChunkGround): string {
      buffer += `${JSON.stringify({ dataHash, codeVersion, read })}\n`;
      flush();
      closeSync(descriptor);
      renameSync(staging, path);
      return hash.digest("hex");
    },
  };
}

/** @throws {Error} for a file that is incomplete or missing. */
export async function readChunkFile(
  path: string,
  onTried: (tried: TriedSet | null) => void,
): Promise<ChunkContent> {
  const hash = createHash("sha256");
  const file = await open(path);
  const input = file.createReadStream().on("data", (bytes) => hash.update(bytes));
  let before: string | null = null;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (before !== null) onTried(Tried.parse(JSON.parse(before)));
    before = line;
  }
  if (before === null) throw new Error(`${path} is empty`);
  return { ...LastLine.parse(JSON.parse(before)), sha256: hash.digest("hex") };
}
