/** `dolphin archive audit` of one day in a process of its own, so that a share that hangs blocks nobody else. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { NODE_FLAGS } from "../process/node-flags.ts";

const Totals = z.object({
  files: z.int(),
  pushed: z.int(),
  duplicates: z.int(),
  quarantined: z.int(),
  pending: z.int(),
  missing: z.int(),
});

const AuditJson = z.object({
  first_day: z.string().nullable(),
  not_ours: z.int(),
  days: z.record(z.string(), Totals),
  last_seq: z.int(),
  seq_gaps: z.array(z.object({ after: z.int(), before: z.int() })),
  rewritten: z.array(z.string()),
  missing: z.array(z.string()),
  ring: z.object({
    compared: z.int(),
    lacking: z.array(z.int()),
    lacks: z.int(),
    ranges: z.array(z.object({ from: z.int(), to: z.int() })),
    without_file: z.int(),
    detail: z.string().nullable(),
  }),
  ok: z.boolean(),
});

/** As the verb prints it; `reason`: its message about a difference, empty where there is none. */
export type AuditOfDay = z.infer<typeof AuditJson> & { readonly reason: string };

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const OUTPUT_CHARS_MAX = 16 * 1_048_576;
const NAMED_MAX = 100;
const EXIT_DIFFERENT = 2;

export async function auditInProcess(of: {
  readonly day: string;
  /** The services' environment, so that it reads the same configuration as the bridge. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<AuditOfDay> {
  const { day, env, signal, onProgress } = of;
  const verb = ["archive", "audit", day, "--deep", "--json", "--progress"];
  const args = [...NODE_FLAGS, MAIN, ...verb];
  const child = spawn(process.execPath, args, { env, signal, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    stdout += String(chunk);
    if (OUTPUT_CHARS_MAX < stdout.length) child.kill("SIGKILL");
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    for (const line of String(chunk)
      .split("\n")
      .filter((text) => text !== "")) {
      if (line.startsWith("{")) onProgress(line);
      else said = line;
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0 && (code !== EXIT_DIFFERENT || !stdout.startsWith("{"))) {
    throw new Error(said === "" ? `the audit of ${day} ended with ${code}` : said);
  }
  const audit = AuditJson.parse(JSON.parse(stdout));
  return { ...audit, rewritten: audit.rewritten.slice(0, NAMED_MAX), reason: said };
}
