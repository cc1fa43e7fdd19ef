/** The process of the bookkeeper: two loops, and the beats about them. */
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { runService, type Running, type Shell } from "../shell/run-service.ts";
import { bookkeeperFacts } from "./bookkeeper-facts.ts";
import { keepDoing } from "./keep-doing.ts";
import { BOOKKEEPER, openBookkeeper } from "./open-bookkeeper.ts";

export async function runBookkeeper(): Promise<void> {
  await runService({ name: BOOKKEEPER, tag: "Bookkeeper", start });
}

async function start(shell: Shell): Promise<Running> {
  const { upkeep, outboxes, feed, isCopied } = await openBookkeeper(shell);
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
  return {
    beat() {
      const troubles = upkeep.troubles();
      const [first] = troubles.keys();
      return {
        state: first === undefined ? "running" : `waiting: ${first}`,
        facts: bookkeeperFacts({
          troubles,
          isCopied,
          telling: outboxes.standing(),
          levelAgeMs: levelMs === null ? null : monotonicMs() - levelMs,
        }),
        counters: { projected_index: upkeep.projectedIndex },
      };
    },
    heartbeat: { put: (text) => feed.putHeartbeat(BOOKKEEPER, text), about: {} },
    async stop() {
      await Promise.all([journal.stop(), trades.stop()]);
      await upkeep.close();
      await outboxes.close();
    },
  };
}
