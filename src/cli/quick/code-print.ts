/** A fingerprint of this checkout's code, computed without reading the files: names, sizes, times. */
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** An `up` started with other code might answer differently from the present code. */
export function codePrint(): string {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .toSorted()
    .map((name) => `src/${name}`);
  const lines = ["package-lock.json", ...files].map((name) => {
    const { size, mtimeMs } = statSync(`${ROOT}${name}`);
    return `${name} ${size} ${mtimeMs}`;
  });
  return createHash("sha256")
    .update([ROOT, ...lines].join("\n"))
    .digest("hex");
}
