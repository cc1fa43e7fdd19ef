import { expect, test } from "vitest";
import type { CommandAuditLine } from "../../../../src/dashboard/commands/audit.ts";
import { createCarryOut } from "../../../../src/dashboard/commands/given/carry-out.ts";
import type { DashboardAnswer } from "../../../../src/dashboard/commands/given/command.ts";
import { createConfirmations } from "../../../../src/dashboard/commands/given/confirmations.ts";
import { CommandRefused } from "../../../../src/operations/command-refused.ts";
import { surroundings } from "../../../helpers/dashboard.ts";

function deskOf() {
  const lines: CommandAuditLine[] = [];
  const audit = {
    write: (line: CommandAuditLine) => void lines.push(line),
    close: () => undefined,
  };
  const desk = createCarryOut(audit, () => 0);
  let done = 0;
  const give = (run: () => Promise<DashboardAnswer>, { id = "once", withinMs = 60_000 } = {}) =>
    desk.carryOut({
      name: "probe",
      withinMs,
      work: {
        arguments: { of: "it" },
        run: () => {
          done += 1;
          return run();
        },
      },
      context: {
        dataDir: "/nowhere",
        config: surroundings("/").config,
        temporalAddress: undefined,
        by: "ada",
        session: 1,
        id,
        confirmations: createConfirmations(),
        nowMs: 0,
      },
    });
  return { desk, give, lines, done: () => done };
}

const works = async () => ({ ok: true, says: "done" });
const never = () => Promise.withResolvers<DashboardAnswer>().promise;

test("an answer that does not come is reported as unknown, never as not done", async () => {
  const { give, lines } = deskOf();
  const given = await give(never, { withinMs: 1 });
  expect(given).toMatchObject({ ok: false, outcome: "unknown" });
  expect(given.says).toMatch(/it may or may not have been executed/);
  expect(lines.map(({ outcome }) => outcome)).toEqual(["begun", "unknown"]);
});

test.each([
  ["refused", new CommandRefused("no trader")],
  ["unknown", new CommandRefused("it may have been done or not", 1, true)],
  ["failed", new TypeError("x is not a function")],
])("what throws is %s, with its sentence", async (outcome, error) => {
  const { give, lines } = deskOf();
  expect(await give(() => Promise.reject(error))).toEqual({
    ok: false,
    says: error.message,
    outcome,
  });
  expect(lines.at(-1)).toMatchObject({ outcome, says: error.message, arguments: { of: "it" } });
});

test("the same id is done once, and another id again", async () => {
  const { give, done } = deskOf();
  await Promise.all([give(works), give(works)]);
  await give(works, { id: "twice" });
  expect(done()).toBe(2);
});

test("what is not known to have been done is carried out again under its id", async () => {
  const { give, done } = deskOf();
  const lost = new CommandRefused("no answer", 1, true);
  expect(await give(() => Promise.reject(lost))).toMatchObject({ outcome: "unknown" });
  expect(await give(works)).toMatchObject({ outcome: "done" });
  expect(await give(never)).toMatchObject({ outcome: "done" });
  expect(done()).toBe(2);
});

test("it says when too much is at work", () => {
  const { desk, give } = deskOf();
  for (let at = 0; at < 8; at += 1) {
    expect(desk.isBusy()).toBe(false);
    void give(never, { id: String(at), withinMs: 1 });
  }
  expect(desk.isBusy()).toBe(true);
});
