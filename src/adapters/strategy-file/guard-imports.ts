/**
 * Restricts a strategy's files to their arguments: an import is refused unless it is a file of the same folder or one
 * of dolphin's own `src/domain`, and all other Node globals are bound to objects that throw (`sealed-globals.ts`).
 * Backtest, check and live load them here alike. This protects an honest strategy from inputs that it would not have
 * live. It is not a sandbox against malice: a strategy's file runs as code in this process. Invariant: every file
 * that runs for a strategy was loaded here, so the hash covers all of them.
 */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { registerHooks, type LoadHookSync, type ResolveHookSync } from "node:module";
import { dirname, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { refuseCodeFromText } from "./no-code-from-text.ts";
import { guardedNames } from "./sealed-globals.ts";

export type GuardedModule = {
  readonly module: unknown;
  /** The strategy's own file first; each with the hash of its bytes. */
  readonly files: ReadonlyMap<string, string>;
};

type Load = {
  readonly named: string;
  readonly entry: string;
  readonly files: Map<string, string>;
  /** The core's folder. */
  readonly core: string;
  /** Names that a file declares itself, by file: there the name means the file's own. */
  readonly own: OwnNames;
  /** The hash is computed: no further file may be loaded. */
  isOver: boolean;
};

type OwnNames = Map<string, Set<string>>;

/**
 * Query parameter of a file's address that identifies the load, so that each load runs the files' present content.
 */
const QUERY = "strategy";
const CORE = realpathSync(fileURLToPath(new URL("../../domain", import.meta.url))) + sep;
const SEALED = new URL("./sealed-for.ts", import.meta.url).href;
const SEES = "a strategy sees only its arguments";
const IS_CODE = /\.m?[jt]s$/;
/**
 * These two cannot be rebound, so their use outside a comment is refused. A property of that name is allowed, and two
 * slashes after a colon are an address, not a comment.
 */
const UNBOUND =
  /^(?!\s*\/?\*)(?:(?!(?<!:)\/\/).)*?(?<=\.{3}|(?<![\w$.]))(eval(?![\w$])|import\s*\.\s*meta\b)/m;
const EVAL = "eval";

/** Most declarations of a name that Node has, too. */
const OWN_NAMES_MAX = 50;

const loads = new Map<string, Load>();
let isGuarding = false;
/** Node's own `import`: a test runner replaces it by one that ignores loader hooks. */
const NATIVE = "data:text/javascript,export default (address) => import(address)";

/** @throws what the file throws, and for whatever it must not use. */
export async function importGuarded(path: string, core = CORE): Promise<GuardedModule> {
  guard();
  const { default: importNatively } = await import(NATIVE);
  const entry = realpathSync(path);
  const domain = realpathSync(core) + sep;
  const own: OwnNames = new Map();
  for (let names = 0; ; names += 1) {
    const load: Load = { named: path, entry, files: new Map(), core: domain, own, isOver: false };
    const id = String(loads.size + 1);
    loads.set(id, load);
    try {
      const module: unknown = await importNatively(addressIn(id, pathToFileURL(entry).href));
      load.isOver = true;
      return { module, files: load.files };
    } catch (error) {
      if (OWN_NAMES_MAX < names || !takeOwnName(load, error)) throw error;
    }
  }
}

/**
 * Handles a file that declares a name that was bound before it; the engine itself detects the declaration. Its error
 * does not name the file, but files are compiled as they are loaded, so it is the last one.
 */
function takeOwnName({ files, own }: Load, error: unknown): boolean {
  if (!(error instanceof SyntaxError)) return false;
  const name = /^Identifier '(.+)' has already been declared$/.exec(error.message)?.[1];
  const file = [...files.keys()].at(-1);
  if (name === undefined || file === undefined || !guardedNames().includes(name)) return false;
  const names = own.get(file) ?? new Set();
  if (names.has(name)) return false;
  own.set(file, names.add(name));
  return true;
}

function guard(): void {
  if (isGuarding) return;
  isGuarding = true;
  refuseCodeFromText();
  registerHooks({ resolve: resolveGuarded, load: loadGuarded });
}

const resolveGuarded: ResolveHookSync = (specifier, context, nextResolve) => {
  const found = loadOf(context.parentURL);
  if (found === null || specifier.startsWith(SEALED)) return nextResolve(specifier, context);
  const { id, load } = found;
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier)) {
    throw new Error(`strategy ${load.named} reads ${specifier}: ${SEES}`);
  }
  const resolved = nextResolve(specifier, context);
  const path = fileURLToPath(resolved.url);
  if (path.startsWith(load.core)) return { ...resolved, url: withoutQuery(resolved.url) };
  // With an absolute path: it means the core that it runs with, which may be an older one.
  if (path.startsWith(CORE)) {
    return { ...resolved, url: pathToFileURL(load.core + path.slice(CORE.length)).href };
  }
  if (!path.startsWith(dirname(load.entry) + sep)) {
    throw new Error(
      `strategy ${load.named} reads ${specifier}, outside of its folder and of dolphin's src/domain: ${SEES}`,
    );
  }
  if (!IS_CODE.test(path)) throw new Error(`strategy ${load.named} reads ${specifier}: ${SEES}`);
  return { ...resolved, url: addressIn(id, resolved.url) };
};

const loadGuarded: LoadHookSync = (url, context, nextLoad) => {
  const found = loadOf(url);
  if (found === null) return nextLoad(url, context);
  const { named, entry, files, own, isOver } = found.load;
  const path = fileURLToPath(withoutQuery(url));
  if (isOver) throw new Error(`strategy ${named} reads ${path} when it is loaded already: ${SEES}`);
  const loaded = nextLoad(url, context);
  const bytes = readFileSync(path);
  files.set(path, createHash("sha256").update(bytes).digest("hex"));
  const text = bytes.toString("utf8");
  const unbound = UNBOUND.exec(text)?.[1];
  const who = path === entry ? named : path;
  const before = refusing(path, unbound) + sealing(text, { who, own: own.get(path) ?? new Set() });
  // A file without imports would otherwise be loaded as a script with its own `require`.
  const format = path.endsWith("ts") ? "module-typescript" : "module";
  return { ...loaded, format, source: before + text };
};

/** Thrown at run time: the names that it imports say more about its purpose, and are refused first. */
function refusing(path: string, used: string | undefined): string {
  const why = JSON.stringify(`strategy ${path} uses ${used}: ${SEES}`);
  return used === undefined ? "" : `throw new Error(${why}); `;
}

/** Inserted before the first line without a line break, so that line numbers stay. */
function sealing(
  text: string,
  { who, own }: { readonly who: string; readonly own: ReadonlySet<string> },
): string {
  const said = new Set(text.match(/[\w$]+/g));
  const names = guardedNames().filter(
    (name) => said.has(name) && !own.has(name) && isNeeded(name, text),
  );
  if (names.length === 0) return "";
  const address = JSON.stringify(`${SEALED}?for=${encodeURIComponent(who)}`);
  return `import $sealed from ${address}; const { ${names.join(", ")} } = $sealed; `;
}

/** Math's functions other than `random` keep their speed. No module declares an `eval`. */
function isNeeded(name: string, text: string): boolean {
  if (name === EVAL) return false;
  return name !== "Math" || /\bMath\b(?!\s*\.\s*(?!random\b)\w)/.test(text);
}

function loadOf(url: string | undefined): { readonly id: string; readonly load: Load } | null {
  if (url === undefined || !url.includes(`?${QUERY}=`)) return null;
  const id = new URL(url).searchParams.get(QUERY) ?? "";
  const load = loads.get(id);
  return load === undefined ? null : { id, load };
}

function addressIn(id: string, url: string): string {
  return `${withoutQuery(url)}?${QUERY}=${id}`;
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/)[0]!;
}
