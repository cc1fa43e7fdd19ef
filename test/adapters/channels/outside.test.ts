import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isNear, mayLeadTo } from "../../../src/adapters/channels/outside/addresses.ts";
import { ask } from "../../../src/adapters/channels/outside/ask.ts";
import { readSecret } from "../../../src/adapters/channels/outside/read-secret.ts";
import { CANARY } from "../../helpers/alerts/channels.ts";

describe("where a name may lead", () => {
  it.each([
    ["hooks.example", "93.184.216.34", true],
    ["ntfy.lan", "192.168.1.7", true],
    ["hooks.example", "127.0.0.1", false],
    ["hooks.example", "127.9.9.9", false],
    ["hooks.example", "0.0.0.0", false],
    ["hooks.example", "169.254.169.254", false],
    ["hooks.example", "100.100.100.200", false],
    ["hooks.example", "100.100.100.201", true],
    ["hooks.example", "fd00:ec2::254", false],
    ["hooks.example", "fd00:ec2::253", true],
    ["hooks.example", "::1", false],
    ["hooks.example", "::ffff:127.0.0.1", false],
    ["hooks.example", "fe80::1", false],
    ["127.0.0.1", "127.0.0.1", true],
    ["[::1]", "::1", true],
    ["localhost", "127.0.0.1", true],
  ])("%s to %s: %s", (name, address, may) => {
    expect(mayLeadTo(name, address)).toBe(may);
  });

  it.each([
    ["127.0.0.1", true],
    ["10.1.2.3", true],
    ["[fd00::1]", true],
    ["8.8.8.8", false],
    ["ntfy.lan", false],
  ])("http is for what is near, which %s is: %s", (host, near) => {
    expect(isNear(host)).toBe(near);
  });
});

describe("addresses that are refused without a request", () => {
  it.each([
    ["not a URL", CANARY, /is not valid/],
    ["a file", `file:///etc/${CANARY}`, /https/],
    ["plain http far away", `http://hooks.example/${CANARY}`, /https/],
    ["a password", `https://u:${CANARY}@hooks.example/`, /must not contain a user or password/],
  ])("%s", async (_, url, says) => {
    const { signal } = new AbortController();
    const outcome = await ask({ url, signal, deadlineMs: 60_000 });
    expect(outcome).toMatchObject({ kind: "unheard", outcome: "refused" });
    expect(outcome.kind === "unheard" && outcome.says).toMatch(says);
    expect(JSON.stringify(outcome)).not.toContain(CANARY);
  });
});

describe("a secret by reference", () => {
  const folder = mkdtempSync(join(tmpdir(), "dolphin-secret-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it("is a variable, or a file that is ours alone", async () => {
    expect(await readSecret({ env: "A" }, { A: CANARY })).toBe(CANARY);
    expect(await readSecret({ file: file("good", `${CANARY}\n`) }, {})).toBe(CANARY);
  });

  it.each([
    ["an unset variable", { env: "A" }, /variable A is not set/],
    ["a missing file", { file: join(folder, "none") }, /ENOENT/],
    ["a file for the group", { file: file("group", CANARY, 0o640) }, /mode 0640: chmod 0600/],
    ["a file for all", { file: file("all", CANARY, 0o604) }, /mode 0604/],
    ["an empty file", { file: file("empty", " \n") }, /is empty/],
    ["two lines", { file: file("two", `${CANARY}\nX-Header: 1`) }, /one line/],
    ["a large file", { file: file("large", "x".repeat(5_000)) }, /at most 4096 bytes/],
    ["a folder", { file: join(folder, "folder") }, /regular file/],
  ])("is refused: %s, and not repeated", async (_, names, message) => {
    mkdirSync(join(folder, "folder"), { recursive: true });
    const failure = await readSecret(names, {}).then(
      () => "taken",
      (error: unknown) => String(error),
    );
    expect(failure).toMatch(message);
    expect(failure).not.toContain(CANARY);
  });
});
