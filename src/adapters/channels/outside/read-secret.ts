/**
 * Reads a secret by reference: an environment variable, or a file that only our user can read. Errors name only the
 * reference.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { codeOf } from "../../../domain/failure.ts";

export type SecretNames = { readonly env?: string | undefined; readonly file?: string | undefined };

/** What the operator has to mend; never contains the secret. */
export class SecretError extends Error {
  override readonly name = "SecretError";
}

const BYTES_MAX = 4_096;
/** A share that hangs delays only the channel whose secret is on it. */
const READ_MS_MAX = 3_000;
const OTHERS_MODE = 0o077;
const MODE_BITS = 0o777;

/** @throws {SecretError} */
export async function readSecret(
  { env, file }: SecretNames,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (file !== undefined) return checked(await textOf(file), `file ${file}`);
  if (env === undefined) throw new SecretError("no secret is named");
  const value = variables[env];
  if (value === undefined) {
    throw new SecretError(`environment variable ${env} is not set in this process`);
  }
  return checked(value, `environment variable ${env}`);
}

function checked(text: string, place: string): string {
  const secret = text.trim();
  if (secret === "") throw new SecretError(`${place} is empty`);
  // It is used in a header or a URL.
  if (/[^\x21-\x7e]/.test(secret)) {
    throw new SecretError(`${place} must contain one line of ASCII without blanks`);
  }
  return secret;
}

async function textOf(file: string): Promise<string> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new SecretError(`file ${file} was not read in ${READ_MS_MAX} ms`)),
    READ_MS_MAX,
  );
  try {
    return await Promise.race([readOwn(file), late.promise]);
  } catch (error) {
    if (error instanceof SecretError) throw error;
    throw new SecretError(`file ${file} cannot be read: ${codeOf(error) ?? "unknown error"}`);
  } finally {
    clearTimeout(timer);
  }
}

async function readOwn(file: string): Promise<string> {
  // Opening a FIFO without a writer would block.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { uid, mode, size } = await handle.stat();
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    if (!isFile || BYTES_MAX < size) {
      throw new SecretError(`file ${file} must be a regular file of at most ${BYTES_MAX} bytes`);
    }

    const own = process.getuid?.();
    if (own !== undefined && uid !== own) {
      throw new SecretError(`file ${file} belongs to user ${uid}: give it to user ${own}`);
    }
    if ((mode & OTHERS_MODE) !== 0) {
      const found = (mode & MODE_BITS).toString(8).padStart(4, "0");
      throw new SecretError(`file ${file} has mode ${found}: chmod 0600 ${file}`);
    }
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(BYTES_MAX), 0, BYTES_MAX, 0);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await handle.close();
  }
}
