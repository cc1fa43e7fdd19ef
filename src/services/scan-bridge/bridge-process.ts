/** The main thread of the scan bridge: it beats and answers requests, while the pump thread does the work. */
import type { Worker } from "node:worker_threads";
import { controlSocketPath } from "../../adapters/control-socket.ts";
import { RELIST_ANSWER, RELIST_REQUEST } from "../../domain/scan/audit.ts";
import { type BridgeFacts, factsOfBridge } from "../../wire/facts/bridge-facts.ts";
import { runService, type Shell } from "../shell/run-service.ts";
import { servePatiently } from "../shell/serve-patiently.ts";
import { superviseThread } from "../shell/thread-service.ts";
import { type MainMessage, NO_FACTS, pumpSettings } from "./pump-messages.ts";

const CONTROL_REQUEST_CHARS_MAX = 1_000;
const HUNG = {
  state: "archive hung",
  began: "archive hung: a file operation does not return",
  ended: "the archive answers again",
};

export async function runBridge(pump: Worker, alive: Int32Array): Promise<void> {
  const tell = (message: MainMessage) => pump.postMessage(message);
  await runService({
    name: "scan-bridge",
    tag: "Bridge",
    start(shell) {
      const settings = pumpSettings(shell.config);
      tell({ kind: "start", settings });
      shell.say("info", `its instance is ${settings.instance}`);
      void answerAudits(shell, () => tell({ kind: "relist" }));
      return superviseThread(shell, {
        thread: pump,
        alive,
        hung: HUNG,
        factsOf(reported: BridgeFacts | null, isHung) {
          const facts = isHung ? { ...(reported ?? NO_FACTS), archive: "hung" as const } : reported;
          return facts === null ? null : factsOfBridge(facts);
        },
        stop: () => tell({ kind: "stop" }),
      });
    },
  });
}

/**
 * An audit requests the files that it misses, because only the bridge writes the journal. Scans do not wait for this.
 */
async function answerAudits({ config, say }: Shell, relist: () => void): Promise<void> {
  await servePatiently({
    path: controlSocketPath(config.data_dir, "scan-bridge"),
    requestCharsMax: CONTROL_REQUEST_CHARS_MAX,
    async answer(line) {
      if (line !== RELIST_REQUEST)
        return JSON.stringify({ kind: "refused", expected: RELIST_REQUEST });
      say("info", "asked to check every file again");
      relist();
      return RELIST_ANSWER;
    },
    onRefused: (why) => say("warn", `audits cannot ask for a new listing: ${why}`),
  });
}
