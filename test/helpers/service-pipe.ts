/** The messages of a service on its control pipe, as they arrive. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { type ServiceBeat, ServiceMessage } from "../../src/wire/control-pipe.ts";

export function listenTo(child: ChildProcess) {
  const heard = { isReady: false, beats: [] as ServiceBeat[] };
  const pipe = child.stdio[3];
  if (!(pipe instanceof Readable)) throw new Error("the control pipe was not opened");
  pipe.on("error", () => {});
  createInterface({ input: pipe }).on("line", (line) => {
    const message = ServiceMessage.parse(JSON.parse(line));
    if (message.kind === "ready") heard.isReady = true;
    else heard.beats.push(message);
  });
  return heard;
}
