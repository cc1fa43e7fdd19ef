/** `dolphin dashboard`: serves the dashboard in a process of its own, with or without `up`. */
import { type Command, InvalidArgumentError } from "commander";
import { provideLeanMessages } from "../../adapters/temporal/lean-messages.ts";
import { codeOf } from "../../domain/failure.ts";
import { ensureToken, loginLink, renewToken } from "../../dashboard/commands/token-file.ts";
import { CliError, contextOf, openContext } from "../context.ts";
import { statusOptions } from "../status.ts";

const LOOPBACK = "127.0.0.1";
const PORT_MAX = 65_535;
const HELP = `
Under 'dolphin up' it runs already (up.json says where). Reads the data directory, the journals and the servers, and writes
only dashboard.token and audit.log in the data directory. It continues while Hazelcast, Temporal or 'up' is away, and shows
that. Listens on 127.0.0.1 only.

Exit status:
  0   stopped as requested
  1   the port is taken
  78  bad configuration`;

const LINK_HELP = `
Anyone who opens the link can give commands on the page, in your name: it contains the secret of <data-dir>/dashboard.token,
which only you can read. The page removes the secret from its address at once. Each command is a line in <data-dir>/audit.log.`;

export function addDashboardCommand(program: Command): void {
  const dashboard = program
    .command("dashboard")
    .description("serve the dashboard on its own; under 'up' it runs already")
    .option("--port <port>", "default: ports.dashboard; 0 takes a free one", parsePort)
    .addHelpText("after", HELP)
    .action(async (flags: { readonly port?: number }, command: Command) => {
      const options = command.optsWithGlobals<{ config?: string; dataDir?: string }>();
      const source = {
        env: process.env,
        cwd: process.cwd(),
        file: options.config,
        flags: { data_dir: options.dataDir },
      };
      const readSurroundings = () => {
        const context = contextOf(source);
        return { ...context, status: statusOptions(context) };
      };
      const { config } = readSurroundings();
      const port = flags.port ?? config.ports.dashboard;
      provideLeanMessages();
      const { runDashboard } = await import("../../dashboard/run-dashboard.ts");
      try {
        await runDashboard({ port, dataDir: config.data_dir, readSurroundings });
      } catch (error) {
        if (codeOf(error) !== "EADDRINUSE") throw error;
        throw new CliError(`port ${port} is taken; give another with --port`);
      }
    });
  dashboard
    .command("link")
    .description("print the link that lets the page give commands")
    .option("--renew", "end all sessions, and make earlier links invalid", false)
    .addHelpText("after", LINK_HELP)
    .action(({ renew }: { readonly renew: boolean }, command: Command) => {
      const { config, up } = openContext(command);
      const url = up?.dashboard ?? `http://${LOOPBACK}:${config.ports.dashboard}`;
      const token = renew ? renewToken(config.data_dir) : ensureToken(config.data_dir);
      process.stdout.write(`${loginLink(url, token)}\n`);
    });
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : PORT_MAX + 1;
  if (PORT_MAX < port) throw new InvalidArgumentError(`It must be a port, 0 to ${PORT_MAX}.`);
  return port;
}
