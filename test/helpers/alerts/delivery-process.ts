/** A process that delivers like the watchdog: its argument is one JSON object, its log goes to stdout. */
import { DEMO_ACKNOWLEDGED } from "./outbox-file.ts";
import { startDelivery } from "../../../src/services/watchdog/start-delivery.ts";
import type { ChannelSettings } from "../../../src/wire/alerts/channel-settings.ts";

type Arguments = {
  readonly file: string;
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  readonly deadlineMs?: number;
};

const { file, channels, deadlineMs }: Arguments = JSON.parse(process.argv[2] ?? "");
const delivery = startDelivery({
  file,
  channels,
  deadlineMs,
  say: (level, line) => process.stdout.write(`${JSON.stringify({ level, line })}\n`),
  acknowledge: ({ incident, by }) => `${DEMO_ACKNOWLEDGED} ${incident} by ${by}`,
});
setInterval(() => delivery.poll(), 1_000);
