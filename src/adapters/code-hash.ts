/** The hash of all code that decides: another one may decide otherwise on the same events. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CODE = fileURLToPath(new URL("../domain", import.meta.url));

/** `fileHash`: of the user's own strategy, which stands behind a '+' so that a reader can tell which differs. */
export function codeHash(fileHash: string | undefined): string {
  const hash = createHash("sha256");
  const files = readdirSync(CODE, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  for (const name of files.toSorted()) hash.update(name).update(readFileSync(join(CODE, name)));
  const core = hash.digest("hex");
  return fileHash === undefined ? core : `${core}+${fileHash}`;
}
