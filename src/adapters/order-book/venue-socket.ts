/**
 * One WebSocket connection to a venue's streams. It sends only answers to pings, at a bounded rate. Invariant: its
 * end is reported once, whatever the cause, and nothing after that.
 */
import { WebSocket } from "ws";
import { messageOf } from "../../domain/failure.ts";
import { SENT_PER_SECOND_MAX } from "../../domain/order-book/connections.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../clock.ts";

export type VenueSocket = {
  /** Closes it at once; its end is not reported. */
  close(): void;
};

export type SocketEvents = {
  /** The bytes are valid during the call only. */
  readonly onMessage: (bytes: Uint8Array) => void;
  readonly onOpen: (about: { readonly isSimulated: boolean }) => void;
  readonly onEnd: (why: string) => void;
};

/** A depth message has 2 KB; a full change of a busy book some hundred KB. */
const MESSAGE_BYTES_MAX = 1_048_576;
const HANDSHAKE_MS = 10_000;
/** The simulated venue sets this header in its answer. */
const SIMULATED_HEADER = "x-dolphin-simulated";

export function openVenueSocket(url: string, events: SocketEvents): VenueSocket {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
    handshakeTimeout: HANDSHAKE_MS,
    followRedirects: false,
    // The parser reads the bytes itself and refuses those that are not ASCII.
    skipUTF8Validation: true,
    autoPong: false,
  });
  let isSimulated = false;
  let isOver = false;
  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    socket.terminate();
    events.onEnd(why);
  };
  const pongs = paced(SENT_PER_SECOND_MAX);
  socket.on("upgrade", ({ headers }) => {
    isSimulated = headers[SIMULATED_HEADER] !== undefined;
  });
  socket.on("open", () => {
    if (!isOver) events.onOpen({ isSimulated });
  });
  socket.on("message", (data) => {
    if (!isOver && data instanceof Uint8Array) events.onMessage(data);
  });
  socket.on("ping", (data) => {
    if (!isOver && pongs()) socket.pong(data);
  });
  socket.on("error", (error) => end(messageOf(error)));
  socket.on("close", (code) => end(`closed by the venue (${code})`));
  return {
    close() {
      isOver = true;
      socket.terminate();
    },
  };
}

/** Whether one more message may be sent in this second. */
function paced(perSecondMax: number): () => boolean {
  let secondMs = monotonicMs();
  let sent = 0;
  return () => {
    const nowMs = monotonicMs();
    if (MS_PER_SECOND <= nowMs - secondMs) {
      secondMs = nowMs;
      sent = 0;
    }
    sent += 1;
    return sent <= perSecondMax;
  };
}
