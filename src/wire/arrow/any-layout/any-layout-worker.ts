/** Worker thread of the general reader: takes the bytes of one file and posts one result. */
import { parentPort } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import { readScanGeneral } from "./any-layout.ts";
import type { ScanRead } from "../scan-json.ts";

export type FromWorker =
  /** apache-arrow is loaded now; the deadline of a read may only start after this. */
  { readonly kind: "ready" } | { readonly kind: "read"; readonly read: ScanRead };

assert(parentPort !== null, "the general reader's worker is started as a worker thread");
const port = parentPort;
const tell = (message: FromWorker): void => port.postMessage(message);

port.on("message", (bytes: Uint8Array) => {
  tell({ kind: "read", read: readScanGeneral(bytes) });
});
tell({ kind: "ready" });
