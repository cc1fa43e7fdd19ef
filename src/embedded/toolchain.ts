/** Finds what `scripts/setup.mjs` installed: the Temporal CLI, Java, the Hazelcast jar, Python. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ConfigError } from "../config.ts";

const Manifest = z.object({
  temporal: z.string(),
  java: z.string(),
  hazelcast: z.string(),
  /** Only after `npm test`: with pyarrow, numpy and the Hazelcast client. */
  python: z.string().optional(),
});
export type Toolchain = Readonly<z.infer<typeof Manifest>>;

export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = new URL("../../.tools/toolchain.json", import.meta.url);

/** @throws {ConfigError} where the checkout is not set up. */
export function findToolchain(): Toolchain {
  if (!existsSync(MANIFEST)) throw new ConfigError(`this checkout is not set up; ${HOW}`);
  const tools = Manifest.safeParse(JSON.parse(readFileSync(MANIFEST, "utf8")));
  if (!tools.success) throw new ConfigError(`the setup of this checkout is incomplete; ${HOW}`);
  return toolsThere(tools.data, existsSync);
}

/**
 * Python is of the tests alone: another user than the one that ran them may not reach it.
 * @throws {ConfigError} for any other tool that is not there, or closed to us.
 */
export function toolsThere(
  { python, ...needed }: Toolchain,
  isThere: (path: string) => boolean,
): Toolchain {
  for (const [name, path] of Object.entries(needed)) {
    if (!isThere(path)) {
      throw new ConfigError(
        `${name} is no longer at ${path}, or our user may not enter its folder; ${HOW}`,
      );
    }
  }
  return python !== undefined && isThere(python) ? { python, ...needed } : needed;
}

const HOW = "run 'node scripts/setup.mjs' (npm start does) in the checkout";
