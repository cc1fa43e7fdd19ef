/**
 * The frame of every service process: configuration or exit 78, log, control link, ready, beats, signals, the
 * deadline of a stop, exit codes. A service adds its start, its beats and its stop. Invariant: nothing else in a
 * service handles signals or ends the process.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { createLogger, type Logger } from "../../adapters/logger.ts";
import { type Config, ConfigError, loadConfig } from "../../config.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import {
  EXIT_CONFIGURATION,
  EXIT_DONE,
  EXIT_FAILED,
  exitCodeFor,
} from "../../domain/supervision/exit-codes.ts";
import type { VerdictNote, WorkFacts } from "../../domain/supervision/verdict.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { BEAT_INTERVAL_MS, type ServiceBeat } from "../../wire/control-pipe.ts";
import { boundedFacts } from "../../wire/facts/bounded-facts.ts";
import { type ControlLink, openControlLink } from "./control-link.ts";
import { leaveProcess } from "./leave-process.ts";
import { MisconfiguredError } from "./misconfigured.ts";
import { type Publisher, RivalPublisher } from "./rival-publisher.ts";

export type Level = "info" | "warn" | "error";
export type Say = (level: Level, line: string) => void;

export type Shell = {
  readonly config: Config;
  readonly logger: Logger;
  readonly link: ControlLink;
  /** Logs under the service's tag; warnings and errors also reach the supervisor. */
  readonly say: Say;
  readonly end: (exitCode: number, line: string) => never;
  /** Ends the process with the error's exit code. */
  readonly fail: (error: unknown) => never;
};

export type Beat = Pick<ServiceBeat, "state" | "facts" | "counters">;

export type Running = {
  /**
   * Resolves when the service is ready, or only waits for something that a restart would not mend; absent: from the
   * start.
   */
  readonly ready?: Promise<void>;
  /** Called each second, until the end. */
  beat(): Beat;
  /**
   * Where the heartbeat is published for readers without access to the supervisor; absent for a service that
   * publishes its own.
   */
  readonly heartbeat?: {
    /** Resolves to the text that stood there before, where the adapter knows it. */
    put(text: string): Promise<unknown>;
    readonly about: Readonly<Record<string, number | string>>;
  };
  /** Ends the work and saves what must be saved. After 8 s it is no longer waited for. */
  stop(): void | Promise<void>;
  /** The last act of the process. */
  beforeExit?(): void;
};

export type ServiceDefinition = {
  /** As in the table of services. */
  readonly name: string;
  /** Prefix of each log line. */
  readonly tag: string;
  start(shell: Shell): Running | Promise<Running>;
};

/** Shorter than the time after which the supervisor kills. */
const STOP_WAIT_MS = 8_000;

export async function runService(service: ServiceDefinition): Promise<void> {
  const life: Life = { running: null, isStopping: false };
  const shell = openShell(service, life);
  const stop = (why: string) => void stopService(shell, life, why);
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  shell.link.onClosed(() => stop("the supervisor is gone"));
  try {
    const running = await service.start(shell);
    life.running = running;
    const tellReady = () => shell.link.ready();
    if (running.ready === undefined) tellReady();
    else void running.ready.then(tellReady);
    beatEachSecond(service, shell, running);
  } catch (error) {
    shell.fail(error);
  }
}

type Life = { running: Running | null; isStopping: boolean };

function openShell({ name, tag }: ServiceDefinition, life: Life): Shell {
  const config = configOrExit(name);
  const logger = createLogger({
    file: join(config.data_dir, "logs", `${name}.log`),
    name,
    level: config.log.level,
    rotateMb: config.log.rotate_mb,
    rotateFiles: config.log.rotate_files,
  });
  const link = openControlLink();
  logger.info(`[${tag}] starting as pid ${process.pid}`);
  const end = (exitCode: number, line: string): never => {
    logger[exitCode === EXIT_DONE ? "info" : "error"](`[${tag}] ${line}`);
    if (exitCode !== EXIT_DONE) process.stderr.write(`${name}: ${line}\n`);
    logger.close();
    life.running?.beforeExit?.();
    leaveProcess(exitCode);
  };
  return {
    config,
    logger,
    link,
    end,
    say(level, line) {
      logger[level](`[${tag}] ${line}`);
      if (level !== "info") link.log(line);
    },
    fail(error) {
      if (error instanceof MisconfiguredError) return end(EXIT_CONFIGURATION, error.message);
      const stack = error instanceof Error ? error.stack : undefined;
      return end(exitCodeFor(codeOf(error)), stack ?? messageOf(error));
    },
  };
}

function configOrExit(name: string): Config {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd() }).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}

function beatEachSecond({ name }: ServiceDefinition, shell: Shell, running: Running): void {
  const { link, logger } = shell;
  const { heartbeat } = running;
  const publisher: Publisher = {
    service: name,
    pid: process.pid,
    host: hostname(),
    started_at: isoFromMicros(wallMicros()),
  };
  const rival = new RivalPublisher(publisher);
  setInterval(() => {
    const { state, facts: own, counters } = askedBeat(shell, running);
    const facts = own === null ? null : boundedFacts(withNotes(own, rival.notes(monotonicMs())));
    const figures = { log_dropped: logger.dropped(), ...counters };
    link.beat({ state, facts, counters: figures });
    if (heartbeat === undefined) return;
    const beat = {
      service: name,
      pid: process.pid,
      host: publisher.host,
      ...heartbeat.about,
      started_at: publisher.started_at,
      updated_at: isoFromMicros(wallMicros()),
      state,
      facts,
      ...figures,
    };
    // A failed heartbeat does not matter: the next one follows in a second.
    heartbeat.put(JSON.stringify(beat)).then(
      (before) => rival.replaced(before, monotonicMs()),
      () => {},
    );
  }, BEAT_INTERVAL_MS);
}

function withNotes(facts: WorkFacts, notes: readonly VerdictNote[]): WorkFacts {
  return notes.length === 0 ? facts : { ...facts, notes: [...(facts.notes ?? []), ...notes] };
}

/** Thrown in a timer it would end the process without a log line and without its last acts. */
function askedBeat({ fail }: Shell, running: Running): Beat {
  try {
    return running.beat();
  } catch (error) {
    return fail(error);
  }
}

async function stopService(shell: Shell, life: Life, why: string): Promise<void> {
  if (life.isStopping) return;
  life.isStopping = true;
  shell.say("info", `stopping: ${why}`);
  setTimeout(() => shell.end(EXIT_DONE, "stopped, with work left unfinished"), STOP_WAIT_MS);
  try {
    // An interrupted start is cut off as by a kill, and repaired by the next start.
    await life.running?.stop();
  } catch (error) {
    shell.end(EXIT_FAILED, `could not save its state: ${messageOf(error)}`);
  }
  shell.end(EXIT_DONE, "stopped");
}
