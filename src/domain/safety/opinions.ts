/**
 * How much risk each source supports now. Invariant: a reading that is absent, old, from the future or not a number
 * stops entries and closes nothing.
 */
import { WELL } from "../health/health-word.ts";
import type { Posture } from "../trading/posture.ts";
import { type EquityBase, isWild, lossShare, middleOf } from "./equity-base.ts";
import type { PostureRules } from "./posture-rules.ts";
import type {
  BookReading,
  ForewarnReading,
  HealthReading,
  InputReading,
  Opinion,
  Readings,
  Source,
} from "./readings.ts";

/** Thresholds of rm_meta, as in its own words. */
const GREEN_ABOVE = 0.8;
const DEGRADED_ABOVE = 0.5;
const DEGRADED_AT_LEAST = 0.51;
const CRITICAL_ABOVE = 0.2;
/** Probability of reaching a loss limit, multiplied by the forecast's reliability. */
export const FOREWARN_STALKER = 0.1;
export const FOREWARN_TURTLE = 0.3;

export function opinionsOn(
  readings: Readings,
  base: EquityBase,
  rules: PostureRules,
): readonly Opinion[] {
  const { book, health, forewarn } = readings;
  const ofBook =
    book === "unwanted"
      ? []
      : book === null
        ? [unknown("equity", "the trader does not answer")]
        : [equityOpinion(book, base, rules), inputsOpinion(book)];
  const ofHealth = health === "unwanted" ? [] : [healthOpinion(health, rules)];
  return [...ofBook, ...ofHealth, forewarnOpinion(forewarn, rules)];
}

function fine(source: Source, evidence: string): Opinion {
  const common = { source, evidence, isUnknown: false, needs: 1, says: "" } as const;
  return { ...common, wish: "APEX", alone: "APEX", stops: "no" };
}

function unknown(source: Source, says: string, wish: Posture = "TURTLE"): Opinion {
  const common = { source, evidence: "", isUnknown: true, needs: 1, says } as const;
  return { ...common, wish, alone: "TURTLE", stops: "yes" };
}

function equityOpinion(book: BookReading, base: EquityBase, rules: PostureRules): Opinion {
  const { equity, evidence } = book;
  if (!Number.isFinite(equity)) return unknown("equity", "the equity is no number", "HIBERNATE");
  const when = wrongTime(book.ageMs, rules.bookAgeMsMax, rules);
  if (when !== null) return unknown("equity", `the trader's report is ${when}`);
  const isDoubted = isWild(base.recent, equity, rules.wildShare);
  const { share, of, lost } = lossShare(base, equity, rules);
  const found = {
    source: "equity",
    evidence,
    isUnknown: false,
    needs: rules.readingsInARow,
  } as const;
  const says = `${of} ${percent(lost)} of the equity`;
  if (1 <= share) {
    return {
      ...found,
      // An outlier closes nothing before enough consecutive readings agree.
      wish: isDoubted ? "TURTLE" : "HIBERNATE",
      alone: "HIBERNATE",
      stops: "yes",
      says: `${says}: the limit`,
    };
  }
  if (isDoubted) {
    const before = middleOf(base.recent)?.toFixed(2);
    return unknown("equity", `equity ${equity.toFixed(2)} after ${before} is implausible`);
  }
  if (rules.turtleShare <= share) {
    return { ...found, wish: "TURTLE", alone: "TURTLE", stops: "until_there", says };
  }
  if (rules.stalkerShare <= share) {
    return { ...found, wish: "STALKER", alone: "STALKER", stops: "until_there", says };
  }
  return fine("equity", evidence);
}

function inputsOpinion({ inputs, evidence }: BookReading): Opinion {
  const bad = inputs.find((one) => !isInBudget(one));
  if (bad === undefined) return fine("inputs", evidence);
  const { name, ageMs } = bad;
  const age = Number.isFinite(ageMs) ? `${Math.round(ageMs / 1_000)} s old` : "not received";
  return unknown("inputs", `input ${name} is ${age}`);
}

/** Written so that NaN is not within any budget. */
function isInBudget({ ageMs, budgetMs }: InputReading): boolean {
  return ageMs <= budgetMs && -budgetMs <= ageMs;
}

function healthOpinion(health: HealthReading | null, rules: PostureRules): Opinion {
  if (health === null) return unknown("health", "health does not report");
  const when = wrongTime(health.ageMs, rules.healthAgeMsMax, rules);
  if (when !== null) return unknown("health", `the report of health is ${when}`);
  const known = health.scores.filter((score) => score !== null);
  const product = known.reduce((all, one) => all * one, 1);
  if (known.length === 0) return unknown("health", "no sensor of health could be measured");
  if (!(0 <= product && product <= 1))
    return unknown("health", "a score of health is not a number from 0 to 1");
  // Silence of an external source is not our fault: entries become smaller, none is stopped.
  const isJudgedWell = health.word === WELL || health.word === "DEGRADED";
  const score = isJudgedWell ? Math.max(product, DEGRADED_AT_LEAST) : product;
  const { evidence } = health;
  const found = { source: "health", evidence, isUnknown: false } as const;
  const says = `health ${score.toFixed(2)}`;
  const needs = rules.readingsInARow;
  if (GREEN_ABOVE < score) return fine("health", evidence);
  if (DEGRADED_ABOVE < score) {
    const slow = { needs: rules.degradedInARow, stops: "no" } as const;
    return { ...found, ...slow, wish: "STALKER", alone: "STALKER", says };
  }
  const wish = CRITICAL_ABOVE < score ? "TURTLE" : "HIBERNATE";
  return { ...found, needs, wish, alone: "TURTLE", stops: "yes", says };
}

/** A forecast is not a fact: it makes entries smaller and stops none. */
function forewarnOpinion(forewarn: ForewarnReading | null, rules: PostureRules): Opinion {
  if (forewarn === null) return fine("forewarner", "");
  const { evidence } = forewarn;
  const believed = believedBreach(forewarn, rules);
  const found = {
    source: "forewarner",
    evidence,
    isUnknown: false,
    needs: 1,
    stops: "no",
  } as const;
  const says = `a loss limit is reached with a probability of ${percent(believed)}, weighted by the forecasts' record`;
  if (FOREWARN_TURTLE <= believed) return { ...found, wish: "TURTLE", alone: "TURTLE", says };
  if (FOREWARN_STALKER <= believed) return { ...found, wish: "STALKER", alone: "STALKER", says };
  return fine("forewarner", evidence);
}

/** The probability that counts; zero where the forecast may not be used, NaN where it says none. */
export function believedBreach(forewarn: ForewarnReading, rules: PostureRules): number {
  const { breach, weight, ageMs } = forewarn;
  const isUsable =
    wrongTime(ageMs, rules.forewarnAgeMsMax, rules) === null && 0 <= weight && weight <= 1;
  return isUsable ? weight * breach : 0;
}

/** Null where its time is plausible. */
function wrongTime(ageMs: number, ageMsMax: number, { aheadMsMax }: PostureRules): string | null {
  if (Number.isNaN(ageMs)) return "without a time";
  if (ageMs < -aheadMsMax) return `${Math.round(-ageMs / 1_000)} s ahead of the clock`;
  return ageMsMax < ageMs ? `${Math.round(ageMs / 1_000)} s old` : null;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
