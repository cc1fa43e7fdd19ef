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
  const how = "run 'node scripts/setup.mjs' (npm start does) in the checkout";
  if (!existsSync(MANIFEST)) throw new ConfigError(`this checkout is not set up; ${how}`);
  const tools = Manifest.safeParse(JSON.parse(readFileSync(MANIFEST, "utf8")));
  if (!tools.success) throw new ConfigError(`the setup of this checkout is incomplete; ${how}`);
  for (const [name, path] of Object.entries(tools.data)) {
    if (path !== undefined && !existsSync(path))
      throw new ConfigError(`${name} is no longer at ${path}; ${how}`);
  }
  return tools.data;
}
