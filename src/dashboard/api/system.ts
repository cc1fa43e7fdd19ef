/** This installation: its configuration with origins and without secrets, and the versions that run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { wallMs } from "../../adapters/clock.ts";
import { readOriginsByUp } from "../../adapters/files/origins-by-up.ts";
import { effectiveSettings, type Setting } from "../../config.ts";
import { redact, redactText } from "../../wire/redaction.ts";
import type { DashboardWorld, Topic } from "../world.ts";
import type { Surroundings } from "../sources/surroundings.ts";

const SERVER_ANSWER_MS = 1_500;
const PACKAGES = ["@temporalio/client", "hazelcast-client", "better-sqlite3", "apache-arrow"];

export const addSystem: Topic = (app, world) => {
  app.get("/api/config", (c) => {
    const around = world.surroundings();
    return c.json({ file: around.loaded.file, settings: settingsOf(around, world.dataDir) });
  });
  app.get("/api/versions", async (c) => {
    const temporal = await temporalVersion(world);
    return c.json({ ...ownVersions(), temporal });
  });
};

/** Below `up` the configuration is one that it wrote; the original origin of each value is stored beside it. */
function settingsOf({ loaded, config }: Surroundings, dataDir: string) {
  const written = `file ${join(dataDir, "run", "dolphin.yaml")}`;
  const before = readOriginsByUp(dataDir);
  const settings = Object.entries(effectiveSettings(loaded, config));
  return settings.map(([key, { value, origin, variable }]: [string, Setting]) => {
    const isByUp = origin === written;
    const shown = isByUp ? (before[key] ?? origin) : origin;
    return { key, value: withoutSecrets(value), origin: redactText(shown), variable };
  });
}

function withoutSecrets(value: unknown): unknown {
  const hidden: unknown = JSON.parse(redactText(JSON.stringify(redact({ value })))).value;
  return hidden;
}

function textOf(path: URL): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function ownVersions() {
  const root = new URL("../../../", import.meta.url);
  const versionIn = (path: string): string => {
    const { version }: { version?: unknown } = Object(
      JSON.parse(textOf(new URL(path, root)) || "{}"),
    );
    return typeof version === "string" ? version : "unknown";
  };
  return {
    dolphin: versionIn("package.json"),
    node: process.version,
    packages: Object.fromEntries(
      PACKAGES.map((name) => [name, versionIn(`node_modules/${name}/package.json`)]),
    ),
  };
}

async function temporalVersion({ askTemporal }: DashboardWorld): Promise<string> {
  try {
    const info = await askTemporal(({ connection }) =>
      connection.withDeadline(wallMs() + SERVER_ANSWER_MS, () =>
        connection.workflowService.getSystemInfo({}),
      ),
    );
    return info.serverVersion;
  } catch {
    return "not known: it does not answer";
  }
}
