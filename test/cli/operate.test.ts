/**
 * Every command of docs/operate.md: those that work in a temporary folder are run, each other one is listed with a
 * reason.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHECKOUT } from "../../src/embedded/toolchain.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const PAGE = readFileSync(join(CHECKOUT, "docs", "operate.md"), "utf8");

/** In the page's order; a command that appears twice is run once. */
const COMMANDS = [
  ...new Set(
    [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)]
      .flatMap(([, block]) => block?.split("\n") ?? [])
      .filter((line) => line !== ""),
  ),
];

const CONFIGURED = "bin/dolphin --config /etc/dolphin/dolphin.yaml ";
const AS_ITS_USER = `sudo -u dolphin ${CONFIGURED}`;
const AS_ONESELF = "bin/dolphin --config ~/.config/dolphin/dolphin.yaml ";
/** What it ends with where no server runs, and nothing is deployed. */
const RUN: readonly (readonly [begins: string, codes: readonly number[]])[] = [
  [`${AS_ITS_USER}config plan`, [0, 1, 3]],
  [`${CONFIGURED}config`, [0]],
  [`${AS_ITS_USER}doctor --deployed`, [2]],
  [`${AS_ITS_USER}doctor`, [0, 1, 2]],
  [`${CONFIGURED}install`, [0]],
  [`${AS_ONESELF}install`, [0]],
  [`${AS_ITS_USER}status`, [3]],
  [`${AS_ITS_USER}health`, [1, 2, 3]],
  [`${AS_ITS_USER}alerts ls`, [0, 1]],
  [`${AS_ITS_USER}logs`, [0]],
  ["sudo cp -r units", [0]],
  ["mkdir -p ~/.config", [0]],
  ["cp -r units-user", [0]],
  ["install -d", [0]],
  ["sudo install -d /etc", [0]],
  [`${AS_ITS_USER}backup --out`, [0]],
  ["sudo bin/dolphin --config /etc/dolphin/dolphin.yaml restore", [0]],
];
const NOT_RUN: readonly (readonly [begins: string, why: string])[] = [
  ["git clone", "asks the network for a repository"],
  ["cd ", "each command is run where it belongs"],
  [
    "node scripts/setup.mjs",
    "every run of the tests begins with it; test/integration/setup.test.ts",
  ],
  ["sudo systemd-", "makes users and folders of the machine; bench:units does the same in its own"],
  ["sudo systemctl", "needs systemd as process 1; bench:units runs the units under a real one"],
  ["systemd-tmpfiles", "needs a manager of the user's; bench:units makes the folders in its own"],
  ["loginctl", "needs systemd as process 1"],
  ["printf", "the test's own configuration names folders of its own"],
  ["systemctl", "needs systemd as process 1; bench:units runs the units under a real one"],
  ["journalctl", "needs systemd as process 1"],
  ["supervis", "test/integration/supervisord.test.ts runs it"],
  ["openssl", "need not be there; any word will do"],
  ["chmod 0444 secrets", "of what openssl made"],
  [
    "DOLPHIN_ARCHIVE=/srv/scans docker",
    "needs Docker; test/interop/compose.test.ts checks the file",
  ],
  [
    "deploy/docker/backup.sh",
    "needs Docker; test/interop/compose-backup.test.ts runs it with processes in place of containers",
  ],
  ["docker compose run", "as deploy/docker/backup.sh"],
  ["for db in temporal temporal_visibility; do docker", "as deploy/docker/backup.sh"],
  ["docker", "needs Docker; test/interop/compose.test.ts checks the file"],
  [`${AS_ITS_USER}backup --dump`, "needs Postgres; npm run test:production dumps one"],
  ["for db in", "needs Postgres; npm run test:production restores into an empty one"],
  ["sudo install -d -o", "needs a user of that name; the folder is made by the test"],
  ["sudo chown", "needs a user of that name"],
  [`${AS_ITS_USER}archive audit`, "needs Hazelcast; test/integration/bridge-audit.test.ts runs it"],
  ["sudo scp", "needs another host"],
];

/** Of the data directory, which `dolphin backup` takes along. */
const STATE = "state.json";

function isRun(command: string): boolean {
  return RUN.some(([begins]) => command.startsWith(begins));
}

test("every command of the page is run here, or has a reason why it is not", () => {
  const unknown = COMMANDS.filter(
    (command) => !isRun(command) && !NOT_RUN.some(([begins]) => command.startsWith(begins)),
  );
  expect(unknown).toEqual([]);
  const needless = [...RUN, ...NOT_RUN].filter(
    ([begins]) => !COMMANDS.some((command) => command.startsWith(begins)),
  );
  expect(needless.map(([begins]) => begins)).toEqual([]);
});

test("systemd's tools are given whole paths: 252 looks up others in folders of its own", () => {
  const files = COMMANDS.flatMap((line) => /systemd-\w+ .*?(\S+\.conf"?)$/.exec(line)?.[1] ?? []);
  expect(files).toHaveLength(3);
  expect(files.filter((file) => !/^"?(\$PWD|~)?\//.test(file))).toEqual([]);
});

describe("the page, on a user's own folder", () => {
  const dir = makeTemporaryDirectory("operate");
  const data = join(dir, "data");
  const restored = join(dir, "restored");
  const units = join(dir, "etc-units");
  const backups = join(dir, "backups");
  const config = join(dir, "dolphin.yaml");
  /** Of another machine's that might run: this one must find nobody. */
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: "127.0.0.1:9",
    DOLPHIN_HAZELCAST_ADDRESS: "127.0.0.1:9",
  };
  const here = (command: string) =>
    command
      .replace(/^sudo (-u dolphin )?/, "")
      .replace(/^bin\/dolphin/, DOLPHIN)
      .replaceAll(/(\/etc|~\/.config)\/dolphin\/dolphin\.yaml/g, config)
      .replaceAll("/etc/dolphin", join(dir, "etc"))
      .replaceAll("/etc/systemd/system/", `${units}/`)
      .replaceAll("~/.config/systemd/user", join(dir, "user-units"))
      .replaceAll("/var/backups/dolphin", backups);

  beforeAll(() => {
    for (const folder of [join(data, "logs"), join(dir, "scans"), units, backups]) {
      mkdirSync(folder, { recursive: true, mode: 0o750 });
    }
    writeFileSync(config, `data_dir: ${data}\narchive: ${join(dir, "scans")}\n`);
    writeFileSync(join(data, "logs", "worker.log"), "");
    writeFileSync(join(data, STATE), "kept");
  });
  afterAll(() => removeTemporaryDirectory(dir));

  test.each(COMMANDS.filter(isRun))("%s", (command) => {
    const run = spawnSync("/bin/sh", ["-c", here(command)], {
      encoding: "utf8",
      cwd: dir,
      env: { ...env, DOLPHIN_DATA_DIR: command.includes(" restore ") ? restored : data },
    });
    const codes = RUN.find(([begins]) => command.startsWith(begins))?.[1] ?? [];
    expect([...codes, run.stdout, run.stderr]).toContain(run.status);
  });

  test("has units where systemd looks for them, and the data back", () => {
    for (const folder of [units, join(dir, "user-units")]) {
      expect(readdirSync(folder)).toEqual(
        expect.arrayContaining([
          "dolphin.target",
          "dolphin-worker@.service",
          "dolphin-watchdog.service",
        ]),
      );
    }
    expect(readFileSync(join(restored, STATE), "utf8")).toBe("kept");
  });
});
