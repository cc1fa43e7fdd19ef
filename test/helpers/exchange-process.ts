/**
 * Exchanges the versions of a data directory's books. Before each call that may change the disk the directory is
 * copied, as a kill at this moment would leave it; at call `dieAt` the process is killed.
 */
import fs, { cpSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { exchangeBooks } from "../../src/operations/books/exchange-books.ts";
import { builtInStrategy } from "../../src/domain/trading/strategies/built-in.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { LIVELY } from "./lively.ts";

export type ExchangeOrder = {
  readonly dataDir: string;
  readonly copies: string;
  readonly dieAt: number | null;
  readonly id: string;
  readonly green: object;
};

const CHANGING = [
  "mkdirSync",
  "openSync",
  "writeSync",
  "fsyncSync",
  "renameSync",
  "rmSync",
] as const;

const { dataDir, copies, dieAt, id, green }: ExchangeOrder = JSON.parse(process.argv[2] ?? "");
const configuration = Configuration.parse({ trader: LIVELY, green });
let call = 0;
for (const name of CHANGING) {
  const original = fs[name];
  Reflect.set(fs, name, (...args: unknown[]): unknown => {
    take();
    return Reflect.apply(original, fs, args);
  });
}
syncBuiltinESMExports();
exchangeBooks({
  dataDir,
  configuration,
  strategyOf: builtInStrategy,
  id,
  by: "test",
  at: "2026-03-25T00:00:00Z",
});
take();

function take(): void {
  if (call === dieAt) process.kill(process.pid, "SIGKILL");
  cpSync(dataDir, join(copies, String(call)), { recursive: true });
  call += 1;
}
