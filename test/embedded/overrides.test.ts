import { expect, test } from "vitest";
import { overridesIn, withoutOverrides } from "../../src/embedded/guarded-process.ts";

test("what would set an embedded server otherwise does not reach it, and is named", () => {
  const kept = { PATH: "/usr/bin", JAVA_HOME: "/opt/java", LANG: "C.UTF-8", MY_HZ_NAME: "x" };
  const overrides = {
    HZ_CLUSTERNAME: "prod",
    HZ_NETWORK_PORT_PORT: "9999",
    JAVA_TOOL_OPTIONS: "-Dhazelcast.config=/elsewhere.xml",
    JDK_JAVA_OPTIONS: "-Xmx1m",
    TEMPORAL_ADDRESS: "elsewhere:7233",
    _JAVA_OPTIONS: "-Xmx1m",
  };
  expect(withoutOverrides({ ...kept, ...overrides })).toEqual(kept);
  expect(overridesIn({ ...overrides, ...kept })).toEqual(Object.keys(overrides));
});
