/**
 * The globals of a strategy's file: those of the language as they are, and in place of every other global of Node an
 * object that throws when it is used, with the file and the name. Invariant: nothing here gives access to time,
 * randomness or the outside.
 */

export type SealedGlobals = Readonly<Record<string, unknown>>;

/**
 * Names that belong to the language alone and behave the same in every run. Those that depend on the machine, the
 * heap or the locale are excluded.
 */
const PURE = new Set(
  [
    "undefined NaN Infinity isNaN isFinite parseInt parseFloat decodeURI decodeURIComponent",
    "encodeURI encodeURIComponent escape unescape Object Boolean Symbol Number BigInt String RegExp",
    "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError",
    "Array Map Set WeakMap WeakSet ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray",
    "Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array",
    "Float32Array Float64Array JSON Reflect Proxy Iterator Promise",
  ].flatMap((line) => line.split(" ")),
);
const SAID = ["log", "info", "warn", "error", "debug"] as const;

/** Names of this process that must be replaced. */
export function guardedNames(): readonly string[] {
  return Object.getOwnPropertyNames(globalThis).filter((name) => !PURE.has(name));
}

/** `file`: named in the error. */
export function sealedGlobals(file: string): SealedGlobals {
  const sealed: Record<string, unknown> = Object.create(null);
  for (const name of guardedNames()) sealed[name] = refusing(file, name);
  sealed["Date"] = sealedDate(file);
  sealed["Math"] = sealedMath(file);
  sealed["console"] = sealedConsole();
  const all = sealedGlobalThis(file, sealed);
  sealed["globalThis"] = all;
  sealed["global"] = all;
  return Object.freeze(sealed);
}

/** @throws always. */
function refuse(file: string, what: string): never {
  throw new Error(`strategy ${file} uses ${what}: a strategy sees only its arguments`);
}

function refusing(file: string, name: string): unknown {
  const no = (): never => refuse(file, name);
  return new Proxy(function refused() {}, {
    apply: no,
    construct: no,
    defineProperty: no,
    deleteProperty: no,
    get: no,
    getOwnPropertyDescriptor: no,
    getPrototypeOf: no,
    has: no,
    isExtensible: no,
    ownKeys: no,
    preventExtensions: no,
    set: no,
    setPrototypeOf: no,
  });
}

/** Calendar arithmetic on a given time; the prototype is a copy, so that nothing leads to the clock. */
function sealedDate(file: string): unknown {
  function SealedDate(...parts: readonly number[]): object {
    if (new.target === undefined) return refuse(file, "Date()");
    if (parts.length === 0) return refuse(file, "new Date()");
    return Reflect.construct(Date, parts, SealedDate);
  }
  const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(Date.prototype);
  SealedDate.prototype = Object.create(Object.prototype, {
    ...methods,
    constructor: { value: SealedDate },
  });
  SealedDate.now = (): never => refuse(file, "Date.now");
  SealedDate.parse = Date.parse;
  SealedDate.UTC = Date.UTC;
  Object.freeze(SealedDate.prototype);
  return Object.freeze(SealedDate);
}

function sealedMath(file: string): unknown {
  const random = { value: (): never => refuse(file, "Math.random"), enumerable: false };
  return Object.freeze(
    Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(Math), random }),
  );
}

/** Prints, and returns nothing. */
function sealedConsole(): unknown {
  const said = SAID.map((name) => {
    const say = (...words: readonly unknown[]): void => console[name](...words);
    return [name, say] as const;
  });
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(said)));
}

function sealedGlobalThis(file: string, sealed: Record<string, unknown>): unknown {
  return new Proxy(Object.freeze(Object.create(null)), {
    get(_, name) {
      if (typeof name !== "string") return undefined;
      if (PURE.has(name)) return Reflect.get(globalThis, name);
      if (["Date", "Math", "console", "globalThis", "global"].includes(name)) return sealed[name];
      return name in globalThis ? refuse(file, `globalThis.${name}`) : undefined;
    },
    has: (_, name) => typeof name === "string" && PURE.has(name),
    set: (_, name) => refuse(file, `globalThis.${String(name)}`),
    defineProperty: (_, name) => refuse(file, `globalThis.${String(name)}`),
  });
}
