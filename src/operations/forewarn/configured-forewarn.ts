/** The inputs of a forecast for the counted book, from the configuration. */
import { existsSync } from "node:fs";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import type { Config } from "../../config.ts";
import { projectionPath } from "../event-log/event-log-maintenance.ts";
import type { ForewarnOptions } from "./run-forewarn.ts";

export function configuredForewarn(
  config: Pick<Config, "data_dir" | "archive" | "trader">,
  asked: { readonly days: number; readonly paths: number; readonly seed: number },
): Omit<ForewarnOptions, "nowMs"> {
  const { daily_loss_max, drawdown_max } = config.trader.limits;
  const projection = projectionPath(config.data_dir);
  return {
    dataDir: config.data_dir,
    archive: config.archive,
    book: COUNTED_BOOK,
    projection: existsSync(projection) ? projection : null,
    limits: { dailyLossMax: daily_loss_max, drawdownMax: drawdown_max },
    horizonDays: asked.days,
    paths: asked.paths,
    seed: asked.seed,
  };
}
