/**
 * The process of the safety watchdog: its rounds, its local socket, its end. It runs where everything else is down.
 */
import { wallMicros } from "../../adapters/clock.ts";
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import { serveControl } from "../../adapters/control/serve-control.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { claimWatch } from "../../adapters/safety/watchdog-lock.ts";
import { messageOf } from "../../domain/failure.ts";
import { isoFromMicros } from "../../domain/time.ts";
import {
  SAFETY_ANSWER_CHARS_MAX,
  SAFETY_REQUEST_CHARS_MAX,
  WATCHDOG,
} from "../../wire/safety/safety-control.ts";
import type { WatchdogSettings } from "../../wire/safety/watchdog-settings.ts";
import { runSmallService, type SaySmall } from "../shell/small-service.ts";
import { answerSafety } from "./answer-safety.ts";
import { runDuties } from "./duty.ts";
import { openDuties } from "./open-duties.ts";
import { openPosture } from "./open-posture.ts";
import { ROUND_MS } from "./posture-loop.ts";

export async function runWatchdog(settings: WatchdogSettings): Promise<void> {
  await runSmallService({ name: WATCHDOG, tag: "Watchdog", start: (say) => start(settings, say) });
}

async function start(settings: WatchdogSettings, say: SaySmall) {
  const path = controlSocketPath(settings.data_dir, WATCHDOG);
  const claim = claimWatch(safetyFolder(settings.data_dir));
  // A watchdog of an older release takes no lock, but may run, too.
  if (!claim.isOurs || (await isServed(path))) {
    return `another watchdog runs on ${settings.data_dir}; 'dolphin status' shows its pid`;
  }
  if (claim.trouble !== null) say("warn", `its folder is not locked: ${claim.trouble}`);
  const about = { pid: process.pid, started_at: isoFromMicros(wallMicros()) };
  const { loop, close } = openPosture(settings, say);
  const opened = openDuties({ settings, loop, say });
  const duties = runDuties(opened.duties, (name, error) =>
    say("error", `${name}: ${messageOf(error)}`),
  );
  const view = () => ({
    ...loop.view(),
    ...about,
    duties: duties.standing(),
    figures: { posture: loop.figures(), delivery: opened.delivery() },
  });
  const limits = { requestCharsMax: SAFETY_REQUEST_CHARS_MAX };
  const socket = await serveControl(path, limits, async (line) =>
    JSON.stringify(await answerSafety({ line, loop, duties, view })),
  );
  const timer = setInterval(() => void loop.round(), ROUND_MS);
  void loop.round();
  say("info", `watching ${settings.data_dir}`);
  return {
    async stop() {
      clearInterval(timer);
      socket.close();
      close();
      await duties.close();
      claim.release();
    },
  };
}

async function isServed(path: string): Promise<boolean> {
  const show = JSON.stringify({ command: "show", id: "beside" });
  return askControl(path, show, { withinMs: 1_000, answerCharsMax: SAFETY_ANSWER_CHARS_MAX }).then(
    () => true,
    () => false,
  );
}
