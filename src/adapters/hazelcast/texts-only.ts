/**
 * Everything that we read in Hazelcast is text. What another program left there in another form is
 * not deserialised at all: the client's own readers throw for types that they do not know, and in a
 * listener nobody can catch that.
 */
import type { Client } from "hazelcast-client";
import { FOREIGN } from "./foreign.ts";
import { SCAN_TEXT_CHARS_MAX } from "../../wire/scan-value.ts";

const NULL_TYPE = 0;
const TEXT_TYPE = -11;
/** No text of ours is longer; UTF-8 has at most four bytes a character. */
const TEXT_BYTES_MAX = 4 * SCAN_TEXT_CHARS_MAX;

type StoredValue = { getType(): number; totalSize(): number };
type Reader = { isData(value: unknown): boolean; toObject(data: unknown): unknown };

/** From here on the client returns texts, null, and FOREIGN for everything else. */
export function readTextsOnly(client: Client): void {
  // The client has no option for it: a serializer can be given for a known type number only.
  const service: unknown = Reflect.get(client, "serializationService");
  if (!isReader(service))
    throw new Error("this version of hazelcast-client reads values otherwise");
  const read = service.toObject.bind(service);
  service.toObject = (data) => {
    if (!isStored(service, data)) return data;
    try {
      const type = data.getType();
      if (type === NULL_TYPE) return null;
      return type === TEXT_TYPE && data.totalSize() <= TEXT_BYTES_MAX ? read(data) : FOREIGN;
    } catch {
      // It is marked as a text, and its bytes are none.
      return FOREIGN;
    }
  };
}

function isReader(value: unknown): value is Reader {
  return (
    typeof value === "object" &&
    value !== null &&
    "isData" in value &&
    "toObject" in value &&
    typeof value.toObject === "function"
  );
}

function isStored(reader: Reader, value: unknown): value is StoredValue {
  return reader.isData(value);
}
