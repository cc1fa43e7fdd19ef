import { describe, expect, test } from "vitest";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { configuredSchedules } from "../../../src/wire/declared/configured-schedules.ts";
import {
  configuredServices,
  declarationOf,
  declaredSpec,
} from "../../../src/wire/declared/configured-services.ts";

function declared(name: keyof typeof SERVICES, section: object) {
  return declarationOf(SERVICES[name], Configuration.parse(section));
}

describe("what the configuration declares", () => {
  test.each([
    ["nothing", "trader-blue", {}, { enabled: true, autostart: true, restarts_max: 3 }],
    ["nothing of GREEN", "trader-green", {}, { enabled: true, autostart: false }],
    ["every budget", "trader-blue", { supervision: { restarts_max: 9 } }, { restarts_max: 9 }],
    [
      "a budget of its own",
      "trader-blue",
      { supervision: { restarts_max: 9 }, services: { "trader-blue": { restarts_max: 5 } } },
      { restarts_max: 5 },
    ],
    ["its book", "trader-green", { books: { GREEN: { autostart: true } } }, { autostart: true }],
    ["its book off", "trader-green", { books: { GREEN: { enabled: false } } }, { enabled: false }],
    [
      "another book off",
      "trader-blue",
      { books: { GREEN: { enabled: false } } },
      { enabled: true, autostart: true },
    ],
    [
      "the service before the book",
      "trader-green",
      { books: { GREEN: { autostart: true } }, services: { "trader-green": { autostart: false } } },
      { autostart: false },
    ],
  ] as const)("%s", (_, name, section, wanted) => {
    expect(declared(name, section)).toMatchObject(wanted);
  });

  test("a cap below what the watch acts on moves the watch, too", () => {
    const row = SERVICES["trader-blue"];
    const spec = declaredSpec(row, { ...declared("trader-blue", {}), memory_max_mb: 100 });
    expect(spec.limits.memoryMaxBytes).toBe(104_857_600);
    expect([spec.rssWarnBytes, spec.rssRestartBytes]).toEqual([104_857_600, 104_857_600]);
    // A worker that read a low limit at its start receives a higher one.
    expect(declaredSpec(spec, declared("trader-blue", {}))).toEqual(row);
  });

  test("nothing leaves the table as it is", () => {
    expect(configuredServices(Configuration.parse({}))).toEqual(SERVICES);
  });

  test("of schedules: times, catch-up and whether they run; without its book no paper day", () => {
    const config = Configuration.parse({
      schedules: {
        "compact-archive": { at: "03:05", catchup_h: 2 },
        "archive-audit": { enabled: false },
      },
      books: { BLUE: { enabled: false }, GREEN: { enabled: false } },
    });
    const rows = configuredSchedules(config).map(({ name, enabled, at, catchup_h }) => [
      name,
      enabled,
      at,
      catchup_h,
    ]);
    expect(rows).toEqual([
      ["compact-archive", true, "03:05", 2],
      ["archive-audit", false, "00:10", 20],
      ["paper-trade-daily", false, "00:01", 20],
      ["backtest-daily", true, "01:20", 20],
      ["mc-forewarner", true, "00:05", 20],
    ]);
  });
});
