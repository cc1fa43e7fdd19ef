/** Follows each fault of ours from its start until a healthy process runs again. */
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import type { Blow, Hurt } from "./month-script.ts";
import type { Repair } from "./outcome.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

const OUTAGES_OF_NEEDS = {
  "scan-bridge": ["hung", "missing", "hazelcast"],
  "trader-blue": ["hazelcast"],
} as const;

const serviceOf = ({ service }: Repair): Hurt => service;

type IsStopped = (service: Hurt) => boolean;

export class Repairs {
  readonly all: Repair[] = [];
  readonly #open = new Set<Repair>();
  readonly #world: SimulatedWorld;

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  add(service: Hurt, truth: Blow, isUnseen: boolean): void {
    const { nowS } = this.#world;
    // Hurt again: what follows is of the newer blow, too.
    for (const open of this.#open) {
      if (open.service !== service) continue;
      open.fromS = nowS;
      open.isUnseen ||= isUnseen;
    }
    const repair = { service, truth, isUnseen, hurtS: nowS, fromS: nowS, toS: null };
    this.all.push(repair);
    this.#open.add(repair);
  }

  /** The time up to now does not count for what could not be mended in it. */
  excuse(isStopped: IsStopped): void {
    // One process bears them all: a crash whose next life is hurt before it counts as well waits for what that one
    // waits for, though a crash alone waits for nothing.
    const excused = new Set([...this.#open].filter((one) => this.#isExcused(one)).map(serviceOf));
    for (const repair of this.#open) {
      const { service } = repair;
      if (isStopped(service) || excused.has(service)) repair.fromS = this.#world.nowS;
    }
  }

  follow(isStopped: IsStopped): void {
    const { nowS, processes } = this.#world;
    for (const repair of this.#open) {
      const process = processes.get(repair.service) ?? null;
      const isWell = process !== null && Object.keys(process.hurt).length === 0;
      if (!isWell || nowS - process.startedS < SERVICES[repair.service].startSeconds) continue;
      repair.toS = nowS;
      this.#open.delete(repair);
    }
    this.excuse(isStopped);
  }

  /** What its keeper does not see waits for whoever tells of it, and for whom it is told. */
  #isUnreported(): boolean {
    return this.#world.is("temporal") || this.#world.is("health-away");
  }

  #isExcused({ service, truth, isUnseen }: Repair): boolean {
    const world = this.#world;
    // What counts against a budget is dated anew then, and its window begins again.
    if (world.isClockOff) return true;
    if (world.is("bad-starts", service) || (isUnseen && this.#isUnreported())) return true;
    // What it needs goes before it in the design's table, and else nothing lies undone that could be done.
    const isStuck = truth === "wedge" || truth === "stuck-loop";
    if (isStuck && world.is("upstream")) return true;
    const needed = service === "bookkeeper" ? [] : OUTAGES_OF_NEEDS[service];
    return (isStuck || truth === "leak") && needed.some((one) => world.is(one));
  }
}
