/** The history of health, and how services ended. Empty where nothing was recorded. */
import { join } from "node:path";
import { type HistoryReader, openHealthHistory } from "../../adapters/health/health-history.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { MS_PER_SECOND, US_PER_MS } from "../../domain/time.ts";
import { readLives } from "../../operations/why/read-lives.ts";
import { configuredServices } from "../../wire/declared/configured-services.ts";
import type { DashboardWorld, Topic } from "../world.ts";

const UNIT_S: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };
const ROWS_MAX = 720;
const CELLS = 360;
const DAYS_KEPT = 90;
const SECONDS_PER_DAY = 86_400;
const LIVES_A_SERVICE = 10;
/** Each costs Temporal a list call and as many results. */
const LIVES_KEEP_MS = 30_000;

export const addHealth: Topic = (app, world) => {
  const file = join(world.dataDir, "health", "history.db");
  const span = (text: string | undefined): { fromUs: number; untilUs: number } | null => {
    const sinceS = secondsIn(text ?? "1h");
    if (sinceS === null) return null;
    const untilUs = world.nowMs() * US_PER_MS;
    const keptS = Math.min(sinceS, DAYS_KEPT * SECONDS_PER_DAY);
    return { fromUs: untilUs - keptS * MS_PER_SECOND * US_PER_MS, untilUs };
  };
  /** `since=2h`; the default is an hour. */
  app.get("/api/health", (c) => {
    const asked = span(c.req.query("since"));
    if (asked === null) return c.text(NO_SPAN, 400);
    return c.json(fromHistory(file, (reader) => reader.since(asked.fromUs, ROWS_MAX)) ?? []);
  });
  app.get("/api/health/strip", (c) => {
    const asked = span(c.req.query("since"));
    if (asked === null) return c.text(NO_SPAN, 400);
    const worst = fromHistory(file, (reader) => {
      return reader.worst({ ...asked, untilUs: asked.untilUs + 1, cells: CELLS });
    });
    return c.json({
      from_us: asked.fromUs,
      until_us: asked.untilUs,
      cells: CELLS,
      worst: worst ?? [],
    });
  });
  const lives = keepLives(world);
  app.get("/api/restarts", async (c) => c.json(await lives()));
};

const NO_SPAN = "since must be a time such as 90s, 5m, 2h or 7d\n";

/** `90s`, `5m`, `2h`, `7d`; null: another text. */
export function secondsIn(text: string): number | null {
  const [, amount = "", unit = ""] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  return amount === "" ? null : Number(amount) * (UNIT_S[unit] ?? 1);
}

/** Null: there is none, or it is being recreated. */
function fromHistory<T>(file: string, ask: (reader: HistoryReader) => T): T | null {
  let reader: HistoryReader | null = null;
  try {
    reader = openHealthHistory(file);
    return reader === null ? null : ask(reader);
  } catch {
    return null;
  } finally {
    reader?.close();
  }
}

/** The data of `dolphin why restart`, for all services. */
async function readRestarts({ dataDir, surroundings, askTemporal }: DashboardWorld) {
  const services = Object.keys(configuredServices(surroundings().config));
  // Settled, not raced, so that the caller waits for every call.
  const answers = await askTemporal((temporal) =>
    Promise.allSettled(
      services.map((service) =>
        readLives(temporal, { service, dataDir, untilMs: null, count: LIVES_A_SERVICE }),
      ),
    ),
  );
  const lives = answers.map((answer) => {
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  });
  const ends = lives.flatMap(({ service, ends: ended }) =>
    ended.map(({ at, life, why, isLocal, nextBeganAt }) => {
      return { service, at, life, why, is_local: isLocal, next_began_at: nextBeganAt };
    }),
  );
  return {
    read_from: [...new Set(lives.map(({ readFrom }) => readFrom))],
    ends: ends.toSorted((a, b) => (a.at < b.at ? 1 : -1)),
  };
}

function keepLives(world: DashboardWorld) {
  let asked: ReturnType<typeof readRestarts> | null = null;
  let askedMs = 0;
  return () => {
    if (asked === null || LIVES_KEEP_MS < monotonicMs() - askedMs) {
      asked = readRestarts(world);
      askedMs = monotonicMs();
    }
    return asked;
  };
}
