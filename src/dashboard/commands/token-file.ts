/**
 * The secret that opens the page's commands: `<data-dir>/dashboard.token`, readable by its owner only, created if
 * missing. Invariant: it leaves this machine's disk only in the link, after its `#`, which no server, log or Referer
 * receives.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";

/** What the operator has to mend; never contains the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;
const FILE_BYTES_MAX = 256;
const OTHERS_MODE = 0o077;
const MODE_BITS = 0o777;

export function tokenPath(dataDir: string): string {
  return join(dataDir, "dashboard.token");
}

/** The page removes it from its address at once, so that neither history nor bookmarks keep it. */
export function loginLink(url: string, token: string): string {
  return `${url}/#token=${token}`;
}

/** @throws {TokenError} for a file without a valid token, or one that others may read. */
export function ensureToken(dataDir: string): string {
  const path = tokenPath(dataDir);
  const found = readToken(path);
  if (found !== null) return found;
  const made = written(path);
  try {
    // Atomic: of two processes that create it at once one wins.
    linkSync(made, path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(made, { force: true });
  }
  const token = readToken(path);
  if (token === null) throw new TokenError(`${path} cannot be created`);
  return token;
}

/** For a terminal; a sentence where the token file has to be mended first. */
export function linkOrReason(dataDir: string, url: string): string {
  try {
    return loginLink(url, ensureToken(dataDir));
  } catch (error) {
    return `none: ${messageOf(error)}`;
  }
}

/** Also ends every session, because each was opened with the old token. */
export function renewToken(dataDir: string): string {
  const path = tokenPath(dataDir);
  renameSync(written(path), path);
  return ensureToken(dataDir);
}

/** Returns the name of a new file beside it. */
function written(path: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  const made = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  writeFileSync(made, `${token}\n`, { flag: "wx", mode: 0o600 });
  return made;
}

/** Null: there is none. */
function readToken(path: string): string | null {
  let file: number;
  try {
    // Neither follows a link nor blocks on a FIFO.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new TokenError(`${path} cannot be read: ${codeOf(error) ?? "unknown error"}`);
  }
  try {
    const { mode, uid, size } = fstatSync(file);
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    if (!isFile || FILE_BYTES_MAX < size)
      throw new TokenError(`${path} contains no token: delete it`);
    if (uid !== process.getuid?.()) {
      throw new TokenError(`${path} belongs to user ${uid}: delete it, and a new one is created`);
    }
    if ((mode & OTHERS_MODE) !== 0) {
      const found = (mode & MODE_BITS).toString(8).padStart(4, "0");
      throw new TokenError(
        `${path} has mode ${found}, so that others may know it: delete it, and a new one is created`,
      );
    }
    const bytes = Buffer.alloc(FILE_BYTES_MAX);
    const token = bytes.toString("utf8", 0, readSync(file, bytes, 0, FILE_BYTES_MAX, 0)).trim();
    if (TOKEN.test(token)) return token;
    throw new TokenError(`${path} contains no token: delete it, and a new one is created`);
  } finally {
    closeSync(file);
  }
}
