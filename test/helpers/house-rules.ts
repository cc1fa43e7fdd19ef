/** The rules of the house as functions from files to sentences about violations. */
import { posix } from "node:path";

export type SourceFile = { readonly path: string; readonly text: string };
type Import = { readonly from: string; readonly typesOnly: boolean };

/** What a file in a room may import, by path below src; packages are free unless said. */
type Doors = { readonly values: RegExp; readonly types?: RegExp; readonly packages?: RegExp };

const SHARED = String.raw`domain/|wire/|workflows/(names\.ts$|messages/)`;
const DOORS: Readonly<Record<string, Doors>> = {
  domain: { values: /^domain\//, packages: /^$/ },
  wire: { values: /^(domain|wire)\// },
  reports: { values: /^(domain|wire|reports)\// },
  adapters: { values: new RegExp(`^(${SHARED}|adapters/)`) },
  operations: {
    values: new RegExp(`^(${SHARED}|adapters/|reports/|operations/)`),
    types: /^config\.ts$/,
  },
  services: {
    values: new RegExp(`^(${SHARED}|adapters/clock\\.ts$)`),
    types: /^(adapters\/|operations\/|config\.ts$)/,
  },
  activities: {
    values: new RegExp(`^(${SHARED}|activities/|adapters/clock\\.ts$)`),
    types: /^(adapters|operations|services)\/|^config\.ts$/,
  },
  workflows: {
    values: /^(domain|workflows)\//,
    types: /^(activities|wire)\//,
    packages: /^@temporalio\/(workflow|common)$/,
  },
  workers: {
    values: new RegExp(`^(${SHARED}|adapters/|operations/|activities/|workers/|config\\.ts$)`),
  },
  embedded: { values: new RegExp(`^(${SHARED}|adapters/|operations/|embedded/|config\\.ts$)`) },
  dashboard: {
    values: new RegExp(`^(${SHARED}|adapters/|operations/|dashboard/|config\\.ts$)`),
  },
  cli: {
    values: new RegExp(
      `^(${SHARED}|adapters/|reports/|operations/|activities/|embedded/|workers/|dashboard/|cli/|config\\.ts$)`,
    ),
  },
};
/** Entry points of a process or thread wire it together, so they may reach adapters and operations. */
const ENTRY_POINT =
  /^services\/(shell\/[a-z-]+|[^/]+\/(main|pump-wiring|open-(trader|green|bookkeeper|health|order-book|journal|archive|posture|duties)|[a-z]+-(process|thread)))\.ts$/;
const ENTRY_POINT_VALUES = /^(adapters\/|operations\/|config\.ts$)/;

export function importViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.path.startsWith("src/") && file.path.endsWith(".ts"))
    .flatMap((file) =>
      importsOf(file.text)
        .filter((found) => !mayImport(file.path.slice("src/".length), found))
        .map(
          ({ from, typesOnly }) => `${file.path} imports ${typesOnly ? "types of " : ""}${from}`,
        ),
    );
}

function mayImport(path: string, { from, typesOnly }: Import): boolean {
  const room = path.split("/")[0] ?? "";
  const doors = DOORS[room];
  if (doors === undefined) return path === "config.ts" || path.endsWith(".js");
  if (!from.startsWith(".")) return typesOnly || (doors.packages?.test(from) ?? true);
  const target = posix.join(posix.dirname(path), from);
  // A service consists of its own folder, its shell, and the files beside the folders, for all services.
  const ownService =
    room === "services" &&
    (target.startsWith(`services/${path.split("/")[1]}/`) ||
      /^services\/(shell\/)?[^/]+\.ts$/.test(target));
  return (
    ownService ||
    doors.values.test(target) ||
    (typesOnly && (doors.types?.test(target) ?? false)) ||
    (ENTRY_POINT.test(path) && ENTRY_POINT_VALUES.test(target))
  );
}

/** Circles of files that import each other, of values or of types, one sentence a circle. */
export function importCircles(files: readonly SourceFile[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of sourceArrows(files)) arrowsOf(targets, from).add(to);
  return circlesIn(targets);
}

/**
 * Circles of folders side by side on one floor (a folder of `src`), of values or of types: two of them must not
 * import each other, by whatever files.
 */
export function folderCircles(files: readonly SourceFile[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of sourceArrows(files)) {
    const [one, other] = [posix.dirname(from).split("/"), posix.dirname(to).split("/")];
    const shared = one.findIndex((folder, depth) => folder !== other[depth]);
    if (shared < FLOOR_DEPTH || other.length <= shared) continue;
    arrowsOf(targets, one.slice(0, shared + 1).join("/")).add(other.slice(0, shared + 1).join("/"));
  }
  return circlesIn(targets);
}

/** `src/domain/trading`: the first part that differs between two files of one floor is the third or a later one. */
const FLOOR_DEPTH = 2;

function sourceArrows(files: readonly SourceFile[]): { from: string; to: string }[] {
  const sources = files.filter(({ path }) => path.startsWith("src/") && path.endsWith(".ts"));
  const known = new Set(sources.map(({ path }) => path));
  return sources.flatMap(({ path, text }) =>
    importsOf(text)
      .map(({ from }) => ({ from: path, to: posix.join(posix.dirname(path), from) }))
      .filter(({ to }) => known.has(to)),
  );
}

function arrowsOf(targets: Map<string, Set<string>>, from: string): Set<string> {
  const arrows = targets.get(from) ?? new Set();
  targets.set(from, arrows);
  return arrows;
}

/** At least one circle of each group of names that reach each other. */
function circlesIn(targets: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): void => {
    const start = way.indexOf(name);
    if (start !== -1) circles.push([...way.slice(start), name].join(" -> "));
    if (start !== -1 || done.has(name)) return;
    for (const target of targets.get(name) ?? []) walk(target, [...way, name]);
    done.add(name);
  };
  for (const name of targets.keys()) walk(name, []);
  return circles;
}

/** Static imports, re-exports and dynamic imports; a clause of nothing but types counts as types. */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const match of code.matchAll(
    /^(?:import|export)\s([^;"'`]*?\bfrom\s*)?["']([^"']+)["']/gm,
  )) {
    const clause = (match[1] ?? "").replace(/\bfrom\s*$/, "").trim();
    found.push({ from: match[2] ?? "", typesOnly: isTypeClause(clause) });
  }
  for (const match of code.matchAll(/\bimport\(\s*["']([^"']+)["']/g)) {
    found.push({ from: match[1] ?? "", typesOnly: false });
  }
  return found;
}

function isTypeClause(clause: string): boolean {
  if (/^type\s/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1];
  if (names === undefined) return false;
  const parts = names.split(",").map((part) => part.trim());
  return parts.every((part) => part === "" || part.startsWith("type "));
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

type Ban = {
  readonly what: RegExp;
  readonly instead: string;
  readonly where?: RegExp;
  readonly except?: RegExp;
};
const CODE = /\.(ts|mjs|js)$/;
// Patterns are written so that they don't match themselves.
const BANS: readonly Ban[] = [
  { what: /FIX[M]E/, instead: "fix it, or open an issue" },
  { what: /\b(test|it|describe)[.]only\(/, instead: "run the one test by its name", where: CODE },
  { what: /\bas[ ]any\b(?! [a-z])/, instead: "parse it in src/wire", where: CODE },
  { what: /@ts-[i]gnore/, instead: "make the types say it", where: CODE },
  {
    what: /\bconsole[.](log|error|warn|info)\(/,
    instead: "the logger of the process",
    where: /^src\/.*\.ts$/,
    except: /^src\/cli\//,
  },
  {
    what: /(^|[\s"'`(=:])\/(work|root|home)\/[a-z.]/m,
    instead: "a path relative to the checkout",
    // Paths inside containers are the same everywhere.
    except: /^(docker-compose\.yml|deploy\/)/,
  },
  {
    what: /\bprocess[.](exit|on)\(|\bEXIT_[A-Z]+ = \d/,
    instead: "what src/services/shell does for every service",
    where: /^src\/services\//,
    except: /^src\/services\/shell\//,
  },
  {
    what: /expect\((performance|Date)[.]now\(\) - \w+\)\s*[.]toBeLess/,
    instead: "a relation between facts: a busy machine takes longer; figures belong to bench",
    where: /^test\//,
  },
  {
    what: /(?<![\w.])process[.]kill\((?!process[.]pid,)/,
    instead:
      "sendSignal: pid 0 stands for the group of the tests themselves, which a SIGSTOP stops for good",
    where: /^(test|bench)\//,
    except: /^test\/helpers\/processes[.]ts$/,
  },
  {
    what: /import [^;]*\b(spawnSync|execFileSync|execSync)\b[^;]* from "node:child_process"/,
    instead: "run-program.ts, which ends: while it waits no limit of a test runs",
    where: /^test\//,
  },
  {
    what: /[.]listen\([1-9]|[.]listen\(\{ port: [1-9]/,
    instead: "findFreePort: another process may have the port",
    where: /^test\//,
  },
  { what: /\/tmp\/[p]robe/, instead: "what setup installs in .tools" },
  { what: /registry[.](npmjs|yarnpkg)|pypi[.]org\/simple/, instead: "the configured registry" },
  { what: /\bTO[D]O(?!\(#\d+\))/, instead: "the same with (#issue)" },
];

export function banViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    BANS.filter((ban) => (ban.where?.test(path) ?? true) && !(ban.except?.test(path) ?? false))
      .filter((ban) => ban.what.test(text))
      .map((ban) => `${path} holds ${String(ban.what)}; instead: ${ban.instead}`),
  );
}

/** The reader's own files in examples of the documents. */
const READERS_OWN = new Set(["mine.ts", "tide.ts"]);

/** Source files that a document names in backquotes, by path or by name alone, and that do not exist. */
export function missingNames(files: readonly SourceFile[]): string[] {
  const ends = new Set(files.flatMap(({ path }) => endsOf(path)));
  return files
    .filter(({ path }) => path.endsWith(".md") && path !== "CHANGELOG.md")
    .flatMap(({ path, text }) =>
      [...text.matchAll(/`[^`\n]+`/g)]
        .flatMap(
          ([quoted]) => quoted.match(/(?<![\w./*-])\w[\w./-]*\.(?:ts|mjs|js)(?![\w./-])/g) ?? [],
        )
        .filter((name) => !ends.has(name) && !READERS_OWN.has(posix.basename(name)))
        .map((name) => `${path} names ${name}, which does not exist`),
    );
}

/** `a/b/c.ts`: itself, `b/c.ts` and `c.ts`. */
function endsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, at) => parts.slice(at).join("/"));
}

const VAGUE = /(^|\/)(utils?|helpers?|common|types|misc|manager|[a-z-]+-manager)(\.[a-z]+)*(\/|$)/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;
const LINES_MAX = 400;
const FILES_IN_FOLDER_MAX = 12;
/** Of what binds a service to its shell; more of it belongs into the shell. */
const WIRING = /^src\/services\/[^/]+\/(main|[a-z]+-process)\.ts$/;
const WIRING_LINES_MAX = 80;

export function layoutViolations(files: readonly SourceFile[]): string[] {
  const sources = files.filter((file) => file.path.startsWith("src/"));
  return [
    ...[...sources, ...files.filter((file) => /^(test|bench|scripts)\//.test(file.path))]
      .filter((file) => !file.path.endsWith(".py"))
      .filter((file) => !file.path.split("/").every((part) => KEBAB.test(part)))
      .map((file) => `${file.path} is not kebab-case`),
    ...sources
      .filter((file) => VAGUE.test(file.path))
      .map((file) => `${file.path} is named after nothing; name it after its main export`),
    ...sources
      .filter((file) => file.text.split("\n").length - 1 > LINES_MAX)
      .map((file) => `${file.path} is longer than ${LINES_MAX} lines`),
    ...longWirings(sources),
    ...crowdedFolders(sources),
  ];
}

function longWirings(sources: readonly SourceFile[]): string[] {
  const lines = new Map<string, number>();
  for (const { path, text } of sources.filter((file) => WIRING.test(file.path))) {
    const folder = posix.dirname(path);
    lines.set(folder, (lines.get(folder) ?? 0) + text.split("\n").length - 1);
  }
  return [...lines]
    .filter(([, count]) => count > WIRING_LINES_MAX)
    .map(
      ([folder, count]) =>
        `the wiring of ${folder} has ${count} lines, more than ${WIRING_LINES_MAX}`,
    );
}

function crowdedFolders(sources: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of sources) {
    const folder = posix.dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > FILES_IN_FOLDER_MAX)
    .map(([folder, count]) => `${folder} holds ${count} files, more than ${FILES_IN_FOLDER_MAX}`);
}
