/**
 * What a tab's heap holds, by whose it is: what the page's own code keeps (objects, strings, functions), what V8 has
 * compiled of that code, which it does over minutes as functions become hot, and what Chromium keeps (layout, and
 * records for its developer tools, which stand open as long as a page is driven).
 */
import type { CDPSession } from "playwright-core";
import { z } from "zod";
import { rounded } from "./statistics.ts";

const Snapshot = z.object({
  snapshot: z.object({
    meta: z.object({
      node_fields: z.array(z.string()),
      node_types: z.array(z.union([z.string(), z.array(z.string())])),
    }),
  }),
  nodes: z.array(z.number()),
});

export type HeapKinds = {
  readonly own_mb: number;
  readonly compiled_mb: number;
  readonly browser_mb: number;
};

/** Garbage is collected before, as by every heap snapshot. */
export async function heapKinds(session: CDPSession): Promise<HeapKinds> {
  const chunks: string[] = [];
  const hear = ({ chunk }: { chunk: string }): void => void chunks.push(chunk);
  session.on("HeapProfiler.addHeapSnapshotChunk", hear);
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  session.off("HeapProfiler.addHeapSnapshotChunk", hear);
  return kindsIn(Snapshot.parse(JSON.parse(chunks.join(""))));
}

function kindsIn({ snapshot: { meta }, nodes }: z.infer<typeof Snapshot>): HeapKinds {
  const [types = []] = meta.node_types;
  const [type, size] = ["type", "self_size"].map((field) => meta.node_fields.indexOf(field));
  const bytes = { own_mb: 0, compiled_mb: 0, browser_mb: 0 };
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const kind = types[nodes[at + type!]!];
    const whose = kind === "native" ? "browser_mb" : kind === "code" ? "compiled_mb" : "own_mb";
    bytes[whose] += nodes[at + size!]!;
  }
  return {
    own_mb: rounded(bytes.own_mb / 1e6, 4),
    compiled_mb: rounded(bytes.compiled_mb / 1e6, 4),
    browser_mb: rounded(bytes.browser_mb / 1e6, 4),
  };
}
