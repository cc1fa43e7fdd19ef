/** The equity as it goes: peaks, drawdowns and their lengths, in memory that does not grow with it. */

export type EquityCurve = {
  start: number;
  last: number;
  peak: number;
  lowest: number;
  peakAtMs: number;
  drawdownMax: number;
  drawdownLongestMs: number;
  /** Drawdowns that are over, the present one aside. */
  drawdowns: number;
  drawdownSum: number;
  drawdownMsSum: number;
  /** Deepest point since the last peak. */
  depth: number;
};

export function createEquityCurve(equity: number, nowMs: number): EquityCurve {
  return {
    start: equity,
    last: equity,
    peak: equity,
    lowest: equity,
    peakAtMs: nowMs,
    drawdownMax: 0,
    drawdownLongestMs: 0,
    drawdowns: 0,
    drawdownSum: 0,
    drawdownMsSum: 0,
    depth: 0,
  };
}

/** To be told of every scan at which the equity is another than before. */
export function noteEquity(curve: EquityCurve, equity: number, nowMs: number): void {
  curve.last = equity;
  if (equity >= curve.peak) {
    if (curve.depth > 0) endDrawdown(curve, nowMs);
    curve.peak = equity;
    curve.peakAtMs = nowMs;
    return;
  }
  const depth = (curve.peak - equity) / curve.peak;
  if (curve.depth < depth) curve.depth = depth;
  if (curve.drawdownMax < depth) curve.drawdownMax = depth;
  if (equity < curve.lowest) curve.lowest = equity;
}

/** The drawdown that the run ends in counts as over. */
export function closeEquityCurve(curve: EquityCurve, nowMs: number): void {
  if (curve.depth > 0) endDrawdown(curve, nowMs);
}

function endDrawdown(curve: EquityCurve, nowMs: number): void {
  const lengthMs = nowMs - curve.peakAtMs;
  curve.drawdowns += 1;
  curve.drawdownSum += curve.depth;
  curve.drawdownMsSum += lengthMs;
  if (curve.drawdownLongestMs < lengthMs) curve.drawdownLongestMs = lengthMs;
  curve.depth = 0;
}
