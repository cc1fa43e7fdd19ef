import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HealthHistory } from "../../src/adapters/health/health-history.ts";
import { diagnose } from "../../src/domain/health/diagnose.ts";
import { GRAPH, sampleWith } from "../helpers/health/faulty-world.ts";
import { SERVICE_NAMES } from "../../src/domain/supervision/services.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { NOBODY, surroundings } from "../helpers/dashboard.ts";

let folder = "";
let dashboard: Dashboard;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-dashboard-"));
  mkdirSync(join(folder, "health"));
  dashboard = await startDashboard({
    port: 0,
    dataDir: folder,
    readSurroundings: () => surroundings(folder),
  });
});
afterAll(async () => {
  await dashboard.close();
  rmSync(folder, { recursive: true, force: true });
});

type Asked = { path?: string; method?: string; host?: string };

function ask({ path = "/", method = "GET", host }: Asked) {
  const { port } = new URL(dashboard.url);
  const headers = host === undefined ? {} : { host };
  return new Promise<{ code: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.on("end", () =>
          resolve({ code: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      asked.on("error", reject);
      asked.end();
    },
  );
}

describe("the dashboard", () => {
  test("shows a page whose every part it serves itself", async () => {
    const page = await ask({});
    expect(page.code).toBe(200);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    const pages = ["/pages/overview.js", "/live.js", "/vendor/uplot.js"];
    const own = parts.filter((part) => part.startsWith("/"));
    expect(own.length).toBeGreaterThan(2);
    for (const path of [...own, ...pages])
      expect([path, (await ask({ path })).code]).toEqual([path, 200]);
  });

  test("the page has the version in it that the beats state", async () => {
    const { body } = await ask({});
    const [, version] = /name="version" content="(\w+)"/.exec(body) ?? [];
    const stream = await fetch(`${dashboard.url}/api/live`);
    let text = "";
    for await (const chunk of stream.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"page"')) break;
    }
    expect([version?.length, text]).toEqual([16, expect.stringContaining(`"page":"${version}"`)]);
  });

  test("forbids everything that is not its own, inline code included", async () => {
    const { headers, body } = await ask({});
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'self';.*frame-ancestors 'none'/,
    );
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|<style/);
  });

  test("answers how health was, and nothing where nothing was recorded", async () => {
    expect(JSON.parse((await ask({ path: "/api/health" })).body)).toEqual([]);
    const history = new HealthHistory(join(folder, "health", "history.db"));
    for (const agoS of [7_200, 60, 0]) {
      const sample = {
        ...sampleWith([{ kind: "upstream" }]),
        atUs: (Date.now() - agoS * 1_000) * 1_000,
      };
      history.record(sample, diagnose(sample, GRAPH));
    }
    history.close();
    const rowsSince = async (since: string) => {
      const { code, body } = await ask({ path: `/api/health${since}` });
      return code === 200 ? JSON.parse(body).length : code;
    };
    expect([
      await rowsSince(""),
      await rowsSince("?since=3h"),
      await rowsSince("?since=x"),
    ]).toEqual([2, 3, 400]);
    const [row] = JSON.parse((await ask({ path: "/api/health" })).body);
    expect(row).toMatchObject({ status: "DEGRADED", m1_proc: 1, causes: "upstream:scan" });
  });

  test("answers status with the servers' silence", async () => {
    const { code, body } = await ask({ path: "/api/status" });
    expect(code).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      status: "Server silent",
      exit: 3,
      dashboard: dashboard.url,
      services: SERVICE_NAMES.map((service) => {
        return { service, status: "Down", source: "none" };
      }),
      servers: [
        { server: "temporal", address: NOBODY, answered_ms: null },
        { server: "hazelcast", address: NOBODY, answered_ms: null },
      ],
    });
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("refuses %s", async (method) => {
    const { code, headers } = await ask({ path: "/api/status", method });
    expect([code, headers["allow"]]).toEqual([405, "GET, HEAD"]);
  });

  test("answers HEAD without a body", async () => {
    const { code, body, headers } = await ask({ method: "HEAD" });
    expect([code, body]).toEqual([200, ""]);
    expect(headers["content-type"]).toContain("text/html");
  });

  test.each([
    "evil.example",
    "evil.example:80",
    "127.0.0.1",
    "127.0.0.1.evil.example:8080",
    "[::1]",
  ])("refuses the name %s, which a rebound page would send", async (host) => {
    expect((await ask({ path: "/api/status", host })).code).toBe(403);
  });

  test.each(["localhost", "127.0.0.1"])("answers to the name %s with its port", async (name) => {
    const { port } = new URL(dashboard.url);
    expect((await ask({ host: `${name}:${port}` })).code).toBe(200);
  });

  test.each(["/../server.ts", "/..%2fserver.ts", "/public/app.js", "/api/secrets", "//etc/passwd"])(
    "has nothing at %s",
    async (path) => {
      expect((await ask({ path })).code).toBe(404);
    },
  );

  test("says which port is taken", async () => {
    const port = Number(new URL(dashboard.url).port);
    const twice = startDashboard({
      port,
      dataDir: folder,
      readSurroundings: () => surroundings(folder),
    });
    await expect(twice).rejects.toThrow(`EADDRINUSE`);
  });
});
