/**
 * All our values in Hazelcast are texts. A value that another program left there in another form is not deserialised:
 * the client's readers throw for types that they do not know, and in a listener nobody can catch that.
 */
import type { Client } from "hazelcast-client";
import { FOREIGN } from "./foreign.ts";
import { SCAN_TEXT_CHARS_MAX } from "../../wire/scan-value.ts";

const NULL_TYPE = 0;
const TEXT_TYPE = -11;
/** None of our texts is longer; UTF-8 has at most four bytes per character. */
const TEXT_BYTES_MAX = 4 * SCAN_TEXT_CHARS_MAX;

type StoredValue = { getType(): number; totalSize(): number };
type Reader = { isData(value: unknown): boolean; toObject(data: unknown): unknown };

/** After this the client returns texts, null, and FOREIGN for everything else. */
export function readTextsOnly(client: Client): void {
  // The client has no option for it: a serializer can only be configured for a known type id.
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
      // Its type says text, but its bytes are not.
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
