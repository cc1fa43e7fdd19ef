/** A book that another host takes over from Postgres, with real traders: the owner, and its epoch. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EventLogMaintenance } from "../../src/operations/event-log/event-log-maintenance.ts";
import { PostgresJournal } from "../../src/adapters/event-log/postgres/postgres-journal.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { findPostgres, startPostgres, type TestPostgres } from "../helpers/postgres.ts";
import {
  auditBook,
  createFeeder,
  type Feeder,
  LIVELY,
  seqsTo,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";

const bin = findPostgres();

describe.skipIf(bin === null)("with a Postgres", () => {
  let lab: Lab;
  let server: TestPostgres;
  let feeder: Feeder;
  const running: TraderProcess[] = [];
  const upkeeps: EventLogMaintenance[] = [];

  beforeAll(async () => {
    lab = await openLab("book-handover");
    server = await startPostgres(bin ?? "", lab.dir);
    feeder = createFeeder(lab.cluster);
  });
  afterEach(async () => {
    for (const upkeep of upkeeps.splice(0)) await upkeep.close();
    for (const trader of running.splice(0)) await trader.kill();
  });
  afterAll(async () => {
    await server?.stop();
    await lab.close();
  });

  async function host(): Promise<TraderPlace> {
    return { ...(await lab.site()), address: lab.address };
  }

  async function start(place: TraderPlace, url = server.url): Promise<TraderProcess> {
    const trader = spawnTrader(place, LIVELY, {}, { journal: { postgres_secret_url: url } });
    running.push(trader);
    await trader.ready();
    await trader.hearsHazelcast();
    return trader;
  }

  /** What the worker of the host does beside its trader. */
  function startUpkeep({ data }: TraderPlace) {
    const said: string[] = [];
    const journal = { postgres_secret_url: server.url };
    const configuration = Configuration.parse({ trader: LIVELY, journal });
    const say = (_: string, line: string) => void said.push(line);
    const upkeep = new EventLogMaintenance({ dataDir: data, configuration, say });
    upkeeps.push(upkeep);
    return { said, round: () => upkeep.round(Date.now()) };
  }

  const stateInPostgres = async () => {
    const journal = await PostgresJournal.open(server.url);
    const state = await journal.stateOf("BLUE");
    await journal.close();
    return state;
  };

  async function epochInHeartbeat(): Promise<unknown> {
    const map = await lab.cluster.client.getMap<string, string>("DOLPHIN_HEARTBEAT");
    return JSON.parse((await map.get("trader-blue")) ?? "{}").epoch;
  }

  test("another host goes on where the first was, under a higher epoch; the first is fenced", async () => {
    await feeder.posture();
    const [hostOne, hostTwo] = [await host(), await host()];
    const one = await start(hostOne);
    await feeder.push(60);
    await one.decided(60);
    const copyOne = startUpkeep(hostOne);
    const { cash, trades, last_index } = await one.status();
    await until("it is copied", async () => {
      await copyOne.round();
      return last_index < ((await stateInPostgres())?.nextIndex ?? 0);
    });
    expect(await stateInPostgres()).toMatchObject({ epoch: 1 });

    // The first host is believed dead, and is not.
    const two = await start(hostTwo);
    expect(await two.status()).toMatchObject({ cash, trades });
    expect(trades).toBeGreaterThan(3);
    expect(await stateInPostgres()).toMatchObject({ epoch: 2 });
    await feeder.push(20);
    await two.decided(80);
    await one.decided(80);
    const copyTwo = startUpkeep(hostTwo);
    await copyTwo.round();
    await until("the first is fenced", async () => {
      await copyOne.round();
      return copyOne.said.length > 0;
    });
    expect(copyOne.said[0]).toMatch(/^copy in Postgres: BLUE is not epoch 1's in Postgres: /);
    await one.stop();
    const again = spawnTrader(
      hostOne,
      LIVELY,
      {},
      { journal: { postgres_secret_url: server.url } },
    );
    running.push(again);
    expect(await again.exited).toBe(76);
    expect(again.output()).toContain("the local log of BLUE is not the one in Postgres");

    // A restart takes nothing over: the book is this host's.
    expect(await two.stop()).toBe(0);
    const back = await start(hostTwo);
    await feeder.posture();
    await feeder.push(10);
    await back.decided(90);
    await copyTwo.round();
    expect(copyTwo.said).toEqual([]);
    expect(await stateInPostgres()).toMatchObject({ epoch: 2 });
    await until("the heartbeat has the epoch", async () => (await epochInHeartbeat()) === 2);
    await back.stop();
    expect(auditBook(hostTwo).decided).toEqual(seqsTo(90));
  });

  test("that is away, a book goes on with its own journal, and none begins without one", async () => {
    await feeder.posture();
    const place = await host();
    const nobody = "postgres://nobody@127.0.0.1:9/none";
    const none = spawnTrader(place, LIVELY, {}, { journal: { postgres_secret_url: nobody } });
    running.push(none);
    expect(await none.exited).toBe(1);
    expect(none.output()).toMatch(
      /Postgres .* does not answer: .*ECONNREFUSED.*start it, or remove/,
    );
    const first = spawnTrader(place);
    running.push(first);
    await first.ready();
    await first.stop();
    const second = await start(place, nobody);
    expect(second.beats.flatMap(({ log }) => log).join()).toContain(
      "BLUE continues with this host's own journal",
    );
    await second.stop();
  });
});
