/**
 * The watchdog's duties beside the posture: incidents, their delivery, the outside heartbeat. Invariant: a round
 * never waits for a duty, and a failure stays within its duty.
 */
import type { SafetyAnswer } from "../../wire/safety/safety-control.ts";

export type Duty = {
  readonly name: string;
  readonly everyMs: number;
  act(): void | Promise<void>;
  /** A phrase about its state. */
  standing(): string;
  /** Its own requests on the local socket, by command. */
  readonly answers?: Readonly<
    Record<string, (fields: Readonly<Record<string, unknown>>) => Promise<SafetyAnswer>>
  >;
  close(): void | Promise<void>;
};

export type Duties = {
  standing(): Readonly<Record<string, string>>;
  /** Null: no duty knows the command. */
  answer(fields: Readonly<Record<string, unknown>>): Promise<SafetyAnswer> | null;
  close(): Promise<void>;
};

export function runDuties(
  duties: readonly Duty[],
  onFailure: (name: string, error: unknown) => void,
): Duties {
  const timers = duties.map((duty) => {
    let isUnderWay = false;
    return setInterval(() => {
      if (isUnderWay) return;
      isUnderWay = true;
      void (async () => duty.act())()
        .catch((error: unknown) => onFailure(duty.name, error))
        .finally(() => (isUnderWay = false));
    }, duty.everyMs);
  });
  return {
    standing: () => Object.fromEntries(duties.map((duty) => [duty.name, duty.standing()])),
    answer(fields) {
      const { command } = fields;
      if (typeof command !== "string") return null;
      const duty = duties.find(({ answers }) => answers?.[command] !== undefined);
      return duty?.answers?.[command]?.(fields) ?? null;
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await Promise.allSettled(duties.map(async (duty) => duty.close()));
    },
  };
}
