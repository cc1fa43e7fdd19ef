/** The production stack as processes: Hazelcast, Temporal, workers, a simulator that writes scans. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { connectTemporal, type TemporalClient } from "../../../src/adapters/temporal-client.ts";
import { askControl, controlSocketPath } from "../../../src/adapters/control-socket.ts";
import type { HazelcastMember } from "../../../src/embedded/hazelcast-member.ts";
import type { TemporalServer } from "../../../src/embedded/temporal-server.ts";
import { TraderAnswer } from "../../../src/wire/trading/trader-control.ts";
import { pnlQuery } from "../../../src/workflows/messages/trading.ts";
import { sessionIdOf } from "../../../src/workflows/names.ts";
import { killProcessesOn, until } from "../processes.ts";
import { environmentOf, startTestHazelcast, startTestTemporal } from "../servers.ts";
import { LIVELY } from "../lively.ts";
import { DOLPHIN } from "../up.ts";

export type StackOptions = {
  readonly dir: string;
  readonly archive: string;
  /** Another checkout's. */
  readonly bin?: string;
};
export type Stack = Awaited<ReturnType<typeof startStack>>;

export const LAYERS = ["trader", "scan", "health", "batch"];
const WAIT = { ms: 300_000 };

/** On whatever lies in `dir`: a data directory, and which database of Postgres is its own. */
export async function startStack({ dir, archive, bin = DOLPHIN }: StackOptions) {
  const data = join(dir, "data");
  mkdirSync(data, { recursive: true });
  const [hazelcast, server] = await Promise.all([startTestHazelcast(dir), startTestTemporal(dir)]);
  const config = join(dir, "dolphin.yaml");
  const declared = {
    data_dir: data,
    archive,
    hazelcast: { address: hazelcast.address, cluster: "dolphin" },
    trader: LIVELY,
    safety: { watchdog: false, posture: "APEX" },
  };
  writeFileSync(config, JSON.stringify(declared));
  const env = environmentOf(server, { DOLPHIN_CONFIG: config });
  const temporal = connectTemporal(server.address);
  const running = new Runner(dir, env);
  const stack = { dir, data, archive, env, temporal, server, hazelcast, running, bin };
  running.start("worker", bin, ["worker", ...LAYERS]);
  await until(async () => (await dolphin(stack, "create")).code === 0, {
    ...WAIT,
    tell: () => running.output("worker"),
  });
  return {
    ...stack,
    dolphin: (...args: readonly string[]) => dolphin(stack, ...args),
    ...readings(stack),
    start: (name: string, program: string, args: readonly string[]) =>
      running.start(name, program, args),
    stop: (name: string) => running.stop(name),
    output: (name: string) => running.output(name),
    /** Like a machine that dies: no process is asked to end, and nothing more is written. */
    async die(): Promise<void> {
      killProcessesOn(dir);
      hazelcast.kill();
      server.kill();
      await Promise.all([hazelcast.exited, server.exited, temporal.close()]);
    },
  };
}

/** The upstream, which outlives the stack. */
export function startSimulator(runner: Runner, archive: string): void {
  const flags = ["--out", archive, "--rate", "5", "--assets", "20"];
  runner.start("simulator", DOLPHIN, ["simulate", ...flags]);
}

type Place = {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly bin: string;
  readonly temporal: TemporalClient;
  readonly server: TemporalServer;
  readonly hazelcast: HazelcastMember;
};

export class Runner {
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<string, ChildProcess>();

  constructor(dir: string, env: NodeJS.ProcessEnv) {
    this.#dir = dir;
    this.#env = env;
  }

  start(name: string, bin: string, args: readonly string[]): ChildProcess {
    const out = openSync(this.#file(name), "a");
    const child = spawn(bin, [...args], { env: this.#env, stdio: ["ignore", out, out] });
    this.#running.set(name, child);
    return child;
  }

  output(name: string): string {
    return readFileSync(this.#file(name), "utf8");
  }

  async stop(name: string): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }

  #file(name: string): string {
    return join(this.#dir, `${name}.out`);
  }
}

function dolphin({ env, bin }: Pick<Place, "env" | "bin">, ...args: readonly string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(bin, [...args], { env }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

function readings({ data, temporal }: Pick<Place, "data" | "temporal">) {
  const today = new Date().toISOString().slice(0, 10);
  const session = temporal.client.workflow.getHandle(sessionIdOf("BLUE", today));
  const ask = async (request: object) => {
    const socket = controlSocketPath(data, "trader-blue");
    const line = JSON.stringify({ id: String(Math.random()), ...request });
    const answer = await askControl(socket, line, { withinMs: 60_000, answerCharsMax: 1e7 });
    return TraderAnswer.parse(JSON.parse(answer));
  };
  return {
    today,
    session,
    pnl: () => session.query(pnlQuery),
    /** Null while the trader does not answer. */
    book: async () => (await ask({ command: "status" }).catch(() => null))?.status ?? null,
    /** All closed trades of the book, as reported by its trader. */
    async trades() {
      const { trades } = await ask({ command: "trades", after: 0, max: 1_000 });
      return trades?.trades ?? [];
    },
    /** Of the bridge's journal; empty while there is none. */
    scans() {
      try {
        const journal = new ScanJournal(join(data, "journal", "scan-bridge.db"), {
          readonly: true,
        });
        try {
          return journal.scans(1, journal.lastSeq());
        } finally {
          journal.close();
        }
      } catch {
        return [];
      }
    },
  };
}
