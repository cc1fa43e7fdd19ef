/**
 * The addresses and the status, shared by all pages. Connections are reopened when `up` has restarted with other
 * addresses; while the configuration can't be read, the last one stays.
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

/** The servers are asked at most once a second, however many pages are open. */
const FRESH_MS = 1_000;
/** It costs some milliseconds, and only changes when `up` starts. */
const POLL_EVERY_MS = 3_000;

export type KeptStatus = {
  surroundings(): Surroundings;
  status(): Promise<SystemStatus>;
  /** On the status's connection, which stays open until the answer has arrived. */
  askTemporal<T>(ask: (temporal: TemporalClient) => Promise<T>): Promise<T>;
  /** Null before the first request. */
  namespace(): string | null;
  close(): Promise<void>;
};

/** @throws {Error} the error of the first look. */
export function keepStatus(readSurroundings: () => Surroundings, url: () => string): KeptStatus {
  let known = readSurroundings();
  let lookedMs = monotonicMs();
  let opened: { readonly key: string; readonly reader: Promise<StatusReader> } | null = null;
  const closing = new Set<Promise<void>>();
  let reading: Promise<SystemStatus> | null = null;
  let readAtMs = 0;

  const surroundings = (): Surroundings => {
    if (POLL_EVERY_MS <= monotonicMs() - lookedMs) {
      lookedMs = monotonicMs();
      try {
        known = readSurroundings();
      } catch {
        // Somebody is still editing the configuration.
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
    namespace = one.namespace;
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
