import { expect, test } from "vitest";
import { exactText, toExactJson } from "../../../../src/domain/trading/snapshot/exact.ts";
import { restoreFrom, snapshotOf } from "../../../../src/domain/trading/snapshot/snapshot.ts";
import { exactBytes, parseExact } from "../../../../src/wire/trading/snapshot/exact-bytes.ts";
import {
  decodeTraderSnapshot,
  encodeTraderSnapshot,
  traderSnapshotParts,
} from "../../../../src/wire/trading/trader-snapshot.ts";
import { CONFIGURATION } from "../../../helpers/trading/random-day.ts";
import { scripted } from "../../../helpers/trading/scripted.ts";

const STATE = {
  ring: Float64Array.of(Number.NaN, -0, 5e-324, Infinity),
  none: new Float64Array(0),
  deep: [{ more: Float64Array.of(1 / 3) }, "größer"],
  odd: Number.NaN,
};

test.each([0, 1, 5])(
  "the doubles come back bit for bit, also from %i bytes into a buffer",
  (at) => {
    const bytes = exactBytes({ state: toExactJson(STATE) });
    const moved = new Uint8Array(bytes.length + at);
    moved.set(bytes, at);
    const parsed = parseExact(moved.subarray(at));
    expect(exactText(Object(parsed))).toBe(exactText({ state: toExactJson(STATE) }));
  },
);

test.each(["", "{", "DLPHEXA", "something else, and long enough"])("%j is refused", (text) => {
  expect(() => parseExact(Buffer.from(text))).toThrow(/no snapshot|JSON/);
});

function warmTrader() {
  const stage = scripted();
  stage.warmUp();
  for (const seq of [3, 4, 5]) stage.scan(seq, { prices: Float64Array.of(seq, 20 / seq, 5) });
  return stage.trader;
}

test("a trader's state comes back from bytes, from their parts, and from an older release's JSON", () => {
  const snapshot = snapshotOf(warmTrader());
  const joined = Buffer.concat(traderSnapshotParts(snapshot, "ab"));
  expect(joined.equals(encodeTraderSnapshot(snapshot, "ab"))).toBe(true);
  const older = Buffer.from(exactText({ ...snapshot, configurationHash: "ab" }));
  expect(older.toString()).toContain('"base64"');
  for (const bytes of [joined, older]) {
    const saved = decodeTraderSnapshot(bytes);
    expect(saved.configurationHash).toBe("ab");
    const restored = restoreFrom(CONFIGURATION, saved.snapshot);
    expect(exactText(snapshotOf(restored))).toBe(exactText(snapshot));
  }
});

test("a state that was taken does not change when the trader goes on, nor when what was restored does", () => {
  const trader = warmTrader();
  const snapshot = snapshotOf(trader);
  const before = exactText(snapshot);
  for (const one of [trader, restoreFrom(CONFIGURATION, snapshot)]) {
    one.windows.dump().ring.fill(7);
    expect(exactText(snapshot)).toBe(before);
  }
});
