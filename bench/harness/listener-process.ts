/**
 * A consumer as others write it, in a process of its own: an entry listener on one map, which notes
 * when each scan reached it. Told over IPC what to do: `clear`, `collect`, `reset`.
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
  seen.push({ atUs: Number(atNs) / 1_000, scanNumber: numberIn(value), seq: seqIn(value) });
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

function numberIn(text: string | null): number {
  return Number(/"scan_number": ?(\d+)/.exec(text ?? "")?.[1] ?? Number.NaN);
}

/** The members that the bridge adds stand at the end, behind a long text of numbers. */
function seqIn(text: string | null): number | null {
  const seq = /"seq": ?(\d+)/.exec(text?.slice(-600) ?? "")?.[1];
  return seq === undefined ? null : Number(seq);
}
