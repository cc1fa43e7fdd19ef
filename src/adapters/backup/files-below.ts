/** The files below a folder, while others add and remove some. */
import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { codeOf } from "../../domain/failure.ts";

export type FoundFile = {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly bytes: number;
};

/**
 * A link counts as what it leads to, because a folder may have been moved to another disk; one that leads to nowhere or
 * into a folder around it is skipped, as are sockets, and folders for whose real path `isLeftOut` is true.
 */
export function filesBelow(
  root: string,
  isLeftOut: (folder: string) => boolean = () => false,
): readonly FoundFile[] {
  const found: FoundFile[] = [];
  const visit = (folder: string, around: readonly string[]): void => {
    for (const name of namesIn(folder)) {
      const path = join(folder, name);
      const stats = orGone(() => statSync(path));
      if (stats?.isFile() === true) {
        found.push({ path: relative(root, path).split(sep).join("/"), bytes: stats.size });
      }
      const real = stats?.isDirectory() === true ? orGone(() => realpathSync(path)) : null;
      if (real === null || around.includes(real) || isLeftOut(real)) continue;
      visit(path, [...around, real]);
    }
  };
  visit(root, [realpathSync(root)]);
  return found;
}

/** The first name below a folder that is not a folder, nor `without`, names in it; null: there is none, or no such folder. */
export function firstNameBelow(folder: string, without: readonly string[] = []): string | null {
  const entries: readonly Dirent[] =
    orGone(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  for (const entry of entries) {
    if (without.includes(entry.name)) continue;
    if (!entry.isDirectory()) return entry.name;
    const below = firstNameBelow(join(folder, entry.name));
    if (below !== null) return join(entry.name, below);
  }
  return null;
}

function namesIn(folder: string): readonly string[] {
  return orGone(() => readdirSync(folder)) ?? [];
}

function orGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ELOOP") return null;
    throw error;
  }
}
