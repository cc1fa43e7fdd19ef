/** `dolphin alerts test CHANNEL`: sends one test alert, and shows the channel's answer. */
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { EXIT_USAGE } from "../../domain/supervision/exit-codes.ts";
import { type ChannelTest, testChannel } from "../../operations/delivery/test-channel.ts";
import { CliError, openContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";

const HELP = `
Secrets are read here as the watchdog reads them: variables from this shell's environment, files as this user.
If the test opens an incident at the provider (pagerduty), it is closed at once. Exit 0: accepted; 1: not.
--json prints {channel, kind, accepted, sent: [{kind, outcome, says, took_ms}]}.`;

export function addTestCommand(alerts: Command): void {
  alerts
    .command("test <channel>")
    .description("send one test alert to a channel, and print the provider's answer")
    .option("--json", "print it as JSON", false)
    .addHelpText("after", HELP)
    .action(async (channel: string, flags: { readonly json: boolean }, command: Command) => {
      const { channels } = openContext(command).config.alerts;
      const settings = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
      if (settings === undefined) {
        const names = Object.keys(channels);
        const known =
          names.length === 0
            ? "no channel is: add one under alerts.channels"
            : `configured are ${names.join(", ")}`;
        throw new CliError(`channel '${channel}' is not configured; ${known}`, EXIT_USAGE);
      }
      const world = { env: process.env };
      const test = await testChannel({ channel, settings, world, nowMs: wallMs() });
      process.stdout.write(`${flags.json ? JSON.stringify(test, null, 2) : textOf(test)}\n`);
      if (!test.accepted) process.exitCode = 1;
    });
}

function textOf({ channel, kind, sent }: ChannelTest): string {
  return sent
    .map(({ kind: what, outcome, says, took_ms }) => {
      return printable(`${channel} (${kind}), ${what}: ${outcome} in ${took_ms} ms; ${says}`);
    })
    .join("\n");
}
