/** A stop holds if the saved state or the audit log records it. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lastStop, openPostureFile } from "../../../src/adapters/safety/posture-file.ts";
import { beginPosture, CAUTIOUS } from "../../../src/domain/safety/step-posture.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const AT = "2026-03-25T12:00:00.000Z";
const line = { at: AT, by: "ann", reason: "news", posture: "HIBERNATE" } as const;
const HALT = { ...line, action: "halt" } as const;
const RESUME = { ...line, action: "resume", posture: "TURTLE" } as const;
const APEX = { ...CAUTIOUS, posture: "APEX" } as const;

function openFile() {
  const dir = makeTemporaryDirectory("posture-file");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const file = openPostureFile(dir, { initial: "APEX", isUsed: true });
  file.save(APEX, AT);
  return { file, audit: join(dir, "audit.log"), state: join(dir, "posture.json") };
}

test("a stop that was audited and could not be saved holds over a restart", () => {
  const { file } = openFile();
  file.audit(HALT);
  const { kept, how } = file.read();
  expect(kept.latch).toMatchObject({ by: "ann", why: "news", posture: "HIBERNATE" });
  expect(how).toContain("according to the audit log");
  expect(beginPosture(kept, { monotonicMs: 0, wallMs: 0 }).posture).toBe("HIBERNATE");
  file.audit(RESUME);
  expect(file.read().kept.latch).toBeNull();
});

test("a saved stop holds whatever the audit says, and the stricter of both counts", () => {
  const { file } = openFile();
  const latch = { why: "a", by: "b", at: AT, posture: "TURTLE" } as const;
  file.audit(RESUME);
  file.save({ ...APEX, latch }, AT);
  expect(file.read().kept.latch).toEqual(latch);
  file.audit(HALT);
  expect(file.read().kept.latch).toEqual({ ...latch, posture: "HIBERNATE" });
});

test("a line that was cut off swallows none after it, and a milder halt lifts nothing", () => {
  const { file, audit } = openFile();
  appendFileSync(audit, '{"at":"20');
  file.audit(HALT);
  expect(file.read().kept.latch).toMatchObject({ by: "ann" });
  const milder = [HALT, { ...HALT, posture: "TURTLE" }].map((one) => JSON.stringify(one));
  expect(lastStop(milder.join("\n"))?.posture).toBe("HIBERNATE");
});

test("a state of a newer release is kept under another name, and its stop holds", () => {
  const { file, state } = openFile();
  const text = JSON.stringify({ version: 2, posture: "HIBERNATE" });
  writeFileSync(state, text);
  file.audit(HALT);
  const { kept, how } = file.read();
  expect(how).toContain("of a newer release, and moved aside");
  expect(kept).toMatchObject({ posture: CAUTIOUS.posture, latch: { by: "ann" } });
  expect(readFileSync(`${state}.newer`, "utf8")).toBe(text);
});
