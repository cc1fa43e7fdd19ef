import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStatus, type StatusReader } from "../../src/adapters/status/open-status.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";

/** Nothing listens on these: the dashboard must stand on its own and say so. */
const NOBODY = "127.0.0.1:1";
let folder = "";
let reader: StatusReader;
let dashboard: Dashboard;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-dashboard-"));
  reader = await openStatus({
    temporalAddress: NOBODY,
    hazelcast: { address: NOBODY, cluster: "dolphin" },
    dataDir: folder,
    archive: join(folder, "scans"),
    policy: { restartsMax: 3, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 },
    temporalUi: "http://127.0.0.1:8233",
    dashboard: null,
  });
  dashboard = await startDashboard({ port: 0, reader });
});
afterAll(async () => {
  dashboard.close();
  await reader.close();
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
    expect(parts.length).toBeGreaterThan(2);
    for (const path of [...parts, "/draw.js"]) expect((await ask({ path })).code).toBe(200);
  });

  test("forbids everything that is not its own, inline code included", async () => {
    const { headers, body } = await ask({});
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'self';.*frame-ancestors 'none'/,
    );
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|<style/);
  });

  test("answers status with the servers' silence, within their deadline", async () => {
    const startedMs = performance.now();
    const { code, body } = await ask({ path: "/api/status" });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(code).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      status: "Server silent",
      exit: 3,
      dashboard: dashboard.url,
      services: ["scan-bridge", "trader-blue", "trader-green"].map((service) => {
        return { service, status: "Down", source: "none" };
      }),
      servers: [
        { server: "temporal", address: NOBODY, answered_ms: null },
        { server: "hazelcast", address: NOBODY, answered_ms: null },
      ],
    });
  });

  test("keeps a history", async () => {
    await ask({ path: "/api/status" });
    const { body } = await ask({ path: "/api/history" });
    expect(JSON.parse(body)).toMatchObject([{ status: "Server silent", scans_per_min: null }]);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("refuses %s", async (method) => {
    const { code, headers } = await ask({ path: "/api/status", method });
    expect([code, headers["allow"]]).toEqual([405, "GET, HEAD"]);
  });

  test("answers HEAD without a body", async () => {
    const { code, body, headers } = await ask({ method: "HEAD" });
    expect([code, body]).toEqual([200, ""]);
    expect(Number(headers["content-length"])).toBeGreaterThan(100);
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
    const twice = startDashboard({ port, reader });
    await expect(twice).rejects.toThrow(`EADDRINUSE`);
  });
});
