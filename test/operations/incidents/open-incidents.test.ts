import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { incidentsFile } from "../../../src/adapters/incident-store/incident-database.ts";
import type { FactTable } from "../../../src/domain/incidents/facts.ts";
import { readIncidents } from "../../../src/adapters/incident-store/read-incidents.ts";
import { withWholeStory } from "../../../src/operations/incidents/look-up-incidents.ts";
import { openIncidents } from "../../../src/operations/incidents/open-incidents.ts";
import { BEGIN_MS, HOOK, ruleOf } from "../../helpers/incidents/watching.ts";
import { mountSmallDisk } from "../../helpers/faults/small-disk.ts";

const dir = mkdtempSync(join(tmpdir(), "incidents-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const SETUP = { rules: [ruleOf({ name: "r", when: "x.on" })], channels: [HOOK] };

/** An engine on this folder, a step a second. */
function opened(folder: string, startMs = BEGIN_MS) {
  const lines: string[] = [];
  const say = (...of: unknown[]) => void lines.push(String(of.at(-1)));
  const log = { info: say, warn: say, error: say };
  let nowMs = startMs;
  const incidents = openIncidents({ folder, log, nowMs, ...SETUP });
  return {
    incidents,
    lines,
    nowMs: () => nowMs,
    pass(seconds: number, values: FactTable) {
      for (let at = 0; at < seconds; at += 1) {
        nowMs += 1_000;
        incidents.step({ values, roots: [], symptoms: [] }, nowMs);
      }
    },
  };
}

function notified(folder: string): readonly string[] {
  const db = new Database(incidentsFile(folder), { readonly: true });
  const rows = db.prepare("SELECT kind, number, incident FROM notifications ORDER BY id").all();
  db.close();
  return rows.map((row) => {
    const { kind, number }: { kind?: unknown; number?: unknown } = Object(row);
    return `${String(number)} ${String(kind)}`;
  });
}

function folderOf(name: string): string {
  return join(dir, name);
}

const ON = { "x.on": true };
const OFF = { "x.on": false };

test("a story that the watchdog cut in a storm is shown as it is written down", () => {
  const folder = folderOf("storm");
  const engine = opened(folder);
  for (let turn = 0; turn < 6; turn += 1) engine.pass(1, turn % 2 === 0 ? ON : OFF);
  const [whole] = engine.incidents.open();
  const kept = readIncidents(folder);
  expect(whole!.story.length).toBeGreaterThan(2);
  const cut = { ...whole!, summary: "newer", story: whole!.story.slice(-1) };
  expect(withWholeStory(cut, kept)).toEqual({ ...whole, summary: "newer" });
  expect(withWholeStory(whole!, null)).toBe(whole);
  expect(withWholeStory({ ...cut, id: "another" }, kept).story).toBe(cut.story);
  // A beginning names it, too.
  expect(kept?.find(whole!.id.slice(0, -1)).map(({ id }) => id)).toEqual([whole!.id]);
  kept?.close();
  engine.incidents.close();
});

test("another process goes on with what was open, and tells nothing twice", () => {
  const folder = folderOf("again");
  const first = opened(folder);
  first.pass(3, ON);
  const [incident] = first.incidents.open();
  // Killed: nothing is closed, nothing is said.
  const second = opened(folder, first.nowMs());
  expect(second.incidents.open()).toEqual([incident]);
  second.pass(20, ON);
  expect(notified(folder)).toEqual(["1 fire"]);
  const id = incident?.id ?? "";
  expect(
    second.incidents.acknowledge({ incident: id, by: "ana", via: "cli" }, second.nowMs()).ok,
  ).toBe(true);
  const third = opened(folder, second.nowMs());
  expect(third.incidents.open().map(({ state }) => state)).toEqual(["acknowledged"]);
  third.pass(40, OFF);
  expect(third.incidents.open()).toEqual([]);
  expect(notified(folder)).toEqual(["1 fire", "2 acknowledge", "3 resolve"]);
});

test("a step without news writes nothing", () => {
  const engine = opened(folderOf("quiet"));
  engine.pass(3, ON);
  const db = new Database(incidentsFile(folderOf("quiet")), { readonly: true });
  const version = () => db.pragma("data_version", { simple: true });
  const before = version();
  engine.pass(20, ON);
  expect(version()).toBe(before);
  engine.pass(1, OFF);
  expect(version()).not.toBe(before);
  db.close();
});

describe("a database", () => {
  test.each([
    ["of nonsense", (file: string) => writeFileSync(file, "nonsense".repeat(1_000))],
    [
      "whose state is none",
      (file: string) => {
        const db = new Database(file);
        db.exec("UPDATE engine SET body = '{}'");
        db.close();
      },
    ],
    [
      "of a newer program",
      (file: string) => {
        const db = new Database(file);
        db.pragma("user_version = 99");
        db.close();
      },
      /newer release.*move the file back/,
    ],
  ])("%s is put aside, and said", (name, spoil, said = /damaged/) => {
    const folder = folderOf(name.replaceAll(" ", "-"));
    const first = opened(folder);
    first.pass(3, ON);
    first.incidents.close();
    spoil(incidentsFile(folder));
    const second = opened(folder, first.nowMs());
    expect(second.incidents.trouble()).toMatch(said);
    expect(second.lines.join()).toMatch(said);
    second.pass(20, ON);
    expect(second.incidents.open()).toHaveLength(1);
    expect(notified(folder)).toEqual(["1 fire"]);
    expect(readdirSync(folder).join()).toMatch(/incidents\.sqlite\.damaged-\d+/);
  });
  test("that somebody deletes is written anew", () => {
    const folder = folderOf("deleted");
    const first = opened(folder);
    first.pass(3, ON);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    first.pass(3, OFF);
    const second = opened(folder, first.nowMs());
    expect(second.incidents.open()).toHaveLength(1);
  });
  test("on a full disk costs nothing: the reserve is used, and then memory", (context) => {
    const folder = folderOf("full");
    const disk = mountSmallDisk(folder, "100m");
    if (disk === null) return context.skip("needs leave to mount a small disk");
    try {
      const engine = opened(folder);
      engine.pass(3, OFF);
      disk.fill();
      engine.pass(3, ON);
      expect(engine.incidents.trouble()).toBeNull();
      expect(notified(folder)).toEqual(["1 fire"]);
      disk.fill();
      engine.pass(40, OFF);
      engine.pass(3, ON);
      expect(engine.incidents.trouble()).toMatch(/full/);
      expect(engine.incidents.open()).toHaveLength(1);
      disk.free();
      engine.pass(2, ON);
      expect(engine.incidents.trouble()).toBeNull();
      expect(notified(folder)).toEqual(["1 fire", "2 resolve"]);
      // It fired again soon, and that is notified a quarter of an hour later.
      engine.pass(900, ON);
      expect(notified(folder)).toEqual(["1 fire", "2 resolve", "1 fire"]);
      const again = opened(folder, engine.nowMs());
      expect(again.incidents.open()).toEqual(engine.incidents.open());
    } finally {
      disk.unmount();
    }
  });
});
