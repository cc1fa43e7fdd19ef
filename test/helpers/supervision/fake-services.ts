/** The table of services that tests of supervision use in place of the real one. */
import { BRIDGE_TIES } from "../../../src/domain/supervision/ties.ts";
import type { ServiceSpec } from "../../../src/domain/supervision/services.ts";

const MIB = 1_048_576;

export const FAKE_SERVICES: Readonly<Record<string, ServiceSpec>> = {
  fake: {
    name: "fake",
    layer: "scan",
    role: "bridge",
    book: null,
    group: "data",
    dependsOn: [],
    module: "../../test/helpers/supervision/fake-service.ts",
    nodeArgs: ["--max-semi-space-size=1"],
    isUrgent: true,
    startSeconds: 0.3,
    // A busy machine takes its time to hand a signal over.
    stopWaitSeconds: 3,
    rssWarnBytes: 120 * MIB,
    rssRestartBytes: 250 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: { memoryMaxBytes: 512 * MIB, cpuMaxPercent: 400, tasksMax: 64 },
    autostart: true,
    ties: BRIDGE_TIES,
  },
};
