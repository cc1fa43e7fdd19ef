/** The workflows that workers register: every name exported here can be started from outside. */
export { backtest } from "./backtest/backtest.ts";
export { backtestSweep } from "./backtest/backtest-sweep.ts";
export { compactArchive } from "./compact-archive.ts";
export { serviceRun } from "./service-run.ts";
export { superviseService } from "./supervise-service.ts";
export { paperTrade } from "./trading/paper-trade.ts";
export { tradeSession } from "./trading/trade-session.ts";
