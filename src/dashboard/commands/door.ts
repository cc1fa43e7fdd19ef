/** Signing in with the token, and the check of each command's session. */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { monotonicMs } from "../../adapters/clock.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { BOOKS } from "../../domain/trading/books.ts";
import { COMMANDABLE } from "../../operations/supervision/command-services.ts";
import { COMMANDS } from "../guards.ts";
import type { DashboardEnv, DashboardWorld } from "../world.ts";
import { createAllowance } from "./allowance.ts";
import type { AuditLog } from "./audit.ts";
import type { RequestBody, RequestRefusal } from "./guard.ts";
import { createSessions, endsAtMs, type Moment, type Session, SESSION_LIMITS } from "./session.ts";
import { ensureToken } from "./token-file.ts";

export type DashboardRequest = Context<DashboardEnv>;
export type Door = ReturnType<typeof createDoor>;

const SECOND_HEADER = "x-dolphin-session";
/** Enough for a person who mistypes a link. */
const WRONG_TOKENS = { burst: 5, everyMs: 12_000 };
/** Limits the refusals that are logged, so that they can't fill the disk. */
const NOTED_REFUSALS = { burst: 60, everyMs: 10_000 };
const NOTED_NAME_CHARS_MAX = 40;
const COOKIE = { path: COMMANDS, httpOnly: true, sameSite: "Strict" } as const;

export function createDoor(world: DashboardWorld, audit: AuditLog) {
  const sessions = createSessions(() => ensureToken(world.dataDir));
  const wrongToken = createAllowance(WRONG_TOKENS);
  const notedRefusal = createAllowance(NOTED_REFUSALS);
  /** The session number of a request, where one was found. */
  const signedIn = new WeakMap<DashboardRequest, number>();
  // Cookies ignore ports: two dashboards on one host must not overwrite each other's session.
  const cookieName = () => `dolphin_${new URL(world.url()).port}`;
  const now = (): Moment => ({ wallMs: world.nowMs(), monotonicMs: monotonicMs() });
  const note = (command: string, session: number | null, says: string) =>
    audit.write(
      {
        session,
        command,
        arguments: {},
        id: null,
        outcome: says === "" ? "done" : "refused",
        says,
      },
      world.nowMs(),
    );
  const refuse = (c: DashboardRequest, { code, says }: RequestRefusal) => {
    if (notedRefusal(monotonicMs()) === 0) note(nameIn(c), signedIn.get(c) ?? null, says);
    return c.json({ ok: false, says }, code);
  };
  const tooOften = (c: DashboardRequest, waitMs: number, what: string) => {
    const seconds = Math.ceil(waitMs / MS_PER_SECOND);
    c.header("retry-after", String(seconds));
    return refuse(c, { code: 429, says: `${what}: wait ${seconds} s` });
  };
  return {
    refuse,
    tooOften,
    login(c: DashboardRequest, { token }: RequestBody) {
      const opened = sessions.open(typeof token === "string" ? token : "", now());
      if (opened === null) {
        // The right token is never rate limited: it can't be guessed, and somebody else's attempts must not lock its
        // owner out.
        const waitMs = wrongToken(monotonicMs());
        if (waitMs !== 0) return tooOften(c, waitMs, "too many wrong tokens");
        const says = "this is not the token: open the link that 'dolphin up' prints";
        return refuse(c, { code: 401, says });
      }
      const { session, cookie, second } = opened;
      setCookie(c, cookieName(), cookie, {
        ...COOKIE,
        maxAge: SESSION_LIMITS.lifeMs / MS_PER_SECOND,
      });
      note("login", session.number, "");
      return c.json({ ...aboutSession(session), second });
    },
    find(c: DashboardRequest) {
      const found = sessions.find(getCookie(c, cookieName()), c.req.header(SECOND_HEADER), now());
      if (found.kind !== "none") signedIn.set(c, found.session.number);
      return found;
    },
    use: (session: Session) => sessions.use(session, now()),
    logout(c: DashboardRequest, session: Session) {
      sessions.close(session);
      setCookie(c, cookieName(), "", { ...COOKIE, maxAge: 0 });
      note("logout", session.number, "");
      return c.json({ ok: true, says: "signed out: this page is read-only again" });
    },
  };
}

/** The path after `COMMANDS`, shortened for the log. */
export function nameIn(c: DashboardRequest): string {
  return c.req.path.slice(COMMANDS.length + 1, COMMANDS.length + 1 + NOTED_NAME_CHARS_MAX);
}

export function aboutSession(session: Session) {
  const { number } = session;
  return {
    ok: true,
    says: `signed in as session ${number}`,
    session: number,
    ends_at_ms: endsAtMs(session),
    // The values that a command accepts.
    books: BOOKS,
    services: COMMANDABLE,
  };
}
