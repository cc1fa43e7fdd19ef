import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { readControlPipe } from "../../../src/adapters/process/control-reader.ts";

const READY = `{"kind":"ready","pid":7}\n`;
const BEAT = `{"kind":"beat","state":"running","facts":null,"counters":{"n":1},"log":[],"dropped":0}\n`;

/** The kinds that are heard and the number of lines that are not, whatever the chunks. */
async function hear(text: string, chunkBytes: number): Promise<[string[], number]> {
  const pipe = new PassThrough();
  const kinds: string[] = [];
  const reader = readControlPipe(pipe, (message) => kinds.push(message.kind));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    pipe.write(bytes.subarray(at, at + chunkBytes));
  }
  pipe.end();
  await finished(pipe);
  return [kinds, reader.malformed()];
}

describe("the control pipe's reader", () => {
  test.each<[string, string, string[], number]>([
    ["messages", READY + BEAT, ["ready", "beat"], 0],
    ["a line that is no JSON", `oops\n${BEAT}`, ["beat"], 1],
    ["a message of no kind that it knows", `{"kind":"other"}\n${BEAT}`, ["beat"], 1],
    ["a beat with a text for a number", BEAT.replace(`"dropped":0`, `"dropped":"x"`), [], 1],
    ["a line longer than the limit", `${"x".repeat(70_000)}\n${BEAT}`, ["beat"], 1],
    ["a line without end", `${BEAT}${"x".repeat(200_000)}`, ["beat"], 1],
    ["an unfinished line", BEAT + READY.trim(), ["beat"], 0],
    ["an empty line", `\n${BEAT}`, ["beat"], 1],
  ])("takes %s", async (_what, text, kinds, malformed) => {
    for (const chunkBytes of [1, 7, 65_536]) {
      expect(await hear(text, chunkBytes)).toEqual([kinds, malformed]);
    }
  });
});
