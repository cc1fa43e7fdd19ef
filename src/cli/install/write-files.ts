/** The files of an installation in their folder: written, and those of an earlier one removed. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { replaceFile } from "../../adapters/files/replace-file.ts";
import { messageOf } from "../../domain/failure.ts";
import { CliError, EXIT_USAGE } from "../context.ts";

export type WrittenFile = { readonly file: string; readonly text: string };

/** @throws {CliError} for an empty text, such as that of an unset variable: it would be the current folder. */
export function folderOf(out: string): string {
  if (out === "") throw new CliError("--out was empty; name a folder", EXIT_USAGE);
  return resolve(out);
}

/** @throws {CliError} where `out` is no folder, or cannot be written to: says what to do. */
export function writeFiles(out: string, files: readonly WrittenFile[]): void {
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new CliError(`--out was ${out}, which is a file; name a folder`, EXIT_USAGE);
  }
  for (const { file, text } of files) writeOne(join(out, file), text);
}

function writeOne(path: string, text: string): void {
  try {
    // The mode of a folder that was there is its owner's: it may be a home, or everybody's.
    if (!existsSync(dirname(path))) {
      mkdirSync(dirname(path), { recursive: true });
      chmodSync(dirname(path), 0o755);
    }
    replaceFile(path, text);
    // It holds no secrets, and systemd warns about unit files that are not world-readable.
    chmodSync(path, 0o644);
  } catch (error) {
    // Where a path leads through a file, even that is an error.
    if (existsSync(`${path}.tmp`)) rmSync(`${path}.tmp`);
    throw new CliError(
      `cannot write ${path}: ${messageOf(error)}; make room there, or name another folder, and run it again`,
    );
  }
}

/**
 * Units in `folder` that an earlier `dolphin install systemd` wrote, and that are not among `files`: names of files, and
 * of folders with a layer's settings. None where the folder is missing or closed to us.
 */
export function leftOver(folder: string, files: readonly WrittenFile[]): readonly string[] {
  const current = new Set(files.map(({ file }) => file.split("/")[0]));
  const heading = files[0]?.text.split("\n")[0] ?? "";
  return namesIn(folder).filter((name) => {
    if (current.has(name) || !/^dolphin-.+\.service(\.d)?$/.test(name)) return false;
    const path = name.endsWith(".d") ? join(folder, name, "10-layer.conf") : join(folder, name);
    return headOf(path) === heading;
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function headOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8").split("\n")[0] ?? null;
  } catch {
    return null;
  }
}
