/** Reads a service's control pipe: parses lines up to a limit; invalid messages are counted and skipped. */
import type { Readable } from "node:stream";
import { CONTROL_LINE_BYTES_MAX, ServiceMessage } from "../../wire/control-pipe.ts";

const NEWLINE = 10;

export function readControlPipe(pipe: Readable, onMessage: (message: ServiceMessage) => void) {
  let parts: Buffer[] = [];
  let length = 0;
  let isSkipping = false;
  let malformed = 0;
  const endLine = (): void => {
    const line = Buffer.concat(parts, length);
    parts = [];
    length = 0;
    if (isSkipping) {
      isSkipping = false;
      return;
    }
    const message = parseMessage(line.toString("utf8"));
    if (message === null) malformed += 1;
    else onMessage(message);
  };
  const take = (part: Buffer): void => {
    if (isSkipping) return;
    if (CONTROL_LINE_BYTES_MAX < length + part.length) {
      isSkipping = true;
      malformed += 1;
      parts = [];
      length = 0;
      return;
    }
    parts.push(part);
    length += part.length;
  };
  pipe.on("data", (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      endLine();
      from = at + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  });
  pipe.on("error", () => {
    // A broken pipe shows as the end of the process.
  });
  return { malformed: (): number => malformed };
}

function parseMessage(line: string): ServiceMessage | null {
  try {
    const parsed = ServiceMessage.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
