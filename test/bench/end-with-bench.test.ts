/** A bench that is ended leaves nothing running, and every bench that starts processes sees to that. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { killAll, stateOf, until } from "../helpers/processes.ts";

const BENCH = resolve(import.meta.dirname, "../../bench");
const MODULE = join(BENCH, "harness/end-with-bench.ts");
/** Where a bench gets processes from; these modules of the harness start none. */
const STARTS =
  /from "(node:child_process|\.\.\/test\/|\.\/harness\/(?!options|statistics|workload-data|day-archive|heap-kinds))/;

/** A process in a session of its own, a frozen one, and one that outlives its parent. */
const BENCH_CODE = `
  import { spawn } from "node:child_process";
  import { endWithBench } from ${JSON.stringify(MODULE)};
  endWithBench();
  const sleeps = [["sleep", ["600"]], ["sleep", ["600"]], ["sh", ["-c", "sleep 600 & echo $!; wait"]]];
  const started = sleeps.map(([file, args], at) =>
    spawn(file, args, { detached: at < 2, stdio: ["ignore", "pipe", "inherit"] }));
  process.kill(started[1].pid, "SIGSTOP");
  started[2].stdout.once("data", (line) => {
    console.log(JSON.stringify([...started.map(({ pid }) => pid), Number(String(line))]));
  });
`;

test.each([
  ["SIGTERM", "started[0].once('exit', () => { throw new Error('it is gone'); });", 143],
  ["SIGINT", "", 130],
  ["an error", "setTimeout(() => { throw new Error('of the bench'); }, 300);", 1],
])("%s ends what was started", async (by, more, code) => {
  const bench = spawn(process.execPath, ["--input-type=module", "-e", BENCH_CODE + more], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(createInterface({ input: bench.stdout }), "line");
  const pids: readonly number[] = JSON.parse(String(line));
  if (by === "SIGTERM" || by === "SIGINT") bench.kill(by);
  expect(await once(bench, "exit")).toEqual([code, null]);
  const left = () => pids.slice(0, 3).filter((pid) => !["", "Z"].includes(stateOf(pid)));
  await until(() => left().length === 0, { ms: 5_000, tell: () => `${left().join()} still run` });
  // One whose parent has ended is waited for where there is time.
  const outlives = code === 1 ? [pids[3]] : [];
  expect([pids[3]].filter((pid) => !["", "Z"].includes(stateOf(pid)))).toEqual(outlives);
  killAll(outlives.filter((pid) => pid !== undefined));
});

test("every bench that starts processes ends them", () => {
  const forgetful = globSync("*.ts", { cwd: BENCH }).filter((file) => {
    const text = readFileSync(join(BENCH, file), "utf8");
    return STARTS.test(text) && !/^endWithBench\(\);$/m.test(text);
  });
  expect(forgetful).toEqual([]);
});
