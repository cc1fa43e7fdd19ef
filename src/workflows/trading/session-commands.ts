/** Parses what an operator types as the input of a session's updates. */
import { integerFrom, oneOf, openInput, text, invalidInput } from "../input.ts";

export type CommandName = "enter" | "flatten" | "halt" | "resume";

/** In the form of the trader's local socket. */
export type SessionCommand =
  | {
      readonly command: "enter";
      readonly id: string;
      readonly by: string;
      readonly asset: string;
      readonly direction: "long" | "short";
      readonly share?: number;
      readonly take_profit?: number;
      readonly stop_loss?: number;
      readonly hold_scans_max?: number;
    }
  | { readonly command: Exclude<CommandName, "enter">; readonly id: string; readonly by: string };

const SHARE = {
  expected: "a number above 0 and at most 1",
  read: (value: unknown) =>
    typeof value === "number" && 0 < value && value <= 1 ? value : undefined,
};
const ID = {
  expected: "a text of 1 to 200 characters",
  read: (value: unknown) =>
    typeof value === "string" && 0 < value.length && value.length <= 200 ? value : undefined,
};
const ENTER_FIELDS = "asset direction share take_profit stop_loss hold_scans_max id by".split(" ");

/** `updateId` is the command's default id, so that a repeated update has no further effect. */
export function readCommand(name: CommandName, raw: unknown, updateId: string): SessionCommand {
  if (name !== "enter") {
    const read = openInput(raw, ["id", "by"]);
    return { command: name, id: read("id", ID) ?? updateId, by: read("by", text) ?? "temporal" };
  }
  const read = openInput(raw, ENTER_FIELDS);
  const asset = read("asset", text);
  const direction = read("direction", oneOf("long", "short"));
  if (asset === undefined) throw missing("asset");
  if (direction === undefined) throw missing("direction");
  const share = read("share", SHARE);
  const take_profit = read("take_profit", SHARE);
  const stop_loss = read("stop_loss", SHARE);
  const hold_scans_max = read("hold_scans_max", integerFrom(1));
  return {
    command: name,
    id: read("id", ID) ?? updateId,
    by: read("by", text) ?? "temporal",
    asset,
    direction,
    ...(share === undefined ? {} : { share }),
    ...(take_profit === undefined ? {} : { take_profit }),
    ...(stop_loss === undefined ? {} : { stop_loss }),
    ...(hold_scans_max === undefined ? {} : { hold_scans_max }),
  };
}

function missing(field: string): Error {
  return invalidInput(
    `field '${field}' is missing; an entry is such as {"asset":"BTCUSDT","direction":"long"}`,
  );
}
