import { expect, test } from "vitest";
import { parsePriceTable } from "../../src/wire/price-table.ts";

test("a table of closes is read, with any line ends and a byte-order mark", () => {
  const table = parsePriceTable("\uFEFFtimestamp,A,B\r\nt1,1.5,2\r\nt2,0.00000100,3e2\r\n\r\n");
  expect(table.assets).toEqual(["A", "B"]);
  expect(table.rows).toEqual([Float64Array.of(1.5, 2), Float64Array.of(0.000001, 300)]);
});

test.each([
  ["", "line 1 must be 'timestamp'"],
  ["time,A,B\nt,1,2", "line 1 must be 'timestamp'"],
  ["timestamp,A\nt,1", "at least two assets"],
  ["timestamp,A,A\nt,1,2", "line 1 names the asset 'A' twice"],
  ["timestamp,A,B\n", "no prices follow line 1"],
  ["timestamp,A,B\nt,1,2\nt,1", "line 3 has 2 columns, line 1 has 3"],
  ["timestamp,A,B\nt,1,2\nt,1,x", "line 3, B: a price is a positive number, was 'x'"],
  ["timestamp,A,B\nt,0,2", "line 2, A: a price is a positive number, was '0'"],
  ["timestamp,A,B\nt,,2", "line 2, A: a price is a positive number, was ''"],
])("%j is refused: %s", (text, reason) => {
  expect(() => parsePriceTable(text)).toThrow(reason);
});
