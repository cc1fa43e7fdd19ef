/** The equity over time: peaks, drawdowns and their lengths, in bounded memory. */

export type EquityCurve = {
  start: number;
  last: number;
  peak: number;
  lowest: number;
  peakAtMs: number;
  drawdownMax: number;
  drawdownLongestMs: number;
  /** Finished drawdowns, without the present one. */
  drawdowns: number;
  drawdownSum: number;
  drawdownMsSum: number;
  /** Deepest point since the last peak. */
  depth: number;
  /** Deepest point since the last `takeDeepest`. */
  deepestUntaken: number;
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
    deepestUntaken: 0,
  };
}

/** Called with every scan: a drawdown begins at the last scan at the peak, not where the peak was reached. */
export function noteEquity(curve: EquityCurve, equity: number, nowMs: number): void {
  if (equity >= curve.peak) {
    if (curve.depth > 0) endDrawdown(curve, nowMs);
    curve.last = equity;
    curve.peak = equity;
    curve.peakAtMs = nowMs;
    return;
  }
  if (equity === curve.last) return;
  curve.last = equity;
  const depth = (curve.peak - equity) / curve.peak;
  if (curve.depth < depth) curve.depth = depth;
  if (curve.deepestUntaken < depth) curve.deepestUntaken = depth;
  if (curve.drawdownMax < depth) curve.drawdownMax = depth;
  if (equity < curve.lowest) curve.lowest = equity;
}

/** The deepest drawdown since the last call, the present one included. */
export function takeDeepest(curve: EquityCurve): number {
  const deepest = Math.max(curve.deepestUntaken, (curve.peak - curve.last) / curve.peak);
  curve.deepestUntaken = 0;
  return deepest;
}

/** The drawdown in which the run ends counts as finished. */
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
