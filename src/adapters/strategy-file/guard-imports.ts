/**
 * A strategy's files run with their arguments and nothing else: an import is refused unless it is a
 * file of the same folder or one of dolphin's own `src/domain`, and whatever else Node has around them
 * is bound to what refuses it (`sealed-globals.ts`). Backtest, check and live load them here alike.
 *
 * It keeps an honest strategy from what it would not have on the day. It is no wall against malice:
 * who runs a strategy's file runs code in this process.
 *
 * Invariant: every file that runs for a strategy came through here, so that the hash is of all of them.
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
  /** Names that a file declares itself, by file: whoever says one there means the file's own. */
  readonly own: OwnNames;
  /** It has its hash: no file comes to it any more. */
  isOver: boolean;
};

type OwnNames = Map<string, Set<string>>;

/** In the query of a file's address: which load it is of, so that each runs what its files have now. */
const QUERY = "strategy";
const CORE = realpathSync(fileURLToPath(new URL("../../domain", import.meta.url))) + sep;
const SEALED = new URL("./sealed-for.ts", import.meta.url).href;
const SEES = "a strategy sees only its arguments";
const IS_CODE = /\.m?[jt]s$/;
/**
 * Neither can be bound to something else: said outside of a comment it is refused. A property so named
 * is none, and two slashes behind a colon are an address.
 */
const UNBOUND =
  /^(?!\s*\/?\*)(?:(?!(?<!:)\/\/).)*?(?<=\.{3}|(?<![\w$.]))(eval(?![\w$])|import\s*\.\s*meta\b)/m;
const EVAL = "eval";

/** So many names of one's own that Node has, too. */
const OWN_NAMES_MAX = 50;

const loads = new Map<string, Load>();
let isGuarding = false;
/** Node's own `import`: a test runner puts another in its place, and that one asks no hooks. */
const NATIVE = "data:text/javascript,export default (address) => import(address)";

/** @throws what the file throws, and for what it must not have. */
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
 * Where a file declares a name that was bound before it: the engine knows best what a declaration is.
 * It does not say in which file, and compiles each when it was loaded: so it is the last one.
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
  // Written with its whole path: it means the core that it runs with, which may be an older one.
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
  // A file that imports nothing would else be taken for a script, with a `require` of its own.
  const format = path.endsWith("ts") ? "module-typescript" : "module";
  return { ...loaded, format, source: before + text };
};

/** When it runs: what it imports says more of what it is after, and is refused before. */
function refusing(path: string, used: string | undefined): string {
  const why = JSON.stringify(`strategy ${path} uses ${used}: ${SEES}`);
  return used === undefined ? "" : `throw new Error(${why}); `;
}

/** In front of the first line, so that lines keep their numbers. */
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

/** Calls of Math's own functions, random aside, are as quick as they were. No module declares an `eval`. */
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
