/** metaHealth on a real server: its input, its decisions, and that a decision is carried out once. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openTemporalReads } from "../../src/adapters/temporal/open-reads.ts";
import type { Poll } from "../../src/adapters/temporal/temporal-reads.ts";
import {
  readMetaHealth,
  setRecoveryMode,
  startMetaHealth,
} from "../../src/operations/health/meta-health/meta-health-client.ts";
import {
  metaHealthOptions,
  tellTransitions,
} from "../../src/operations/health/meta-health/signal-transitions.ts";
import type { Root } from "../../src/domain/health/diagnose.ts";
import type { MetaHealthStatus } from "../../src/wire/health/meta-health-status.ts";
import { metaHealthQuery, transitionSignal } from "../../src/workflows/messages/health.ts";
import { META_HEALTH, META_HEALTH_ID, taskQueueOf } from "../../src/workflows/names.ts";
import { diagnosed, SICK, SILENT } from "../helpers/health/diagnosed.ts";
import { speakIn } from "../helpers/health/speaking.ts";
import { openStage, type Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";

const POLICY =
  "supervision: { restarts_max: 1000, delays_s: [0], health_check_s: 1, news_s: 3 }\n" +
  "recovery: { grace_s: 1, cool_down_s: 600 }";
const LATE: Root = { ...SILENT, id: "upstream:exf", subject: "exf" };
let stage: Stage;
let health: ReturnType<typeof speakIn>;

beforeAll(async () => {
  stage = await openStage("meta-health", POLICY);
  health = speakIn(stage.dir);
  stage.startWorker();
});
afterAll(async () => {
  health.stop();
  await stage.close();
});

function metaHealth() {
  return stage.temporal.client.workflow.getHandle(META_HEALTH_ID);
}

function statusWhere(what: string, check: (status: MetaHealthStatus) => boolean) {
  return until(what, async () => {
    const status = await readMetaHealth(stage.temporal);
    return status !== null && check(status) ? status : null;
  });
}

/** Signals one transition, and waits until it has processed that many. */
async function statusAfter(count: number, ...roots: Root[]): Promise<MetaHealthStatus> {
  const transition = { atMs: Date.now(), diagnosis: diagnosed(...roots) };
  await metaHealth().signal(transitionSignal, transition);
  return statusWhere(`${count} are taken`, ({ transitions }) => transitions === count);
}

async function begin(input: { readonly mode?: "auto" | "monitor-only"; history_max?: number }) {
  await stage.temporal.client.workflow.start(META_HEALTH, {
    ...metaHealthOptions(),
    args: [input],
  });
}

function identitiesOf(polls: readonly Poll[]): ReadonlySet<string> {
  return new Set(polls.map(({ identity }) => identity));
}

afterEach(() => metaHealth().terminate("the test is over"));

test("fifty transitions in a second: none is lost, and a silent upstream is left alone", async () => {
  await begin({ history_max: 60 });
  const teller = tellTransitions(stage.temporal.reads, "auto");
  await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      metaHealth().signal(transitionSignal, {
        atMs: Date.now(),
        diagnosis: n % 2 === 0 ? diagnosed(SILENT) : diagnosed(),
      }),
    ),
  );
  teller.tell({ atMs: Date.now(), diagnosis: diagnosed(SILENT) });
  const status = await statusWhere("all are taken", ({ transitions }) => 51 <= transitions);
  expect(status).toMatchObject({ transitions: 51, restarts: 0, would_have: 0, word: "DEGRADED" });
  expect(new Set(status.decisions.map(({ action, rule }) => `${action} ${rule}`))).toEqual(
    new Set(["hold not-ours"]),
  );
  // The live query and the memo are the same.
  const { updated_at: _at, ...facts } = status;
  expect(await metaHealth().query(metaHealthQuery)).toMatchObject(facts);
  await until("it knows that it was taken", () => teller.state().sent === 1);
  expect(teller.state()).toEqual({ waiting: 0, sent: 1, problem: null });
  await teller.close();
});

test("what it knows goes on in another run: counts, causes, decisions", async () => {
  await begin({ history_max: 20 });
  const { runId } = await metaHealth().describe();
  const first = await statusAfter(1, SILENT);
  let signalled = 1;
  // Each task sees the events before it: after some of them it is time.
  await until("continued as new", async () => {
    signalled += 1;
    await statusAfter(signalled, SILENT, ...(signalled % 2 === 0 ? [LATE] : []));
    return (await metaHealth().describe()).runId !== runId;
  });
  // The new run has taken one of its own.
  const after = await statusAfter(signalled + 1, SILENT);
  expect((await metaHealth().describe()).runId).not.toBe(runId);
  const history = await stage.temporal.client.workflow
    .getHandle(META_HEALTH_ID, runId)
    .fetchHistory();
  expect(history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
  const { updated_at: _at, ...facts } = after;
  expect(await metaHealth().query(metaHealthQuery)).toMatchObject(facts);
  expect(after.transitions).toBe(signalled + 1);
  // The cause that lasted all the time keeps its age, and nothing about it is reported twice.
  expect(after.roots).toEqual(first.roots);
  const [decision] = first.decisions;
  expect(after.decisions.filter(({ root }) => root === SILENT.id)).toEqual([decision]);
});

test("monitor-only says what it would have done, and auto does it: once, though its worker is killed in it", async () => {
  await stage.supervise();
  const before = await stage.statusWhere("healthy", ({ word }) => word === "Healthy");
  await startMetaHealth(stage.temporal, "monitor-only");
  await metaHealth().signal(transitionSignal, { atMs: Date.now(), diagnosis: diagnosed(SICK) });
  const said = await statusWhere("it would have", ({ would_have }) => would_have === 1);
  expect(said.decisions.map(({ action, rule }) => [action, rule])).toEqual([
    ["hold", "grace"],
    ["would-restart", "monitor-only"],
  ]);
  expect((await stage.status()).pid).toBe(before.pid);

  const asked = setRecoveryMode(stage.temporal, "auto");
  await statusWhere("decided", ({ decisions }) =>
    decisions.some(({ action }) => action === "restart"),
  );
  // Somewhere between the decision and its outcome.
  await stage.stopWorker("SIGKILL");
  stage.startWorker();
  const done = await statusWhere("carried out", ({ decisions }) =>
    decisions.some(({ outcome }) => outcome !== null),
  );
  await asked.catch(() => undefined);
  expect(done).toMatchObject({ mode: "auto", restarts: 1, would_have: 1 });
  const [decision] = done.decisions.filter(({ action }) => action === "restart");
  expect(decision).toMatchObject({ rule: "root-lasts", target: "service:fake" });
  const { events } = await stage.supervisor.fetchHistory();
  const orders = (events ?? []).flatMap((event) => {
    const request = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    return request?.input?.name === "recover" ? [request.meta?.updateId] : [];
  });
  expect(orders).toEqual([decision?.id]);
});

test("with Temporal away transitions wait, and are reported in their order when it is back", async () => {
  // As health does.
  const { address, reads: bySdk } = stage.temporal;
  const thin = await openTemporalReads({ address: address.address, env: {}, deadlineMs: 5_000 });
  expect(thin.transport).toBe("thin");
  const teller = tellTransitions(thin.reads, "auto");
  await stage.killTemporal();
  teller.tell({ atMs: Date.now(), diagnosis: diagnosed(SILENT) });
  teller.tell({ atMs: Date.now(), diagnosis: diagnosed() });
  await until("it is known to be away", () => teller.state().problem !== null);
  expect(teller.state()).toMatchObject({ waiting: 2, sent: 0 });
  await stage.restartTemporal();
  // Started by the signal itself.
  const status = await statusWhere("both are taken", ({ transitions }) => transitions === 2);
  expect(status).toMatchObject({ word: "GREEN", roots: [], restarts: 0 });
  const described = await thin.reads.describe(META_HEALTH_ID);
  expect(described?.memo["declared_mode"] ?? described?.memo["status"]).toBeDefined();
  expect(described).toEqual(await bySdk.describe(META_HEALTH_ID));
  const polls = await thin.reads.polls(taskQueueOf("health"), 1);
  expect(identitiesOf(polls)).toEqual(identitiesOf(await bySdk.polls(taskQueueOf("health"), 1)));
  expect(polls.length).toBeGreaterThan(0);
  await teller.close();
  await thin.close();
});
