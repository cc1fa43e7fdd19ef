/**
 * The answering side of a verb, in a running `up` or worker: the same code as the direct way, on open connections.
 * Invariant: it answers only where the direct way would ask the same servers about the same data directory; it
 * declines everything else, and the requesting process then does the work itself.
 */
import { z } from "zod";
import type { Config } from "../../config.ts";
import { serviceChoices } from "../../domain/supervision/chosen-services.ts";
import { SERVICES } from "../../domain/supervision/services.ts";
import { EXIT_SERVER_SILENT } from "../../domain/supervision/overall.ts";
import type { StatusReader } from "../../operations/status/open-status.ts";
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import { type ControlServer, serveControl } from "../../adapters/control-socket.ts";
import { CommandRefused } from "../../operations/command-refused.ts";
import { type CliContext, contextOf } from "../context.ts";
import { statusOptions, statusText } from "../status.ts";
import type { RunningAnswer } from "./ask-running.ts";
import { codePrint } from "./code-print.ts";
import type { Question } from "./question.ts";

export type Answering = {
  /** Also the name of its socket. */
  readonly name: "up" | "worker";
  readonly dataDir: string;
  readonly hazelcast: Pick<Config["hazelcast"], "address" | "cluster" | "prefix">;
  /** The `temporalPrint`s of environments for which this process may answer. */
  readonly temporal: ReadonlySet<string>;
  /** Opened once, and closed by its owner. */
  readonly reader: () => Promise<StatusReader>;
};

export type Answers = ControlServer & {
  /** Whether a request uses the reader's connections, which must then not be closed. */
  isAtWork(): boolean;
};

const ASK_MS = 500;
const REQUEST_CHARS_MAX = 100_000;
/** A hash of the code that this process has loaded: the files may have changed since. */
const CODE = codeAsLoaded();
const COMMANDABLE = serviceChoices(Object.values(SERVICES));
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

/** Listens on `control/NAME.sock`; the caller guarantees that no other process of this name runs here. */
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

/** Null equals no hash: where it is unknown, everything is declined, and nothing fails. */
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
      // Before reporting a silent server: on a busy machine a second process may still get an answer.
      if (status.exit === EXIT_SERVER_SILENT) return null;
      return { out: statusText(status, json), err, exit: status.exit };
    }
    if (service === null || !COMMANDABLE.includes(service)) return null;
    // They need Temporal's SDK, which the worker beside it has loaded.
    if (answering.name === "up") return null;
    const { commandedText } = await import("../control.ts");
    const { commandServices } = await import("../../operations/supervision/command-services.ts");
    const warn = (text: string) => (err += text);
    const { config } = context;
    const asked = { name: verb, service, config, id, warn, signal: gone };
    const done = await commandServices(await reader.temporal(), asked);
    return { out: commandedText(done, json), err, exit: done.exit };
  } catch (error) {
    // An expected refusal is reported here; any other error is found and reported on the direct way.
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
    // Of the workers beside an `up` the one that it keeps: another may use another Temporal.
    (answering.name === "up"
      ? up?.pid === process.pid
      : up === null || up.services["worker"]?.pid === process.pid)
  );
}
