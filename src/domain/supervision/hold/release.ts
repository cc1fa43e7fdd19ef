/**
 * Whether a new worker gives back what an earlier one held at Temporal, so that nobody has to wait for a heartbeat timeout.
 * Invariant: only an attempt whose holder is proven to be dead, and which is still that holder's, is given back.
 */

/** The attempt of an activity that holds a service, and the worker that made it. */
export type Hold = {
  readonly attempt: number;
  /** Of that worker, as Temporal knows it. */
  readonly identity: string;
  readonly keeper: { readonly pid: number; readonly started_ticks: number | null };
  /** Where that pid means that process: kernel and namespaces; null: it was not known. */
  readonly place: string | null;
};

/** What is seen from here of the pid of a hold; `unseen`: there may be a process, and no more is known. */
export type SeenProcess =
  "none" | "unseen" | { readonly isZombie: boolean; readonly ticks: number };
export type Here = { readonly place: string | null; readonly process: SeenProcess };

export type PendingAttempt = {
  /** False between two attempts, and while it is cancelled or paused. */
  readonly isStarted: boolean;
  readonly attempt: number;
  readonly identity: string;
};

export type Release =
  | { readonly kind: "leave"; readonly why: string }
  /** A process of its life is known: the run ends with the record of the loss. */
  | { readonly kind: "report loss" }
  /** None is known, or the worker stopped it on purpose: the same run makes another attempt. */
  | { readonly kind: "try again" };

export function decideRelease(
  hold: Hold,
  here: Here,
  found: {
    /** The activity as the server sees it; null: its run has ended. */
    readonly pending: PendingAttempt | null;
    /** The last heartbeat; null: there was none. */
    readonly details: { readonly stopped: boolean } | null;
  },
): Release {
  const alive = whyNotDead(hold, here);
  if (alive !== null) return { kind: "leave", why: alive };
  const { pending, details } = found;
  if (pending === null) return { kind: "leave", why: "its run is over" };
  if (!pending.isStarted) return { kind: "leave", why: "no attempt is under way" };
  if (pending.attempt !== hold.attempt || pending.identity !== hold.identity) {
    return { kind: "leave", why: `attempt ${pending.attempt} is held by ${pending.identity}` };
  }
  return { kind: details === null || details.stopped ? "try again" : "report loss" };
}

/** Null: the process is proven to be dead. One that stands still is alive. */
export function whyNotDead(
  { keeper, place }: Pick<Hold, "keeper" | "place">,
  here: Here,
): string | null {
  if (place === null || place !== here.place) return "its worker's pid means nothing here";
  const { process } = here;
  if (process === "none") return null;
  if (process === "unseen") return `whether pid ${keeper.pid} is its worker is not known`;
  if (process.isZombie) return null;
  if (keeper.started_ticks === null) return `pid ${keeper.pid} may be its worker`;
  return process.ticks === keeper.started_ticks ? `its worker, pid ${keeper.pid}, is alive` : null;
}
