/** The identity of a scan file: the SHA-256 of its bytes. */
import { hash } from "node:crypto";

/** 32 bytes. */
export function hashOf(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}
