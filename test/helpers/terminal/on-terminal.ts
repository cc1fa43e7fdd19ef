/** Runs a program on its own terminal, with Python's pty: its output, and the state in which it leaves the terminal. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { findToolchain } from "../../../src/embedded/toolchain.ts";
import { until } from "../processes.ts";

const SCRIPT = resolve(import.meta.dirname, "pty_run.py");

export type TerminalNews = {
  readonly pid?: number;
  readonly stopped?: boolean;
  /** Below zero: the signal that ended it. */
  readonly exit?: number;
  /** The terminal's settings at that moment: both where a shell expects them. */
  readonly echo: boolean;
  readonly canonical: boolean;
};

export type OnTerminal = {
  /** All output, as it came. */
  out(): string;
  pid(): number;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  untilOut(what: string | RegExp): Promise<string>;
  /** The first of which it holds. */
  untilNews(isIt: (news: TerminalNews) => boolean): Promise<TerminalNews>;
  /** When all that it printed is here. */
  untilExit(): Promise<TerminalNews>;
  /** Its end, whoever ended it. */
  end(): Promise<void>;
};

/** Null: no Python was set up. */
export function pythonOfTests(): string | null {
  return findToolchain().python ?? null;
}

export async function runOnTerminal(
  python: string,
  program: readonly string[],
  how: {
    readonly columns: number;
    readonly rows: number;
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
  },
): Promise<OnTerminal> {
  const size = [String(how.columns), String(how.rows)];
  const child: ChildProcess = spawn(python, [SCRIPT, ...size, ...program], {
    cwd: how.cwd,
    env: how.env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const exited = once(child, "close");
  const order = (what: object) => child.stdin?.write(`${JSON.stringify(what)}\n`);
  const news = (): TerminalNews[] =>
    errors
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const untilNews = async (isIt: (one: TerminalNews) => boolean) => {
    const found = () => news().find(isIt);
    await until(() => found() !== undefined, { ms: 120_000, tell: () => `${errors}\n${out}` });
    return found()!;
  };
  const { pid } = await untilNews((one) => one.pid !== undefined);
  return {
    out: () => out,
    pid: () => pid!,
    type: (keys) => order({ keys }),
    resize: (columns, rows) => order({ size: [columns, rows] }),
    async untilOut(what) {
      const isOut = () => (typeof what === "string" ? out.includes(what) : what.test(out));
      await until(isOut, { ms: 120_000, tell: () => JSON.stringify(out.slice(-4_000)) });
      return out;
    },
    untilNews,
    async untilExit() {
      await exited;
      return untilNews((one) => one.exit !== undefined);
    },
    async end() {
      child.stdin?.end();
      await exited;
    },
  };
}
