/** The table of services that tests of supervision use instead of the real one. */
import type { ServiceSpec } from "../../../src/domain/supervision/services.ts";

const MIB = 1_048_576;

export const FAKE_SERVICES: Readonly<Record<string, ServiceSpec>> = {
  fake: {
    name: "fake",
    layer: "scan",
    module: "../../test/helpers/supervision/fake-service.ts",
    nodeArgs: ["--max-semi-space-size=1"],
    startSeconds: 0.3,
    stopWaitSeconds: 1.5,
    rssWarnBytes: 120 * MIB,
    rssRestartBytes: 250 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    autostart: true,
  },
};
