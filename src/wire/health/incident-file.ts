/** The input of `dolphin incident replay`: recorded health, one JSON object a line, and a policy. */
import { z } from "zod";
import { diagnose, type Diagnosis } from "../../domain/health/diagnose.ts";
import type { HealthGraph } from "../../domain/health/graph.ts";
import type { RecordedHealth, ReplayedPolicy } from "../../domain/health/incident/replay.ts";
import { RECOVERY_POLICY, type RecoveryPolicy } from "../../domain/health/recovery-rules.ts";
import type { HealthSample } from "../../domain/health/sample.ts";
import { MS_PER_SECOND, US_PER_MS } from "../../domain/time.ts";

const LINES_MAX = 1_000_000;
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
  atMs: z.number(),
  diagnosis: z.object({
    roots: z.array(Root),
    symptoms: z.array(z.unknown()),
    word: z.string(),
    rmMeta: z.number().nullable(),
  }),
  services: z.array(z.string()).optional(),
});
const SampleLine = z.object({
  atUs: z.number(),
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

function ms(told: number | undefined, otherwise: number): number {
  return told === undefined ? otherwise : told * MS_PER_SECOND;
}

/** Ascending by time. @throws {Error} that names the line. */
export function parseRecordedHealth(text: string, graph: HealthGraph): readonly RecordedHealth[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (LINES_MAX < lines.length) throw new Error(`more than ${LINES_MAX} lines`);
  const records = lines.map((line, index) => {
    const found = recordIn(line, graph);
    if (found === null) {
      throw new Error(`line ${index + 1} is neither a transition (atMs, diagnosis) nor a sample`);
    }
    return found;
  });
  return records.toSorted((a, b) => a.atMs - b.atMs);
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
