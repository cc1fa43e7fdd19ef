import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type CommandAuditLine,
  auditPath,
  openAudit,
} from "../../../src/dashboard/commands/audit.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-audit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lineWith(changes: Partial<CommandAuditLine> = {}): CommandAuditLine {
  return {
    session: 1,
    command: "halt",
    arguments: { book: "BLUE" },
    id: "a",
    outcome: "done",
    says: "",
    ...changes,
  };
}

function linesIn(path: string): unknown[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

test("a line says who, what, when and with what outcome", () => {
  const audit = openAudit(folder, "ada");
  audit.write(lineWith({ says: "BLUE: halted" }), 0);
  audit.close();
  expect(linesIn(auditPath(folder))).toEqual([
    {
      at: "1970-01-01T00:00:00.000000+00:00",
      via: "dashboard",
      user: "ada",
      session: 1,
      command: "halt",
      arguments: { book: "BLUE" },
      id: "a",
      outcome: "done",
      says: "BLUE: halted",
    },
  ]);
});

test("another process goes on behind what is there", () => {
  for (const user of ["ada", "bob"]) {
    const audit = openAudit(folder, user);
    audit.write(lineWith(), 0);
    audit.close();
  }
  expect(linesIn(auditPath(folder))).toMatchObject([{ user: "ada" }, { user: "bob" }]);
});

test("secrets are not in it, by their key or by their shape", () => {
  const audit = openAudit(folder, "ada");
  const hook = "https://hooks.slack.com/services/T0/B0/canary";
  audit.write(
    lineWith({ arguments: { token: "canary", api_key: "canary" }, says: `at ${hook}` }),
    0,
  );
  audit.close();
  expect(readFileSync(auditPath(folder), "utf8")).not.toContain("canary");
});

test("a text of several lines stays one line", () => {
  const audit = openAudit(folder, "ada");
  audit.write(lineWith({ arguments: { reason: 'a\n{"outcome":"done"}\u2028' } }), 0);
  audit.close();
  expect(linesIn(auditPath(folder))).toHaveLength(1);
});

test("it is bounded: the oldest file goes", () => {
  const audit = openAudit(folder, "ada", { bytesMax: 2_000, filesMax: 3 });
  for (let at = 0; at < 200; at += 1) audit.write(lineWith({ id: String(at) }), at);
  audit.close();
  expect(readdirSync(folder).toSorted()).toEqual(["audit.log", "audit.log.1", "audit.log.2"]);
  for (const file of readdirSync(folder)) {
    expect(statSync(join(folder, file)).size).toBeLessThan(2_500);
  }
  expect(linesIn(auditPath(folder)).at(-1)).toMatchObject({ id: "199" });
});

test("where nothing can be written nothing is thrown", () => {
  mkdirSync(auditPath(folder));
  const audit = openAudit(folder, "ada");
  expect(() => audit.write(lineWith(), 0)).not.toThrow();
  audit.close();
});
