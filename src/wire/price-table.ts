/**
 * A CSV of closes: a header `timestamp,ASSET,...`, then one row for each time with one price for each asset.
 */

export type PriceTable = {
  readonly assets: readonly string[];
  /** In the order of assets. */
  readonly rows: readonly Float64Array[];
};

const LINE_CHARACTERS_MAX = 1_000_000;

/** @throws {Error} that names the line and what was found there. */
export function parsePriceTable(text: string): PriceTable {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const [first, ...assets] = (lines[0] ?? "").split(",").map((name) => name.trim());
  if (first !== "timestamp" || assets.length < 2) {
    throw new Error("line 1 must be 'timestamp' and at least two assets, separated by commas");
  }
  const twice = assets.find((asset, at) => asset === "" || assets.indexOf(asset) !== at);
  if (twice !== undefined) {
    throw new Error(`line 1 names the asset '${twice}' ${twice === "" ? "(empty)" : "twice"}`);
  }
  if (lines.length < 2) throw new Error("no prices follow line 1");
  return { assets, rows: lines.slice(1).map((line, at) => parseRow(line, at + 2, assets)) };
}

function parseRow(line: string, number: number, assets: readonly string[]): Float64Array {
  const cells = line.slice(0, LINE_CHARACTERS_MAX).split(",");
  if (cells.length !== assets.length + 1) {
    throw new Error(`line ${number} has ${cells.length} columns, line 1 has ${assets.length + 1}`);
  }
  return Float64Array.from(assets, (asset, at) => {
    const cell = cells[at + 1]!.trim();
    const price = Number(cell);
    if (cell === "" || !Number.isFinite(price) || price <= 0) {
      throw new Error(`line ${number}, ${asset}: a price is a positive number, was '${cell}'`);
    }
    return price;
  });
}
