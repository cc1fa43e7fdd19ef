/** The units of `dolphin install systemd`, checked by systemd itself; skipped where there is none. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execFileSync, spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const ANALYZE = "systemd-analyze";
/** 252 was the first to know every word of the units. */
const version = Number(
  /^systemd (\d+)/.exec(spawnSync(ANALYZE, ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1],
);
if (!(252 <= version)) {
  process.stdout.write("skipped: units are checked where systemd-analyze is 252 or newer\n");
}
const EXPOSURE_MAX = 1.5;

describe.skipIf(!(252 <= version))("units", () => {
  let dir = "";
  beforeAll(() => {
    dir = makeTemporaryDirectory("units");
  });
  afterAll(() => removeTemporaryDirectory(dir));

  describe.each([["system"], ["user"]] as const)("of the %s's manager", (manager) => {
    let out = "";
    let env: NodeJS.ProcessEnv = {};
    const unitsIn = () => readdirSync(out).filter((name) => name.endsWith(".service"));

    beforeAll(() => {
      out = join(dir, manager);
      env = { ...process.env, SYSTEMD_UNIT_PATH: `${out}:`, XDG_RUNTIME_DIR: dir };
      const own = manager === "user" ? ["--user"] : [];
      execFileSync(DOLPHIN, [
        "--data-dir",
        "/var/lib/dolphin",
        "install",
        "systemd",
        "--out",
        out,
        ...own,
      ]);
    });

    test("are taken by systemd without a word", () => {
      const names = unitsIn().map((name) => name.replace("@.", "@scan."));
      const check = spawnSync(ANALYZE, [`--${manager}`, "verify", ...names, "dolphin.target"], {
        encoding: "utf8",
        env,
        cwd: out,
      });
      expect([check.stdout, check.stderr, check.status]).toEqual(["", "", 0]);
    });

    test("are exposed no more than 1.5", () => {
      const { stdout } = spawnSync(
        ANALYZE,
        ["security", "--offline=true", "--no-pager", ...unitsIn()],
        { encoding: "utf8", env, cwd: out },
      );
      const scores = [...stdout.matchAll(/exposure level for (\S+): ([\d.]+)/g)];
      expect(scores).toHaveLength(unitsIn().length);
      const exposed = scores.filter(([, , score]) => EXPOSURE_MAX < Number(score));
      expect(exposed.map(([line]) => line)).toEqual([]);
    });
  });
});
