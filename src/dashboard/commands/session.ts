/**
 * Sessions opened with the token, which may give commands. They are in memory, so none outlives its process.
 * Invariant: a session needs a second secret. The browser sends the cookie to every port of this host, whoever
 * listens there; the second secret belongs to the page, is sent as a header, and was returned only once.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** By both clocks: the monotonic clock stops while the machine sleeps, and the wall clock may be set back. */
export type Moment = { readonly wallMs: number; readonly monotonicMs: number };

export type Session = {
  /** For audits and journals; not secret. */
  readonly number: number;
  readonly opened: Moment;
  readonly used: Moment;
};
export type Opened = {
  readonly session: Session;
  readonly cookie: string;
  readonly second: string;
};
export type SessionLookup =
  | { readonly kind: "found"; readonly session: Session }
  | { readonly kind: "none"; readonly says: string };

type Kept = Session & { readonly second: Buffer };

export const SESSION_LIMITS = { countMax: 16, idleMs: 2 * 3_600_000, lifeMs: 12 * 3_600_000 };
const SECRET_BYTES = 32;
const SECRET_CHARS_MAX = 200;
const SIGN_IN = "open the link that 'dolphin up' or 'dolphin dashboard link' prints";

/** `token`: reads the file's present content; its errors are reported to the client. */
export function createSessions(token: () => string, limits = SESSION_LIMITS) {
  const sessions = new Map<string, Kept>();
  let openedWith: Buffer | null = null;
  let opened = 0;
  /** Sessions of a replaced token end. */
  const current = (): Buffer => {
    const now = digest(token());
    if (openedWith !== null && !timingSafeEqual(now, openedWith)) sessions.clear();
    openedWith = now;
    return now;
  };
  const isOver = ({ opened: begun, used }: Session, now: Moment): boolean =>
    limits.lifeMs <= elapsed(begun, now) || limits.idleMs <= elapsed(used, now);
  const sweep = (now: Moment): void => {
    for (const [key, session] of sessions) if (isOver(session, now)) sessions.delete(key);
  };
  return {
    /** Null: the wrong token. */
    open(given: string, now: Moment): Opened | null {
      if (!isSame(given, current())) return null;
      sweep(now);
      const { countMax } = limits;
      // The least recently used one makes room.
      const [oldest] = [...sessions].toSorted(([, a], [, b]) => a.used.wallMs - b.used.wallMs);
      if (countMax <= sessions.size && oldest !== undefined) sessions.delete(oldest[0]);
      const cookie = randomBytes(SECRET_BYTES).toString("base64url");
      const second = randomBytes(SECRET_BYTES).toString("base64url");
      const session = { number: (opened += 1), opened: now, used: now };
      sessions.set(keyOf(cookie), { ...session, second: digest(second) });
      return { session, cookie, second };
    },
    /** Does not reset its idle time. */
    find(cookie: string | undefined, second: string | undefined, now: Moment): SessionLookup {
      current();
      const key = cookie === undefined || SECRET_CHARS_MAX < cookie.length ? "" : keyOf(cookie);
      const kept = sessions.get(key);
      if (kept === undefined) return none(`this page is read-only: ${SIGN_IN}`);
      if (isOver(kept, now)) {
        sessions.delete(key);
        return none(`your session has ended: ${SIGN_IN}`);
      }
      if (second !== undefined && isSame(second, kept.second)) {
        return { kind: "found", session: kept };
      }
      return none(`this request does not come from the page that was signed in: ${SIGN_IN}`);
    },
    /** A command was given in it. */
    use(session: Session, now: Moment): void {
      for (const [key, kept] of sessions) {
        if (kept.number === session.number) sessions.set(key, { ...kept, used: now });
      }
    },
    close({ number }: Session): void {
      for (const [key, kept] of sessions) if (kept.number === number) sessions.delete(key);
    },
    count: () => sessions.size,
  };
}

/** When it ends if no further command is given. */
export function endsAtMs({ opened, used }: Session, limits = SESSION_LIMITS): number {
  return Math.min(opened.wallMs + limits.lifeMs, used.wallMs + limits.idleMs);
}

function none(says: string): SessionLookup {
  return { kind: "none", says };
}

function elapsed(from: Moment, to: Moment): number {
  return Math.max(to.wallMs - from.wallMs, to.monotonicMs - from.monotonicMs);
}

/** Digests have one length, and comparing them takes constant time. */
function isSame(given: string, kept: Buffer): boolean {
  return given.length <= SECRET_CHARS_MAX && timingSafeEqual(digest(given), kept);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function keyOf(cookie: string): string {
  return digest(cookie).toString("hex");
}
