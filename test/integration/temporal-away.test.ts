/**
 * Temporal away for long, by SIGKILL and by SIGSTOP: there is one bridge at every moment, scans flow, and afterwards it
 * is adopted and not doubled, even if Temporal's database is lost. CHAOS_AWAY_S=120 is the long form, with twice the
 * cases.
 */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkOneToOne } from "../simulation/checkers/one-seq-a-scan.ts";
import { checkAscending } from "../simulation/checkers/order-is-kept.ts";
import { checkGapless } from "../simulation/checkers/seqs-are-gapless.ts";
import {
  type BridgeStage,
  longestPauseMs,
  openBridgeStage,
  sampleBridges,
} from "../chaos/harness/bridge-stage.ts";
import { sendSignal, until } from "../helpers/processes.ts";

/** Beyond the heartbeat timeout, and beyond the time after which an orphan would be looked into. */
const AWAY_MS = Number(process.env["CHAOS_AWAY_S"] ?? 24) * 1_000;
const CASES = [
  ["SIGKILL", "lives"],
  ["SIGSTOP", "dies"],
  ["SIGKILL", "dies"],
  ["SIGSTOP", "lives"],
] as const;
const CASES_SHORT = 2;
const EVERY_MS = 200;
const FLOWS_WITHIN_MS = 120_000;
let stage: BridgeStage;
let trickle: ReturnType<BridgeStage["writer"]["trickle"]>;

beforeAll(async () => {
  stage = await openBridgeStage("temporal-away");
  trickle = stage.writer.trickle(EVERY_MS);
});
afterAll(async () => {
  await stage.close();
});

async function goAway(signal: "SIGKILL" | "SIGSTOP"): Promise<void> {
  const server = stage.temporal();
  if (signal === "SIGSTOP") return sendSignal(server.pid, signal);
  server.kill();
  await server.exited;
}

async function comeBack(signal: "SIGKILL" | "SIGSTOP"): Promise<void> {
  if (signal === "SIGKILL") await stage.restartTemporal();
  else sendSignal(stage.temporal().pid, "SIGCONT");
}

describe(`Temporal away for ${AWAY_MS / 1_000} s`, () => {
  test.each(process.env["CHAOS_AWAY_S"] === undefined ? CASES.slice(0, CASES_SHORT) : CASES)(
    "by %s while the bridge %s",
    async (signal, fate) => {
      const { pid: before, life } = await stage.untilStatus("Healthy");
      const sampler = sampleBridges(stage);
      const fromMs = performance.now();
      await goAway(signal);
      await delay(AWAY_MS / 3);
      if (fate === "dies") {
        sendSignal(before, "SIGKILL");
        const isReplaced = () => stage.bridges().some((pid) => pid !== before);
        await until(isReplaced, {
          ms: FLOWS_WITHIN_MS,
          tell: () => `bridge ${before} not replaced`,
        });
      }
      const highest = stage.collector.highest();
      await delay((AWAY_MS * 2) / 3);
      const flows = () => highest < stage.collector.highest();
      await until(flows, { ms: FLOWS_WITHIN_MS, tell: () => "no scan came while it was away" });
      const during = stage.bridges();
      expect(during).toHaveLength(1);
      expect(during[0] === before).toBe(fate === "lives");
      await comeBack(signal);
      await stage.untilHeard();
      const after = await stage.untilStatus("Healthy", during[0]);
      sampler.stop();
      expect(stage.bridges()).toEqual(during);
      const lives = fate === "lives" ? 1 : 2;
      expect(after.life).toBe((life ?? 0) + lives - 1);
      expect(sampler.most()).toBe(1);
      expect(sampler.all()).toHaveLength(lives);
      const pauseMs = longestPauseMs(stage.collector, fromMs);
      process.stdout.write(`${signal}, ${fate}: longest pause ${pauseMs} ms\n`);
    },
    4 * (AWAY_MS + 240_000),
  );

  test("its database lost: another supervisor adopts the same bridge", async () => {
    const { pid, life } = await stage.untilStatus("Healthy");
    const sampler = sampleBridges(stage);
    await stage.forgetTemporal();
    await stage.untilHeard();
    const after = await stage.untilStatus("Healthy", pid);
    sampler.stop();
    expect(sampler.all()).toEqual([pid]);
    expect(after.life).toBe(life);
  });

  test("and nothing was lost, doubled or mixed up by all that", async () => {
    await trickle.stop();
    const { collector, writer } = stage;
    const total = writer.written.size;
    const tell = () => `${collector.highest()} of ${total}`;
    await until(() => total <= collector.highest(), { ms: 30_000, tell });
    await collector.stop();
    const { values } = collector;
    const seqs = values.map(({ seq }) => seq);
    const things = values.map(({ seq, content }) => ({ seq, thing: `content ${content}` }));
    expect(checkGapless("ringbuffer", seqs, total)).toEqual([]);
    expect(checkOneToOne("ringbuffer", things)).toEqual([]);
    expect(checkAscending("ringbuffer", seqs)).toEqual([]);
  });
});
