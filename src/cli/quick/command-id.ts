/** The idempotency key of this process's command: sent on both ways, it is carried out once. */
import { randomUUID } from "node:crypto";

export const COMMAND_ID = randomUUID();
