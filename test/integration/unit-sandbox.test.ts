/**
 * The commands of the units under the units' restrictions: a read-only root except for the unit's own folders, an
 * ordinary user, no capabilities. Where systemd is not process 1, `unshare`, `setpriv` and read-only binds replace it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findFreePort, probePort } from "../../src/embedded/ports/ports.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { killProcessesOn, until } from "../helpers/processes.ts";
import { execFileSync, spawnSync } from "../helpers/run-program.ts";
import { removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const NOBODY = 65_534;
/** Not below /tmp, which is another one inside. */
const PARENT = "/var/tmp";

/** Its first word is a folder that may be on a mount of its own; then come those that it may write, up to `--`. */
const CONFINE = `
place=$1; shift
mount --bind "$place" "$place"; mount -o remount,bind,ro "$place"
folders=; while [ "$1" != -- ]; do folders="$folders $1"; shift; done; shift
for one in $folders; do mount --bind "$one" "$one"; mount -o remount,bind,rw "$one"; done
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -o remount,bind,ro /
exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"`;

function confined(
  place: string,
  folders: readonly string[],
  command: readonly string[],
): readonly string[] {
  const words = ["--mount", "--propagation", "private", "sh", "-ec", CONFINE, "sh"];
  return [...words, place, ...folders, "--", ...command];
}

/** Files that an ordinary user cannot read, because they are in somebody's home, cannot be tested. */
const tools = findToolchain();
const READABLE =
  'for one; do test -r "$one" || { echo "$one is not for everybody"; exit 1; }; done >&2';
const read = [process.execPath, DOLPHIN, tools.temporal, tools.java, tools.hazelcast];
const probe = spawnSync(
  "unshare",
  [...confined(PARENT, [PARENT], ["sh", "-c", READABLE, "sh", ...read])],
  {
    encoding: "utf8",
  },
);
if (probe.status !== 0) {
  process.stdout.write(
    `skipped: a unit's sandbox needs root, unshare and setpriv here: ${probe.stderr ?? ""}\n`,
  );
}

function answers(port: number): Promise<boolean> {
  return probePort(port).then(
    () => true,
    () => false,
  );
}

describe.skipIf(probe.status !== 0)("under the sandbox of its unit", () => {
  let dir = "";
  let data = "";
  let elsewhere = "";
  const said = new Map<string, string>();
  const children: ChildProcess[] = [];
  const ports = { temporal: 0, hazelcast: 0 };

  beforeAll(async () => {
    dir = mkdtempSync(join(PARENT, "dolphin-sandbox-"));
    data = join(dir, "data");
    elsewhere = join(dir, "elsewhere");
    ports.temporal = await findFreePort();
    ports.hazelcast = await findFreePort();
    chmodSync(dir, 0o755);
    for (const folder of [data, join(data, "temporal"), elsewhere]) {
      mkdirSync(folder, { mode: 0o750 });
      chownSync(folder, NOBODY, NOBODY);
    }
    const env = {
      ...process.env,
      DOLPHIN_PORTS_TEMPORAL: String(ports.temporal),
      DOLPHIN_PORTS_TEMPORAL_UI: String(await findFreePort()),
      DOLPHIN_PORTS_HAZELCAST: String(ports.hazelcast),
    };
    execFileSync(DOLPHIN, ["--data-dir", data, "install", "systemd", "--out", join(dir, "units")], {
      env,
    });
    // Side by side: each loads for itself.
    for (const name of ["watchdog", "dashboard", "temporal", "hazelcast"]) startUnit(name);
  });
  afterAll(() => {
    if (dir === "") return;
    killProcessesOn(dir);
    for (const child of children) child.kill("SIGKILL");
    removeTemporaryDirectory(dir);
  });

  /** Starts what the unit starts, with what the unit gives it and lets it write. */
  function startUnit(name: string): void {
    const lines = readFileSync(join(dir, "units", `dolphin-${name}.service`), "utf8").split("\n");
    const valuesOf = (key: string) =>
      lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
    const folders = valuesOf("ReadWritePaths").map((path) => path.replace(/^-/, ""));
    const given = valuesOf("Environment").map((pair) => {
      const [variable = "", value = ""] = pair.split("=", 2);
      return [variable, value] as const;
    });
    // As systemd has it: nothing of who started it, and the home of the user.
    const env = {
      PATH: process.env["PATH"],
      HOME: data,
      ...Object.fromEntries(given),
      DOLPHIN_PORTS_DASHBOARD: "0",
      NODE_COMPILE_CACHE: "/tmp/compile",
    };
    const [command = ""] = valuesOf("ExecStart");
    const child = spawn("unshare", [...confined(dir, folders, command.split(" "))], {
      cwd: data,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const hear = (chunk: Buffer) => said.set(name, `${said.get(name) ?? ""}${chunk.toString()}`);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
  }

  test.each<[string, () => boolean | Promise<boolean>]>([
    ["watchdog", () => existsSync(join(data, "safety", "posture.json"))],
    ["dashboard", () => said.get("dashboard")?.includes("serving http://") === true],
    ["temporal", () => answers(ports.temporal)],
    ["hazelcast", () => answers(ports.hazelcast)],
  ])("%s does its work", async (name, works) => {
    await until(works, { ms: 60_000, tell: () => `${name}: ${said.get(name) ?? "no word"}` });
    expect(said.get(name) ?? "").not.toMatch(/EROFS|EACCES|Read-only file system/);
  });

  function touch(file: string): string {
    const words = confined(dir, [data], ["touch", file]);
    return spawnSync("unshare", [...words], { encoding: "utf8" }).stderr;
  }

  test("nothing else can be written", () => {
    // Only the mounts distinguish the two: both belong to the user that the unit runs as.
    expect(touch(join(data, "x"))).toBe("");
    expect(touch(join(elsewhere, "x"))).toContain("Read-only file system");
  });
});
