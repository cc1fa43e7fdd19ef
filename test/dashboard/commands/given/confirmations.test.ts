import { expect, test } from "vitest";
import {
  CONFIRM_WITHIN_MS,
  createConfirmations,
} from "../../../../src/dashboard/commands/given/confirmations.ts";

const about = { session: 1, about: "flatten a book", ids: new Set(["a", "b"]) };

test("what was shown is carried out once, also where less is left of it", () => {
  const confirmations = createConfirmations();
  const nonce = confirmations.show(about, 0);
  expect(confirmations.take(nonce, { ...about, ids: new Set(["b"]) }, 1)).toBe("good");
  expect(confirmations.take(nonce, about, 1)).toBe("unknown");
});

test("more than was shown is not carried out", () => {
  const confirmations = createConfirmations();
  const nonce = confirmations.show(about, 0);
  expect(confirmations.take(nonce, { ...about, ids: new Set(["a", "c"]) }, 1)).toBe("more");
});

test.each([
  ["another session's", { session: 2 }, 1],
  ["of something else", { about: "flatten another" }, 1],
  ["too old", {}, CONFIRM_WITHIN_MS],
])("a confirmation that is %s is none", (_, changes, nowMs) => {
  const confirmations = createConfirmations();
  const nonce = confirmations.show(about, 0);
  expect(confirmations.take(nonce, { ...about, ...changes }, nowMs)).toBe("unknown");
});

test("they are bounded: the oldest goes", () => {
  const confirmations = createConfirmations();
  const nonces = Array.from({ length: 65 }, () => confirmations.show(about, 0));
  expect(confirmations.take(nonces[0] ?? "", about, 1)).toBe("unknown");
  expect(confirmations.take(nonces[1] ?? "", about, 1)).toBe("good");
});
