import { afterEach, beforeEach, expect, test } from "vitest";
import { openStatus } from "../../../src/operations/status/open-status.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("open-status");
});
afterEach(() => {
  removeTemporaryDirectory(dir);
});

test("schedules are asked about only for who shows them", async () => {
  const reader = await openStatus({
    // Nobody listens there.
    temporalAddress: "127.0.0.1:9",
    hazelcast: { address: "127.0.0.1:9", cluster: "dolphin", prefix: null },
    dataDir: dir,
    archive: dir,
    services: [],
    policy: { restartsMax: 1, windowMs: 1, delaysMs: [1], fatalRetryMs: 1 },
    isWatched: false,
    temporalUi: null,
    dashboard: null,
  });
  try {
    const [all, short] = await Promise.all([reader.read(), reader.readWithoutSchedules()]);
    expect(all.schedules).toBeNull();
    expect(short.schedules).toEqual([]);
  } finally {
    await reader.close();
  }
});
