/**
 * The secret that opens the page's commands: `<data-dir>/dashboard.token`, for its owner only, made when it is not there.
 * Invariant: it leaves this machine's disk only in the link, behind its `#`, where no server, log or Referer gets it.
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

/** What the operator has to mend; the token is not in it. */
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

/** The page takes it from its address at once, so that neither history nor bookmarks keep it. */
export function loginLink(url: string, token: string): string {
  return `${url}/#token=${token}`;
}

/** @throws {TokenError} where there is a file that is no such token, or others may read it. */
export function ensureToken(dataDir: string): string {
  const path = tokenPath(dataDir);
  const found = readToken(path);
  if (found !== null) return found;
  const made = written(path);
  try {
    // Who makes it at the same moment wins or loses as a whole.
    linkSync(made, path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(made, { force: true });
  }
  const token = readToken(path);
  if (token === null) throw new TokenError(`${path} cannot be made`);
  return token;
}

/** For a terminal; a sentence where there is a token to mend first. */
export function linkOrReason(dataDir: string, url: string): string {
  try {
    return loginLink(url, ensureToken(dataDir));
  } catch (error) {
    return `none: ${messageOf(error)}`;
  }
}

/** Ends every session, too: each was opened with the token before. */
export function renewToken(dataDir: string): string {
  const path = tokenPath(dataDir);
  renameSync(written(path), path);
  return ensureToken(dataDir);
}

/** The name of a new one beside it. */
function written(path: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  const made = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  writeFileSync(made, `${token}\n`, { flag: "wx", mode: 0o600 });
  return made;
}

/** Null: it is not there. */
function readToken(path: string): string | null {
  let file: number;
  try {
    // Neither another's link nor a pipe without a writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new TokenError(`${path} cannot be read: ${codeOf(error) ?? "unknown error"}`);
  }
  try {
    const { mode, uid, size } = fstatSync(file);
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    if (!isFile || FILE_BYTES_MAX < size) throw new TokenError(`${path} holds no token: delete it`);
    if (uid !== process.getuid?.()) {
      throw new TokenError(`${path} belongs to user ${uid}: delete it, and a new one is made`);
    }
    if ((mode & OTHERS_MODE) !== 0) {
      const found = (mode & MODE_BITS).toString(8).padStart(4, "0");
      throw new TokenError(
        `${path} has mode ${found}, so that others may know it: delete it, and a new one is made`,
      );
    }
    const bytes = Buffer.alloc(FILE_BYTES_MAX);
    const token = bytes.toString("utf8", 0, readSync(file, bytes, 0, FILE_BYTES_MAX, 0)).trim();
    if (TOKEN.test(token)) return token;
    throw new TokenError(`${path} holds no token: delete it, and a new one is made`);
  } finally {
    closeSync(file);
  }
}
