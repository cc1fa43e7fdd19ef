/**
 * The dashboard as a process kept by `up`, which nothing waits for. Invariant: `url` returns its address from the
 * first answer of the process that `up` started until that process ends; a slow answer in between does not matter.
 */
import { get } from "../../adapters/http/node-http.ts";
import type { GuardedProcess } from "../guarded-process.ts";
import type { ProbeResult } from "../../adapters/process/process-silence.ts";
import { answerOf, type KeptSpec } from "../kept-process.ts";
import { LOOPBACK } from "../ports/ports.ts";

export const DASHBOARD = "dashboard";
/** Until its first answer, so that up.json soon has the address. */
const FIRST_PROBES_MS = 1_000;
const PROBES_MS = 5_000;
/** It loads as much as `dolphin status`, on a machine that is starting everything else. */
const SILENT_MS_MAX = 120_000;
const ANSWER_MS = 2_000;
const ANSWER_CHARS_MAX = 1_000;

export type DashboardSpec = {
  readonly spec: KeptSpec;
  readonly url: () => string | null;
  readonly probeEveryMs: () => number;
};

export function dashboardSpec(of: {
  readonly port: number;
  readonly log: string;
  start(): Promise<GuardedProcess>;
}): DashboardSpec {
  let current: GuardedProcess | null = null;
  let answeredPid: number | null = null;
  const probe = async (): Promise<ProbeResult> => {
    const pid = current?.pid ?? null;
    const answer = await answerOf(async () => expectOwn(await ask(of.port), pid));
    if (answer === "answered") answeredPid = pid;
    return answer;
  };
  const url = () =>
    answeredPid !== null && answeredPid === current?.pid ? `http://${LOOPBACK}:${of.port}` : null;
  return {
    spec: {
      name: DASHBOARD,
      log: of.log,
      silentMsMax: SILENT_MS_MAX,
      probe,
      async start() {
        const process = await of.start();
        current = process;
        const forget = () => (current = current === process ? null : current);
        void process.exited.then(forget);
        return process;
      },
    },
    url,
    probeEveryMs: () => (url() === null ? FIRST_PROBES_MS : PROBES_MS),
  };
}

/** Another process that answers on this port is not ours. */
function expectOwn(text: string, pid: number | null): void {
  const message: unknown = JSON.parse(text);
  const isOwn =
    typeof message === "object" && message !== null && "pid" in message && message.pid === pid;
  if (!isOwn) throw new Error("another process answers on the dashboard's port");
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const asked = get({ host: LOOPBACK, port, path: "/api/alive", signal }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length <= ANSWER_CHARS_MAX) return;
        // Rejected directly: destroying the socket after the whole answer has arrived raises an error that nobody
        // handles.
        reject(new Error("too long an answer"));
        asked.destroy();
      });
      response.on("error", reject);
      response.on("end", () => resolve(text));
    });
    asked.on("error", reject);
  });
}
