/** Runs the `dolphin` command line as an operator's script does. */
import { spawn } from "node:child_process";
import { z } from "zod";
import { DOLPHIN } from "../../helpers/up.ts";

export type Answer = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export async function dolphin(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  const child = spawn(DOLPHIN, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

const StatusJson = z.object({
  status: z.string(),
  exit: z.number(),
  services: z.array(
    z.object({
      service: z.string(),
      status: z.string(),
      cause: z.string(),
      why: z.string(),
      pid: z.number().nullable(),
      life: z.number().nullable(),
      restarts: z.number().nullable(),
      next_try_at: z.string().nullable(),
      source: z.string(),
    }),
  ),
});
export type StatusJson = z.infer<typeof StatusJson>;

/** What `dolphin status --json` says, with the exit code that it said it with. */
export async function statusOf(
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<StatusJson & { readonly code: number | null }> {
  const { code, stdout, stderr } = await dolphin(["--data-dir", dataDir, "status", "--json"], env);
  try {
    return { ...StatusJson.parse(JSON.parse(stdout)), code };
  } catch (error) {
    throw new Error(`dolphin status said: ${stdout}${stderr}`, { cause: error });
  }
}
