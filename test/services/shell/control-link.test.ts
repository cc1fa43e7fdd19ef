import { closeSync, openSync } from "node:fs";
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openControlLink } from "../../../src/services/shell/control-link.ts";
import { ServiceMessage } from "../../../src/wire/control-pipe.ts";

const LINK = fileURLToPath(new URL("../../../src/services/shell/control-link.ts", import.meta.url));

/** A child that runs `body` with an open `link`. */
function startChild(body: string) {
  const script = `import { openControlLink } from ${JSON.stringify(LINK)};
    const link = openControlLink();
    const beat = (n) => link.beat({ state: "running", facts: null, counters: { n } });
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const spoke = new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  const pipe = child.stdio[3];
  if (!(pipe instanceof Socket)) throw new Error("the control pipe is a socket");
  return { pipe, exited, spoke };
}

async function readLines(pipe: Socket, count: number): Promise<ServiceMessage[]> {
  let text = "";
  for await (const chunk of pipe.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (count < text.split("\n").length) break;
  }
  return text
    .split("\n")
    .slice(0, count)
    .map((line) => ServiceMessage.parse(JSON.parse(line)));
}

describe("control link", () => {
  test("says ready, beats with the newest log lines, and ends when the supervisor's end closes", async () => {
    const { pipe, exited } = startChild(`link.onClosed(() => process.exit(7)); link.ready();
      for (let i = 0; i < 25; i += 1) link.log("line " + i);
      beat(1);
      link.beat({ state: "x".repeat(300), facts: null, counters: { n: 2 } });`);
    const [ready, first, second] = await readLines(pipe, 3);
    expect(ready?.kind).toBe("ready");
    expect(first).toMatchObject({ kind: "beat", counters: { n: 1 }, dropped: 5 });
    expect(first?.kind === "beat" && first.log.length).toBe(20);
    // A state that is cut says so.
    expect(second).toMatchObject({ counters: { n: 2 }, log: [], state: `${"x".repeat(199)}…` });
    pipe.destroy();
    expect(await exited).toBe(7);
  });

  test("a supervisor that does not read is not waited for and costs no memory: what waits is dropped and counted", async () => {
    const { pipe, exited, spoke } = startChild(`link.onClosed(() => process.exit(0));
      for (let i = 0; i < 20000; i += 1) beat(i);
      setInterval(() => beat(-1), 50);
      process.stdout.write("all is beaten");`);
    await spoke;
    let dropped = 0;
    let text = "";
    for await (const chunk of pipe.iterator({ destroyOnReturn: false })) {
      const lines = (text + String(chunk)).split("\n");
      text = lines.pop() ?? "";
      const line = lines.at(-1);
      if (line === undefined) continue;
      const last = ServiceMessage.parse(JSON.parse(line));
      if (last.kind !== "beat" || last.counters["n"] !== -1) continue;
      dropped = last.dropped;
      break;
    }
    expect(dropped).toBeGreaterThan(10_000);
    pipe.destroy();
    expect(await exited).toBe(0);
  });

  test("log lines too long for one line of the pipe do not cost the beat", async () => {
    const { pipe, exited } = startChild(`link.onClosed(() => process.exit(0));
      for (let i = 0; i < 20; i += 1) link.log("\\u0001".repeat(2000));
      beat(1);`);
    const [first] = await readLines(pipe, 1);
    expect(first).toMatchObject({ kind: "beat", log: [], dropped: 20 });
    pipe.destroy();
    expect(await exited).toBe(0);
  });

  test("does nothing where the descriptor is a file or is not open", () => {
    const fd = openSync("/dev/null", "r");
    for (const link of [openControlLink({ fd }), openControlLink({ fd: 9_999 })]) {
      link.onClosed(() => expect.unreachable());
      link.ready();
      link.beat({ state: "running", facts: null, counters: {} });
      link.log("line");
    }
    closeSync(fd);
  });
});
