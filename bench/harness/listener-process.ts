/**
 * A consumer as other programs write it, in its own process: an entry listener on one map, which records when each scan
 * arrived. Commands over IPC: `clear`, `collect`, `reset`.
 */
import { Client } from "hazelcast-client";
import {
  CHECKPOINT_KEY,
  DONE_MAP,
  FEATURES_MAP,
  LATEST_KEY,
  SCANS_RING,
} from "../../src/wire/scan-value.ts";
import type { ListenerReply, ListenerRequest, SeenScan } from "./listener.ts";

const [address = "", cluster = "", mapName = ""] = process.argv.slice(2);
const client = await Client.newHazelcastClient({
  clusterName: cluster,
  network: { clusterMembers: [address] },
  properties: { "hazelcast.logging.level": "OFF" },
});
const map = await client.getMap<string, string>(mapName);
let seen: SeenScan[] = [];
const take = ({ value }: { readonly value: string | null }) => {
  // The clock is read before anything else: it is shared with the process that writes the files.
  const atNs = process.hrtime.bigint();
  const text = value ?? "";
  const tail = text.slice(-TAIL_CHARACTERS);
  seen.push({
    atUs: Number(atNs) / 1_000,
    scanNumber: memberOf(text, "scan_number"),
    seq: memberOf(tail, "seq"),
    epoch: memberOf(tail, "epoch"),
  });
};
await map.addEntryListener({ added: take, updated: take }, LATEST_KEY, true);

process.on("message", (request: ListenerRequest) => {
  void answer(request).then((reply) => process.send!(reply));
});
process.on("disconnect", () => void client.shutdown());
process.send!({ seen: [] } satisfies ListenerReply);

async function answer(request: ListenerRequest): Promise<ListenerReply> {
  if (request === "reset") await forgetEverything();
  if (request !== "collect") seen = [];
  return { seen };
}

/** As if the cluster had just been started: the next bridge begins at seq 1. */
async function forgetEverything(): Promise<void> {
  await map.delete(LATEST_KEY);
  const features = await client.getMap(FEATURES_MAP);
  for (const key of [LATEST_KEY, CHECKPOINT_KEY]) await features.delete(key);
  await (await client.getMap(DONE_MAP)).clear();
  await (await client.getRingbuffer(SCANS_RING)).destroy();
}

/** Our bridge adds its members at the end, behind a long text of numbers. */
const TAIL_CHARACTERS = 600;

function memberOf(text: string, name: string): number {
  return Number(new RegExp(`"${name}": ?(\\d+)`).exec(text)?.[1] ?? 0);
}
