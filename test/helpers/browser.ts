/**
 * A real Chromium: the one of the package `@sparticuz/chromium`, unpacked once into `.cache`, which needs no installed
 * library and no root; else an installed one. It has its own fonts, so that pages look alike on every machine.
 */
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { startedTicks } from "../../src/adapters/process/process-facts.ts";
import { messageOf } from "../../src/domain/failure.ts";
import { execFileSync } from "./run-program.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];
const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const LAUNCH_MS_MAX = 120_000;
const UNPACK_MS_MAX = 60_000;
/** No package, no program, none for this processor or system, no library that it needs, or no call that it needs. */
const CANNOT_RUN =
  /Cannot find (?:module|package)|nothing at |ENOENT|ENOEXEC|EACCES|error while loading shared libraries|Executable doesn't exist|GLIBC|signal=SIG(?:ILL|SYS|TRAP)/;

/**
 * A sentence where this machine has none, or cannot run it. @throws {Error} where one that can run does not start: that
 * is a failure, not a machine without a browser.
 */
export async function openBrowser(): Promise<Browser | string> {
  const whys: string[] = [];
  for (const launch of [packed, installed]) {
    try {
      return await launch();
    } catch (error) {
      const why = messageOf(error);
      if (!CANNOT_RUN.test(why)) throw error;
      whys.push(why.split("\n")[0] ?? "");
    }
  }
  return `no Chromium starts here: ${whys.join("; ")}`;
}

async function packed(): Promise<Browser> {
  const folder = await unpacked();
  const own = {
    // Without it the browser has a language that Intl does not know.
    LC_ALL: "en_US.UTF-8",
    FONTCONFIG_FILE: join(folder, "fonts.conf"),
    LD_LIBRARY_PATH: join(folder, "lib"),
  };
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args: ARGS,
    timeout: LAUNCH_MS_MAX,
    env: { ...definedOnes(process.env), ...own },
  });
}

function installed(): Promise<Browser> {
  const executablePath = INSTALLED.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(`nothing at ${INSTALLED.join(", ")}`);
  return chromium.launch({ executablePath, args: ARGS, timeout: LAUNCH_MS_MAX });
}

/**
 * The first process unpacks it in a temporary place and renames it; the others wait. Two that come at the same moment
 * both unpack, and use the one that was renamed first.
 */
async function unpacked(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const bin = join(dirname(entry), "../bin");
  const { version } = packageOf(join(bin, "../package.json"));
  const folder = join(ROOT, ".cache", "chromium", version);
  await whenUnpacked(folder);
  if (existsSync(folder)) return folder;
  const made = `${folder}.${process.pid}-${randomBytes(4).toString("hex")}`;
  mkdirSync(made, { recursive: true });
  try {
    const program = await unbrotli(join(bin, "chromium.br"));
    await writeFile(join(made, "chromium"), program, { mode: 0o755 });
    for (const pack of ["al2023.tar.br", "fonts.tar.br"]) await untar(join(bin, pack), made);
    writeFileSync(join(made, "fonts.conf"), fontsConf(folder));
    if (!existsSync(folder)) renameSync(made, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}

/** Waits for another process that unpacks it; takes away what one that ended before it was done has left. */
async function whenUnpacked(folder: string): Promise<void> {
  const others = (): readonly string[] => {
    if (existsSync(folder) || !existsSync(dirname(folder))) return [];
    const prefix = `${basename(folder)}.`;
    const begun = readdirSync(dirname(folder)).filter((name) => name.startsWith(prefix));
    const isLeft = (name: string) =>
      startedTicks(Number(name.slice(prefix.length).split("-")[0])) === null;
    for (const name of begun.filter(isLeft)) {
      rmSync(join(dirname(folder), name), { recursive: true, force: true });
    }
    return begun.filter((name) => !isLeft(name));
  };
  const untilMs = performance.now() + UNPACK_MS_MAX;
  while (others().length !== 0 && performance.now() < untilMs) await sleep(100);
}

function packageOf(file: string): { readonly version: string } {
  const found: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isOne = typeof found === "object" && found !== null && "version" in found;
  return { version: isOne ? String(found.version) : "unknown" };
}

async function unbrotli(file: string): Promise<Buffer> {
  return promisify(brotliDecompress)(await readFile(file));
}

async function untar(file: string, into: string): Promise<void> {
  const archive = join(into, "pack.tar");
  await writeFile(archive, await unbrotli(file));
  execFileSync("tar", ["-xf", archive, "-C", into]);
  rmSync(archive);
}

function fontsConf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>
`;
}

function definedOnes(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
