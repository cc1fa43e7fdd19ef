/** The state of the whole system in one sentence, with the causes behind it, in the words of status and health. */
import { remedyWords } from "../../domain/health/diagnosis.ts";
import { WELL } from "../../domain/health/health-word.ts";
import type { HealthReport } from "../../wire/health/health-report.ts";
import type { SystemStatus } from "../../wire/system-status.ts";

export type StateSentence = {
  readonly word: SystemStatus["status"];
  readonly says: string;
  /** Health's root causes; empty where it does not report. */
  readonly because: readonly {
    readonly id: string;
    readonly owner: string;
    readonly evidence: readonly string[];
    readonly remedy: string;
    readonly symptoms: readonly string[];
  }[];
};

/** More would make the sentence unreadable. */
const NAMED_MAX = 2;

export function stateSentence(status: SystemStatus, health: HealthReport | null): StateSentence {
  const because = (health?.roots ?? []).map(({ id, owner, evidence, remedy }) => {
    const symptoms = (health?.symptoms ?? []).filter(({ of }) => of === id);
    const follows = symptoms.map(({ says }) => says);
    return { id, owner, evidence, remedy: remedyWords(remedy), symptoms: follows };
  });
  return { word: status.status, says: sentenceOf(status, health), because };
}

function sentenceOf(status: SystemStatus, health: HealthReport | null): string {
  const silent = status.servers.filter((server) => server.answered_ms === null);
  if (0 < silent.length) {
    const names = silent.map(({ server, address }) => `${server} (${address})`).join(" and ");
    return `${names} ${silent.length === 1 ? "does" : "do"} not answer${blockedBy(status)}`;
  }
  const { services, disk, safety, status: word } = status;
  if (word === "Healthy") {
    // Health samples at its own times, and may have found something that has passed or that no service shows.
    const found = health === null || health.status === WELL ? "" : `; health is ${health.status}`;
    return `every service works, and the servers answer${found}${blockedBy(status)}`;
  }
  const gravest = services.filter((service) => service.status === word);
  if (gravest.length === 0 && safety?.answered_ms === null) return safety.reasons.join("; ");
  if (gravest.length === 0) return `disk: ${disk.state}`;
  const more = gravest.length - NAMED_MAX;
  const named = gravest.slice(0, NAMED_MAX).map(({ service, why }) => `${service}: ${why}`);
  return `${named.join("; ")}${0 < more ? `; and ${more} more` : ""}${blockedBy(status)}`;
}

function blockedBy({ safety }: SystemStatus): string {
  if (safety == null || safety.entries === "go") return "";
  return `; no trader enters: ${safety.reasons.join("; ") || `posture ${safety.posture}`}`;
}
