/** Services and runs: through Temporal, like `dolphin start`, `stop`, `restart` and `backtest run`. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { connectTemporal, type TemporalClient } from "../../../adapters/temporal-client.ts";
import { isDayFolder } from "../../../domain/scan/archive-names.ts";
import { builtInStrategy } from "../../../domain/trading/strategies/built-in.ts";
import { cancelRun, startBatchRun } from "../../../operations/backtest/batch-runs.ts";
import { expectTemporal } from "../../../operations/expect-temporal.ts";
import {
  COMMANDABLE,
  commandedLine,
  commandServices,
} from "../../../operations/supervision/command-services.ts";
import type { ServiceCommandName } from "../../../operations/supervision/supervisor-commands.ts";
import { BACKTEST, BACKTEST_ID_PREFIX } from "../../../workflows/names.ts";
import { command, type DashboardCommand, type CommandContext } from "./command.ts";

/** The command line waits as long for a process that answers in its place. */
const SERVICE_WITHIN_MS = 120_000;
const RUN_WITHIN_MS = 20_000;
const PARAMETERS_MAX = 50;
const ID_DIGITS = 8;

const service = z
  .string()
  .refine((name) => COMMANDABLE.includes(name), `one of ${COMMANDABLE.join(", ")}`);

function serviceCommand(name: ServiceCommandName): DashboardCommand {
  return command(z.strictObject({ service }), SERVICE_WITHIN_MS, (input, context) =>
    withTemporal(context, async (temporal) => {
      const notes: string[] = [];
      const warn = (note: string) => notes.push(note.replace(/^dolphin: /, "").trim());
      const { config, id, signal } = context;
      const asked = { name, service: input.service, config, id, warn, signal };
      const { statuses, exit } = await commandServices(temporal, asked);
      const says = [...statuses.map(commandedLine), ...notes].join("\n");
      return { ok: exit === 0, says: says === "" ? "there was nothing to do" : says };
    }),
  );
}

export const start = serviceCommand("start");
export const stop = serviceCommand("stop");
export const restart = serviceCommand("restart");

const name = z
  .string()
  .max(100)
  .regex(/^[\w-][\w.-]*$/, "letters, digits, '-', '_' and '.'");
const day = z.string().refine(isDayFolder, "a day such as 2026-03-25");
/** A user's strategy file is code: only the command line runs that. */
const strategy = z.string().max(100).refine(isBuiltIn, "a built-in strategy");
const parameters = z
  .record(z.string().max(100), z.union([z.number(), z.boolean(), z.string().max(200)]))
  .refine((all) => Object.keys(all).length <= PARAMETERS_MAX, `at most ${PARAMETERS_MAX}`);

/** Omitted fields are as in the worker's book. */
const run = z.strictObject({
  name: name.optional(),
  from: day.optional(),
  to: day.optional(),
  strategy: strategy.optional(),
  parameters: parameters.optional(),
  fee_bps: z.number().min(0).optional(),
  slippage_bps: z.number().min(0).optional(),
  capital: z.number().positive().optional(),
});

export const backtest = command(run, RUN_WITHIN_MS, (asked, context) =>
  withTemporal(context, async (temporal) => {
    const named = asked.name ?? nameOf(asked);
    const input = { ...asked, name: named };
    await startBatchRun(temporal, { name: named, workflow: BACKTEST, input });
    return { ok: true, says: `${BACKTEST_ID_PREFIX}${named} runs` };
  }),
);

export const cancel = command(z.strictObject({ name }), RUN_WITHIN_MS, (asked, context) =>
  withTemporal(context, async (temporal) => {
    await cancelRun(temporal, asked.name);
    return { ok: true, says: `${BACKTEST_ID_PREFIX}${asked.name} was asked to end` };
  }),
);

/** The same for the same input. */
function nameOf(asked: z.infer<typeof run>): string {
  const hash = createHash("sha256").update(JSON.stringify(asked)).digest("hex");
  return `${asked.strategy ?? "book"}-${hash.slice(0, ID_DIGITS)}`;
}

function isBuiltIn(named: string): boolean {
  try {
    builtInStrategy(named);
    return true;
  } catch {
    return false;
  }
}

async function withTemporal<T>(
  { temporalAddress }: CommandContext,
  act: (temporal: TemporalClient) => Promise<T>,
): Promise<T> {
  const temporal = connectTemporal(temporalAddress);
  try {
    await expectTemporal(temporal);
    return await act(temporal);
  } finally {
    await temporal.close();
  }
}
