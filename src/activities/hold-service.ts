/**
 * The long-running activity of a run: attaches to the keeper, heartbeats its observations each second, and ends with
 * the process. The kind of its end decides what happens to the process.
 */
import { activityInfo, Context, heartbeat } from "@temporalio/activity";
import {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
} from "@temporalio/common";
import { hostname } from "node:os";
import type { Attachment } from "../operations/keeper/kept-service.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";
import { isoFromMicros } from "../domain/time.ts";
import { declaredSpec } from "../wire/declared/configured-services.ts";
import { RunDetails } from "../wire/supervision.ts";
import type { RunResult } from "../wire/supervision.ts";
import { wallMicros } from "../adapters/clock.ts";
import type { RunServiceInput, SupervisionWorld } from "./supervision-world.ts";
import { lostResult } from "./lost-result.ts";
import { createReporter, startRunBeats } from "./run-reporter.ts";

export async function holdService(
  world: SupervisionWorld,
  row: ServiceSpec,
  input: RunServiceInput,
): Promise<RunResult> {
  const { declared } = input;
  const spec = declared == null ? row : declaredSpec(row, declared);
  const info = activityInfo();
  const earlier = RunDetails.safeParse(info.heartbeatDetails).data ?? null;
  if (earlier !== null && !earlier.stopped && !world.keeper.has(spec.name)) {
    // Either this worker kept it and the result was lost, or another worker died with it.
    const known = world.keeper.lastResult(spec.name);
    return known !== null && earlier.life <= known.life ? known : lostHere(earlier);
  }
  const runId = info.workflowExecution?.runId ?? "";
  const { attempt, base64TaskToken: token } = info;
  // Written before the process starts, so that the next worker finds this attempt whichever process dies.
  const forgetHold = world.noteHold(spec, { runId, attempt, token });
  const attachment = world.keeper.attach(spec, {
    life: earlier === null ? input.life : earlier.life + 1,
    restartTimesMs: (earlier?.restart_times ?? input.restart_times).map((at) => Date.parse(at)),
    isRestart: earlier === null && input.is_restart,
    mode: input.mode,
    restartsMax: declared?.restarts_max,
  });
  attachment.setMode(input.mode);
  const reporter = createReporter(world, spec.name, runId);
  const endBeats = startRunBeats(world, {
    details: attachment.details,
    see: (details) => reporter.see(details),
    beat: (details) => heartbeat(details),
  });
  try {
    return await untilOver({
      attachment,
      spec,
      tell: (details) => reporter.see(details),
      // Otherwise its supervisor would only look half a minute later.
      lost() {
        const report = { run_id: runId, details: attachment.details(), lost: true } as const;
        world.report(spec.name, report).catch(() => false);
      },
    });
  } finally {
    endBeats();
    reporter.stop();
    forgetHold();
  }
}

async function untilOver(life: {
  readonly attachment: Attachment;
  readonly spec: ServiceSpec;
  readonly tell: (details: RunDetails) => void;
  readonly lost: () => void;
}): Promise<RunResult> {
  const { attachment, spec } = life;
  const context = Context.current();
  const cancelled = new Promise<"cancelled">((resolve) => {
    const { cancellationSignal } = context;
    if (cancellationSignal.aborted) resolve("cancelled");
    cancellationSignal.addEventListener("abort", () => resolve("cancelled"), { once: true });
  });
  const replaced = attachment.replaced.then(() => "replaced" as const);
  const first = await Promise.race([attachment.ended, replaced, cancelled]);
  if (first === "replaced") throw replacedFailure(spec);
  if (first !== "cancelled") return first;
  const details = context.cancellationDetails;
  if (details?.cancelRequested) {
    attachment.stop("stopped on request");
    // The record of a stopped life is attached to the failure, so that the run can return it.
    const record = await Promise.race([attachment.ended, replaced]);
    throw record === "replaced" ? reasonOf(context) : new CancelledFailure("CANCELLED", [record]);
  }
  if (details?.workerShutdown || details?.paused) {
    const why = details.paused ? "its activity is paused" : "its worker shuts down";
    attachment.stop(why);
    await Promise.race([attachment.ended, replaced]);
    const last = stoppedDetails(attachment.details(), why);
    heartbeat(last);
    life.tell(last);
    throw reasonOf(context);
  }
  // NOT_FOUND, TIMED_OUT, RESET: another attempt will come and adopt the process.
  attachment.detach();
  if (details?.notFound) life.lost();
  throw reasonOf(context);
}

function stoppedDetails(last: RunDetails, why: string): RunDetails {
  const gone = { pid: null, started_at: null, next_try_at: null, stopped: true };
  return { ...last, ...gone, word: "Stopped", cause: "none", action: "none", reason: why };
}

function lostHere(earlier: RunDetails): RunResult {
  return lostResult(earlier, { at: isoFromMicros(wallMicros()), host: hostname() });
}

/** The SDK puts its CancelledFailure there; an AbortError would leave a paused activity hanging. */
function reasonOf(context: Context): CancelledFailure {
  const reason: unknown = context.cancellationSignal.reason;
  return reason instanceof CancelledFailure ? reason : new CancelledFailure(String(reason));
}

function replacedFailure(spec: ServiceSpec): ApplicationFailure {
  return ApplicationFailure.create({
    message: `a newer attempt has adopted ${spec.name}`,
    type: "Replaced",
    category: ApplicationFailureCategory.BENIGN,
  });
}
