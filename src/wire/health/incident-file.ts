/** The input of `dolphin incident replay`: recorded health, one JSON object a line, and a policy. */
import { z } from "zod";
import { messageOf } from "../../domain/failure.ts";
import { diagnose, type Diagnosis } from "../../domain/health/diagnose.ts";
import type { HealthGraph } from "../../domain/health/graph.ts";
import type { RecordedHealth, ReplayedPolicy } from "../../domain/health/incident/replay.ts";
import { RECOVERY_POLICY, type RecoveryPolicy } from "../../domain/health/recovery-rules.ts";
import type { HealthSample } from "../../domain/health/sample.ts";
import { isoFromMs, MS_PER_DAY, MS_PER_SECOND, US_PER_MS } from "../../domain/time.ts";

const LINES_MAX = 1_000_000;
/** Year 2100. */
const AT_MS_MAX = 4_102_444_800_000;
/** Health keeps 90 days; a record of another decade is a slip, and would be lived through hour by hour. */
const SPAN_MS_MAX = 400 * MS_PER_DAY;
const timeMs = z.number().min(0).max(AT_MS_MAX);
const seconds = z.number().min(0).max(31_536_000);

const Root = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  owner: z.enum(["ours", "upstream", "operator"]),
  evidence: z.array(z.string()),
  remedy: z.object({ kind: z.enum(["restart-service", "restart-server", "none"]) }).loose(),
});
const TransitionLine = z.object({
  atMs: timeMs,
  diagnosis: z.object({
    roots: z.array(Root),
    symptoms: z.array(z.unknown()),
    word: z.string(),
    rmMeta: z.number().nullable(),
  }),
  services: z.array(z.string()).optional(),
});
const SampleLine = z.object({
  atUs: z
    .number()
    .min(0)
    .max(AT_MS_MAX * US_PER_MS),
  sensors: z.record(z.string(), z.unknown()),
  services: z.array(z.object({ name: z.string(), isWanted: z.boolean() }).loose()),
});

const PolicyFile = z.union([
  z.strictObject({
    acts_on: z.literal("causes").default("causes"),
    grace_s: seconds.optional(),
    cool_down_s: seconds.optional(),
    back_off_max_s: seconds.optional(),
    back_off_reset_s: seconds.optional(),
    restarts_max: z.number().int().min(1).optional(),
    window_s: seconds.optional(),
    flap_comings: z.number().int().min(2).optional(),
    flap_window_s: seconds.optional(),
  }),
  z.strictObject({
    acts_on: z.literal("rm_meta"),
    below: z.number().min(0).max(1),
    every_s: z.number().positive(),
  }),
]);

/** @throws {Error} that names what is wrong. */
export function parseReplayedPolicy(value: unknown): ReplayedPolicy {
  const parsed = PolicyFile.safeParse(value ?? {});
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { data } = parsed;
  if (data.acts_on === "rm_meta") {
    return { kind: "rm-meta", below: data.below, everyMs: data.every_s * MS_PER_SECOND };
  }
  const base = RECOVERY_POLICY;
  const policy: RecoveryPolicy = {
    ...base,
    graceMs: ms(data.grace_s, base.graceMs),
    coolDownMs: ms(data.cool_down_s, base.coolDownMs),
    backOffMaxMs: ms(data.back_off_max_s, base.backOffMaxMs),
    backOffResetMs: ms(data.back_off_reset_s, base.backOffResetMs),
    restartsMax: data.restarts_max ?? base.restartsMax,
    windowMs: ms(data.window_s, base.windowMs),
    flapComings: data.flap_comings ?? base.flapComings,
    flapWindowMs: ms(data.flap_window_s, base.flapWindowMs),
  };
  return { kind: "causes", policy };
}

function ms(givenS: number | undefined, otherwise: number): number {
  return givenS === undefined ? otherwise : givenS * MS_PER_SECOND;
}

/** Ascending by time. @throws {Error} that names the line. */
export function parseRecordedHealth(text: string, graph: HealthGraph): readonly RecordedHealth[] {
  const lines = text.split("\n");
  if (LINES_MAX < lines.length) throw new Error(`more than ${LINES_MAX} lines`);
  const records = lines
    .flatMap((line, index) => (line.trim() === "" ? [] : [recordAt(index + 1, line, graph)]))
    .toSorted((a, b) => a.atMs - b.atMs);
  const [first, last] = [records[0]?.atMs ?? 0, records.at(-1)?.atMs ?? 0];
  if (last - first <= SPAN_MS_MAX) return records;
  const days = Math.round((last - first) / MS_PER_DAY);
  throw new Error(
    `its records are of ${days} days, from ${isoFromMs(first)} to ${isoFromMs(last)}: at most 400; is one time wrong?`,
  );
}

function recordAt(number: number, line: string, graph: HealthGraph): RecordedHealth {
  let found: RecordedHealth | null;
  try {
    found = recordIn(line, graph);
  } catch (error) {
    throw new Error(`line ${number} is a sample that cannot be diagnosed: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (found !== null) return found;
  throw new Error(`line ${number} is neither a transition (atMs, diagnosis) nor a sample`);
}

function recordIn(line: string, graph: HealthGraph): RecordedHealth | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (isTransition(value)) {
    const { atMs, diagnosis, services = [] } = value;
    return { atMs, diagnosis, services };
  }
  if (!isSample(value)) return null;
  const services = value.services.filter(({ isWanted }) => isWanted).map(({ name }) => name);
  return { atMs: value.atUs / US_PER_MS, diagnosis: diagnose(value, graph), services };
}

type TransitionLine = {
  readonly atMs: number;
  readonly diagnosis: Diagnosis;
  readonly services?: readonly string[];
};

/** Of lines that health recorded only the outline is checked, so that an operator may edit them by hand. */
function isTransition(value: unknown): value is TransitionLine {
  return TransitionLine.safeParse(value).success;
}

function isSample(value: unknown): value is HealthSample {
  return SampleLine.safeParse(value).success;
}
