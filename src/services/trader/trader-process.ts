/** The process of one book's trader: its local socket, its beats, its end. */
import { wallMicros } from "../../adapters/clock.ts";
import { controlSocketPath, serveControl } from "../../adapters/control-socket.ts";
import { CONTROL_REQUEST_CHARS_MAX } from "../../wire/trading/trader-control.ts";
import { type Running, runService, type Shell } from "../shell/run-service.ts";
import { publishConfiguredPosture } from "./configured-posture.ts";
import { openTrader, type TraderOptions } from "./open-trader.ts";

export async function runTrader(options: TraderOptions): Promise<void> {
  const { service: name } = options;
  await runService({ name, tag: "Trader", start: (shell) => start(shell, options) });
}

async function start(shell: Shell, options: TraderOptions): Promise<Running> {
  const { config } = shell;
  const { journal, stores, trader } = await openTrader(shell, options);
  const { feed } = stores;
  const control = await serveControl(
    controlSocketPath(config.data_dir, options.service),
    { requestCharsMax: CONTROL_REQUEST_CHARS_MAX },
    (line) => trader.answer(line),
  );
  const { posture, watchdog } = config.safety;
  const publisher =
    posture === null || watchdog
      ? null
      : publishConfiguredPosture({ feed, posture, nowUs: wallMicros });
  return {
    beat: () => trader.beat(),
    heartbeat: {
      put: (text) => feed.putHeartbeat(options.service, text),
      about: { epoch: journal.journal.epoch },
    },
    stop() {
      publisher?.stop();
      control.close();
      trader.stop();
      stores.trades.close();
      stores.outcomes.close();
      journal.close();
    },
  };
}
