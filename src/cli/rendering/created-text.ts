/** The output of `dolphin create`: what was created and changed, one line each. */
import type { DeclarationChange } from "../../domain/supervision/declared/declaration.ts";
import type { CreateResult } from "../../operations/declared/create-surroundings.ts";

export type Created = CreateResult & {
  readonly supervisors: readonly {
    readonly service: string;
    readonly workflow_id: string;
    readonly created: boolean;
    readonly changes: readonly DeclarationChange[];
    /** Why the changes were not made; null where they were. */
    readonly problem: string | null;
  }[];
};

type Brought = {
  readonly what: string;
  readonly created: boolean;
  readonly changes: readonly DeclarationChange[];
  readonly problem?: string | null;
  readonly paused?: string | null;
};

export function createdText(created: Created): readonly string[] {
  return [...broughtIn(created).flatMap(linesOf), ...unservedLines(created)];
}

/** Changes to what existed already, for a log of changes nobody asked for. */
export function changedLines(created: Created): readonly string[] {
  return broughtIn(created)
    .filter(({ changes }) => 0 < changes.length)
    .flatMap(linesOf);
}

function broughtIn({
  search_attributes,
  supervisors,
  schedules,
  meta_health,
}: Created): readonly Brought[] {
  return [
    ...search_attributes.all.map((name) => ({
      what: `search attribute ${name}`,
      created: search_attributes.created.includes(name),
      changes: [],
    })),
    ...supervisors.map((one) => ({ ...one, what: `supervisor ${one.workflow_id}` })),
    ...schedules.map((one) => ({ ...one, what: `schedule ${one.schedule_id}` })),
    { ...meta_health, what: `workflow ${meta_health.workflow_id}` },
  ];
}

function linesOf({ what, created, changes, problem, paused }: Brought): readonly string[] {
  if (created) return [`${what}: created`];
  if (changes.length === 0) return [`${what}: unchanged${paused ? `, paused: ${paused}` : ""}`];
  const done = problem == null ? "changed" : "not changed:";
  const why = problem == null ? "" : `: ${problem}`;
  return changes.map((one) => `${what}: ${done} ${one.what} from ${one.from} to ${one.to}${why}`);
}

function unservedLines({ task_queues }: Created): readonly string[] {
  return task_queues
    .filter(({ pollers }) => pollers === 0)
    .map(
      ({ task_queue, layer }) =>
        `task queue ${task_queue}: no worker polls it; 'dolphin worker ${layer}' starts one`,
    );
}

/** Declarations that could not be applied. */
export function failedOf({
  supervisors,
  meta_health,
}: Pick<Created, "supervisors" | "meta_health">) {
  return [...supervisors, meta_health].find(({ problem }) => problem !== null);
}
