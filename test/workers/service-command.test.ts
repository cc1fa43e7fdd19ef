import { expect, test } from "vitest";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import { serviceCommand } from "../../src/workers/service-command.ts";

test.each([
  ["trader-blue", undefined],
  ["scan-bridge", undefined],
  ["order-book", undefined],
  ["health", "131072"],
  ["bookkeeper", "131072"],
] as const)("%s has the worker's environment; what malloc gives back at once: %s", (name, trim) => {
  const env = { TZ: "UTC", MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "65536" };
  const command = serviceCommand(SERVICES[name], { env, logFolder: "logs" });
  expect(command.env).toMatchObject({ TZ: "UTC", MALLOC_ARENA_MAX: "1" });
  expect(command.env["MALLOC_TRIM_THRESHOLD_"]).toBe(trim);
});
