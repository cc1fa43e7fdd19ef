/** What is printed to be pasted into a shell survives it, whatever a folder is called. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { supervisordSteps, systemdSteps } from "../../../src/cli/install/steps.ts";
import { spawnSync } from "../../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { DOLPHIN } from "../../helpers/up.ts";

/** Of all commands, as a shell takes them. */
function words(lines: readonly string[]): readonly string[] {
  const commands = lines.slice(1).flatMap((line) => line.split("&&"));
  const echoed = commands.map((command) => `printf '%s\\n' ${command}`).join("\n");
  return spawnSync("sh", ["-c", echoed], { encoding: "utf8" }).stdout.split("\n");
}

const WORLD = { dataDir: "/srv/data", archive: "/srv/scans", configFile: null };
const OF = { out: "/srv/units", manager: "user", unused: [], world: WORLD, hidden: [] } as const;

test.each(["/srv/units", "/srv/o ut", "/srv/it's $HOME"])("%s", (out) => {
  const systemd = words(systemdSteps({ ...OF, out }));
  expect(systemd).toContain(`${out}/dolphin.tmpfiles.conf`);
  expect(systemd).toContain(`${out}/*.service`);
  expect(
    words(supervisordSteps(`${out}/d.conf`)).filter((word) => word === `${out}/d.conf`),
  ).toHaveLength(4);
});

test("what is no longer part of the stack is stopped before it is removed, and before others are copied", () => {
  const unused = ["dolphin-worker@batch.service.d", "dolphin-temporal.service"];
  const steps = systemdSteps({ ...OF, manager: "system", unused });
  const at = (part: string) => steps.findIndex((line) => line.includes(part));
  const stop = at("systemctl disable --now dolphin-worker@batch.service dolphin-temporal.service");
  const remove = at("rm -r /etc/systemd/system/dolphin-worker@batch.service.d /etc/");
  expect([stop, remove - stop, at("cp -r") - remove]).toEqual([expect.any(Number), 1, 1]);
  expect(stop).toBeGreaterThan(0);
});

test("what runs already is started again, with the units and the configuration of now", () => {
  expect(systemdSteps(OF)).toContain(
    "  systemctl --user daemon-reload && systemctl --user enable dolphin.target && systemctl --user restart dolphin.target",
  );
});

test("which deployment it is, and which of its paths the units do not see, is said first", () => {
  const [warning, written] = systemdSteps({ ...OF, hidden: ["/tmp/.dolphin"] });
  expect(warning).toContain("Warning: /tmp/.dolphin is in a temporary folder");
  expect(written).toContain("for the data in /srv/data and the scans in /srv/scans (the defaults");
});

test("doctor says what is wrong with a data directory that is a file", () => {
  const dir = makeTemporaryDirectory("doctor-file");
  writeFileSync(join(dir, "data"), "");
  const run = spawnSync(DOLPHIN, ["--data-dir", join(dir, "data"), "doctor", "--json"], {
    encoding: "utf8",
    cwd: dir,
  });
  expect(run.stderr).toBe("");
  expect(JSON.parse(run.stdout)).toMatchObject({ grade: "fail" });
  removeTemporaryDirectory(dir);
});
