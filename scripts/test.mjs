/**
 * Runs the unit and the integration tests with the checkout's own Node 24, and says as its last line
 * how many passed and failed. Arguments are handed on to vitest: `npm test -- test/domain`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE = join(ROOT, "node_modules", "node", "bin", "node");
const VITEST = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const OUT = join(ROOT, ".cache", "tests");
const EXIT_FAILED = 1;

const filters = process.argv.slice(2);
const totals = { passed: 0, failed: 0 };
let isBroken = false;
for (const project of ["unit", "integration"]) {
  const exitCode = await runProject(project);
  const found = readResults(project);
  totals.passed += found.passed;
  totals.failed += found.failed;
  // A file that does not even load is a failure that no test counts.
  if (exitCode !== 0 && found.failed === 0) {
    isBroken = true;
    totals.failed += 1;
  }
}
const ran = totals.passed + totals.failed;
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
  return new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? EXIT_FAILED));
    child.on("error", () => resolve(EXIT_FAILED));
  });
}

function readResults(project) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(
      readFileSync(resultFile(project), "utf8"),
    );
    return { passed: numPassedTests, failed: numFailedTests };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function resultFile(project) {
  return join(OUT, `${project}.json`);
}
