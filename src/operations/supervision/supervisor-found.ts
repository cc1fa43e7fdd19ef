/** What is known of a supervisor: whether it runs, and what it was last asked to do. */
import type { ServiceDeclaration } from "../../domain/supervision/declared/declaration.ts";
import { ServiceStatus } from "../../wire/supervision.ts";
import type { SuperviseServiceInput } from "../../workflows/messages/supervision.ts";

export type Declared = Required<Pick<SuperviseServiceInput, "intent" | "mode">> & {
  readonly declared?: ServiceDeclaration | undefined;
};
export type SupervisorFound = {
  readonly kind: "running" | "lost" | "ended";
  readonly wanted: Declared | null;
};

export function wantedIn(memo: Readonly<Record<string, unknown>> | undefined): Declared | null {
  return ServiceStatus.safeParse(memo?.["status"]).data ?? null;
}
