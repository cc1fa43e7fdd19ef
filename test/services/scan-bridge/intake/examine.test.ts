import { afterEach, expect, test } from "vitest";
import { examine } from "../../../../src/services/scan-bridge/intake/examine.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";
import { hashOf } from "../../../../src/wire/scan-hash.ts";

const FILE = "2026-03-25/a.arrow";
let stage: IntakeStage;
afterEach(() => stage.close());

test.each([
  ["under the same name is that scan, told once more", FILE, "pushed"],
  ["under another name is a duplicate of it", "2026-03-25/b.arrow", "duplicate"],
])("a file with the bytes of a scan of its batch %s", (_what, file, kind) => {
  stage = openIntakeStage();
  const { reader, journal, intake, nowUs, put } = stage;
  put(FILE, "bytes");
  const files = {
    read: (name: string) => reader.read(name),
    readGeneral: () => Promise.reject(new Error("nothing is to be decoded")),
  };
  const inBatch = (hash: Buffer) =>
    hash.equals(hashOf(Buffer.from("bytes"))) ? { seq: 7, file } : null;
  intake.offer(FILE);
  const examined = examine({ files, journal, inBatch, nowUs }, intake.take()!);
  expect(examined).toMatchObject({ kind: "settled", file: { verdict: { kind, seq: 7 } } });
});
