/** Answers every connection, except while the file `mute` exists. */
import { existsSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const dir = process.argv[2] ?? "";
const socketFile = join(dir, "answering.sock");
rmSync(socketFile, { force: true });
createServer((socket) => {
  socket.on("error", () => undefined);
  if (!existsSync(join(dir, "mute"))) socket.end("well");
}).listen(socketFile);
