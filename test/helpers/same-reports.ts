/**
 * One value as reported in each place: `dolphin status`, `dolphin top`, the page's own request, the metrics, a query of
 * Temporal.
 */
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import type { SystemStatus } from "../../src/wire/system-status.ts";
import type { UpFile } from "../../src/wire/up-file.ts";
import { statusQuery } from "../../src/workflows/messages/supervision.ts";
import { supervisorIdOf } from "../../src/workflows/names.ts";
import { execFileSync } from "./run-program.ts";
import { DOLPHIN } from "./up.ts";

type ServiceReport = {
  readonly word: string;
  readonly life?: number | null;
  readonly pid?: number | null;
};

/** By place; the metrics have no process ids, and `top` no number of the life. */
export async function reportsOf(
  service: string,
  { dataDir, up }: { readonly dataDir: string; readonly up: UpFile },
): Promise<Readonly<Record<string, ServiceReport>>> {
  const rowOf = (status: Pick<SystemStatus, "services">): ServiceReport => {
    const row = status.services.find((one) => one.service === service);
    return { word: row?.status ?? "", life: row?.life ?? null, pid: row?.pid ?? null };
  };
  const [page, metrics] = await Promise.all(
    [`${up.dashboard}/api/status`, up.metrics ?? ""].map(async (url) => (await fetch(url)).text()),
  );
  const temporal = connectTemporal(up.temporal);
  try {
    const handle = temporal.client.workflow.getHandle(supervisorIdOf(service));
    const { word, life, pid } = await handle.query(statusQuery);
    return {
      status: rowOf(parsed(askOurs(dataDir, "status", "--json"))),
      top: inFrame(askOurs(dataDir, "top"), service),
      page: rowOf(parsed(page ?? "")),
      metrics: inMetrics(metrics ?? "", service),
      temporal: { word, life, pid },
    };
  } finally {
    await temporal.close();
  }
}

function parsed(text: string): SystemStatus {
  return JSON.parse(text);
}

function askOurs(dataDir: string, ...verb: string[]): string {
  return execFileSync(DOLPHIN, ["--data-dir", dataDir, ...verb], { encoding: "utf8" });
}

/** Cells of a row stand two spaces apart at least; its restarts are those of the last minutes alone. */
function inFrame(text: string, service: string): ServiceReport {
  const cellsOf = (start: string) =>
    (text.split("\n").find((line) => line.startsWith(`${start} `)) ?? "").trimEnd().split(/ {2,}/);
  const [heads, row] = [cellsOf("SERVICE"), cellsOf(service)];
  const cell = (name: string) => row[heads.indexOf(name)] ?? "";
  return { word: cell("STATUS"), pid: Number(cell("PID")) };
}

function inMetrics(text: string, service: string): ServiceReport {
  const restarts = new RegExp(
    `^dolphin_service_restarts_total\\{[^}]*service="${service}"[^}]*\\} (\\d+)`,
    "m",
  ).exec(text)?.[1];
  const line = text
    .split("\n")
    .find((one) => one.startsWith("dolphin_service_status{") && one.includes(`"${service}"`));
  const [, word = ""] = /[{,]status="([^"]*)"/.exec(line ?? "") ?? [];
  return { word, life: restarts === undefined ? null : Number(restarts) + 1 };
}
