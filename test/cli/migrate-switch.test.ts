/**
 * deploy/migrate/switch.sh when a command of the operator fails; test/integration/migrate.test.ts has the successful
 * switch.
 */
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CHECKOUT } from "../../src/embedded/toolchain.ts";
import { spawnSync } from "../helpers/run-program.ts";

const COMMANDS = ["FIRST_STOP", "FIRST_START", "OURS_STOP", "OURS_START"];
const MODE = 0o600;

function switchTo(whom: string, { failing, prefix }: { failing: string; prefix: string }) {
  const dir = mkdtempSync(join(tmpdir(), "migrate-switch-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [config, link, calls] = [join(dir, "dolphin.yaml"), join(dir, "link"), join(dir, "told")];
  symlinkSync("dolphin.yaml", link);
  writeFileSync(config, `hazelcast:\n  prefix: ${prefix} # migrate\n`);
  chmodSync(config, MODE);
  const commands = COMMANDS.map((name) => [
    name,
    `echo ${name} >> '${calls}'; ${name === failing ? "false" : "true"}`,
  ]);
  const { status } = spawnSync(join(CHECKOUT, "deploy", "migrate", "switch.sh"), [whom], {
    encoding: "utf8",
    env: { ...process.env, ...Object.fromEntries(commands), DOLPHIN_CONFIG: link, PREFIX: "N_" },
  });
  return {
    isWell: status === 0,
    calls: readFileSync(calls, "utf8").trim().split("\n"),
    prefix: /prefix: (.*) #/.exec(readFileSync(config, "utf8"))?.[1],
    mode: statSync(config).mode & 0o777,
  };
}

test.each([
  ["ours", "", ["FIRST_STOP", "OURS_STOP", "OURS_START"], "null"],
  ["ours", "FIRST_STOP", ["FIRST_STOP"], "N_"],
  ["ours", "OURS_STOP", ["FIRST_STOP", "OURS_STOP", "FIRST_START"], "N_"],
  ["ours", "OURS_START", ["FIRST_STOP", "OURS_STOP", "OURS_START"], "null"],
  ["theirs", "", ["OURS_STOP", "OURS_START", "FIRST_START"], "N_"],
  ["theirs", "OURS_STOP", ["OURS_STOP"], "null"],
  ["theirs", "OURS_START", ["OURS_STOP", "OURS_START", "FIRST_START"], "N_"],
])(
  "%s, failing '%s': somebody publishes, under the prefix that fits, and the mode stays",
  (...row) => {
    const [whom, failing, calls, prefix] = row;
    const before = whom === "ours" ? "N_" : "null";
    expect(switchTo(whom, { failing, prefix: before })).toEqual({
      isWell: failing === "",
      calls,
      prefix,
      mode: MODE,
    });
  },
);
