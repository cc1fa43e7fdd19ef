/** Search attributes of batch work, where the server knows them. */
import { proxyActivities, upsertSearchAttributes } from "@temporalio/workflow";
import type { BacktestActivities } from "../../activities/backtest.ts";
import { LAYER, STATUS } from "../publisher.ts";

const { describeBatch } = proxyActivities<BacktestActivities>({
  startToCloseTimeout: "1 minute",
  retry: { maximumInterval: "1 minute" },
  summary: "what the server knows",
});

export async function openBatchStatus(): Promise<(status: string) => void> {
  const { hasSearchAttributes } = await describeBatch();
  return (status) => {
    if (!hasSearchAttributes) return;
    upsertSearchAttributes([
      { key: LAYER, value: "batch" },
      { key: STATUS, value: status },
    ]);
  };
}
