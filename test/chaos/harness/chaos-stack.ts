/** `dolphin up` under random kills: started, killed and started again on one data directory, recording every pid. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive } from "../../../src/adapters/process/process-facts.ts";
import { readRunFile } from "../../../src/adapters/process/run-file.ts";
import type { UpFile } from "../../../src/wire/up-file.ts";
import { killProcessesOn, processesOn, sendSignal, until } from "../../helpers/processes.ts";
import { BRIDGE_ALONE, readUp, startUp, type RunningUp } from "../../helpers/up.ts";
import type { Target } from "./kill-plan.ts";

export type Sighting = {
  readonly name: string;
  readonly pid: number;
  readonly ticks: number | null;
};

/** Its guards have 14 s for the worker, and the bridge 8 s after that. */
export const GUARDS_MS_MAX = 30_000;
const POLL_EVERY_MS = 200;
const FOUND_WITHIN_MS = 90_000;
const DIES_WITHIN_MS = 5_000;

/** `settings` are sections of dolphin.yaml; with `BRIDGE_ALONE` no other service is started. */
export class ChaosStack {
  readonly root: string;
  readonly dataDir: string;
  readonly archive: string;
  /** Everything that up.json or a run file ever named. */
  readonly sightings = new Map<string, Sighting>();
  readonly #env: NodeJS.ProcessEnv;
  readonly #looking: NodeJS.Timeout;
  readonly #isBridgeAlone: boolean;
  #up: RunningUp | null = null;

  private constructor(root: string, isBridgeAlone: boolean) {
    this.root = root;
    this.#isBridgeAlone = isBridgeAlone;
    this.dataDir = join(root, "data");
    this.archive = join(root, "scans");
    this.#env = { DOLPHIN_CONFIG: join(root, "dolphin.yaml") };
    this.#looking = setInterval(() => this.poll(), POLL_EVERY_MS);
  }

  static create(root: string, settings: Readonly<Record<string, unknown>>) {
    const stack = new ChaosStack(root, settings["services"] === BRIDGE_ALONE.services);
    mkdirSync(stack.archive, { recursive: true });
    writeFileSync(join(root, "dolphin.yaml"), JSON.stringify(settings));
    return stack;
  }

  /** Resolves when up.json names everything. */
  async start(): Promise<void> {
    this.#up = startUp(this.dataDir, ["--ports", "auto", "--archive", this.archive], this.#env);
    await this.#up.untilUp(this.#isBridgeAlone ? ["scan-bridge"] : undefined);
    this.poll();
  }

  /** up.json of the `up` that runs. */
  file(): UpFile | null {
    const up = readUp(this.dataDir);
    return up !== null && isProcessAlive(up.pid, up.started_ticks) ? up : null;
  }

  output(): string {
    return this.#up?.output() ?? "";
  }

  poll(): void {
    const up = readUp(this.dataDir);
    if (up !== null) this.#see({ name: "up", pid: up.pid, ticks: up.started_ticks });
    for (const [name, { pid, started_ticks, guard_pid }] of Object.entries(up?.services ?? {})) {
      this.#see({ name, pid, ticks: started_ticks });
      if (guard_pid !== null) this.#see({ name: `guard of ${name}`, pid: guard_pid, ticks: null });
    }
    const run = readRunFile(join(this.dataDir, "run"), "scan-bridge");
    if (run !== null) this.#see({ name: run.service, pid: run.pid, ticks: run.started_ticks });
  }

  /** Waits until up.json names it alive. */
  async find(target: Target): Promise<Sighting> {
    let found: Sighting | null = null;
    const isThere = (): boolean => {
      const up = this.file();
      const named = target === "up" ? up : (up?.services[target] ?? null);
      found = named === null ? null : { name: target, pid: named.pid, ticks: named.started_ticks };
      return named !== null && isProcessAlive(named.pid, named.started_ticks);
    };
    const tell = () => `${target} is not in up.json\n${this.output().slice(-3_000)}`;
    await until(isThere, { ms: FOUND_WITHIN_MS, tell });
    return found!;
  }

  /** `kill -9`, and waits for the death; false when it had ended by itself. */
  async kill({ name, pid, ticks }: Sighting): Promise<boolean> {
    if (!isProcessAlive(pid, ticks)) return false;
    sendSignal(pid, "SIGKILL");
    const isDead = () => !isProcessAlive(pid, ticks);
    await until(isDead, { ms: DIES_WITHIN_MS, tell: () => `${name} (pid ${pid}) survived -9` });
    return true;
  }

  /** Resolves with the seconds until none of its processes ran any more. */
  async untilNothingRuns(withinMs: number): Promise<number> {
    const fromMs = performance.now();
    const tell = () => `still there: ${JSON.stringify(this.running())}`;
    await until(() => this.running().length === 0, { ms: withinMs, tell });
    return Math.round((performance.now() - fromMs) / 100) / 10;
  }

  /** By everything that names the directory, and by every pid that was ever seen. */
  running(): readonly unknown[] {
    return [...processesOn(this.root), ...this.alive(this.sightings.values())];
  }

  /** Pids without start ticks are guards: only their programs identify them. */
  alive(sightings: Iterable<Sighting>): readonly Sighting[] {
    return [...sightings].filter(({ pid, ticks }) => ticks !== null && isProcessAlive(pid, ticks));
  }

  /** Returns how `up` ended. */
  async stop() {
    if (this.#up === null) throw new Error("up was not started");
    sendSignal(this.#up.pid, "SIGTERM");
    return this.#up.ended;
  }

  /** Leaves nothing behind, however the test went. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    killProcessesOn(this.root);
    await this.untilNothingRuns(DIES_WITHIN_MS);
  }

  #see(sighting: Sighting): void {
    this.sightings.set(`${sighting.pid} ${sighting.ticks}`, sighting);
  }
}
