/**
 * Where everything is, and how it stands, for all pages together. The connections are made anew when `up` started
 * again on other addresses; a configuration that cannot be read just now leaves the last one standing.
 */
import { monotonicMs } from "../adapters/clock.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import {
  openStatus,
  type StatusOptions,
  type StatusReader,
} from "../operations/status/open-status.ts";
import type { SystemStatus } from "../wire/system-status.ts";
import type { Surroundings } from "./sources/surroundings.ts";

/** However many pages are open, the servers are asked once a second. */
const FRESH_MS = 1_000;
/** It costs some milliseconds, and changes with a start of `up`. */
const LOOK_EVERY_MS = 3_000;

export type KeptStatus = {
  surroundings(): Surroundings;
  status(): Promise<SystemStatus>;
  /** Asked on the connection of the status, which stays open until the answer is there. */
  askTemporal<T>(ask: (temporal: TemporalClient) => Promise<T>): Promise<T>;
  /** Null until somebody asked. */
  namespace(): string | null;
  close(): Promise<void>;
};

/** @throws {Error} what the first look throws. */
export function keepStatus(look: () => Surroundings, url: () => string): KeptStatus {
  let known = look();
  let lookedMs = monotonicMs();
  let opened: { readonly key: string; readonly reader: Promise<StatusReader> } | null = null;
  const closing = new Set<Promise<void>>();
  let reading: Promise<SystemStatus> | null = null;
  let readAtMs = 0;

  const surroundings = (): Surroundings => {
    if (LOOK_EVERY_MS <= monotonicMs() - lookedMs) {
      lookedMs = monotonicMs();
      try {
        known = look();
      } catch {
        // Whoever edits the configuration is not done yet.
      }
    }
    return known;
  };
  const giveUp = (reader: Promise<StatusReader>): void => {
    const closed = reader.then((one) => one.close()).catch(() => undefined);
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  };
  const readerFor = (options: StatusOptions): Promise<StatusReader> => {
    const { temporalAddress, hazelcast } = options;
    const key = JSON.stringify([temporalAddress, hazelcast]);
    if (opened?.key === key) return opened.reader;
    if (opened !== null) giveUp(opened.reader);
    opened = { key, reader: openStatus(options) };
    return opened.reader;
  };
  let namespace: string | null = null;
  const reader = async (options: StatusOptions): Promise<StatusReader> => {
    const one = await readerFor(options);
    namespace = one.temporal.address.namespace;
    return one;
  };
  const read = async (): Promise<SystemStatus> => {
    const options = { ...surroundings().status, dashboard: url() };
    return (await reader(options)).read(options);
  };
  return {
    surroundings,
    askTemporal: async (ask) => (await reader(surroundings().status)).askTemporal(ask),
    namespace: () => namespace,
    status() {
      const nowMs = monotonicMs();
      if (reading === null || FRESH_MS <= nowMs - readAtMs) {
        reading = read();
        readAtMs = nowMs;
      }
      return reading;
    },
    async close() {
      if (opened !== null) giveUp(opened.reader);
      opened = null;
      await Promise.all(closing);
    },
  };
}
