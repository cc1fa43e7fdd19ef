/** The keeper of a watchdog does not accept another watchdog's answer. */
import { expect, onTestFinished, test } from "vitest";
import { controlSocketPath, serveControl } from "../../../src/adapters/control-socket.ts";
import { askOwnWatchdog } from "../../../src/operations/safety/ask-watchdog.ts";
import { WATCHDOG } from "../../../src/wire/safety/safety-control.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

test("the answer of another watchdog is none of one's own", async () => {
  const dir = makeTemporaryDirectory("ask-watchdog");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const limits = { requestCharsMax: 10_000 };
  const server = await serveControl(controlSocketPath(dir, WATCHDOG), limits, async () => {
    const safety = { posture: "APEX", reasons: [], pid: 4_711, duties: {} };
    return JSON.stringify({ id: "show", ok: true, detail: "watching", safety });
  });
  onTestFinished(() => server.close());
  await askOwnWatchdog(dir, 4_711, { withinMs: 60_000 });
  const asked = askOwnWatchdog(dir, 4_712, { withinMs: 60_000 });
  await expect(asked).rejects.toThrow("a watchdog with pid 4711, started by hand, runs already");
});
