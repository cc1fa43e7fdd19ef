/** The dependencies of the supervision activities, and the request for a run. */
import type { NoteHold } from "../operations/keeper/hold-notes.ts";
import type { Keeper } from "../operations/keeper/keeper.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";
import type {
  RunDescription,
  RunReport,
  ServiceRunInput,
} from "../workflows/messages/supervision.ts";

export type SupervisionWorld = {
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly keeper: Keeper;
  /** For the worker after this one, should this one die. */
  readonly noteHold: NoteHold;
  readonly policy: RestartPolicy;
  readonly newsMs: number;
  readonly healthCheckMs: number;
  /** Calls at an interval, together with others of this process; returns what ends the calls. */
  readonly everySteadily: (intervalMs: number, act: () => void) => () => void;
  readonly hasSearchAttributes: () => Promise<boolean>;
  readonly describeRun: (service: string) => Promise<RunDescription>;
  readonly report: (service: string, report: RunReport) => Promise<boolean>;
};

/** A request recorded by an older release has no declaration. */
export type RunServiceInput = Required<Omit<ServiceRunInput, "declared">> &
  Pick<ServiceRunInput, "declared">;
