/**
 * Reads the configuration: defaults, then `dolphin.yaml`, then DOLPHIN_* variables, then flags.
 * Invariant: this is the only module that reads process.env for DOLPHIN_* variables.
 */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { messageOf } from "./domain/failure.ts";
import { Configuration, isStrategyFile } from "./wire/configuration.ts";
import { isSecretKey, REDACTED, redactText } from "./wire/redaction.ts";

export type Config = Configuration & {
  /** Absolute. */
  readonly data_dir: string;
  /** Absolute. */
  readonly archive: string;
};
export type ConfigOrigin = "default" | `file ${string}` | `environment ${string}` | "flag";
export type LoadedConfig = {
  readonly config: Config;
  /** Dotted key -> where its value came from. */
  readonly origins: ReadonlyMap<string, ConfigOrigin>;
  readonly file: string | null;
};
export type ConfigSource = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly file?: string | undefined;
  /** Dotted key -> value, from command-line flags. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
};

/** Bad configuration: exit code 78. The message names the key, where it came from and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** First line of the file that `dolphin up` writes for its children; JSON follows, which is YAML, too. */
export const WRITTEN_BY_UP =
  "# Written by `dolphin up`, which overwrites it; changes here are lost.\n";

const RESERVED = new Set(["DOLPHIN_CONFIG"]);
const FILE_BYTES_MAX = 1_048_576;
const FOUND_CHARACTERS_MAX = 60;
const DEFAULTS = Configuration.parse({});

/**
 * Loads and validates the configuration.
 * @throws {ConfigError} on an unknown or wrong key, file or variable.
 */
export function loadConfig(source: ConfigSource): LoadedConfig {
  const named = source.file ?? source.env["DOLPHIN_CONFIG"];
  if (named === "") throw new ConfigError("DOLPHIN_CONFIG is empty; unset it or name a file");
  const file =
    named === undefined ? resolve(source.cwd, "dolphin.yaml") : resolve(source.cwd, named);
  const present = isThere(file);
  if (named !== undefined && !present) {
    throw new ConfigError(`configuration file ${file} does not exist; create it or drop --config`);
  }
  const origins = new Map<string, ConfigOrigin>();
  const tree: Record<string, unknown> = present ? readYaml(file) : {};
  for (const key of leafKeys()) {
    origins.set(key, valueAt(tree, key) === undefined ? "default" : `file ${file}`);
  }
  applyEnvironment({ tree, origins, env: source.env });
  for (const [key, value] of Object.entries(source.flags ?? {})) {
    if (value === undefined) continue;
    setAt(tree, key, value);
    origins.set(key, "flag");
  }
  const parsed = Configuration.safeParse(tree);
  if (!parsed.success) throw new ConfigError(explain(parsed.error, tree, origins));
  const fileBase = present ? dirname(file) : source.cwd;
  const baseOf = (key: string) =>
    origins.get(key)?.startsWith("file ") === true ? fileBase : source.cwd;
  const data_dir = resolve(baseOf("data_dir"), parsed.data.data_dir);
  const archive =
    parsed.data.archive === null
      ? resolve(data_dir, "arrow_scans")
      : resolve(baseOf("archive"), parsed.data.archive);
  const fileOf = (key: string, strategy: string) =>
    isStrategyFile(strategy) ? resolve(baseOf(key), strategy) : strategy;
  const { trader: asTrader, green: asGreen } = parsed.data;
  const trader = { ...asTrader, strategy: fileOf("trader.strategy", asTrader.strategy) };
  const green = {
    ...asGreen,
    strategy: asGreen.strategy === null ? null : fileOf("green.strategy", asGreen.strategy),
  };
  const indicators = mapped(parsed.data.indicators, (entry) =>
    entry.kind === undefined ? entry : { ...entry, kind: fileOf("indicators", entry.kind) },
  );
  // Two names of one port: whoever listens goes by `ports`.
  const { ports: asPorts, metrics } = parsed.data;
  const ports = { ...asPorts, metrics: metrics.port ?? asPorts.metrics };
  const config = { ...parsed.data, ports, trader, green, indicators, data_dir, archive };
  return { config, origins, file: present ? file : null };
}

function mapped<T>(record: Readonly<Record<string, T>>, change: (value: T) => T) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** `hazelcast.address` -> `DOLPHIN_HAZELCAST_ADDRESS`. */
export function variableOf(key: string): string {
  return `DOLPHIN_${key.replaceAll(".", "_").toUpperCase()}`;
}

/**
 * Parts a configuration into what may be written to a file and the variables that carry its
 * secrets: loaded together they are the same configuration again.
 */
export function partSecrets(config: Config): {
  readonly open: Record<string, unknown>;
  /** Variable -> value; for the environment of a child process only. */
  readonly environment: Readonly<Record<string, string>>;
} {
  const open: Record<string, unknown> = structuredClone(config);
  const environment: Record<string, string> = {};
  for (const key of leafKeys()) {
    const value = valueAt(config, key);
    if (!isSecretKey(key.split(".").at(-1) ?? "") || value === null) continue;
    environment[variableOf(key)] = typeof value === "string" ? value : JSON.stringify(value);
    setAt(open, key, null);
  }
  return { open, environment };
}

function applyEnvironment(into: {
  readonly tree: Record<string, unknown>;
  readonly origins: Map<string, ConfigOrigin>;
  readonly env: ConfigSource["env"];
}): void {
  const byVariable = new Map(leafKeys().map((key) => [variableOf(key), key]));
  for (const [variable, text] of Object.entries(into.env)) {
    if (!variable.startsWith("DOLPHIN_") || RESERVED.has(variable) || text === undefined) continue;
    const key = byVariable.get(variable);
    if (key === undefined) {
      throw new ConfigError(
        `environment variable ${variable} is not known; 'dolphin config' lists the keys`,
      );
    }
    if (text === "") {
      throw new ConfigError(`environment variable ${variable} is empty; unset it or give a value`);
    }
    setAt(into.tree, key, scalarFrom(text, valueAt(DEFAULTS, key)));
    into.origins.set(key, `environment ${variable}`);
  }
}

/** What cannot be looked at may be there: defaults must not stand in for it. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw new ConfigError(`configuration file ${file} cannot be accessed: ${messageOf(error)}`);
  }
}

/** A YAML error goes on with the text around it, which may be anything. */
export function firstLine({ message }: Error): string {
  const [first = ""] = message.split("\n", 1);
  return first.replace(/:$/, "");
}

function readYaml(file: string): Record<string, unknown> {
  const text = readText(file);
  const written = text.startsWith(WRITTEN_BY_UP)
    ? recordIn(text.slice(WRITTEN_BY_UP.length))
    : null;
  if (written !== null) return written;
  // Only where a person wrote the file: each process of `up` is 5 MB smaller without the package.
  const { parseDocument }: typeof import("yaml") = createRequire(import.meta.url)("yaml");
  const document = parseDocument(text, { uniqueKeys: true, logLevel: "error" });
  const problem = document.errors[0];
  if (problem !== undefined)
    throw new ConfigError(`${file} is not valid YAML: ${firstLine(problem)}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 }) ?? {};
  } catch (error) {
    throw new ConfigError(`${file} repeats itself too often: write values out instead of aliases`, {
      cause: error,
    });
  }
  if (!isRecord(value)) {
    throw new ConfigError(`${file} must hold keys and values, such as 'archive: ./arrow_scans'`);
  }
  return value;
}

/** Null when it is not JSON: somebody has changed the file, and the caller reports it as any invalid configuration. */
function recordIn(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function readText(file: string): string {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new ConfigError(`${file} is not a regular file`);
    if (stat.size > FILE_BYTES_MAX) throw new ConfigError(`${file} is larger than 1 MiB`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file} cannot be read: ${String(error)}`, { cause: error });
  }
}

/** A variable for a key of text is taken as it is; for other keys it holds a JSON value. */
function scalarFrom(text: string, example: unknown): unknown {
  if (typeof example === "string") return text;
  if (example === null) return text === "null" ? null : text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function explain(
  error: z.ZodError,
  tree: Record<string, unknown>,
  origins: ReadonlyMap<string, ConfigOrigin>,
): string {
  return error.issues
    .map((issue) => {
      const key = issue.path.join(".");
      if (issue.code === "unrecognized_keys") {
        const where = key === "" ? "" : `${key}.`;
        return `unknown key ${issue.keys.map((name) => `'${where}${name}'`).join(", ")}; 'dolphin config' lists the keys`;
      }
      const origin = origins.get(key) ?? originBelow(key, origins);
      const why =
        issue.code === "invalid_key"
          ? `its name ${issue.issues.map(({ message }) => message).join(", ")}`
          : issue.message;
      return `key '${key}' (${origin}) was ${foundAt(tree, key)}: ${why}`;
    })
    .join("; ");
}

/** An element of a list, or a section, has no origin of its own. */
function originBelow(key: string, origins: ReadonlyMap<string, ConfigOrigin>): ConfigOrigin {
  for (const [leaf, origin] of origins) {
    if (key.startsWith(`${leaf}.`)) return origin;
  }
  return [...origins.values()].find((origin) => origin.startsWith("file ")) ?? "default";
}

function foundAt(tree: Record<string, unknown>, key: string): string {
  if (isSecretKey(key)) return REDACTED;
  const value = valueAt(tree, key);
  // Whoever writes a secret where its name belongs does not read it again in every log.
  const isOfChannel = /^alerts\.(channels|heartbeat)/.test(key);
  if (isOfChannel || (key.startsWith("alerts.") && isRecord(value))) {
    return "a value that is not shown here";
  }
  const text = redactText(JSON.stringify(value) ?? "missing");
  return text.length > FOUND_CHARACTERS_MAX ? `${text.slice(0, FOUND_CHARACTERS_MAX)}...` : text;
}

/** All dotted keys that hold a value. */
export function leafKeys(): readonly string[] {
  return leavesOf(DEFAULTS, "");
}

function leavesOf(tree: Record<string, unknown>, prefix: string): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    // A table that is empty by default is one value: its keys are the operator's.
    isRecord(value) && Object.keys(value).length > 0
      ? leavesOf(value, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  );
}

export function valueAt(tree: Record<string, unknown>, key: string): unknown {
  let node: unknown = tree;
  for (const part of key.split(".")) {
    node = Array.isArray(node) ? node[Number(part)] : isRecord(node) ? node[part] : undefined;
  }
  return node;
}

function setAt(tree: Record<string, unknown>, key: string, value: unknown): void {
  const parts = key.split(".");
  const last = parts.pop()!;
  let node = tree;
  for (const part of parts) {
    const next = node[part];
    const child: Record<string, unknown> = isRecord(next) ? next : {};
    node[part] = child;
    node = child;
  }
  node[last] = value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A key's value as it holds now, hidden where it is a secret, and where it came from. */
export type Setting = {
  readonly value: unknown;
  readonly origin: string;
  readonly variable: string;
};

export const FROM_RUNNING_UP = "the running dolphin up";

/** Of a key, in the order of the configuration; a value that is not the loaded one was read from the running `up`. */
export function effectiveSettings(
  { config: asLoaded, origins }: LoadedConfig,
  config: Config,
): Readonly<Record<string, Setting>> {
  const settings = leafKeys().map((key): [string, Setting] => {
    const isSecret = isSecretKey(key);
    const value = valueAt(config, key);
    const isLoaded = isSecret || valueAt(asLoaded, key) === value;
    const origin = isLoaded ? (origins.get(key) ?? "default") : FROM_RUNNING_UP;
    return [key, { value: isSecret ? REDACTED : value, origin, variable: variableOf(key) }];
  });
  return Object.fromEntries(settings);
}
