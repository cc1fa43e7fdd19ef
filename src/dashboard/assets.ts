/** The files of the page, read once; nothing else on the disk can be asked for. */
import { readFile } from "node:fs/promises";

export type Asset = { readonly type: string; readonly body: string };

const ASSETS = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/app.js", "app.js", "text/javascript; charset=utf-8"],
  ["/draw.js", "draw.js", "text/javascript; charset=utf-8"],
  ["/style.css", "style.css", "text/css; charset=utf-8"],
  ["/icon.svg", "icon.svg", "image/svg+xml"],
] as const;

export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const entries = ASSETS.map(async ([path, file, type]) => {
    const body = await readFile(new URL(`public/${file}`, import.meta.url), "utf8");
    return [path, { type, body }] as const;
  });
  return new Map(await Promise.all(entries));
}
