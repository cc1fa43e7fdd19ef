import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { SENSOR_NAMES } from "../../../src/domain/health/sample.ts";
import {
  type HealthWatch,
  openHealthWatch,
} from "../../../src/operations/health/open-health-watch.ts";

/** Takes every connection, and says nothing. */
let mute: Server;
const sockets = new Set<Socket>();
let folder = "";
let watch: HealthWatch;

beforeAll(async () => {
  mute = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).resume();
  }).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const address = mute.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  folder = mkdtempSync(join(tmpdir(), "dolphin-sampler-"));
  const { config } = loadConfig({
    env: {},
    cwd: folder,
    flags: { "hazelcast.address": `127.0.0.1:${port}`, data_dir: folder },
  });
  watch = await openHealthWatch({ config, name: "test", temporalAddress: `127.0.0.1:${port}` });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  mute.close();
  await watch.close();
  rmSync(folder, { recursive: true, force: true });
});

test("with everything silent a sample waits for nobody, and tells what it could not see", async () => {
  await watch.sampler.warmUp(1);
  expect(watch.sampler.servers()).toEqual({ temporal: "down", hazelcast: "down" });
  const next = watch.sampler.next();
  let isAnswered = false;
  const answers = watch.sampler.settled().then(() => (isAnswered = true));
  const sample = await next;
  expect(isAnswered).toBe(false);
  const scores = SENSOR_NAMES.map((name) => sample.sensors[name].score);
  expect(scores).toEqual([null, null, null, 0, null]);
  const { roots, word } = diagnose(sample, watch.graph);
  expect(roots.map(({ id }) => id)).toEqual(["hazelcast:hazelcast", "temporal:temporal"]);
  expect(word).toBe("DEAD");
  // It must survive being written down.
  expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
  await answers;
});
