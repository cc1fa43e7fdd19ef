/**
 * What a page says, as a screen reader has it, beside a file of reference: roles, names and texts, without what differs
 * from one run to the next. Without its file a page is written down once it has settled: that is how references are
 * written anew (`rm -r test/integration/page-references` and the tests again).
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const FOLDER = resolve(import.meta.dirname, "../integration/page-references");
/** A page that says the same for so long has read all that it reads. */
const SETTLED_MS = 4_000;
const POLL_EVERY_MS = 200;
/** Bounds a failure only. */
const SHOWN_MS_MAX = 120_000;

export type PageReference = {
  /** Name of the file, without its ending. */
  readonly name: string;
  /** Texts of this run, each with what stands for it in the file. */
  readonly own: Readonly<Record<string, string>>;
};

export async function checkPageReference(
  page: Page,
  { name, own }: PageReference,
  of = "main",
): Promise<void> {
  const file = join(FOLDER, `${name}.txt`);
  const wanted = existsSync(file) ? readFileSync(file, "utf8") : null;
  const untilMs = performance.now() + SHOWN_MS_MAX;
  let said = "";
  let sinceMs = performance.now();
  for (;;) {
    const next = lasting(await page.locator(of).ariaSnapshot(), own);
    if (next !== said) sinceMs = performance.now();
    said = next;
    const isSettled = SETTLED_MS < performance.now() - sinceMs;
    if (said === wanted || (wanted === null && isSettled)) break;
    if (untilMs < performance.now()) break;
    await delay(POLL_EVERY_MS);
  }
  await expect(said).toMatchFileSnapshot(file);
}

/** Numbers, times and ages become marks; of neighbours that say the same then one is kept. */
export function lasting(snapshot: string, own: PageReference["own"] = {}): string {
  let text = snapshot;
  for (const [found, mark] of Object.entries(own)) text = text.replaceAll(found, mark);
  const masked = text
    .replaceAll(/\d{4}-\d\d-\d\d|\d\d-\d\d \d\d:\d\d(?: UTC)?|\d\d:\d\d:\d\d(?: UTC)?/g, "TIME")
    .replaceAll(/[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?/g, "#")
    .replaceAll(/# (?:ms|s|min|h|d)\b(?: # (?:min|h))?(?= ago)/g, "AGE")
    .replaceAll(/\b(?:[kMGT]?B)\b/g, "BYTES");
  return `${withoutRepeats(blocksOf(masked.split("\n"))).join("\n")}\n`;
}

type Block = { readonly head: string; readonly below: readonly string[] };

/** A line with what is indented below it. */
function blocksOf(lines: readonly string[]): readonly Block[] {
  const blocks: { head: string; below: string[] }[] = [];
  const outer = indentOf(lines[0] ?? "");
  for (const line of lines) {
    if (indentOf(line) <= outer) blocks.push({ head: line, below: [] });
    else blocks.at(-1)?.below.push(line);
  }
  return blocks;
}

function withoutRepeats(blocks: readonly Block[]): readonly string[] {
  const texts = blocks.map(({ head, below }) => {
    // What a picture is made of is read to nobody.
    const isEnd = below.length === 0 || /^\s*- '?img\b/.test(head);
    return [head, ...(isEnd ? [] : withoutRepeats(blocksOf(below)))].join("\n");
  });
  return texts.filter((text, at) => text !== texts[at - 1]);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
