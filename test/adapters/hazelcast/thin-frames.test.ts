/** How the thin client parses the bytes of a member. */
import { expect, test } from "vitest";
import { FOREIGN } from "../../../src/adapters/hazelcast/foreign.ts";
import { FrameReader, type ClientMessage } from "../../../src/adapters/hazelcast/thin-frames.ts";

const UNFRAGMENTED = 0xc000;
const FINAL = 0x2000;
const NULL = 0x0400;
const TEXT = -11;
const BYTE_ARRAY = -12;

function frame(flags: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt32LE(6 + content.length, 0);
  head.writeUInt16LE(flags, 4);
  return Buffer.concat([head, content]);
}

function answer(correlation: number, value: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeInt32LE(0x01_02_01, 0);
  head.writeBigInt64LE(BigInt(correlation), 4);
  return Buffer.concat([frame(UNFRAGMENTED, head), value]);
}

function data(type: number, text: string, said = Buffer.byteLength(text)): Buffer {
  const head = Buffer.alloc(12);
  head.writeInt32BE(type, 4);
  head.writeInt32BE(said, 8);
  return Buffer.concat([head, Buffer.from(text)]);
}

const CASES = [
  ["a text", frame(FINAL, data(TEXT, "Grüße")), "Grüße"],
  ["an empty text", frame(FINAL, data(TEXT, "")), ""],
  ["nothing", frame(FINAL | NULL, Buffer.alloc(0)), null],
  ["bytes", frame(FINAL, data(BYTE_ARRAY, "abc")), FOREIGN],
  ["a text whose length is another", frame(FINAL, data(TEXT, "abc", 7)), FOREIGN],
  ["half a head", frame(FINAL, Buffer.alloc(5)), FOREIGN],
] as const;

test.each([1, 7, 10_000])("values come whole in chunks of %d bytes", (size) => {
  const bytes = Buffer.concat(CASES.map(([, value], at) => answer(at, value)));
  const messages: ClientMessage[] = [];
  const reader = new FrameReader((message) => messages.push(message));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  expect(messages.map((one) => one.value())).toEqual(CASES.map(([, , value]) => value));
  expect(messages.map((one) => one.correlation)).toEqual(CASES.map((_, at) => at));
});

test("a value that is too long is read over and not kept, and the next one is read", () => {
  const messages: ClientMessage[] = [];
  const reader = new FrameReader((message) => messages.push(message));
  const head = Buffer.alloc(6);
  const chunk = Buffer.alloc(1_048_576);
  head.writeInt32LE(6 + 40 * chunk.length, 0);
  head.writeUInt16LE(FINAL, 4);
  reader.push(answer(1, head));
  for (let at = 0; at < 39; at += 1) reader.push(chunk);
  reader.push(Buffer.concat([chunk, answer(2, frame(FINAL, data(TEXT, "next")))]));
  expect(messages.map((one) => one.value())).toEqual([FOREIGN, "next"]);
});

test("what is no message of this protocol is refused", () => {
  const reader = new FrameReader(() => undefined);
  expect(() => reader.push(Buffer.from("HTTP/1.1 400 Bad Request"))).toThrow(
    "not of Hazelcast's protocol",
  );
});
