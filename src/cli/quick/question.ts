/**
 * A verb's request to a running `up` or worker, made only from the command line and the environment. Anything that is
 * not clearly one of these requests is not sent, and the verb does its work itself.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isSecretKey } from "../../wire/redaction.ts";
import { COMMAND_ID } from "./command-id.ts";

export type Question = {
  readonly verb: string;
  /** The service to start, stop or restart; null for other verbs. */
  readonly service: string | null;
  readonly json: boolean;
  readonly commandId: string;
  /** The sources of the configuration, so that the answering process reads the same one. */
  readonly cwd: string;
  readonly file: string | null;
  readonly dataDirFlag: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Identifies the Temporal server that the requesting process would use. */
  readonly temporal: string;
};
export type Asked = { readonly question: Question; readonly dataDir: string };

type World = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
};

/** `health` reads its service's last report from a file, so it needs nobody. */
const QUESTIONS: ReadonlySet<string> = new Set(["status"]);
const COMMANDS: ReadonlySet<string> = new Set(["start", "stop", "restart"]);
const DATA_DIR_DEFAULT = ".dolphin";
const FILE_BYTES_MAX = 65_536;

/** Null: not to be sent. */
export function questionIn(argv: readonly string[], { env, cwd }: World): Asked | null {
  const line = commandLine(argv);
  if (line === null) return null;
  const { verb, service, json, file, dataDirFlag } = line;
  const own = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("DOLPHIN_") && value !== undefined ? [[name, value] as const] : [],
  );
  // Secrets are not passed on, and a profile's file is read by the process that it is meant for.
  if (own.some(([name]) => isSecretKey(name)) || hasTemporalFile(env)) return null;
  const dataDir = dataDirOf({ file, dataDirFlag }, { env, cwd });
  if (dataDir === null) return null;
  const question: Question = {
    verb,
    service,
    json,
    commandId: COMMAND_ID,
    cwd,
    file,
    dataDirFlag,
    env: Object.fromEntries(own),
    temporal: temporalPrint(env),
  };
  return { question, dataDir };
}

/** A hash, because the variables may contain a key. */
export function temporalPrint(env: World["env"]): string {
  const own = Object.entries(env).filter(([name]) => name.startsWith("TEMPORAL_"));
  const lines = own.map(([name, value]) => `${name}=${value}`).toSorted();
  return createHash("sha256").update(lines.join("\0")).digest("hex");
}

/** The print of an environment that leaves everything but the namespace to a running `up`. */
export function printsOf(namespace: string): ReadonlySet<string> {
  const named = temporalPrint({ TEMPORAL_NAMESPACE: namespace });
  return new Set(namespace === "default" ? [named, temporalPrint({})] : [named]);
}

/** The prints of environments like this one; empty where a file configures Temporal. */
export function printsLike(env: World["env"]): ReadonlySet<string> {
  return new Set(hasTemporalFile(env) ? [] : [temporalPrint(env)]);
}

type CommandLine = Pick<Question, "verb" | "service" | "json" | "file" | "dataDirFlag">;

function commandLine(argv: readonly string[]): CommandLine | null {
  const words: string[] = [];
  const global: { [option: string]: string } = {};
  let json = false;
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!;
    const [option = "", given] = word.split(/=(.*)/s);
    if (option === "--config" || option === "--data-dir") {
      const value = given ?? argv[(at += 1)];
      if (value === undefined || value === "" || value.startsWith("-")) return null;
      global[option] = value;
    } else if (word === "--json" && 0 < words.length) json = true;
    else if (word.startsWith("-")) return null;
    else words.push(word);
  }
  const [verb = "", service = null, ...more] = words;
  const isQuestion = QUESTIONS.has(verb) && service === null;
  const isCommand = COMMANDS.has(verb) && service !== null;
  if (0 < more.length || !(isQuestion || isCommand)) return null;
  const file = global["--config"] ?? null;
  return { verb, service, json, file, dataDirFlag: global["--data-dir"] ?? null };
}

/** Temporal's own command line leaves other files beside it, from its first run on. */
const TEMPORAL_FILE = "temporalio/temporal.toml";

function hasTemporalFile(env: World["env"]): boolean {
  if (env["TEMPORAL_CONFIG_FILE"] !== undefined) return true;
  const home = env["HOME"];
  const folders = [
    env["XDG_CONFIG_HOME"],
    ...(home === undefined
      ? []
      : [join(home, ".config"), join(home, "Library/Application Support")]),
  ];
  return folders.some((folder) => folder !== undefined && existsSync(join(folder, TEMPORAL_FILE)));
}

/**
 * Where to ask. A wrong guess only costs time: the answering process reads the full configuration, and answers only
 * for its own data directory.
 */
function dataDirOf(
  { file, dataDirFlag }: Pick<Question, "file" | "dataDirFlag">,
  { env, cwd }: World,
): string | null {
  if (dataDirFlag !== null) return resolve(cwd, dataDirFlag);
  const variable = env["DOLPHIN_DATA_DIR"];
  if (variable !== undefined) return variable === "" ? null : resolve(cwd, variable);
  const path = resolve(cwd, file ?? env["DOLPHIN_CONFIG"] ?? "dolphin.yaml");
  const text = textOf(path);
  if (text === null) return null;
  const [said, value] = /^data_dir:[ \t]+([\w./-]+)[ \t]*$/m.exec(text) ?? [];
  if (said === undefined || value === undefined) {
    return text.includes("data_dir") ? null : resolve(cwd, DATA_DIR_DEFAULT);
  }
  return resolve(dirname(path), value);
}

/** Empty where there is none; null where it is too long to read here. */
function textOf(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8");
    return text.length <= FILE_BYTES_MAX ? text : null;
  } catch {
    return "";
  }
}
