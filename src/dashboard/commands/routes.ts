/**
 * The routes that change something: `POST /command/login`, `logout`, `session`, and one for each command. Invariant:
 * nothing is carried out before every check has passed, and a client without a session learns nothing here.
 */
import { randomUUID } from "node:crypto";
import { monotonicMs } from "../../adapters/clock.ts";
import { operatorName } from "../../adapters/process/operator-name.ts";
import { COMMANDS } from "../guards.ts";
import type { DashboardWorld, Topic } from "../world.ts";
import { createAllowance } from "./allowance.ts";
import { openAudit } from "./audit.ts";
import { aboutSession, type DashboardRequest, createDoor, type Door, nameIn } from "./door.ts";
import { COMMAND_TABLE, createCarryOut, type DashboardOutcome } from "./given/carry-out.ts";
import type { DashboardAnswer } from "./given/command.ts";
import { createConfirmations } from "./given/confirmations.ts";
import { type RequestBody, type Read, readBody, refusalOf } from "./guard.ts";
import type { Session } from "./session.ts";
import { TokenError } from "./token-file.ts";

const GIVEN_COMMANDS = { burst: 30, everyMs: 2_000 };
/** Counted separately, so that stopping a book does not wait behind service starts that take minutes. */
const URGENT: ReadonlySet<string> = new Set(["halt", "flatten"]);
const BUSY_MS = 1_000;
const CODES = {
  done: 200,
  partly: 409,
  refused: 409,
  failed: 500,
  unknown: 504,
  begun: 500,
} as const;
const ID = /^[\w.-]{1,100}$/;

export const addCommands: Topic = (app, world) => {
  const user = operatorName(`uid ${process.getuid?.() ?? "unknown"}`);
  const audit = openAudit(world.dataDir, user);
  world.atEnd(() => audit.close());
  const door = createDoor(world, audit);
  const lane = (): Lane => ({
    desk: createCarryOut(audit, world.nowMs),
    allowance: createAllowance(GIVEN_COMMANDS),
  });
  const give = createGive(world, { door, user, urgent: lane(), usual: lane() });
  app.all(`${COMMANDS}/*`, async (c) => {
    const read = await check(c);
    if ("refusal" in read) return door.refuse(c, read.refusal);
    const name = nameIn(c);
    try {
      if (name === "login") return door.login(c, read.body);
      const found = door.find(c);
      if (found.kind === "none") return door.refuse(c, { code: 401, says: found.says });
      if (name === "session") return c.json(aboutSession(found.session));
      if (name === "logout") return door.logout(c, found.session);
      return await give(c, found.session, { name, body: read.body });
    } catch (error) {
      if (error instanceof TokenError) return door.refuse(c, { code: 403, says: error.message });
      throw error;
    }
  });
};

async function check(c: DashboardRequest): Promise<Read> {
  const asked = {
    method: c.req.method,
    host: c.env.incoming.headers.host,
    origin: c.req.header("origin"),
    fetchSite: c.req.header("sec-fetch-site"),
    contentType: c.req.header("content-type"),
    contentLength: c.req.header("content-length"),
  };
  const refusal = refusalOf(asked);
  return refusal === null ? readBody(c.req.raw.body) : { refusal };
}

/** Commands that share a limit of concurrency. */
type Lane = {
  readonly desk: ReturnType<typeof createCarryOut>;
  readonly allowance: ReturnType<typeof createAllowance>;
};
type Hands = {
  readonly door: Door;
  readonly user: string;
  readonly urgent: Lane;
  readonly usual: Lane;
};

function createGive(world: DashboardWorld, { door, user, urgent, usual }: Hands) {
  const confirmations = createConfirmations();
  return async (
    c: DashboardRequest,
    session: Session,
    given: { name: string; body: RequestBody },
  ) => {
    const { name, body } = given;
    const command = COMMAND_TABLE.get(name);
    if (command === undefined) {
      const all = [...COMMAND_TABLE.keys()].join(", ");
      return door.refuse(c, { code: 404, says: `there is no command '${name}': there is ${all}` });
    }
    const { id = randomUUID(), input = {} } = body;
    if (typeof id !== "string" || !ID.test(id)) {
      return door.refuse(c, { code: 400, says: "id: letters, digits, '-', '_' and '.'" });
    }
    const work = command.read(input);
    if (typeof work === "string") return door.refuse(c, { code: 400, says: work });
    const { desk, allowance } = URGENT.has(name) ? urgent : usual;
    const waitMs = desk.isBusy() ? BUSY_MS : allowance(monotonicMs());
    if (waitMs !== 0) return door.tooOften(c, waitMs, "too many commands");
    door.use(session);
    const { config, status } = world.surroundings();
    const context = {
      dataDir: world.dataDir,
      config,
      temporalAddress: status.temporalAddress,
      by: `${user} (dashboard, session ${session.number})`,
      session: session.number,
      id,
      confirmations,
      nowMs: monotonicMs(),
    };
    const outcome = await desk.carryOut({ name, work, withinMs: command.withinMs, context });
    return c.json(answerOf(outcome), CODES[outcome.outcome]);
  };
}

function answerOf({ ok, says, confirm, would }: DashboardOutcome): DashboardAnswer {
  return confirm === undefined || would === undefined ? { ok, says } : { ok, says, confirm, would };
}
