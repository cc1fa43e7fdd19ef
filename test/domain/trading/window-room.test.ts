import { expect, test } from "vitest";
import { whyNoRoom } from "../../../src/domain/trading/market/window-room.ts";

test.each([
  ["what was measured", [2_880], 400],
  ["a day of scans over few assets", [17_280], 50],
  ["both books of GREEN", [17_280, 17_280], 50],
  ["the longest look-back over few assets", [100_000], 100],
  ["a usual strategy before the first scan", [750], 0],
])("there is room for %s", (_, lookBacks, assets) => {
  expect(whyNoRoom(lookBacks, assets)).toBeNull();
});

test("what there is no room for is refused with the figure, and with what there is room for", () => {
  expect(whyNoRoom([100_000], 400)).toBe(
    "a look-back of 100000 scans over 400 assets (as last) takes 320 MB, more than the 134 MB that " +
      "there are for windows: look back 41942 scans at most",
  );
  expect(whyNoRoom([41_942], 400)).toBeNull();
  expect(whyNoRoom([41_943], 400)).toMatch(/takes 134 MB/);
  expect(whyNoRoom([100_000], 0)).toMatch(/400 assets \(which is what is counted with before/);
  expect(whyNoRoom([30_000, 30_000], 400)).toMatch(/30000 and 30000 .* look back 20970 scans/);
});
