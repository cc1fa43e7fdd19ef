/**
 * A user's commands on the page for services and runs, in a real Chromium against a live demo with a real Temporal:
 * starts, restarts and stops a service, runs a backtest, and cancels another one. After each click it checks the effect
 * independently of the page: `npm run try:page`. It fails at the first difference.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { connectTemporal } from "../src/adapters/temporal-client.ts";
import { ensureToken, loginLink } from "../src/dashboard/commands/token-file.ts";
import { BACKTEST_ID_PREFIX } from "../src/workflows/names.ts";
import { openBrowser } from "../test/helpers/browser.ts";
import { sendSignal, until } from "../test/helpers/processes.ts";
import { execFileSync } from "../test/helpers/run-program.ts";
import { DOLPHIN, startUp } from "../test/helpers/up.ts";

const SERVICE = "trader-green";
/** So many scans keep a run busy until it is cancelled. */
const SIMULATOR = { backlog: 10_000, assets: 100 };
const WITHIN_MS = 180_000;

const parent = mkdtempSync(join(tmpdir(), "dolphin-page-"));
const dataDir = join(parent, "data");
writeFileSync(join(parent, "dolphin.yaml"), JSON.stringify({ simulator: SIMULATOR }));
const browser = await openBrowser();
if (typeof browser === "string") throw new Error(browser);
const up = startUp(dataDir, ["--demo", "--ports", "auto"]);
try {
  const { dashboard, temporal } = await up.untilUp();
  if (dashboard === null) throw new Error("up has no dashboard");
  await until(() => statusOf("scan-bridge").word === "Healthy", { ms: WITHIN_MS, tell: up.output });
  const page = await (await browser.newContext({ locale: "en-US" })).newPage();
  page.setDefaultTimeout(WITHIN_MS);
  await page.goto(loginLink(dashboard, ensureToken(dataDir)));
  await tryService(page);
  await tryRuns(page, temporal);
} finally {
  await browser.close();
  sendSignal(up.pid, "SIGTERM");
  await up.ended;
  rmSync(parent, { recursive: true, force: true });
}

async function tryService(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Commands" }).click();
  const desk = page.getByRole("dialog", { name: "Commands" });
  await desk.getByRole("combobox", { name: "Service" }).selectOption(SERVICE);
  const give = async (command: string) => {
    const from = performance.now();
    await desk.getByRole("button", { name: command, exact: true }).click();
    await page.getByRole("button", { name: `${command} ${SERVICE}` }).click();
    // The line that shows the outcome.
    await desk.locator(".told p").last().waitFor();
    const says = (await desk.locator(".told p span").last().innerText()).split("\n")[0];
    for (const line of await desk.getByRole("button", { name: "Dismiss" }).all())
      await line.click();
    const seconds = ((performance.now() - from) / 1_000).toFixed(1);
    process.stdout.write(`${command}: told in ${seconds} s: ${says}\n`);
  };
  await give("Start");
  const first = await untilIs("runs", ({ pid }) => pid !== null);
  await give("Restart");
  const second = await untilIs(
    "runs as another process",
    ({ pid }) => pid !== null && pid !== first.pid,
  );
  await give("Stop");
  await untilIs("is stopped", ({ pid, word }) => pid === null && word === "Stopped");
  process.stdout.write(`pids ${first.pid}, ${second.pid}, then none, as 'dolphin status' says\n`);
  await page.keyboard.press("Escape");
}

async function tryRuns(page: Page, address: string): Promise<void> {
  const temporal = connectTemporal(address);
  const stateOf = async (name: string) => {
    const handle = temporal.client.workflow.getHandle(`${BACKTEST_ID_PREFIX}${name}`);
    return (await handle.describe().catch(() => null))?.status.name ?? "none";
  };
  const untilState = async (name: string, wanted: string) => {
    let state = "";
    const isSo = async () => (state = await stateOf(name)) === wanted;
    await until(isSo, { ms: WITHIN_MS, tell: () => `${name} is ${state}` });
    process.stdout.write(`${name}: ${state}, as Temporal says\n`);
  };
  const run = async (name: string) => {
    await page.keyboard.press("c");
    const form = page.getByRole("form", { name: "Run a backtest" });
    await form.getByRole("textbox", { name: "Name" }).fill(name);
    await form.getByRole("button", { name: "Run a backtest" }).click();
    await page.getByText(`${BACKTEST_ID_PREFIX}${name} runs`).waitFor();
    await page.keyboard.press("Escape");
  };
  try {
    await page.evaluate('location.hash = "#/research"');
    await run("cancelled-by-page");
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByRole("button", { name: "Cancel the run" }).click();
    await untilState("cancelled-by-page", "CANCELLED");
    await run("run-by-page");
    await untilState("run-by-page", "COMPLETED");
    await page
      .getByRole("group", { name: "Runs and sweeps" })
      .getByText("run-by-page")
      .first()
      .waitFor();
    process.stdout.write("the page lists the run that is done\n");
  } finally {
    await temporal.close();
  }
}

type Found = { readonly word: string; readonly pid: number | null };

function statusOf(service: string): Found {
  let text: string;
  try {
    text = execFileSync(DOLPHIN, ["--data-dir", dataDir, "status", "--json"], { encoding: "utf8" });
  } catch (error) {
    // Its exit status is that of the system.
    text =
      typeof error === "object" && error !== null && "stdout" in error ? String(error.stdout) : "";
  }
  if (text === "") return { word: "", pid: null };
  const { services }: { services: { service: string; status: string; pid: number | null }[] } =
    JSON.parse(text);
  const row = services.find((one) => one.service === service);
  return { word: row?.status ?? "", pid: row?.pid ?? null };
}

async function untilIs(what: string, holds: (found: Found) => boolean): Promise<Found> {
  let found = statusOf(SERVICE);
  const isSo = () => holds((found = statusOf(SERVICE)));
  await until(isSo, { ms: WITHIN_MS, tell: () => `${SERVICE} ${what}: ${JSON.stringify(found)}` });
  return found;
}
