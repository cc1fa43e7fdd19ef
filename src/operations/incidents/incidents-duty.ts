/**
 * The watchdog's incident duty: each second it gathers facts and steps the engine, and it answers requests on its
 * local socket.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import type { Logger } from "../../adapters/logger.ts";
import { type Facts, type FactTable, NO_FACTS } from "../../domain/incidents/facts.ts";
import { type OwnFacts, settling } from "../../domain/incidents/settling.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { answerIncidents } from "./answer-incidents.ts";
import { watchBooks, type WatchedBook } from "./book-states.ts";
import { createFacts } from "./facts.ts";
import { type AgedHealth, agedHealth } from "./health-facts.ts";
import type { IncidentAnswer } from "./incidents-port.ts";
import { type IncidentsAt, openIncidents } from "./open-incidents.ts";

export type IncidentsDutyOptions = Pick<IncidentsAt, "rules" | "channels"> & {
  readonly dataDir: string;
  /** Books whose traders are asked. */
  readonly books: readonly WatchedBook[];
  /** The watchdog's own facts; null: not known now. */
  readonly own: () => OwnFacts;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Something was decided and is on disk. */
  readonly wake: () => void;
};

const REPORT_BYTES_MAX = 4_194_304;

export function createIncidentsDuty(options: IncidentsDutyOptions) {
  const { dataDir, rules, channels, log, wake } = options;
  const folder = safetyFolder(dataDir);
  const incidents = openIncidents({ folder, rules, channels, log, nowMs: wallMs(), wake });
  const builder = createFacts(dataDir);
  const settle = settling();
  const beganMs = monotonicMs();
  const health = createReportReader(join(dataDir, "meta_health.json"));
  const books = watchBooks(dataDir, options.books);
  let facts: Facts = NO_FACTS;
  const answer = async (fields: Readonly<Record<string, unknown>>) =>
    answerIncidents({ incidents, rules, facts: () => facts, nowMs: wallMs() }, fields);
  return {
    name: "incidents",
    everyMs: MS_PER_SECOND,
    incidents,
    act(): void {
      const sinceS = (monotonicMs() - beganMs) / MS_PER_SECOND;
      facts = builder.facts({
        health: health(),
        traders: books(),
        own: ownFacts(settle(options.own(), sinceS)),
      });
      incidents.step(facts, wallMs());
    },
    standing(): string {
      const open = incidents.open().filter(({ holds }) => holds !== false).length;
      const trouble = incidents.trouble();
      return `${open} incidents${trouble === null ? "" : `; ${trouble}`}`;
    },
    /** For a user who has pressed a button. */
    acknowledge(order: { incident: string; by: string; via: string }): IncidentAnswer {
      return incidents.acknowledge(order, wallMs());
    },
    answers: { incidents: answer, acknowledge: answer, mute: answer, unmute: answer },
    close(): void {
      builder.close();
      incidents.close();
    },
  };
}

function ownFacts(own: OwnFacts): FactTable {
  return Object.fromEntries(
    Object.entries(own).map(([name, value]) => [
      name,
      value ?? { unknown: `the watchdog does not know ${name} now` },
    ]),
  );
}

/** Reads the file again only when it has changed. */
function createReportReader(file: string): () => AgedHealth | null {
  let seen = "";
  let health: AgedHealth | null = null;
  return () => {
    try {
      const { ino, mtimeMs, size } = statSync(file);
      const is = `${ino} ${mtimeMs} ${size}`;
      // A time in the future means that the clock was set back since.
      const ageMs = Math.abs(wallMs() - mtimeMs);
      if (is === seen) return health === null ? null : { ...health, ageMs };
      seen = is;
      health = REPORT_BYTES_MAX < size ? null : agedHealth(readFileSync(file, "utf8"), ageMs);
      return health;
    } catch {
      return null;
    }
  };
}
