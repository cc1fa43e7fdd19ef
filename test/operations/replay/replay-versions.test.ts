/**
 * Days of other code, of a change and of a promotion: each folded with the version that ran it, and with the present
 * one.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeHash } from "../../../src/adapters/code/code-hash.ts";
import { keepCode } from "../../../src/adapters/code/kept-code.ts";
import { writePromotion } from "../../../src/adapters/event-log/books/books-store.ts";
import { replayVersions } from "../../../src/operations/replay/replay-versions.ts";
import { latestSnapshot } from "../../../src/adapters/event-log/snapshots.ts";
import { createComparison } from "../../../src/domain/trading/shadow/comparison.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { decodeTraderSnapshot } from "../../../src/wire/trading/trader-snapshot.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import {
  configurationOf,
  placeIn,
  recordBook,
  reencode,
} from "../../helpers/trading/recorded-book.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DAY = "2026-03-25";
const MORNING_MS = Date.parse(`${DAY}T06:00:00Z`);
const CHANGED = {
  ...LIVELY_BOOK,
  parameters: { ...LIVELY_BOOK.parameters, threshold: 0.004, longWindow: 5 },
};
const RUN = { scans: 120, scanEveryMs: 1_000, snapshotEvery: 0, end: "flattened" } as const;

let root = "";
let count = 0;
beforeAll(() => {
  root = makeTemporaryDirectory("replay-versions");
});
afterAll(() => removeTemporaryDirectory(root));

const fresh = () => join(root, String((count += 1)));

function replayed(dir: string, settings: object) {
  const configuration = Configuration.parse({ trader: settings });
  return replayVersions({ dataDir: dir, configuration }, DAY);
}

/** As another release would: `main.ts` of a checkout in which one line of the core is another. */
function replayedByChanged(dir: string) {
  const copy = fresh();
  mkdirSync(copy, { recursive: true });
  cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(copy, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const path = join(copy, "src/domain/trading/strategies/velocity-divergence.ts");
  const text = readFileSync(path, "utf8");
  expect(text).toContain("strength < -threshold");
  writeFileSync(path, text.replace("strength < -threshold", "strength < -2 * threshold"));
  const config = join(copy, "dolphin.yaml");
  writeFileSync(config, JSON.stringify({ trader: LIVELY_BOOK }));
  const args = ["replay", DAY, "--json", "--data-dir", dir, "--config", config];
  return new Promise<{ readonly code: number | null; readonly out: string }>((settle) => {
    const main = join(copy, "src/cli/main.ts");
    const child = execFile(process.execPath, [main, ...args], (_, out, err) => {
      settle({ code: child.exitCode, out: out + err });
    });
  });
}

test("another release folds a day with what ran it, and shows the first step that it takes otherwise", async () => {
  const dir = fresh();
  recordBook(dir, { ...RUN, startMs: MORNING_MS });
  expect(keepCode(dir, codeHash(undefined), [])).toBe(true);
  const changed = await replayedByChanged(dir);
  const parsed = JSON.parse(changed.out);
  expect(changed.code).toBe(1);
  expect(parsed).toMatchObject({ verdict: "equal", undigested: 0, now: { verdict: "different" } });
  const { code, differences, first_difference: first } = parsed.now;
  expect(code).not.toBe(codeHash(undefined));
  expect(differences).toBeGreaterThan(0);
  expect(first).toMatchObject({
    what: "decision",
    event: { kind: "scan" },
    recorded: { decision: { outcome: "entered" } },
    replayed: { decision: { outcome: expect.not.stringMatching("entered") } },
  });
  expect(first.recorded.digest.event).toBe(first.replayed.digest.event);

  rmSync(join(dir, "code"), { recursive: true });
  const unkept = await replayedByChanged(dir);
  expect(unkept.code).toBe(3);
  expect(JSON.parse(unkept.out)).toMatchObject({
    verdict: "not_comparable",
    reason: expect.stringMatching(/^the code that ran then \([0-9a-f]{12}\) is not stored/),
    now: { verdict: "different", first_difference: { what: "decision" } },
  });
});

test("a day within which the settings were changed is comparable, whatever is configured now", async () => {
  const dir = fresh();
  recordBook(dir, { ...RUN, startMs: MORNING_MS });
  recordBook(dir, { ...RUN, startMs: MORNING_MS + 3_600_000, settings: CHANGED });
  recordBook(dir, { ...RUN, startMs: MORNING_MS + 7_200_000 });
  for (const settings of [LIVELY_BOOK, CHANGED, {}]) {
    const replay = await replayed(dir, settings);
    expect(replay).toMatchObject({ verdict: "equal", now: null, outcome: { undigested: 0 } });
  }
});

test("a day of a promotion goes on with the state that it left", async () => {
  const [dir, other] = [fresh(), fresh()];
  recordBook(dir, { ...RUN, startMs: MORNING_MS });
  recordBook(other, { ...RUN, startMs: MORNING_MS, settings: CHANGED });
  const [blue, green] = [dir, other].map((of) => {
    const { snapshot } = latestSnapshot(join(placeIn(of).root, "BLUE"), Number.MAX_SAFE_INTEGER);
    return decodeTraderSnapshot(snapshot!.bytes).snapshot;
  });
  const { nextIndex, data } = blue!;
  const index = nextIndex - 1;
  const hashes = { blueHash: configurationOf(CHANGED).hash, greenHash: configurationOf().hash };
  writePromotion(
    dir,
    {
      version: 1,
      is_exchanged: true,
      promotions: [
        {
          id: "one",
          at_index: index,
          at: "2026-03-25T07:00:00Z",
          by: "test",
          blue_hash: hashes.blueHash,
          green_hash: hashes.greenHash,
        },
      ],
    },
    {
      version: 1,
      index,
      nowMs: MORNING_MS,
      ...hashes,
      blue: { ...green!, nextIndex, data },
      green: { ...blue!, book: "GREEN" },
      comparison: createComparison(),
    },
  );
  // Windows that are warm decide at once: begun anew the day would come out otherwise.
  recordBook(dir, { ...RUN, startMs: MORNING_MS + 3_600_000, settings: CHANGED });
  expect(await replayed(dir, LIVELY_BOOK)).toMatchObject({ verdict: "equal", now: null });
});

test("another price is found at its event, and a day that is not there is said", async () => {
  const [from, to] = [fresh(), fresh()];
  recordBook(from, { ...RUN, startMs: MORNING_MS });
  cpSync(from, to, { recursive: true });
  rmSync(join(placeIn(to).root, "BLUE", `${DAY}.seg`));
  let changed = 0;
  reencode(placeIn(from), placeIn(to), (event) => {
    if (event.kind !== "scan" || event.seq !== 3) return event;
    changed = event.index;
    const prices = event.prices.slice();
    prices[event.pricesAt]! *= 1.000_01;
    return { ...event, prices };
  });
  expect(await replayed(to, LIVELY_BOOK)).toMatchObject({
    verdict: "different",
    now: null,
    outcome: { firstDifference: { index: changed, what: "event" } },
  });
  expect(await replayed(fresh(), LIVELY_BOOK)).toMatchObject({
    verdict: "not_comparable",
    reason: expect.stringContaining(`the segment ${DAY} of BLUE is missing`),
  });
});
