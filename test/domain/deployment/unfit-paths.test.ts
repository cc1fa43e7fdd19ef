import { expect, test } from "vitest";
import type { DeploymentWorld } from "../../../src/domain/deployment/deployed-processes.ts";
import {
  hiddenFromUnits,
  unfitForSupervisord,
  unfitForSystemd,
} from "../../../src/domain/deployment/unfit-paths.ts";

const WORLD: DeploymentWorld = {
  checkout: "/opt/dolphin",
  dataDir: "/var/lib/dolphin",
  archive: "/srv/scans",
  configFile: null,
  servers: null,
  temporalAddress: null,
  hazelcastAddress: "127.0.0.1:5701",
  layers: ["scan"],
  secretFiles: [],
  outside: [],
};

/** The reasons were tried with systemd 252 and supervisor 4.3: they do not start, or use another path. */
test.each<[Partial<DeploymentWorld>, systemd: string | null, supervisord: string | null]>([
  [{}, null, null],
  [{ archive: "/srv/50% of $x, a=b; é's" }, null, null],
  [{ checkout: "/opt/ana's $x é" }, "a quote or backslash", null],
  [{ dataDir: "/srv/50%" }, null, "a '%'"],
  [{ archive: "/srv/a ;b" }, null, "' ;'"],
  [{ archive: '/srv/a"b' }, null, "'\"'"],
  [{ archive: "/srv/a\nExecStartPre=b" }, "a control character", "a control character"],
  [{ dataDir: "/srv/a " }, "at its end", "at its end"],
  [{ dataDir: `/srv/${"é".repeat(34)}` }, null, "socket"],
])("%j", (change, systemd, supervisord) => {
  const world = { ...WORLD, ...change };
  expect([
    asExpected(unfitForSystemd(world), systemd),
    asExpected(unfitForSupervisord(world), supervisord),
  ]).toEqual([systemd, supervisord]);
});

test("units have temporary folders of their own, and do not see what others have there", () => {
  const secretFiles = ["/tmp/key", "/tmpfiles/key"];
  const world = { ...WORLD, dataDir: "/var/tmp/data", archive: "/var/tmp/data", secretFiles };
  expect(hiddenFromUnits(world)).toEqual(["/var/tmp/data", "/tmp/key"]);
  expect(hiddenFromUnits(WORLD)).toEqual([]);
});

/** The expected part of a sentence that has it, else all of the sentence. */
function asExpected(sentence: string | null, part: string | null): string | null {
  return part !== null && sentence?.includes(part) === true ? part : sentence;
}
