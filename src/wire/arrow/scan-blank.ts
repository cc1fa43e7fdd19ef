/** A laid-out scan file without its numbers: scans of the same columns differ in nothing else. */

export type ScanToWrite = {
  readonly scanNumber: number;
  readonly timestampMicros: number;
  /** In the order of the encoder's assets. */
  readonly prices: Float64Array;
  readonly eigenvalues: Float64Array;
};

/** A whole file, and views into its bytes at the places of the numbers. */
export type ScanBlank = {
  readonly bytes: Uint8Array;
  readonly scanNumber: BigInt64Array;
  readonly timestamp: BigInt64Array;
  readonly prices: Float64Array;
  readonly eigenvalues: Float64Array;
};

/** Each call returns a new buffer. `blankOf` is called again when the number of eigenvalues changes. */
export function createBlankFiller(
  assets: readonly string[],
  blankOf: (eigenvalueCount: number) => ScanBlank,
): (scan: ScanToWrite) => Uint8Array {
  let blank = blankOf(0);
  return (scan) => {
    if (scan.prices.length !== assets.length) {
      throw new Error(`a scan of ${assets.length} assets has ${scan.prices.length} prices`);
    }
    if (scan.eigenvalues.length !== blank.eigenvalues.length) {
      blank = blankOf(scan.eigenvalues.length);
    }
    blank.scanNumber[0] = BigInt(scan.scanNumber);
    blank.timestamp[0] = BigInt(scan.timestampMicros);
    blank.prices.set(scan.prices);
    blank.eigenvalues.set(scan.eigenvalues);
    return blank.bytes.slice();
  };
}
