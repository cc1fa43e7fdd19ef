import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { controlSocketPath, serveControl } from "../../../src/adapters/control-socket.ts";
import { createOutboxes, type Outboxes } from "../../../src/operations/session/outboxes.ts";
import { TraderAnswer } from "../../../src/wire/trading/trader-control.ts";

let dataDir = "";
let outboxes: Outboxes;
let said: string[] = [];
const environment = { ...process.env };

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "dolphin-outboxes-"));
  said = [];
  outboxes = createOutboxes({ dataDir, nowMs: Date.now, say: (line) => said.push(line) });
});
afterEach(async () => {
  await outboxes.close();
  process.env = { ...environment };
  rmSync(dataDir, { recursive: true, force: true });
});

/** Answers as a trader that has booked nothing. */
function startTrader() {
  const status = {
    book: "BLUE",
    state: "running",
    strategy: "velocity-divergence",
    cash: 1,
    equity: 1,
    positions: [],
    orders_working: [],
    last_seq: 0,
    last_index: 0,
    warm: false,
    halted: false,
    latched: [],
    posture: "APEX",
    trades: 0,
    scan_offset_s: null,
  };
  return serveControl(
    controlSocketPath(dataDir, "trader-blue"),
    { requestCharsMax: 1_000 },
    async (line) => {
      const { id } = JSON.parse(line);
      const trades = { from: 1, to: 0, trades: [] };
      return JSON.stringify(TraderAnswer.parse({ id, ok: true, detail: "", status, trades }));
    },
  );
}

test("nobody is asked while no trader runs here", async () => {
  process.env["TEMPORAL_CONFIG_FILE"] = join(dataDir, "no-such.toml");
  await outboxes.tick();
  expect(outboxes.standing()).toEqual({ kind: "idle" });
});

test("Temporal away is reported as such, and in the log", async () => {
  process.env["TEMPORAL_ADDRESS"] = "127.0.0.1:1";
  const trader = await startTrader();
  await outboxes.tick();
  trader.close();
  expect(outboxes.standing()).toEqual({ kind: "temporal_away" });
  expect(said).toEqual([expect.stringMatching(/^trades of BLUE wait: /)]);
});

test("settings of Temporal that are wrong end nothing", async () => {
  const toml = join(dataDir, "temporal.toml");
  writeFileSync(toml, "[profile\n");
  process.env["TEMPORAL_CONFIG_FILE"] = toml;
  const trader = await startTrader();
  await outboxes.tick();
  trader.close();
  expect(outboxes.standing()).toMatchObject({ kind: "trouble" });
});
