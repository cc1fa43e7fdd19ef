/** `dolphin simulate` as a process: what it writes, and how it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");
const CLOSES = resolve(import.meta.dirname, "../../examples/data/crypto-5m-closes.csv");
const FIXED_TIME = ["--start-time", "2026-03-25T23:59:59Z"];
const DEADLINE_MS = 120_000;

let root: string;
beforeAll(() => {
  root = makeTemporaryDirectory("simulate");
});
afterAll(() => removeTemporaryDirectory(root));

test("same seed and start time, same bytes; another seed, other bytes", async () => {
  const archives = [];
  for (const [name, seed] of [
    ["a", "5"],
    ["b", "5"],
    ["c", "6"],
  ] as const) {
    const out = join(root, `same-${name}`);
    const args = ["--count", "120", "--backlog", "120", "--seed", seed, ...FIXED_TIME];
    await simulateToEnd(["--out", out, ...args]);
    archives.push(
      filesOf(out).map((file) => [file, readFileSync(join(out, file)).toString("hex")]),
    );
  }
  const [first, second, third] = archives;
  expect(first).toHaveLength(120);
  expect(first![0]![0]).toBe("2026-03-25/scan_000001_235959.arrow");
  expect(first!.at(-1)![0]).toBe("2026-03-26/scan_000120_000058.arrow");
  expect(second).toEqual(first);
  expect(third!.map(([file]) => file)).toEqual(first!.map(([file]) => file));
  expect(third).not.toEqual(first);
});

test.each([10, 60])(
  "pyarrow reads the contract's schema, and numpy finds the same eigenvalues (%i assets)",
  async (assets) => {
    const out = join(root, `pyarrow-${assets}`);
    const size = ["--assets", String(assets), "--count", "80", "--backlog", "80"];
    await simulateToEnd(["--out", out, ...size, ...FIXED_TIME]);
    const checked = spawnSync(findToolchain().python!, ["-c", PYTHON_CHECK, out], {
      encoding: "utf8",
    });
    expect(checked.stderr).toBe("");
    const { scans, worst }: { scans: number; worst: number } = JSON.parse(checked.stdout);
    expect(scans).toBe(80);
    expect(worst).toBeLessThan(1e-10 * assets);
  },
);

test("SIGTERM ends it with the totals of what lies on disk", async () => {
  const out = join(root, "term");
  const run = startSimulate(["--out", out, "--rate", "50", "--first-number", "900", "--json"]);
  await until(() => filesOf(out).length >= 20);
  run.child.kill("SIGTERM");
  const ended = await run.ended;
  const written = filesOf(out).length;
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toEqual({
    written,
    first_number: 900,
    last_number: 899 + written,
  });
});

test("the number starts again with the upstream, and no file is overwritten", async () => {
  const out = join(root, "restart");
  await simulateToEnd(["--out", out, "--count", "30", "--backlog", "30", "--restart-every", "10"]);
  expect(filesOf(out)).toHaveLength(30);
});

test("a slow file is seen half-written, and whole in the end", async () => {
  const out = join(root, "slow");
  // Long enough for whoever looks on a busy machine.
  const args = ["--mode", "slow", "--pause", "4", "--count", "1"];
  const run = startSimulate(["--out", out, ...args]);
  const sizes = new Set<number>();
  await until(() => {
    for (const file of filesOf(out)) sizes.add(readFileSync(join(out, file)).length);
    return run.child.exitCode !== null;
  });
  expect((await run.ended).code).toBe(0);
  const whole = filesOf(out).map((file) => readFileSync(join(out, file)));
  expect(sizes).toContain(whole[0]!.length >> 1);
  for (const bytes of whole) expect(bytes.subarray(-6).toString()).toBe("ARROW1");
});

test("closes are replayed as they are, to their end", async () => {
  const out = join(root, "closes");
  const csv = join(root, "short.csv");
  const lines = readFileSync(CLOSES, "utf8").split("\n").slice(0, 61);
  writeFileSync(csv, lines.join("\n"));
  await simulateToEnd(["--out", out, "--prices", csv, "--backlog", "1000", "--assets", "4"]);
  expect(filesOf(out)).toHaveLength(60);
  const read = spawnSync(findToolchain().python!, ["-c", PYTHON_PRICES, out], { encoding: "utf8" });
  const expected = lines.slice(1).map((line) => line.split(",").slice(1, 5).map(Number));
  expect(JSON.parse(read.stdout)).toEqual(expected);
});

test("a bad price is named by its line, as a usage error", async () => {
  const csv = join(root, "bad.csv");
  writeFileSync(csv, "timestamp,A,B\nt,1,2\nt,1,-2\n");
  const { code, stderr } = await startSimulate(["--out", root, "--prices", csv]).ended;
  expect(code).toBe(64);
  expect(stderr).toContain("line 3, B: a price is a positive number, was '-2'");
});

test("a full disk is said once, and writing goes on when there is room", async (context) => {
  const out = makeTemporaryDirectory("simulate-full");
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", out]).status === 0;
  if (!mounted) context.skip("this machine lets nobody mount a small file system");
  try {
    const run = startSimulate(["--out", out, "--count", "40", "--backlog", "40", "--json"]);
    await until(() => run.stderr().includes("no space left"));
    spawnSync("mount", ["-o", "remount,size=4m", out]);
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ written: 40 });
    expect(stderr).toContain("there is space again");
    expect(filesOf(out)).toHaveLength(40);
  } finally {
    spawnSync("umount", [out]);
    removeTemporaryDirectory(out);
  }
});

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function startSimulate(args: readonly string[]) {
  const env = { ...process.env, NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, "simulate", ...args], {
    env,
    cwd: root,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise<Ended>((settle) => {
    child.on("close", (code) => settle({ code, stdout, stderr }));
  });
  return { child, ended, stderr: () => stderr };
}

async function simulateToEnd(args: readonly string[]): Promise<void> {
  const { code, stderr } = await startSimulate(args).ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
}

function filesOf(archive: string): string[] {
  return globSync("*/*.arrow", { cwd: archive }).toSorted();
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms`);
    await new Promise((settle) => setTimeout(settle, 10));
  }
}

const PYTHON_CHECK = `
import glob, json, sys
import numpy as np, pyarrow as pa, pyarrow.ipc as ipc
listed = lambda item: pa.list_(item)
schema = pa.schema([("scan_number", pa.int64()), ("timestamp", pa.timestamp("us", tz="UTC")),
    ("assets", listed(pa.utf8())), ("asset_prices", listed(pa.float64())),
    ("eigenvalues", listed(pa.float64()))])
prices, worst = [], 0.0
paths = sorted(glob.glob(sys.argv[1] + "/*/*.arrow"))
for at, path in enumerate(paths):
    table = ipc.open_file(path).read_all()
    table.validate(full=True)
    assert table.schema == schema, table.schema
    row = table.to_pylist()[0]
    assert row["scan_number"] == at + 1
    prices.append(row["asset_prices"])
    found = row["eigenvalues"]
    if at < 3:
        assert found == []
        continue
    returns = np.diff(np.log(np.array(prices[-51:])), axis=0)
    expected = np.sort(np.linalg.eigvalsh(np.corrcoef(returns.T)))[::-1]
    assert len(found) == len(row["assets"]) and found == sorted(found, reverse=True)
    worst = max(worst, float(np.abs(expected - np.array(found)).max()))
print(json.dumps({"scans": len(paths), "worst": worst}))
`;

const PYTHON_PRICES = `
import glob, json, sys
import pyarrow.ipc as ipc
read = lambda path: ipc.open_file(path).read_all().to_pylist()[0]["asset_prices"]
print(json.dumps([read(path) for path in sorted(glob.glob(sys.argv[1] + "/*/*.arrow"))]))
`;
import { spawnSync } from "../helpers/run-program.ts";

test("the services of the indicators are simulated on loopback, and misbehave on command", async () => {
  const venues = spawn(process.execPath, [MAIN, "simulate", "feeds", "--fault", "/fng=429"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = String((await once(venues.stdout, "data"))[0]).split("\n");
    const statusOf = async (path: string) => (await fetch(`${line}${path}`)).status;
    expect(await statusOf("/fng/")).toBe(429);
    expect(await statusOf("/fapi/v1/openInterest?symbol=BTCUSDT")).toBe(200);
  } finally {
    const exited = once(venues, "exit");
    venues.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  }
});
