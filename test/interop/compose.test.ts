import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { describe, expect, test } from "vitest";
import { CHECKOUT, findToolchain } from "../../src/embedded/toolchain.ts";
import { SEARCH_ATTRIBUTES } from "../../src/workflows/names.ts";

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
      environment: z.record(z.string(), z.string()).optional(),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
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
    expect(images.filter((image) => !/:(\d+\.\d+\.\d+|local)$/.test(image))).toEqual([]);
    for (const name of ["temporal", "hazelcast", "worker"]) {
      expect(services[name]?.healthcheck?.test.length).toBeGreaterThan(0);
    }
  });

  test("runs the versions and the search attributes that the embedded stack runs", () => {
    const { services } = composeFile();
    const setup = readFileSync(join(CHECKOUT, "scripts", "setup.mjs"), "utf8");
    const pinned = (name: string) => new RegExp(`${name}_VERSION = "([^"]+)"`).exec(setup)?.[1];
    expect(services["temporal"]?.image).toBe(`temporalio/temporal:${pinned("TEMPORAL")}`);
    expect(services["hazelcast"]?.image).toBe(`hazelcast/hazelcast:${pinned("HAZELCAST")}`);
    for (const name of SEARCH_ATTRIBUTES) {
      expect(services["temporal"]?.command).toContain(`--search-attribute=${name}=Keyword`);
    }
  });
});
