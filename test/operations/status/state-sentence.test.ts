import { describe, expect, test } from "vitest";
import { stateSentence } from "../../../src/operations/status/state-sentence.ts";
import type { SystemStatus } from "../../../src/wire/system-status.ts";
import { fullReading, rowOf } from "../../helpers/system-reading.ts";

const { status: fullStatus, health } = fullReading();
const ANSWERING = fullStatus.servers.map((server) => ({ ...server, answered_ms: 3 }));

function saysOf(changes: Partial<SystemStatus>): string {
  return stateSentence({ ...fullStatus, servers: ANSWERING, ...changes }, null).says;
}

describe("the state in one sentence", () => {
  test("is that all works, when it does", () => {
    expect(saysOf({})).toBe("every service works, and the servers answer");
  });
  test("does not conceal what health has found beside services that work", () => {
    const report = { ...health!.report, status: "CRITICAL" } as const;
    const { says } = stateSentence({ ...fullStatus, servers: ANSWERING }, report);
    expect(says).toBe("every service works, and the servers answer; health is CRITICAL");
  });
  test("names the servers that are silent first: what is known of the rest is old", () => {
    const says = saysOf({ status: "Server silent", servers: fullStatus.servers });
    expect(says).toBe("hazelcast (127.0.0.1:5701) does not answer");
  });
  test("names those that the word is of, with what status says of them", () => {
    const services = ["a", "b", "c", "d"].map((name) =>
      rowOf(name, name === "a" ? {} : { status: "Down", why: `${name} has ended` }),
    );
    const says = saysOf({ status: "Down", services });
    expect(says).toBe("b: b has ended; c: c has ended; and 1 more");
  });
  test("says why nobody enters, though every service works", () => {
    const safety = { pid: 7, posture: "HIBERNATE", entries: "stop", answered_ms: 1 } as const;
    const says = saysOf({ safety: { ...safety, reasons: ["an operator said so"] } });
    expect(says).toMatch(/servers answer; no trader enters: an operator said so$/);
  });
  test("a disk that is full, a watchdog that is silent", () => {
    expect(saysOf({ status: "Warning", disk: { path: "/d", state: "FULL" } })).toBe("disk: FULL");
    const silent = { pid: null, posture: "UNKNOWN", entries: "stop", answered_ms: null } as const;
    const safety = { ...silent, reasons: ["the watchdog does not answer"] };
    expect(saysOf({ status: "Down", safety })).toBe("the watchdog does not answer");
  });
  test("goes with the causes that health has found, their remedies and what follows from them", () => {
    const root = {
      id: "process:scan-bridge",
      kind: "process",
      subject: "scan-bridge",
      owner: "ours",
      evidence: ["its process has ended"],
      remedy: { kind: "restart-service", service: "scan-bridge" },
    } as const;
    const symptoms = [{ subject: "scan", says: "no scan for 40 s", of: root.id }];
    const report = {
      ...health!.report,
      roots: [{ ...root, evidence: [...root.evidence] }],
      symptoms,
    };
    expect(stateSentence(fullStatus, report).because).toEqual([
      {
        id: root.id,
        owner: "ours",
        evidence: root.evidence,
        remedy: "restart scan-bridge",
        symptoms: ["no scan for 40 s"],
      },
    ]);
  });
});
