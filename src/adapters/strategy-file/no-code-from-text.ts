/**
 * Every function leads to `Function`, and that makes code from text which sees everything. Here the way
 * from a function to it is closed; the name itself goes on working for packages that generate code.
 */

const KINDS: readonly object[] = [
  function () {},
  async function () {},
  function* () {},
  async function* () {},
].map((one) => Object.getPrototypeOf(one));
let isRefused = false;

/** For this thread, and for good; a second time does nothing. */
export function refuseCodeFromText(): void {
  if (isRefused) return;
  isRefused = true;
  for (const prototype of KINDS) {
    const original = prototype.constructor;
    const closed = refusal();
    // As whoever asks for its name, or whether something is an instance, knows it.
    Object.defineProperties(closed, {
      name: { value: original.name },
      prototype: { value: prototype },
    });
    Object.setPrototypeOf(closed, Object.getPrototypeOf(original));
    const told = { value: closed, writable: false, configurable: false };
    Object.defineProperty(prototype, "constructor", told);
  }
}

function refusal() {
  return function (): never {
    throw new Error("code is not made from text here: a strategy sees only its arguments");
  };
}
