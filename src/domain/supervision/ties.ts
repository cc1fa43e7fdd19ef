/**
 * The ties of a service in its table row: its dependencies, inputs and queue, whose fault it is when one of them
 * fails, and the wording of that.
 */

export const CAUSES = [
  "none",
  "mount",
  "hazelcast",
  "process",
  "bridge",
  "upstream",
  "trader",
  "temporal",
  "postgres",
] as const;
export type Cause = (typeof CAUSES)[number];

/** The states in which a service finds a dependency. */
export const DEPENDENCY_STATES = ["ok", "down", "hung", "missing", "error"] as const;
export type DependencyState = (typeof DEPENDENCY_STATES)[number];

export type Need = {
  /** The name in `though archive and Hazelcast answer`. */
  readonly name: string;
  readonly cause: Cause;
  /** `Error`: the service cannot work without it. */
  readonly word: "Error" | "Warning";
  readonly says: Readonly<Record<Exclude<DependencyState, "ok">, string>>;
  readonly after: string;
};

export type InputTie = {
  /** As in `newest data` 2 s old. */
  readonly newest: string;
  readonly none: string;
  /** Follows the age of an old input when nobody of ours is to blame. */
  readonly quiet: string;
  /** The first source of the input, and whether that is a service of ours. */
  readonly source: { readonly cause: Cause; readonly isOurs: boolean };
  /** A service of ours on the way, found among the dependencies in the facts. */
  readonly via: { readonly service: string; readonly cause: Cause } | null;
  /** The service works without it: an old or absent value is only a warning. */
  readonly isSide?: true;
};

export type QueueTie = {
  readonly unit: string;
  /** As in `a complete file lies unpushed` for 90 s. */
  readonly lies: string;
  /** As in `no file is settled` for 75 s. */
  readonly still: string;
  /** As in `nothing is listed` for 6 min. */
  readonly blind: string;
  readonly cause: Cause;
};

export type Ties = {
  readonly needs: Readonly<Record<string, Need>>;
  readonly inputs: Readonly<Record<string, InputTie>>;
  /** Whether every other input that it reports is a feed of its own. */
  readonly hasFeeds?: true;
  /** Null: the service has no queue that is judged. */
  readonly queue: QueueTie | null;
};

/** Undefined for an input that is not judged. */
export function inputTieOf({ inputs, hasFeeds }: Ties, name: string): InputTie | undefined {
  return inputs[name] ?? (hasFeeds === true ? feedTie(name) : undefined);
}

const UPSTREAM = { cause: "upstream", isOurs: false } as const;

const ARCHIVE: Need = {
  name: "archive",
  cause: "mount",
  word: "Error",
  says: {
    hung: "the archive does not answer (a file operation hangs)",
    missing: "the archive folder does not exist",
    error: "the archive cannot be read",
    down: "the archive does not answer",
  },
  after: "recovers by itself",
};

const HAZELCAST: Need = {
  name: "Hazelcast",
  cause: "hazelcast",
  word: "Error",
  says: silent("Hazelcast"),
  after: "retrying",
};

export const BRIDGE_TIES: Ties = {
  needs: { archive: ARCHIVE, hazelcast: HAZELCAST },
  inputs: {
    scans: {
      newest: "newest data",
      none: "no scan in the archive yet",
      quiet: ", nothing unpushed",
      source: UPSTREAM,
      via: null,
    },
  },
  queue: {
    unit: "files",
    lies: "a complete file lies unpushed",
    still: "no file is settled",
    blind: "nothing is listed",
    cause: "bridge",
  },
};

/** Read from the bridge's `latest`. */
const HEARD_SCANS: InputTie = {
  newest: "newest scan",
  none: "no scan heard yet",
  quiet: ", and no newer one was pushed",
  source: UPSTREAM,
  via: { service: "scan-bridge", cause: "bridge" },
};

export const TRADER_TIES: Ties = {
  needs: { hazelcast: HAZELCAST },
  inputs: { scans: HEARD_SCANS },
  hasFeeds: true,
  queue: null,
};

export const GREEN_TIES: Ties = {
  needs: { hazelcast: HAZELCAST },
  inputs: {
    events: {
      newest: "newest event of BLUE",
      none: "no event of BLUE yet",
      quiet: ", as BLUE's log has no newer one",
      source: { cause: "trader", isOurs: true },
      via: null,
    },
    // The subject of its notes.
    scans: HEARD_SCANS,
  },
  queue: null,
};

export const BOOKKEEPER_TIES: Ties = {
  needs: {
    temporal: {
      name: "Temporal",
      cause: "temporal",
      word: "Warning",
      says: silent("Temporal"),
      after: "trades are sent once it does",
    },
    postgres: {
      name: "Postgres",
      cause: "postgres",
      word: "Warning",
      says: alike("the copy in Postgres stands still"),
      after: "the copy goes on once it does",
    },
  },
  inputs: {
    projection: {
      newest: "the projection is",
      none: "BLUE's log is not projected yet",
      quiet: "",
      source: { cause: "process", isOurs: true },
      via: null,
    },
  },
  queue: null,
};

export const ORDER_BOOK_TIES: Ties = {
  needs: { hazelcast: HAZELCAST },
  inputs: {
    books: {
      newest: "newest book",
      none: "no book yet",
      quiet: ", and the venue sends no newer one",
      source: UPSTREAM,
      via: null,
    },
  },
  queue: null,
};

export const HEALTH_TIES: Ties = {
  needs: {
    temporal: {
      name: "Temporal",
      cause: "temporal",
      word: "Warning",
      says: silent("Temporal"),
      after: "health is read from the rest",
    },
    hazelcast: {
      name: "Hazelcast",
      cause: "hazelcast",
      word: "Warning",
      says: silent("Hazelcast"),
      after: "health is read from the rest",
    },
  },
  inputs: {
    samples: {
      newest: "newest sample",
      none: "no sample yet",
      quiet: "",
      source: { cause: "process", isOurs: true },
      via: null,
    },
  },
  queue: null,
};

function feedTie(name: string): InputTie {
  return {
    newest: `newest ${name}`,
    none: `no ${name} heard yet`,
    quiet: ", and no newer one was published",
    source: UPSTREAM,
    via: null,
    isSide: true,
  };
}

function silent(name: string): Need["says"] {
  return alike(`${name} does not answer`);
}

function alike(says: string): Need["says"] {
  return { hung: says, missing: says, error: says, down: says };
}
