/** A log that cannot be written does not end the process of the watchdog. */
import { closeSync, openSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { spawnSync } from "../../helpers/run-program.ts";

test("a service whose lines find no room goes on", () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const module = new URL("../../../src/services/shell/small-service.ts", import.meta.url).href;
  const script = `
    import { runSmallService } from ${JSON.stringify(module)};
    await runSmallService({
      name: "watchdog",
      tag: "Watchdog",
      async start(say) {
        say("info", "one");
        process.stderr.write("two");
        setTimeout(() => process.exit(7), 100);
        return { stop: async () => undefined };
      },
    });`;
  const args = ["--input-type=module", "-e", script];
  const ended = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", full, full],
  });
  expect(ended.status).toBe(7);
});
