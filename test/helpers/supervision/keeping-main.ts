/** Keeps a program that answers on a socket, prints its requests and answers, and ends when stdin does. */
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startGuarded } from "../../../src/embedded/guarded-process.ts";
import { answerOf, keepProcess } from "../../../src/embedded/kept-process.ts";

const ANSWERING = fileURLToPath(new URL("answering.ts", import.meta.url));
const DEADLINE_MS = 700;
const POLICY = { restartsMax: 2, windowMs: 1_500, delaysMs: [0], fatalRetryMs: 300 };

const [, , dir = "", settings = "{}"] = process.argv;
const { probeEveryMs, silentMsMax } = JSON.parse(settings);
const say = (line: string) => void process.stdout.write(`${line}\n`);

const kept = await keepProcess(
  {
    name: "program",
    log: join(dir, "log"),
    start: () =>
      startGuarded({
        command: process.execPath,
        args: [ANSWERING, dir],
        cwd: dir,
        env: process.env,
        logFile: join(dir, "log"),
        graceSeconds: 1,
      }),
    async probe() {
      say("asking");
      const answer = await answerOf(ask);
      say(`asked: ${answer}`);
      return answer;
    },
    silentMsMax,
  },
  { policy: POLICY, probeEveryMs, onEvent: (_level, text) => say(text) },
);
process.stdin.resume().once("end", () => void kept.stop());

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(dir, "answering.sock"));
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error("no answer")));
    socket.once("data", () => {
      resolve();
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
