/** A worker process whose table contains the fake service: `worker-main.ts DATA_DIR`. */
import { LAYERS } from "../../../src/domain/supervision/services.ts";
import { loadConfig } from "../../../src/config.ts";
import { runWorkers } from "../../../src/workers/run-workers.ts";
import { FAKE_SERVICES } from "./fake-services.ts";

const [dataDir = ""] = process.argv.slice(2);
const { config } = loadConfig({
  env: {},
  cwd: dataDir,
  flags: { data_dir: dataDir, "ports.metrics": 0 },
});
await runWorkers({
  layers: LAYERS.filter((layer) => layer === "scan" || layer === "health"),
  config,
  services: FAKE_SERVICES,
  env: { ...process.env, FAKE_SERVICE_DIR: dataDir },
  temporalAddress: undefined,
  say: (line) => process.stdout.write(`${line}\n`),
});
process.exit(0);
