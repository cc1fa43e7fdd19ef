/**
 * Gives Temporal's SDK the descriptions of its messages without the parts that our processes never use: the API of
 * Temporal's cloud, and the HTTP options of methods. The SDK's own file is one literal of 1.4 MB, which V8 compiles and keeps
 * whole; parsed as JSON and without those parts it takes 5 to 10 MB less per process, and less time.
 * Invariant: a file that it cannot parse is left to the SDK, which then loads it as usual.
 */
import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { leanDescriptions } from "./lean-descriptions.ts";

const DESCRIPTIONS = "@temporalio/proto/protos/json-module.js";

/** To be called before any module of the SDK is loaded. */
export function provideLeanMessages(): void {
  const client = createRequire(import.meta.url).resolve("@temporalio/client");
  const file = createRequire(client).resolve(DESCRIPTIONS);
  const ofDescriptions = createRequire(file);
  // The SDK is loaded already, and there may be only one root.
  if (ofDescriptions.cache[file] !== undefined) return;
  const lean = leanDescriptions(readFileSync(file, "utf8"));
  if (lean === null) return;
  const { Root, roots }: Protobuf = ofDescriptions("protobufjs/light");
  const provided = new Module(file);
  provided.filename = file;
  provided.loaded = true;
  // The name that the file itself uses.
  provided.exports = (roots["__temporal"] ??= new Root()).addJSON(lean);
  ofDescriptions.cache[file] = provided;
}

type Root = { addJSON(descriptions: object): Root };
type Protobuf = { readonly Root: new () => Root; readonly roots: Record<string, Root> };
