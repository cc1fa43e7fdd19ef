import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { describe, expect, test } from "vitest";
import { CHECKOUT, findToolchain } from "../../src/embedded/toolchain.ts";
import { layersInUse } from "../../src/domain/supervision/declared/schedules.ts";
import { SEARCH_ATTRIBUTES } from "../../src/workflows/names.ts";
import { execFileSync } from "../helpers/run-program.ts";
import { SERVER_VERSION } from "../production/prepare.ts";

const FILE = join(CHECKOUT, "docker-compose.yml");
const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      read_only: z.literal(true),
      cap_drop: z.tuple([z.literal("ALL")]),
      security_opt: z.tuple([z.literal("no-new-privileges:true")]),
      command: z.array(z.string()).optional(),
      ports: z.array(z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      user: z.string().optional(),
      pid: z.string().optional(),
      network_mode: z.string().optional(),
      secrets: z.array(z.string()).optional(),
      depends_on: z.record(z.string(), z.unknown()).optional(),
      healthcheck: z.object({ test: z.array(z.string()).optional() }).optional(),
    }),
  ),
});

function composeFile() {
  return Compose.parse(parse(readFileSync(FILE, "utf8"), { merge: true }));
}

describe("docker-compose.yml", () => {
  test("is what the compose specification allows", () => {
    const python = findToolchain().python ?? "";
    const check = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", FILE];
    expect(execFileSync(python, check, { encoding: "utf8" })).toContain("validation done");
  });

  test("confines every container, publishes on loopback only, and pins every image", () => {
    const { services } = composeFile();
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
    const images = Object.values(services).map((service) => service.image);
    expect(images.filter((image) => !/:(v?\d+\.\d+(\.\d+)?|local)$/.test(image))).toEqual([]);
    for (const name of ["temporal", "hazelcast", "postgres", "watchdog", "dashboard"]) {
      expect(services[name]?.healthcheck?.test?.length).toBeGreaterThan(0);
    }
  });

  test("has a worker for every layer that `create` makes something for", () => {
    const { services } = composeFile();
    const layers = layersInUse({ indicators: { some: {} } });
    for (const layer of layers) {
      expect(services[`worker-${layer}`]?.command).toEqual(["worker", layer]);
      expect(services["create"]?.depends_on).toHaveProperty(`worker-${layer}`);
    }
    const workers = Object.keys(services).filter((name) => name.startsWith("worker-"));
    expect(workers).toHaveLength(layers.length);
    // The batch layer's compaction writes there, and nobody else.
    const writers = workers.filter(
      (name) => services[name]?.volumes?.some((volume) => volume.endsWith("/archive")) === true,
    );
    expect(writers).toEqual(["worker-batch"]);
  });

  test("lets all that is ours see the same processes, on the host's loopback", () => {
    const { services } = composeFile();
    const own = Object.entries(services).filter(
      ([name, { image }]) => image === "dolphin:local" && name !== "machine",
    );
    for (const [, service] of own) {
      expect([service.pid, service.network_mode]).toEqual(["service:machine", "host"]);
      expect(service.user).toBe("node");
    }
  });

  test("keeps passwords in files, and no word of them in the environment", () => {
    const text = readFileSync(FILE, "utf8");
    const named = [...text.matchAll(/^ +(\w*(?:PASSWORD|PWD|SECRET|TOKEN)\w*): (.+)$/gm)];
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter(([, , value]) => !value?.startsWith("/run/secrets/"))).toEqual([]);
    for (const { secrets } of Object.values(composeFile().services)) {
      for (const name of secrets ?? []) expect(text).toContain(`${name}: { file: ./secrets/`);
    }
    expect(readFileSync(join(CHECKOUT, ".gitignore"), "utf8")).toContain("/secrets/\n");
  });

  test("runs one version of Temporal, and makes the search attributes that the embedded stack has", () => {
    const { services } = composeFile();
    const versionOf = (name: string) => services[name]?.image.split(":")[1];
    // The one that `npm run test:production` runs.
    expect(versionOf("temporal")).toBe(SERVER_VERSION);
    expect(versionOf("schema")).toBe(versionOf("temporal"));
    expect(versionOf("namespace")).toBe(versionOf("temporal"));
    const setup = readFileSync(join(CHECKOUT, "scripts", "setup.mjs"), "utf8");
    const pinned = (name: string) => new RegExp(`${name}_VERSION = "([^"]+)"`).exec(setup)?.[1];
    expect(services["hazelcast"]?.image).toBe(`hazelcast/hazelcast:${pinned("HAZELCAST")}`);
    // The embedded server is the same one, where it is the one that setup pins.
    const cli = execFileSync(findToolchain().temporal, ["--version"], { encoding: "utf8" });
    const [, own, server, ui] = /version (\S+) \(Server ([\d.]+), UI ([\d.]+)\)/.exec(cli) ?? [];
    const tested = [versionOf("temporal"), versionOf("temporal-ui")];
    expect(own === pinned("TEMPORAL") ? tested : [server, ui]).toEqual([server, ui]);
    const namespace = join(CHECKOUT, "deploy", "temporal", "setup-namespace.sh");
    for (const name of SEARCH_ATTRIBUTES) expect(readFileSync(namespace, "utf8")).toContain(name);
  });

  test("mounts files that are there", () => {
    const mounted = Object.values(composeFile().services)
      .flatMap(({ volumes }) => volumes ?? [])
      .filter((volume) => volume.startsWith("./"))
      .map((volume) => volume.split(":")[0] ?? "");
    expect(mounted.length).toBeGreaterThan(5);
    expect(mounted.filter((file) => !existsSync(join(CHECKOUT, file)))).toEqual([]);
  });
});
