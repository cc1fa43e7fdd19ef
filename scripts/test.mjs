/**
 * Runs the unit and the integration tests with the checkout's own Node 24. Its last line says how many passed and
 * failed; before it come the slowest files, and what failed with its first lines. Arguments are passed on to vitest: `npm test -- test/domain`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE = join(ROOT, "node_modules", "node", "bin", "node");
const VITEST = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const OUT = join(ROOT, ".cache", "tests");
const EXIT_FAILED = 1;
/** Three times what the slower half takes on two cores: beyond it something waits that no limit of a test ends. */
const RUN_MINUTES_MAX = 45;
const MS_PER_MINUTE = 60_000;

const filters = process.argv.slice(2);
const SLOWEST = 10;
const FAILURE_LINES = 12;
const totals = { passed: 0, failed: 0, files: [], failures: [] };
let isBroken = false;
for (const project of ["unit", "integration"]) {
  const exitCode = await runProject(project);
  const found = readResults(project);
  totals.passed += found.passed;
  totals.failed += found.failed;
  totals.files.push(...found.files);
  totals.failures.push(...found.failures);
  // A file that does not even load, or an error that no test caught, is a failure that no test counts.
  if (exitCode !== 0 && found.failed === 0) {
    isBroken = true;
    totals.failed += 1;
    totals.failures.push({
      name: `the ${project} tests ended with exit status ${exitCode}`,
      message: "",
    });
  }
}
const ran = totals.passed + totals.failed;
tellSlowest(totals.files);
tellFailures(totals.failures);
if (ran === 0) process.stdout.write("no test ran\n");
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = ran === 0 || totals.failed > 0 || isBroken ? EXIT_FAILED : 0;

function runProject(project) {
  mkdirSync(OUT, { recursive: true });
  rmSync(resultFile(project), { force: true });
  const args = ["run", "--project", project, "--passWithNoTests", "--reporter=default"];
  const json = ["--reporter=json", `--outputFile.json=${resultFile(project)}`];
  const child = spawn(NODE, [VITEST, ...args, ...json, ...filters], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PATH: `${dirname(NODE)}:${process.env.PATH}` },
  });
  const limit = setTimeout(() => giveUp(project, child), RUN_MINUTES_MAX * MS_PER_MINUTE);
  return new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? EXIT_FAILED));
    child.on("error", () => resolve(EXIT_FAILED));
  }).finally(() => clearTimeout(limit));
}

/** Says what still runs, and ends it, so that a run that hangs fails with its reason. */
function giveUp(project, child) {
  process.stdout.write(`the ${project} tests have not ended in ${RUN_MINUTES_MAX} minutes:\n`);
  const left = descendantsOf(child.pid);
  for (const { pid, state, command } of left) {
    process.stdout.write(`  ${pid} (${state}) ${command.slice(0, 200)}\n`);
  }
  child.kill("SIGKILL");
  for (const { pid } of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended with its parent.
    }
  }
}

/** From /proc; none where there is no such folder. */
function descendantsOf(root) {
  const all = processFolders().flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return [{ pid: Number(pid), parent: Number(parent), state, command }];
    } catch {
      return [];
    }
  });
  const below = (parents) => {
    const children = all.filter(({ parent }) => parents.includes(parent));
    return children.length === 0 ? [] : [...children, ...below(children.map(({ pid }) => pid))];
  };
  return below([root]);
}

function processFolders() {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function readResults(project) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(
      readFileSync(resultFile(project), "utf8"),
    );
    const files = testResults.map(({ name, startTime, endTime }) => ({
      name: relative(ROOT, name),
      seconds: (endTime - startTime) / 1_000,
    }));
    const failures = testResults.flatMap(failuresOf);
    return { passed: numPassedTests, failed: numFailedTests, files, failures };
  } catch {
    return { passed: 0, failed: 0, files: [], failures: [] };
  }
}

/** Of one file: its tests that failed, or the file itself when it did not load. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(ROOT, name);
  const failed = assertionResults.filter((one) => one.status === "failed");
  if (failed.length === 0 && status === "failed") return [{ name: file, message }];
  return failed.map(({ fullName, failureMessages }) => ({
    name: `${file}: ${fullName}`,
    message: failureMessages.join("\n"),
  }));
}

/** Once more at the end: a log of CI that is cut shows its last lines. */
function tellFailures(failures) {
  for (const { name, message } of failures) {
    const lines = message.split("\n").slice(0, FAILURE_LINES);
    process.stdout.write(`failed: ${name}\n${lines.map((line) => `    ${line}\n`).join("")}`);
  }
}

/** Where the time goes: files run side by side, so the sum is more than the whole. */
function tellSlowest(files) {
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  for (const { name, seconds } of slowest) {
    process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${name}\n`);
  }
}

function resultFile(project) {
  return join(OUT, `${project}.json`);
}
