/** The dashboard's own process beside a stack, with pages in a real Chromium, and the CPU and memory of both. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, CDPSession, Page } from "playwright-core";
import { openBrowser } from "../../test/helpers/browser.ts";
import { DOLPHIN } from "../../test/helpers/up.ts";
import type { Stack } from "./stack.ts";
import { rounded } from "./statistics.ts";

export type DashboardProcess = {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
};

const WATCH = resolve(import.meta.dirname, "page-watch.js");
const TICKS_PER_S = 100;

/** @throws {Error} where this machine has none. */
export async function ourBrowser(): Promise<Browser> {
  const browser = await openBrowser();
  if (typeof browser === "string") throw new Error(browser);
  return browser;
}

/** By the configuration that the stack's bridge was started with. */
export async function startDashboard(stack: Stack): Promise<DashboardProcess> {
  const env = { ...process.env, DOLPHIN_CONFIG: join(stack.dir, "dolphin.yaml") };
  const child = spawn(DOLPHIN, ["dashboard", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env,
    // As `up` starts it.
    detached: true,
  });
  let output = "";
  const url = await new Promise<string>((settle, fail) => {
    child.once("exit", () => fail(new Error(`the dashboard ended: ${output}`)));
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
      if (found !== undefined) settle(found);
    });
  });
  return {
    url,
    pid: child.pid!,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Each with settings and connections of its own. */
export async function openTab(browser: Browser, url: string, name = "overview"): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  await page.goto(`${url}/#/${name}`);
  return page;
}

/** One that notes when it was drawn and how old each scan was: its notes grow. */
export async function openWatchedTab(browser: Browser, url: string): Promise<Page> {
  const page = await (await browser.newContext({ locale: "en-US" })).newPage();
  await page.addInitScript({ path: WATCH });
  await page.goto(url);
  return page;
}

export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** Of all its processes. */
export async function browserCpuSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

export function rssMb(pid: number): number {
  const [, kb = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kb) * 1_024) / 1e6;
}

/** The reachable heap: garbage is collected first. */
export async function heapMb(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return rounded(usedSize / 1e6, 3);
}
