/**
 * A service's end of the control pipe: reports ready, beats, passes on log lines, and notices when the supervisor is
 * gone. Invariant: nothing here blocks or throws; what the supervisor does not read is dropped and counted.
 */
import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { CONTROL_LINE_BYTES_MAX, CONTROL_PIPE_FD } from "../../wire/control-pipe.ts";
import type { ServiceBeat, ServiceMessage } from "../../wire/control-pipe.ts";

export type ControlLink = {
  ready(): void;
  beat(beat: Pick<ServiceBeat, "state" | "facts" | "counters">): void;
  /** Sent with the next beat; beyond 20 lines the oldest is dropped. */
  log(line: string): void;
  /** Called once when the supervisor's end closes: the service must then end itself. */
  onClosed(callback: () => void): void;
};

const WAITING_BYTES_MAX = 65_536;
const LOG_LINES_MAX = 20;
const LOG_LINE_CHARS_MAX = 2_000;
const STATE_CHARS_MAX = 200;

/** Opens the control pipe; without one (a service run by hand) every call does nothing. */
export function openControlLink(options: { readonly fd?: number } = {}): ControlLink {
  const socket = openSocket(options.fd ?? CONTROL_PIPE_FD);
  if (socket === null) return { ready() {}, beat() {}, log() {}, onClosed() {} };
  const callbacks: (() => void)[] = [];
  let isClosed = false;
  let dropped = 0;
  let lines: string[] = [];
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    socket.destroy();
    for (const callback of callbacks) callback();
  };
  socket.on("end", close).on("close", close).on("error", close).resume();
  const send = (message: ServiceMessage): boolean => {
    const text = `${JSON.stringify(message)}\n`;
    const fits =
      socket.writableLength + text.length <= WAITING_BYTES_MAX &&
      Buffer.byteLength(text) <= CONTROL_LINE_BYTES_MAX;
    if (isClosed || !fits) return false;
    socket.write(text);
    return true;
  };
  return {
    ready() {
      if (!send({ kind: "ready", pid: process.pid })) dropped += 1;
    },
    beat({ state, facts, counters }) {
      const log = lines;
      lines = [];
      const isLong = STATE_CHARS_MAX < state.length;
      const short = isLong ? `${state.slice(0, STATE_CHARS_MAX - 1)}…` : state;
      if (send({ kind: "beat", state: short, facts, counters, log, dropped })) return;
      // The beat is the sign of life, so long log lines must not cost it.
      dropped += log.length;
      if (!send({ kind: "beat", state: short, facts, counters, log: [], dropped })) dropped += 1;
    },
    log(line) {
      lines.push(line.slice(0, LOG_LINE_CHARS_MAX));
      if (LOG_LINES_MAX < lines.length) {
        lines.shift();
        dropped += 1;
      }
    },
    onClosed(callback) {
      if (isClosed) callback();
      else callbacks.push(callback);
    },
  };
}

/** Node's own descriptors are never sockets, so a socket here is the supervisor's. */
function openSocket(fd: number): Socket | null {
  try {
    return fstatSync(fd).isSocket() ? new Socket({ fd, readable: true, writable: true }) : null;
  } catch {
    return null;
  }
}
