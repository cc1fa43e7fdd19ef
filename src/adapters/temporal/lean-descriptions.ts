/**
 * Extracts the descriptions of Temporal's messages from the text of the SDK's file, without the API of Temporal's cloud, its
 * documentation options, and the HTTP options of methods.
 */

/** A namespace as protobufjs writes it; other members, of messages and enumerations, stay unchanged. */
export type Description = {
  nested?: Record<string, Description>;
  methods?: Record<string, { options?: unknown; parsedOptions?: unknown }>;
};

const BEGIN = ".addJSON(";
const END = ");";
/** Packages to which the remaining descriptions do not refer. */
const LEFT_OUT = [
  ["temporal", "api", "cloud"],
  ["grpc", "gateway"],
] as const;

/** Null if the file is not in the format of this version of the SDK. */
export function leanDescriptions(text: string): Record<string, Description> | null {
  const begin = text.indexOf(BEGIN);
  const end = text.lastIndexOf(END);
  if (begin < 0 || end <= begin) return null;
  const packages = parsed(text.slice(begin + BEGIN.length, end));
  if (packages?.["temporal"] === undefined) return null;
  const root = { nested: packages };
  for (const path of LEFT_OUT) leaveOut(root, path);
  withoutOptions(root);
  return packages;
}

function parsed(text: string): Record<string, Description> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function leaveOut(root: Description, path: readonly string[]): void {
  let within: Description | undefined = root;
  for (const name of path.slice(0, -1)) within = within?.nested?.[name];
  delete within?.nested?.[path.at(-1) ?? ""];
}

function withoutOptions({ methods, nested }: Description): void {
  for (const method of Object.values(methods ?? {})) {
    delete method.options;
    delete method.parsedOptions;
  }
  for (const inner of Object.values(nested ?? {})) withoutOptions(inner);
}
