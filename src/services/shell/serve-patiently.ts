/** Serves an optional local socket: it is opened as soon as that is possible. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ControlServer, serveControl } from "../../adapters/control-socket.ts";
import { messageOf } from "../../domain/failure.ts";

const RETRY_MS = 10_000;

export async function servePatiently(of: {
  readonly path: string;
  readonly requestCharsMax: number;
  readonly answer: (line: string) => Promise<string>;
  /** Called once, however long it lasts. */
  readonly onRefused: (why: string) => void;
}): Promise<ControlServer> {
  const { path, requestCharsMax, answer, onRefused } = of;
  for (let isReported = false; ; isReported = true) {
    try {
      return await serveControl(path, { requestCharsMax }, answer);
    } catch (error) {
      if (!isReported) onRefused(messageOf(error));
      await sleep(RETRY_MS);
    }
  }
}
