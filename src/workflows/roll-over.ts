/** Continue-as-new of the workflows that never end: when it is due, and the state that is passed on. */
import { CancellationScope, CancelledFailure, workflowInfo } from "@temporalio/workflow";

/** `historyMax`: number of events after which a test, or a cautious operator, wants it earlier. */
export function isRollDue(historyMax: number | undefined): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (historyMax !== undefined && historyMax <= historyLength);
}

/**
 * To be called right before continue-as-new: a cancel that comes in the same task as what ended a wait rejects nothing, and would
 * be lost with the run. @throws {CancelledFailure} when the run was cancelled
 */
export function heedCancel(): void {
  if (CancellationScope.current().consideredCancelled) {
    throw new CancelledFailure("cancelled when it was about to continue as new");
  }
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
