import { describe, expect, test } from "vitest";
import {
  addressLines,
  eventLine,
  pageNotice,
  upLine,
  upScreen,
} from "../../../src/cli/rendering/up-screen.ts";
import type { UpView } from "../../../src/cli/rendering/up-screen.ts";
import { aStatus } from "../../helpers/status.ts";

const view: UpView = {
  up: {
    pid: 1,
    started_ticks: 1,
    started_at: "2026-03-25T04:00:00.000000+00:00",
    hazelcast: "127.0.0.1:5701",
    cluster: "dolphin",
    temporal: "127.0.0.1:7233",
    temporal_ui: "http://127.0.0.1:8233",
    dashboard: "http://127.0.0.1:8080",
    archive: "/srv/scans",
    services: {},
  },
  logs: "/srv/dolphin/logs",
  link: null,
  status: aStatus({}),
  scans: { seen: 1_234, gaps: 0, lagMs: { p50: 1.234, p99: 5.678 } },
  trader: {
    book: "BLUE",
    state: "running",
    trades: 3,
    positions: 1,
    noPrice: "",
    equity: 100_021.174,
    realizedToday: 21.17,
  },
  rssMb: { up: 100.4, temporal: 165 },
  restarts: 0,
  fatal: [],
  troubles: [],
  elapsedS: 190,
  leftS: null,
  events: [],
};

describe("the screen of dolphin up", () => {
  test("says where everything is and how it is doing, below the status that all see", () => {
    const text = upScreen(view).join("\n");
    expect(text).toMatch(/^DOLPHIN {2}Healthy/);
    expect(text.slice(text.indexOf("Temporal UI"))).toBe(
      `Temporal UI  http://127.0.0.1:8233
dashboard    http://127.0.0.1:8080
logs         /srv/dolphin/logs   (dolphin logs -f)
processes    up 100, temporal 165 MB
seen here    1,234 scans, no gap, file to event 1.2 ms (p50) 5.7 ms (p99)
trader       BLUE running, 1 open, 3 trades, equity 100021.17 (+21.17 today)

up 3 min, Ctrl-C stops everything`,
    );
  });

  test("shows rm_meta and the cause where the service health reports them", () => {
    const status = aStatus({});
    const counters = { health: "DEGRADED", rm_meta: 0.333, cause: "upstream:scan (upstream): old" };
    const health = { ...status.services[0]!, service: "health", role: "health", counters } as const;
    const withHealth = { ...view, status: { ...status, services: [...status.services, health] } };
    const text = "DEGRADED (rm_meta 0.33): upstream:scan (upstream): old";
    expect(upScreen(withHealth)).toContain(`health       ${text}`);
    expect(upLine(withHealth)).toContain(`Healthy; health ${text}; 1,234 scans`);
  });

  test("names a held asset without a price", () => {
    const trader = { ...view.trader!, noPrice: "ETHUSDT" };
    expect(upScreen({ ...view, trader }).join("\n")).toContain(
      "trader       BLUE running, 1 open (no price for ETHUSDT), 3 trades",
    );
  });

  test("shows the last events, and when it stops by itself", () => {
    const events = Array.from({ length: 9 }, (_, index) => ({
      at: `2026-03-25T04:00:0${index}.000000+00:00`,
      level: "warn" as const,
      text: `event ${index}`,
    }));
    const lines = upScreen({ ...view, events, leftS: 42 });
    expect(lines.filter((line) => line.includes("event"))).toHaveLength(6);
    expect(lines).toContain("04:00:08  event 8");
    expect(lines.at(-1)).toBe("up 3 min, Ctrl-C stops everything; stops by itself in 42 s");
  });

  test("says so before the first status", () => {
    expect(upScreen({ ...view, status: null })[0]).toBe("DOLPHIN  starting");
  });

  test("says FATAL and when it is tried next where a server is given up for now, and names the disk", () => {
    const status = { ...aStatus({ exit: 3 }), status: "Server silent" as const };
    const fatal = [{ name: "temporal", retryInS: 240 }];
    const troubles = ["disk: FULL: the one of /srv/dolphin; free some space (9 times so far)"];
    const line = upLine({ ...view, status, fatal, troubles });
    expect(line).toMatch(/^FATAL: temporal, next try in 4 min; disk: FULL: the one of \/srv/);
    expect(line).not.toContain("silent");
    const screen = upScreen({ ...view, status, fatal, troubles });
    expect(screen).toContain("FATAL: temporal, next try in 4 min");
    expect(screen).toContain(troubles[0]);
  });

  test("fits 100 columns", () => {
    for (const line of upScreen(view)) expect(line.length).toBeLessThan(101);
  });
});

test("a line for logs and pipes shows the same", () => {
  const scans = { seen: 5, gaps: 2, lagMs: { p50: null, p99: null } };
  expect(upLine({ ...view, scans, trader: null, restarts: 1 })).toBe(
    "Healthy; 5 scans, 2 MISSING; restarts 1; up 100, temporal 165 MB",
  );
});

test("the addresses that stay have the servers, too", () => {
  const lines = addressLines({ ...view.up, dashboard: null }, view.logs);
  expect(lines.map((line) => line.split(" ")[0])).toEqual([
    "Temporal",
    "Temporal",
    "Hazelcast",
    "archive",
    "logs",
  ]);
});

test("an event of several lines stays readable, and can't command the terminal", () => {
  const at = "2026-03-25T04:00:00.000000+00:00";
  expect(eventLine({ at, level: "error", text: "bad\n\u001b[2Jworse" })).toBe(
    "04:00:00  bad\n          \\u001b[2Jworse",
  );
});

test("the link that lets the page give commands is for a terminal alone", () => {
  const link = "http://127.0.0.1:8080/#token=secret";
  expect(upScreen({ ...view, link })).toContain(`commands     ${link}`);
  expect(upScreen(view).join("\n")).not.toContain("commands  ");
  expect(upLine({ ...view, link })).not.toContain("secret");
  expect(pageNotice("http://127.0.0.1:8080").join("\n")).not.toContain("token=");
});
