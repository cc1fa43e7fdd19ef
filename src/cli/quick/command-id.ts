/** Names the command that this process was started for: asked twice, on two ways, it is done once. */
import { randomUUID } from "node:crypto";

export const COMMAND_ID = randomUUID();
