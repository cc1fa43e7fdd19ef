/** The process of the bookkeeper: two loops, and the beats about them. */
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { compactHeapLater } from "../../adapters/process/compact-heap.ts";
import { runService, type Running, type Shell } from "../shell/run-service.ts";
import { bookkeeperFacts } from "./bookkeeper-facts.ts";
import { keepDoing } from "./keep-doing.ts";
import { BOOKKEEPER, openBookkeeper } from "./open-bookkeeper.ts";

export async function runBookkeeper(): Promise<void> {
  await runService({ name: BOOKKEEPER, tag: "Bookkeeper", start });
}

function start(shell: Shell): Running {
  const { upkeep, outboxes, putHeartbeat, isCopied } = openBookkeeper(shell);
  let levelMs: number | null = null;
  const journal = keepDoing(async () => {
    const hasMore = await upkeep.round(wallMs());
    if (upkeep.isLevel) levelMs = monotonicMs();
    return hasMore;
  }, shell.fail);
  const trades = keepDoing(async () => {
    await outboxes.tick();
    return false;
  }, shell.fail);
  compactHeapLater();
  return {
    beat() {
      const troubles = upkeep.troubles();
      const [first] = troubles.keys();
      return {
        state: first === undefined ? "running" : `waiting: ${first}`,
        facts: bookkeeperFacts({
          troubles,
          isCopied,
          outboxes: outboxes.standing(),
          levelAgeMs: levelMs === null ? null : monotonicMs() - levelMs,
        }),
        counters: { projected_index: upkeep.projectedIndex },
      };
    },
    heartbeat: { put: putHeartbeat, about: {} },
    async stop() {
      await Promise.all([journal.stop(), trades.stop()]);
      await upkeep.close();
      await outboxes.close();
    },
  };
}
