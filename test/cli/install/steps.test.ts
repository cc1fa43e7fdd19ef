/** What is printed to be pasted into a shell survives it, whatever a folder is called. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { supervisordSteps, systemdSteps } from "../../../src/cli/install/steps.ts";
import { spawnSync } from "../../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { DOLPHIN } from "../../helpers/up.ts";

test.each(["/srv/units", "/srv/o ut", "/srv/it's $HOME"])("%s", (out) => {
  const dataDir = "/var/lib/dolphin";
  const words = (lines: readonly string[]) => {
    const commands = lines.slice(1).flatMap((line) => line.split("&&"));
    const echoed = commands.map((command) => `printf '%s\\n' ${command}`).join("\n");
    return spawnSync("sh", ["-c", echoed], { encoding: "utf8" }).stdout.split("\n");
  };
  const systemd = words(systemdSteps({ out, manager: "user", dataDir }));
  expect(systemd).toContain(`${out}/dolphin.tmpfiles.conf`);
  expect(systemd).toContain(`${out}/*.service`);
  expect(
    words(supervisordSteps(`${out}/d.conf`)).filter((word) => word === `${out}/d.conf`),
  ).toHaveLength(4);
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
