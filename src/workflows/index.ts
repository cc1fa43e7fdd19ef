/** The workflows that workers register: every name exported here can be started from outside. */
export { alert } from "./alerts/alert.ts";
export { backtest } from "./backtest/backtest.ts";
export { backtestSweep } from "./backtest/backtest-sweep.ts";
export { compactArchive } from "./archive/compact-archive.ts";
export { ingestScans } from "./archive/ingest-scans.ts";
export { forewarn } from "./forewarn/forewarn.ts";
export { refreshIndicator } from "./indicators/refresh-indicator.ts";
export { metaHealth } from "./health/meta-health.ts";
export { serviceRun } from "./supervision/service-run.ts";
export { superviseService } from "./supervision/supervise-service.ts";
export { paperTrade } from "./trading/paper-trade.ts";
export { tradeSession } from "./trading/trade-session.ts";
