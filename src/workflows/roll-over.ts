/** Continue-as-new of the workflows that never end: when it is due, and the state that is passed on. */
import { workflowInfo } from "@temporalio/workflow";

/** `historyMax`: number of events after which a test, or a cautious operator, wants it earlier. */
export function isRollDue(historyMax: number | undefined): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (historyMax !== undefined && historyMax <= historyLength);
}

/** Validates the field `carried`: a state with these fields, which only an earlier run writes. */
export function carriedWith<State extends object>(...fields: readonly (keyof State)[]) {
  const isState = (value: unknown): value is State =>
    typeof value === "object" && value !== null && fields.every((field) => field in value);
  return {
    expected: "what continue-as-new hands on",
    read: (value: unknown) => (isState(value) ? value : undefined),
  };
}
