import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  ensureToken,
  loginLink,
  renewToken,
  tokenPath,
} from "../../../src/dashboard/commands/token-file.ts";
import { redactText } from "../../../src/wire/redaction.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-token-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("it is made when it is not there, for its owner alone, and stays", () => {
  const token = ensureToken(join(folder, "new"));
  expect(Buffer.from(token, "base64url")).toHaveLength(32);
  const path = tokenPath(join(folder, "new"));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toBe(`${token}\n`);
  expect(ensureToken(join(folder, "new"))).toBe(token);
  expect(readdirSync(join(folder, "new"))).toEqual(["dashboard.token"]);
});

test("a renewed one is another, with nothing left beside it", () => {
  const before = ensureToken(folder);
  const renewed = renewToken(folder);
  expect(renewed).not.toBe(before);
  expect(ensureToken(folder)).toBe(renewed);
  expect(statSync(tokenPath(folder)).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["dashboard.token"]);
});

test("one that others can read opens nothing, and is reported without its text", () => {
  const token = ensureToken(folder);
  chmodSync(tokenPath(folder), 0o640);
  const message = thrownBy(() => ensureToken(folder));
  expect(message).toMatch(/has mode 0640, so that others may know it: delete it/);
  expect(message).not.toContain(token);
});

test.each([
  ["is empty", ""],
  ["is short", "abc\n"],
  ["is another file", "x".repeat(10_000)],
  ["has two lines", `${"a".repeat(43)}\n${"b".repeat(43)}\n`],
])("a file that %s is no token", (_, text) => {
  writeFileSync(tokenPath(folder), text, { mode: 0o600 });
  expect(thrownBy(() => ensureToken(folder))).toMatch(/contains no token: delete it/);
});

test("a link to another file is not followed", () => {
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, `${"a".repeat(43)}\n`, { mode: 0o600 });
  symlinkSync(elsewhere, tokenPath(folder));
  expect(thrownBy(() => ensureToken(folder))).toMatch(/cannot be read: ELOOP/);
});

test("the link has it where no server gets it, and a log that has the link hides it", () => {
  const token = ensureToken(folder);
  const link = loginLink("http://127.0.0.1:8080", token);
  const { hash, pathname, search } = new URL(link);
  expect([hash, pathname, search]).toEqual([`#token=${token}`, "/", ""]);
  expect(redactText(`open ${link} now`)).toBe("open http://127.0.0.1:8080/#token=[redacted] now");
});

function thrownBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("nothing was thrown");
}
