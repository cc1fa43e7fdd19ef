/** `dolphin journal cut` beside a real trader: refused while it runs, shown first, and the book continues intact. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Lab, openLab } from "../helpers/bridge.ts";
import {
  auditBook,
  createFeeder,
  lastDayOf,
  LIVELY,
  seqsTo,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";
import { DOLPHIN } from "../helpers/up.ts";
import { execFileSync } from "../helpers/run-program.ts";

let lab: Lab;
let place: TraderPlace;
const running: TraderProcess[] = [];
beforeAll(async () => {
  lab = await openLab("journal-cut");
});
afterEach(async () => {
  for (const trader of running.splice(0)) await trader.kill();
});
afterAll(() => lab.close());

async function start(): Promise<TraderProcess> {
  const trader = spawnTrader(place, LIVELY);
  running.push(trader);
  await trader.ready();
  await trader.hearsHazelcast();
  return trader;
}

function dolphin(...args: readonly string[]): { readonly status: number; readonly text: string } {
  const env = { ...process.env, DOLPHIN_CONFIG: join(place.dir, "trader.yaml") };
  try {
    const text = execFileSync(DOLPHIN, args, { env, encoding: "utf8", stdio: "pipe" });
    return { status: 0, text };
  } catch (error) {
    const { status, stdout, stderr } = Object(error);
    return { status, text: `${stdout}${stderr}` };
  }
}

test("refused while the trader runs, said before it is done, and whole afterwards", async () => {
  place = { ...(await lab.site()), address: lab.address };
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  const first = await start();
  await feeder.push(60);
  await first.decided(60);
  const fortieth = auditBook(place).events.find(
    (event) => event.kind === "scan" && event.seq === 40,
  );
  const after = String(fortieth?.index);
  expect(dolphin("journal", "cut", "BLUE", "--after", after, "--yes")).toMatchObject({
    status: 1,
    text: expect.stringMatching(/^dolphin: nothing was cut: .*'dolphin stop trader-blue' first/),
  });
  const { trades } = await first.status();
  await first.stop();
  const said = dolphin("journal", "cut", "BLUE", "--after", after);
  expect(said.text).toMatch(
    new RegExp(
      `^after event ${after} of BLUE there are:\\n.* events of .*\\n[^]*nothing was changed`,
    ),
  );
  const done = dolphin("journal", "cut", "BLUE", "--after", after, "--yes", "--json");
  expect(JSON.parse(done.text)).toMatchObject({ done: true, last_kept: Number(after) });
  expect(JSON.parse(done.text).trades).toBeGreaterThan(1);
  expect(dolphin("journal", "cut", "BLUE").text).toContain(`there is nothing after event ${after}`);
  const second = await start();
  expect((await second.status()).trades).toBe(trades - JSON.parse(done.text).trades);
  await feeder.push(40);
  await second.decided(100);
  await second.stop();
  // The scans that were given up came again, into the windows only.
  expect(auditBook(place, LIVELY).decided).toEqual(seqsTo(100));
  expect(dolphin("replay", lastDayOf(place))).toMatchObject({
    status: 0,
    text: expect.stringContaining("without a digest: 0"),
  });
  expect(dolphin("journal", "cut", "BLUE", "--after", "x").status).toBe(64);
});
