/**
 * The assertion of the domain: a broken invariant is a bug, never an expected outcome.
 * Domain code also runs inside the workflow bundle, where `node:assert` does not exist.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`);
}
