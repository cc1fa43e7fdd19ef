/**
 * Gives Temporal's SDK the descriptions of its messages without what no process of ours can send:
 * the API of Temporal's cloud, and how methods look over HTTP. The SDK's own file is one literal of 1.4 MB, compiled and kept as
 * a whole; read as JSON, and without that half, a process takes 5 to 10 MB less and starts sooner.
 * Invariant: what it cannot read it leaves alone; the SDK then loads its own file as ever.
 */
import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { leanDescriptions } from "./lean-descriptions.ts";

const DESCRIPTIONS = "@temporalio/proto/protos/json-module.js";

/** Before anything of the SDK is loaded. */
export function provideLeanMessages(): void {
  const client = createRequire(import.meta.url).resolve("@temporalio/client");
  const file = createRequire(client).resolve(DESCRIPTIONS);
  const ofDescriptions = createRequire(file);
  // Somebody was first: there may be only one root.
  if (ofDescriptions.cache[file] !== undefined) return;
  const lean = leanDescriptions(readFileSync(file, "utf8"));
  if (lean === null) return;
  const { Root, roots }: Protobuf = ofDescriptions("protobufjs/light");
  const provided = new Module(file);
  provided.filename = file;
  provided.loaded = true;
  // As the file itself names it.
  provided.exports = (roots["__temporal"] ??= new Root()).addJSON(lean);
  ofDescriptions.cache[file] = provided;
}

type Root = { addJSON(descriptions: object): Root };
type Protobuf = { readonly Root: new () => Root; readonly roots: Record<string, Root> };
