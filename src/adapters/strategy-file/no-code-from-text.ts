/**
 * `Function` is reachable from every function, and compiles code from text that would see all globals. This closes
 * the way from a function to it; the global name keeps working for packages that generate code.
 */

const KINDS: readonly object[] = [
  function () {},
  async function () {},
  function* () {},
  async function* () {},
].map((one) => Object.getPrototypeOf(one));
let isRefused = false;

/** For this thread, and permanently; a second call does nothing. */
export function refuseCodeFromText(): void {
  if (isRefused) return;
  isRefused = true;
  for (const prototype of KINDS) {
    const original = prototype.constructor;
    const closed = refusal();
    // Keeps its name and `instanceof` working.
    Object.defineProperties(closed, {
      name: { value: original.name },
      prototype: { value: prototype },
    });
    Object.setPrototypeOf(closed, Object.getPrototypeOf(original));
    const property = { value: closed, writable: false, configurable: false };
    Object.defineProperty(prototype, "constructor", property);
  }
}

function refusal() {
  return function (): never {
    throw new Error("code cannot be generated from text here: a strategy sees only its arguments");
  };
}
