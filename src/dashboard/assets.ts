/** The files of the page, read once; nothing else on disk can be requested. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DashboardApp } from "./world.ts";

export type Asset = { readonly type: string; readonly body: string };

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const PAGE = "/index.html";
const VERSION_UNSET = 'name="version" content=""';
const { resolve } = createRequire(import.meta.url);
const PUBLIC = fileURLToPath(new URL("public/", import.meta.url));
/** Third-party files, served from our origin: the page loads nothing from elsewhere. */
const VENDORED = [
  ["/vendor/uplot.js", "uplot/dist/uPlot.esm.js"],
  ["/vendor/uplot.css", "uplot/dist/uPlot.min.css"],
] as const;

/** By request path. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const own = readdirSync(PUBLIC, { recursive: true, encoding: "utf8" }).flatMap((file) => {
    const type = TYPES[extname(file)];
    if (type === undefined) return [];
    return [[`/${file}`, { type, body: readFileSync(join(PUBLIC, file), "utf8") }] as const];
  });
  const others = VENDORED.map(([path, module]) => {
    const body = readFileSync(resolve(module), "utf8");
    return [path, { type: TYPES[extname(path)] ?? "", body }] as const;
  });
  return new Map([...own, ...others]);
}

/**
 * The page with its own version in it, which is another one for other files: a page that stays open, or is restored
 * from the browser's store, sees in the server's beats that it is not the server's.
 * @throws {Error} where the page has no place for it.
 */
export function versioned(assets: ReadonlyMap<string, Asset>) {
  const hash = createHash("sha256");
  for (const [path, { body }] of assets) hash.update(`${path}\n${body}\n`);
  const version = hash.digest("hex").slice(0, 16);
  const page = assets.get(PAGE);
  const body = page?.body.replace(VERSION_UNSET, `name="version" content="${version}"`);
  if (page === undefined || body === page.body) throw new Error(`${PAGE} has no ${VERSION_UNSET}`);
  return { version, assets: new Map([...assets, [PAGE, { type: page.type, body: body ?? "" }]]) };
}

export function addAssets(app: DashboardApp, assets: ReadonlyMap<string, Asset>): void {
  app.get("*", (c, next) => {
    const asset = assets.get(c.req.path === "/" ? PAGE : c.req.path);
    if (asset === undefined) return next();
    return c.body(asset.body, 200, { "content-type": asset.type });
  });
}
