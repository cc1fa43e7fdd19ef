/** Whether the process has memory for the windows of its strategies. */
const DOUBLE_BYTES = 8;
/** Before the first scan a large universe is assumed. */
const ASSETS_USUAL = 400;
/**
 * Memory for all windows of a process together. A copy of the same size is made whenever a state is saved, and a
 * trader is restarted at 500 MiB: with both there is still room for everything else.
 */
export const WINDOWS_BYTES_MAX = 134_217_728;

/** @throws {Error} that says how far a strategy can look back. */
export function assertRoom(lookBacks: readonly number[], assetCount: number): void {
  const why = whyNoRoom(lookBacks, assetCount);
  if (why !== null) throw new Error(why);
}

/** `assetCount`: of the last universe, 0 before the first. Null when it fits, else a sentence. */
export function whyNoRoom(lookBacks: readonly number[], assetCount: number): string | null {
  const assets = assetCount === 0 ? ASSETS_USUAL : assetCount;
  const rows = lookBacks.reduce((sum, scans) => sum + scans + 1, 0);
  const bytes = rows * assets * DOUBLE_BYTES;
  if (bytes <= WINDOWS_BYTES_MAX) return null;
  const most = Math.floor(WINDOWS_BYTES_MAX / (assets * DOUBLE_BYTES * lookBacks.length)) - 1;
  const known =
    assetCount === 0 ? "which is what is counted with before the first scan" : "as last";
  return (
    `a look-back of ${lookBacks.join(" and ")} scans over ${assets} assets (${known}) takes ` +
    `${megabytes(bytes)} MB, more than the ${megabytes(WINDOWS_BYTES_MAX)} MB that there are for ` +
    `windows: look back ${most} scans at most`
  );
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
