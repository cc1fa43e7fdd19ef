/** Answers the watchdog's local socket: its own requests, and those of its duties. */
import { messageOf } from "../../domain/failure.ts";
import { fieldsOf } from "../../wire/safety/kept-posture.ts";
import {
  readSafetyRequest,
  type SafetyAnswer,
  type SafetyView,
} from "../../wire/safety/safety-control.ts";
import type { Duties } from "./duty.ts";
import type { PostureLoop } from "./posture-loop.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

export async function answerSafety(of: {
  readonly line: string;
  readonly loop: PostureLoop;
  readonly duties: Duties;
  readonly view: () => SafetyView;
}): Promise<SafetyAnswer> {
  const { loop, duties, view } = of;
  const fields = fieldsOf(jsonOrNull(of.line));
  const own = duties.answer(fields);
  if (own !== null) return own;
  const id = typeof fields["id"] === "string" ? fields["id"] : "";
  const request = readSafetyRequest(fields);
  if (typeof request === "string") return { id, ok: false, detail: request, safety: null };
  if (request.command === "show") return { id, ok: true, detail: "watching", safety: view() };
  try {
    const detail = loop.obey(request);
    return { id, ok: true, detail, safety: view() };
  } catch (error) {
    return { id, ok: false, detail: messageOf(error), safety: view() };
  }
}
