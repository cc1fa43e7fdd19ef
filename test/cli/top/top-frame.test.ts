import { describe, expect, test } from "vitest";
import { fitted, type TextLine, piece, widthOf } from "../../../src/cli/top/cells.ts";
import { topFrame, type TopReading, type TopView } from "../../../src/cli/top/top-frame.ts";
import { statusTable } from "../../../src/cli/rendering/status-table.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { fullReading, rowOf } from "../../helpers/system-reading.ts";

const { status } = fullReading();
const WIDE = { columns: 200, rows: 200 };

function readingOf(changes: Partial<TopReading["status"]> = {}): TopReading {
  return { status: { ...status, ...changes }, via: "answered", incidents: { open: 0, newest: [] } };
}

function viewOf(reading: TopReading | null, changes: Partial<TopView> = {}): TopView {
  return { reading, ageS: 0.4, trouble: null, ...changes };
}

function incidentOf(changes: Partial<Incident>): Incident {
  return {
    id: "",
    rule: "stale_data",
    subject: "scan",
    severity: "warning",
    teams: [],
    state: "firing",
    summary: "",
    cause: null,
    startedAtMs: 0,
    resolvedAtMs: null,
    acknowledged: null,
    openedMs: 0,
    holds: true,
    number: 1,
    told: [],
    firstToldMs: null,
    lastToldMs: null,
    escalated: 0,
    excuse: null,
    excuseEndedMs: null,
    held: null,
    isFlapping: false,
    story: [],
    ...changes,
  };
}

function texts(lines: readonly TextLine[]): string[] {
  return lines.map((line) => line.map(({ text }) => text).join(""));
}

function frame(reading: TopReading, size = WIDE): string {
  return texts(topFrame(viewOf(reading), size)).join("\n");
}

describe("a frame", () => {
  test("has the values that `dolphin status` has", () => {
    const services = [
      ...status.services,
      rowOf("scan-two", {
        status: "Down",
        why: "its process has ended",
        pid: null,
        backlog: 1_234,
      }),
    ];
    const reading = readingOf({
      services,
      status: "Down",
      exit: 2,
      servers: status.servers.map((one) => ({ ...one, answered_ms: 3 })),
      safety: { pid: 9, posture: "STALKER", entries: "go", reasons: ["a reason"], answered_ms: 2 },
    });
    const shown = frame(reading);
    const cells = statusTable(reading.status)
      .split("\n")
      .flatMap((line) => line.split(/ {2,}/))
      .map((cell) => cell.trim())
      // What is healthy gives no reason, and a path is in the configuration.
      .filter((cell) => !/^$|^\/|all is well|127\.0\.0\.1|^pid |^number /.test(cell));
    expect(cells.length).toBeGreaterThan(30);
    expect(cells.filter((cell) => !shown.includes(cell))).toEqual([]);
    expect(shown).toContain("scan-two: its process has ended");
    expect(shown).toContain("equity 100250.50, 1 open, 12 trades, APEX");
  });

  test.each([
    [80, 24],
    [200, 60],
    [40, 10],
    [20, 5],
    [10, 3],
    [1, 1],
  ])("fits %s columns and %s rows, and says how to leave", (columns, rows) => {
    const services = Array.from({ length: 30 }, (_, nth) =>
      rowOf(`service-${nth}`, { status: "Down", why: "a long sentence ".repeat(20) }),
    );
    const lines = texts(topFrame(viewOf(readingOf({ services })), { columns, rows }));
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => columns < widthOf(line))).toEqual([]);
    expect("q quits".startsWith(lines.at(-1)!.replace("…", ""))).toBe(true);
  });

  test("of 80 columns and 24 rows has every service, both servers, the posture and the book", () => {
    const names = ["scan-bridge", "trader-blue", "trader-green", "bookkeeper", "health"];
    const [, blue] = status.services;
    const services = names.map((name) => (name === "trader-blue" ? blue! : rowOf(name)));
    const safety = { pid: 9, posture: "APEX", entries: "go", reasons: [], answered_ms: 2 } as const;
    const shown = frame(readingOf({ services, safety }), { columns: 80, rows: 24 });
    for (const what of [...names, "temporal", "hazelcast", "APEX, entries go", "BLUE", "disk"]) {
      expect(shown).toContain(what);
    }
    expect(shown).not.toContain("more lines");
  });

  test("greys what is old, and says for how long nothing came, and why", () => {
    const lines = topFrame(viewOf(readingOf(), { ageS: 42, trouble: "no room" }), WIDE);
    expect(texts(lines)[0]).toContain("NOTHING NEW for 42 s: no room");
    const colours = lines.slice(1).flatMap((line) => line.map(({ colour }) => colour));
    expect(new Set(colours)).toEqual(new Set(["dim"]));
  });

  test("before anything is known says so", () => {
    expect(texts(topFrame(viewOf(null), WIDE))).toEqual(["DOLPHIN  reading", "", "q quits"]);
  });

  test("shows the newest incidents, and that nobody reports any", () => {
    const newest = Array.from({ length: 5 }, (_, nth) =>
      incidentOf({ subject: `subject-${nth}`, summary: `summary ${nth}`, severity: "critical" }),
    );
    const safety = { pid: 9, posture: "APEX", entries: "go", reasons: [], answered_ms: 2 } as const;
    const shown = frame({ ...readingOf({ safety }), incidents: { open: 7, newest } });
    expect(shown).toContain("7 open");
    expect(shown).toContain("subject-2: summary 2");
    expect(shown).not.toContain("subject-3");
    const shownWithout = frame({ ...readingOf({ safety }), incidents: null });
    expect(shownWithout).toContain("the watchdog does not answer");
    expect(frame({ ...readingOf(), incidents: null })).not.toContain("incidents");
  });

  test("lets no text command the terminal, or turn its direction", () => {
    const evil = "\u001b]0;x\u0007\u001b[2J\u009b31m\r\n\u202e\u2066";
    const rows = [
      rowOf("scan-bridge", {
        status: "Down",
        why: evil,
        state: `halted ${evil}`,
        next_try_at: evil,
      }),
    ];
    const incident = incidentOf({ subject: evil, summary: evil });
    const lines = topFrame(
      viewOf(
        {
          ...readingOf({
            services: rows,
            archive: { path: evil, state: evil },
            safety: {
              pid: 1,
              posture: evil,
              entries: "stop",
              reasons: [evil],
              answered_ms: 1,
            },
          }),
          incidents: { open: 1, newest: [incident] },
        },
        { trouble: evil, ageS: 100 },
      ),
      WIDE,
    );
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(texts(lines).join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066]/);
  });
});

test.each([
  ["plain", 5, "plain"],
  ["longer", 5, "long…"],
  ["日本語", 6, "日本語"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["e\u0301te\u0301", 3, "e\u0301te\u0301"],
  ["x", 0, ""],
])("%s in %s columns is %s", (text, columns, cut) => {
  expect(texts([fitted([piece(text)], columns)])).toEqual([cut]);
});
