import { expect, test } from "vitest";
import { Nap } from "../../../../src/services/scan-bridge/pump/nap.ts";

const LONG_MS = 600_000;

test("a nap ends by itself", async () => {
  await expect(new Nap().take(1)).resolves.toBe(false);
});

test("it is cut short, and says so", async () => {
  const nap = new Nap();
  const taken = nap.take(LONG_MS);
  nap.end();
  await expect(taken).resolves.toBe(true);
});

test("an end that comes early counts for one nap, however often it came", async () => {
  const nap = new Nap();
  nap.end();
  nap.end();
  await nap.take(LONG_MS);
  let isOver = false;
  const second = nap.take(LONG_MS).then(() => (isOver = true));
  await new Promise((settle) => setImmediate(settle));
  expect(isOver).toBe(false);
  nap.end();
  await second;
});
