/**
 * Samples the whole system: asks Hazelcast, Temporal, the disk and /proc, each with its own deadline, and evaluates
 * the sensors. Invariant: it does not wait for a source that is silent, and never touches the archive: the bridge
 * reports on it.
 */
import type { Config } from "../../config.ts";
import type { FeedSpec } from "../../domain/health/feeds.ts";
import { missedFeeds } from "../../domain/health/feeds.ts";
import type { HealthSample } from "../../domain/health/sample.ts";
import { senseCoherence } from "../../domain/health/sensors/coherence.ts";
import type { ScanValues } from "../../domain/health/sensors/scan-coherence.ts";
import {
  samplesPerQueues,
  senseControlPlane,
  type QueueObservation,
  type ServerObservation,
} from "../../domain/health/sensors/control-plane.ts";
import { feedSampleOf, senseDataAges } from "../../domain/health/sensors/data-ages.ts";
import { senseHeartbeats } from "../../domain/health/sensors/heartbeats.ts";
import { senseProcesses } from "../../domain/health/sensors/processes.ts";
import { layersInUse } from "../../domain/supervision/declared/schedules.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import type { DependencyState } from "../../domain/supervision/ties.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { restartPolicyOf } from "../../wire/configuration.ts";
import type { ServiceCounters } from "../../wire/health/health-report.ts";
import { wallMicros } from "../../adapters/clock.ts";
import { pollersOf } from "../../adapters/temporal/task-queues.ts";
import type { ThinClient } from "../../adapters/hazelcast/thin-client.ts";
import { freeBytes } from "../../adapters/files/disk-room.ts";
import { heartbeatIn } from "../status/hazelcast-view.ts";
import type { Supervision } from "../status/service-row.ts";
import { readSupervision } from "../status/temporal-view.ts";
import type { TemporalReads } from "../../adapters/temporal/temporal-reads.ts";
import { createClockWatch, createProcessorWatch } from "./machine-watch.ts";
import { dependenciesOf } from "./dependencies.ts";
import {
  feedObservations,
  type HazelcastReading,
  hazelcastReadingOf,
} from "./hazelcast-reading.ts";
import { type HazelcastValues, readHazelcastValues } from "./hazelcast-values.ts";
import { countersOf, intentIn, serviceSample, type Witnesses } from "./service-samples.ts";
import { StandingQuestion } from "./standing-question.ts";
import { WatchdogWitness } from "./watchdog-sample.ts";

export type SamplerDeps = {
  readonly config: Config;
  readonly specs: readonly ServiceSpec[];
  readonly feeds: readonly FeedSpec[];
  readonly temporal: TemporalReads;
  readonly hazelcast: Pick<ThinClient, "get">;
  /** By book, its cash after the last fill in its journal. */
  readonly journaledCash: () => ReadonlyMap<string, number>;
};

/** A healthy server answers within this time, even on a busy machine. */
const ANSWER_MS = 900;
export class HealthSampler {
  readonly #deps: SamplerDeps;
  readonly #services: StandingQuestion<ReadonlyMap<string, Supervision>>;
  readonly #queues: StandingQuestion<readonly QueueObservation[]>;
  readonly #hazelcast: StandingQuestion<HazelcastValues>;
  readonly #disk: StandingQuestion<number>;
  readonly #watchdog: WatchdogWitness | null;
  readonly #intents = new Map<string, boolean>();
  readonly #clock = createClockWatch();
  readonly #processor = createProcessorWatch();
  #scan: ScanValues | null = null;
  #witnessed: readonly Witnesses[] = [];
  #rounds = 0;

  constructor(deps: SamplerDeps) {
    this.#deps = deps;
    const { specs, feeds, temporal, hazelcast, config } = deps;
    const names = specs.map(({ name }) => name);
    this.#services = standing(() => supervisionsOf(temporal, names));
    this.#queues = standing(() => pollersOf(temporal, layersInUse(config)));
    this.#hazelcast = standing(() => readHazelcastValues(hazelcast, feeds, names));
    this.#disk = standing(() => freeBytes(config.data_dir));
    this.#watchdog = config.safety.watchdog ? new WatchdogWitness(config.data_dir) : null;
  }

  /** Opens the connections, so that a slow first answer does not count as silence. */
  async warmUp(triesMax: number): Promise<void> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      await Promise.all([this.#services.ask(), this.#hazelcast.ask()]);
      await Promise.all([this.#services.settled(), this.#hazelcast.settled()]);
      const { temporal, hazelcast } = this.servers();
      if (temporal === "ok" && hazelcast === "ok") return;
    }
  }

  /** Asks all sources, waits for those that are expected to answer, and returns a sample of what is known then. */
  async next(): Promise<HealthSample> {
    const asked = [this.#services.ask(), this.#hazelcast.ask(), this.#disk.ask()];
    if (this.#watchdog !== null) asked.push(this.#watchdog.question.ask());
    if (this.#rounds % samplesPerQueues(this.#queues.value()) === 0) asked.push(this.#queues.ask());
    this.#rounds += 1;
    await Promise.all(asked);
    return this.#take();
  }

  /** How the servers answered the last time. */
  servers(): Readonly<Record<"temporal" | "hazelcast", DependencyState>> {
    return { temporal: stateOf(this.#services), hazelcast: stateOf(this.#hazelcast) };
  }

  /** From the last sample, by service. */
  counters(): ServiceCounters {
    return Object.fromEntries(this.#witnessed.map((one) => [one.spec.name, countersOf(one)]));
  }

  /** Resolves when no request is in progress. */
  async settled(): Promise<void> {
    const questions = [this.#services, this.#queues, this.#hazelcast, this.#disk];
    await Promise.all(questions.map((question) => question.settled()));
    await this.#watchdog?.question.settled();
  }

  /** Builds a sample from what is known, without waiting. */
  #take(): HealthSample {
    const { config, journaledCash } = this.#deps;
    const atUs = wallMicros();
    const clock = this.#clock(atUs);
    const silence = this.#hazelcast.poll();
    const reading = hazelcastReadingOf(
      this.#hazelcast.value(),
      silence.kind === "silent" ? "Hazelcast does not answer" : "Hazelcast was not asked yet",
    );
    const witnesses = this.#witnesses(reading, atUs);
    this.#witnessed = witnesses;
    const services = [...witnesses.map(serviceSample), ...(this.#watchdog?.samples() ?? [])];
    const wanted = new Set(services.flatMap(({ name, isWanted }) => (isWanted ? [name] : [])));
    const feeds = missedFeeds(this.#deps.feeds, (name) => wanted.has(name));
    const observations = feedObservations(reading, { feeds, witnesses, atUs });
    const temporal = this.#services.poll();
    const queues =
      temporal.kind === "answered" ? (this.#queues.value() ?? []) : unknownQueues(config);
    const { dependencies, said, answered } = dependenciesOf({
      hazelcast: silence,
      temporal,
      queues,
      witnesses,
      disk: { folder: config.data_dir, freeBytes: this.#disk.value() },
      clock,
      processorWaitMs: this.#processor(),
    });
    const before = this.#scan;
    if (reading.scan.kind === "value") this.#scan = reading.scan.value;
    return {
      atUs,
      sensors: {
        m1_proc: senseProcesses(services),
        m2_heartbeat: senseHeartbeats(services),
        m3_data_freshness: senseDataAges(observations),
        m4_control_plane: senseControlPlane({ hazelcast: silence, temporal, queues }),
        m5_coherence: senseCoherence({
          atUs,
          scan: reading.scan,
          before,
          posture: reading.posture,
          books: reading.books(wanted, this.#deps.specs, journaledCash()),
          heartbeats: reading.beats(wanted),
          clockStepS: clock.stepS,
        }),
      },
      services,
      dependencies,
      answered,
      said,
      feeds: observations.map(feedSampleOf),
    };
  }

  #witnesses(reading: HazelcastReading, atUs: number): readonly Witnesses[] {
    const { config, specs } = this.#deps;
    const supervisions = this.#services.value();
    const nowMs = atUs / US_PER_MS;
    // Rows were true when they were requested.
    const supervisedS = (this.#services.ageMs() ?? 0) / 1_000;
    return specs.map((spec) => {
      const supervision = aged(supervisions?.get(spec.name) ?? null, supervisedS);
      const intent = supervision === null ? null : intentIn(supervision);
      if (intent !== null) this.#intents.set(spec.name, intent);
      return {
        spec,
        policy: restartPolicyOf(config),
        dataDir: config.data_dir,
        nowMs,
        supervision,
        heartbeat: heartbeatIn(reading.heartbeat(spec.name, atUs), nowMs),
        lastIntent: this.#intents.get(spec.name) ?? null,
      };
    });
  }
}

function standing<T>(question: () => Promise<T>): StandingQuestion<T> {
  return new StandingQuestion(question, ANSWER_MS);
}

function stateOf(question: { poll(): ServerObservation }): DependencyState {
  return question.poll().kind === "silent" ? "down" : "ok";
}

async function supervisionsOf(
  reads: TemporalReads,
  services: readonly string[],
): Promise<ReadonlyMap<string, Supervision>> {
  const nowMs = Date.now();
  const read = await Promise.all(
    services.map(async (name) => [name, await readSupervision(reads, name, nowMs)] as const),
  );
  return new Map(read);
}

function aged(supervision: Supervision | null, byS: number): Supervision | null {
  if (supervision === null || supervision.run.kind !== "reported") return supervision;
  const { run } = supervision;
  return { ...supervision, run: { ...run, ageS: run.ageS + byS } };
}

function unknownQueues(config: Config): readonly QueueObservation[] {
  return layersInUse(config).map((layer) => ({ layer, pollers: null }));
}
