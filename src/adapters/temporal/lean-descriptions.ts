/**
 * The descriptions of Temporal's messages out of the text of the file in which its SDK has them, without what no process of
 * ours can send: the API of Temporal's cloud, what documents it, and how methods look over HTTP.
 */

/** As protobufjs writes a namespace; a message and an enumeration have more, which is left as it is. */
export type Description = {
  nested?: Record<string, Description>;
  methods?: Record<string, { options?: unknown; parsedOptions?: unknown }>;
};

const BEGIN = ".addJSON(";
const END = ");";
/** Packages that nothing of what stays refers to. */
const LEFT_OUT = [
  ["temporal", "api", "cloud"],
  ["grpc", "gateway"],
] as const;

/** Null where the file is not written as this version of the SDK writes it. */
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
