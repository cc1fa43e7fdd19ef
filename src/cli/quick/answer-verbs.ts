/**
 * The answering side of a verb, in a running `up` or worker: the same code as the direct way, on
 * connections that stand. Invariant: it answers only where the direct way would ask the same servers
 * of the same data directory; everything else is declined, and the asking process does it itself.
 */
import { z } from "zod";
import type { Config } from "../../config.ts";
import { EXIT_SERVER_SILENT } from "../../domain/supervision/overall.ts";
import type { StatusReader } from "../../operations/status/open-status.ts";
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import { type ControlServer, serveControl } from "../../adapters/control-socket.ts";
import { CommandRefused } from "../../operations/command-refused.ts";
import { COMMANDABLE, commandServices } from "../../operations/supervision/command-services.ts";
import { commandedText } from "../control.ts";
import { type CliContext, contextOf } from "../context.ts";
import { statusOptions, statusText } from "../status.ts";
import type { RunningAnswer } from "./ask-running.ts";
import { codePrint } from "./code-print.ts";
import type { Question } from "./question.ts";

export type Answering = {
  /** Named as its socket. */
  readonly name: "up" | "worker";
  readonly dataDir: string;
  readonly hazelcast: Pick<Config["hazelcast"], "address" | "cluster" | "prefix">;
  /** What may stand in the asking process's environment about Temporal: `temporalPrint`s. */
  readonly temporal: ReadonlySet<string>;
  /** Opened once, and closed by who opened it. */
  readonly reader: () => Promise<StatusReader>;
};

export type Answers = ControlServer & {
  /** Whether a question uses the reader's connections: they must not be closed under it. */
  isAtWork(): boolean;
};

const ASK_MS = 500;
const REQUEST_CHARS_MAX = 100_000;
/** A hash over the code that this process has loaded: what stands there when it is asked may be another. */
const CODE = codeAsLoaded();
const DECLINED = JSON.stringify({ kind: "declined" });
const Request = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hello") }),
  z.object({
    kind: z.literal("ask"),
    question: z.object({
      verb: z.enum(["status", "start", "stop", "restart"]),
      service: z.string().nullable(),
      json: z.boolean(),
      commandId: z.string(),
      cwd: z.string(),
      file: z.string().nullable(),
      dataDirFlag: z.string().nullable(),
      env: z.record(z.string(), z.string()),
      temporal: z.string(),
    }),
  }),
]);

/** Listens on `control/NAME.sock`; the caller knows that nobody else of that name runs here. */
export async function answerVerbs(answering: Answering): Promise<Answers> {
  const hello = JSON.stringify({ kind: "hello", code: CODE });
  let atWork = 0;
  const server = await serveControl(
    controlSocketPath(answering.dataDir, answering.name),
    { requestCharsMax: REQUEST_CHARS_MAX },
    async (line, gone) => {
      const request = Request.safeParse(JSON.parse(line)).data;
      if (request?.kind === "hello") return hello;
      if (request === undefined) return DECLINED;
      atWork += 1;
      const answer = await answerTo(request.question, answering, gone);
      atWork -= 1;
      return answer === null ? DECLINED : JSON.stringify({ kind: "answer", ...answer });
    },
  );
  return { close: () => server.close(), isAtWork: () => 0 < atWork };
}

/** Whether a worker answers on this data directory. */
export async function isAnswered(dataDir: string): Promise<boolean> {
  const limits = { withinMs: ASK_MS, answerCharsMax: 1_000 };
  const hello = JSON.stringify({ kind: "hello" });
  return askControl(controlSocketPath(dataDir, "worker"), hello, limits).then(
    () => true,
    () => false,
  );
}

/** Null is nobody's: where it can't be told, everything is declined, and nothing fails. */
function codeAsLoaded(): string | null {
  try {
    return codePrint();
  } catch {
    return null;
  }
}

type Verb = z.infer<typeof Request> & { readonly kind: "ask" };

async function answerTo(
  question: Verb["question"] & Question,
  answering: Answering,
  gone: AbortSignal,
): Promise<RunningAnswer | null> {
  let err = "";
  try {
    const context = contextOf({
      env: question.env,
      cwd: question.cwd,
      file: question.file ?? undefined,
      flags: { data_dir: question.dataDirFlag ?? undefined },
    });
    if (!isOurs(context, question, answering)) return null;
    const { verb, service, json, commandId: id } = question;
    const reader = await answering.reader();
    if (verb === "status") {
      const status = await reader.read(statusOptions(context));
      // Silence is a grave word: on a busy machine a second process may still hear an answer.
      if (status.exit === EXIT_SERVER_SILENT) return null;
      return { out: statusText(status, json), err, exit: status.exit };
    }
    if (service === null || !COMMANDABLE.includes(service)) return null;
    const warn = (text: string) => (err += text);
    const { config } = context;
    const asked = { name: verb, service, config, id, warn, signal: gone };
    const done = await commandServices(reader.temporal, asked);
    return { out: commandedText(done, json), err, exit: done.exit };
  } catch (error) {
    // What is expected is said here; the rest is found and said on the direct way.
    if (!(error instanceof CommandRefused)) return null;
    return { out: "", err: `${err}dolphin: ${error.message}\n`, exit: error.exitCode };
  }
}

function isOurs({ config, up }: CliContext, { temporal }: Question, answering: Answering): boolean {
  return (
    config.data_dir === answering.dataDir &&
    config.hazelcast.address === answering.hazelcast.address &&
    config.hazelcast.cluster === answering.hazelcast.cluster &&
    config.hazelcast.prefix === answering.hazelcast.prefix &&
    answering.temporal.has(temporal) &&
    // A worker beside an `up` may talk to another Temporal than it.
    (answering.name === "up" ? up?.pid === process.pid : up === null)
  );
}
