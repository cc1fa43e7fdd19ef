import { expect, test } from "vitest";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import { serviceCommand } from "../../src/workers/service-command.ts";

test("a service has the worker's environment but for what malloc gives back at once", () => {
  const env = { TZ: "UTC", MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };
  const command = serviceCommand(SERVICES["trader-blue"], { env, logFolder: "logs" });
  expect(command.env).toMatchObject({ TZ: "UTC", MALLOC_ARENA_MAX: "1" });
  expect(command.env["MALLOC_TRIM_THRESHOLD_"]).toBeUndefined();
});
