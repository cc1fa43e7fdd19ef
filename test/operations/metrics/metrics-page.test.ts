import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { keepMetricsPage } from "../../../src/operations/metrics/metrics-page.ts";
import { fullReading } from "../../helpers/system-reading.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const MINUTE_MS = 60_000;

/** A page of a system whose seq is the number of its readings. */
function open() {
  const dataDir = mkdtempSync(join(tmpdir(), "dolphin-page-"));
  const system = { readings: 0 };
  const { status } = fullReading();
  const read = async () => {
    system.readings += 1;
    return { ...status, latest_scan: { ...status.latest_scan!, seq: system.readings } };
  };
  const reader = async () => ({ read });
  const page = keepMetricsPage({ reader, dataDir, sdkUrl: null });
  onTestFinished(async () => {
    await page.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { page, system };
}

test("nothing is read while nobody scrapes, and the first scrape has values all the same", async () => {
  const { page, system } = open();
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  expect(system.readings).toBe(0);
  const texts = await Promise.all([page.text(), page.text()]);
  for (const text of texts) expect(text).toContain("\ndolphin_scan_seq 1\n");
  expect(system.readings).toBe(1);
});

test("while it is scraped, at whatever interval, readings are steady; a scrape adds none", async () => {
  const { page, system } = open();
  await page.text();
  for (let scrape = 1; scrape <= 3; scrape += 1) {
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(system.readings).toBe(1 + scrape * 60);
    expect(await page.text()).toContain(`\ndolphin_scan_seq ${1 + scrape * 60}\n`);
  }
});

test("after a long time without a scrape the next one waits for a new reading", async () => {
  const { page, system } = open();
  await page.text();
  await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
  const { readings } = system;
  expect(readings).toBeLessThan(70);
  expect(await page.text()).toContain(`\ndolphin_scan_seq ${readings + 1}\n`);
});
