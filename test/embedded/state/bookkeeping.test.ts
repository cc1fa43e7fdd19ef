import { expect, test } from "vitest";
import { createBookkeeping } from "../../../src/embedded/state/bookkeeping.ts";

test("a note that fails is said once, counted, and said again when it works", async () => {
  const said: string[] = [];
  const books = createBookkeeping((_level, text) => said.push(text));
  let isFull = false;
  const note = () => {
    if (isFull) throw new Error("ENOSPC: no space left on device");
  };
  expect(await books.attempt("up.json", note)).toBe("works");
  isFull = true;
  for (let tick = 0; tick < 3; tick += 1)
    expect(await books.attempt("up.json", note)).toBe("fails");
  expect(books.troubles()).toEqual(["up.json: ENOSPC: no space left on device (3 times so far)"]);
  isFull = false;
  expect(await books.attempt("up.json", note)).toBe("again");
  expect(await books.attempt("up.json", note)).toBe("works");
  expect(books.troubles()).toEqual([]);
  expect(said).toEqual([
    "up.json: ENOSPC: no space left on device; trying again",
    "up.json: works again, after 3 failures",
  ]);
});
