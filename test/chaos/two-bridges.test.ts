/**
 * Two bridges forced to run at once, on one journal and on two, as on two hosts: the older one is fenced and stays
 * down, nothing is overwritten, and seqs continue over both without a gap.
 */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkOneToOne, checkSame } from "../simulation/checkers/one-seq-a-scan.ts";
import { checkAscending, checkNeverBack } from "../simulation/checkers/order-is-kept.ts";
import { checkGapless } from "../simulation/checkers/seqs-are-gapless.ts";
import { sendSignal, until } from "../helpers/processes.ts";
import { type BridgeStage, openBridgeStage, sampleBridges } from "./harness/bridge-stage.ts";

const EVERY_MS = 40;
const FLOWS_WITHIN_MS = 60_000;
/** A supervisor starts again at once what it means to. */
const STOPPED_MS = 4_000;
const EXIT_FENCED = 76;
let stage: BridgeStage;
let trickle: ReturnType<BridgeStage["writer"]["trickle"]>;

beforeAll(async () => {
  stage = await openBridgeStage("two-bridges");
  trickle = stage.writer.trickle(EVERY_MS);
});
afterAll(() => stage.close());

async function untilScansFlow(instanceOf: number): Promise<void> {
  const { collector } = stage;
  const from = collector.highest();
  const isOurs = (instance: string) => instance.split(":")[1] === String(instanceOf);
  const flows = () =>
    collector.values.filter((value) => from < value.seq && isOurs(value.instance)).length > 20;
  await until(flows, { ms: FLOWS_WITHIN_MS, tell: () => `no scans from pid ${instanceOf}` });
}

/** The supervised one was fenced by `pid`, and nobody starts it again. */
async function checkFenced(pid: number): Promise<void> {
  const { life } = await stage.untilStatus("Fenced");
  const sampler = sampleBridges(stage);
  await untilScansFlow(pid);
  await delay(STOPPED_MS);
  sampler.stop();
  expect(sampler.all()).toEqual([pid]);
  // Awaited, as a server that does not answer for a moment says nothing of the bridge.
  expect(await stage.untilStatus("Fenced")).toMatchObject({ life, restarts: 0 });
}

/** An operator starts the supervised one again; the other is fenced by it. */
async function handBack(other: { readonly ended: Promise<number | null> }): Promise<void> {
  const { code, stderr } = await stage.command("start", "scan-bridge");
  expect([code, stderr]).toEqual([0, ""]);
  expect(await other.ended).toBe(EXIT_FENCED);
  const { pid } = await stage.untilStatus("Healthy");
  await untilScansFlow(pid ?? 0);
}

test.each([
  ["on the same data directory", "data"],
  ["on another host, with a journal of its own", "other"],
])("a second bridge %s fences the supervised one", async (_, folder) => {
  const { pid } = await stage.untilStatus("Healthy");
  await untilScansFlow(pid ?? 0);
  const second = stage.startBridge(folder);
  await checkFenced(second.pid);
  await handBack(second);
});

test("a bridge that froze while another took over is fenced when it wakes", async () => {
  const { pid } = await stage.untilStatus("Healthy");
  await untilScansFlow(pid ?? 0);
  // Else it would be killed after ten silent seconds, in which no other may be up on a busy machine.
  await stage.setMode("monitor-only");
  sendSignal(pid, "SIGSTOP");
  const second = stage.startBridge("third");
  await untilScansFlow(second.pid);
  sendSignal(pid, "SIGCONT");
  await stage.untilStatus("Fenced");
  await stage.setMode("auto");
  await checkFenced(second.pid);
  await handBack(second);
});

test("nothing was lost, doubled, overwritten or mixed up by all that", async () => {
  await trickle.stop();
  const { collector, writer } = stage;
  const total = writer.written.size;
  const tell = () => `${collector.highest()} of ${total}`;
  await until(() => total <= collector.highest(), { ms: FLOWS_WITHIN_MS, tell });
  await collector.stop();
  const { values, latest } = collector;
  const seqs = values.map(({ seq }) => seq);
  const contents = values.map(({ seq, content }) => ({ seq, thing: `content ${content}` }));
  const files = values.map(({ seq, file, late }) => ({ seq, thing: `${file}, late: ${late}` }));
  const written = new Set([...writer.written.values()].map((content) => `content ${content}`));
  expect(checkOneToOne("contents", contents)).toEqual([]);
  expect(checkOneToOne("files", files)).toEqual([]);
  expect(checkGapless("ringbuffer", seqs, total)).toEqual([]);
  expect(
    checkSame(
      "contents",
      written,
      contents.map(({ thing }) => thing),
    ),
  ).toEqual([]);
  expect(checkAscending("ringbuffer", seqs)).toEqual([]);
  expect(
    checkNeverBack(
      "latest_eigen_scan",
      latest.map(({ seq }) => seq),
    ),
  ).toEqual([]);
});
