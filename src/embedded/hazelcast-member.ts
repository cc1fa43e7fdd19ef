/** The real Hazelcast member with the configuration that we ship, bound to loopback. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { startGuarded, withoutOverrides } from "./guarded-process.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { LOOPBACK, probePort } from "./ports/ports.ts";
import { untilReady } from "./until-ready.ts";

export type HazelcastMemberOptions = {
  readonly javaBin: string;
  readonly jar: string;
  readonly port: number;
  readonly cluster: string;
  readonly heapMb: number;
  readonly logFile: string;
  /** Additional system properties, in Java's form. */
  readonly properties?: readonly string[];
  readonly graceSeconds?: number;
};
export type HazelcastMember = GuardedProcess & { readonly address: string };

const CONFIGURATION = fileURLToPath(
  new URL("../../deploy/hazelcast/hazelcast.xml", import.meta.url),
);
/** Packages that the member needs opened on Java 17, or warns about. */
const OPENED_TO_MEMBER = [
  "java.base/jdk.internal.ref",
  "java.base/java.lang",
  "java.base/sun.nio.ch",
  "java.management/sun.management",
  "jdk.management/com.sun.management.internal",
];
/** Java's class data archive of an earlier run; setup creates it. */
export const CLASS_ARCHIVE = fileURLToPath(
  new URL("../../.cache/hazelcast-classes.jsa", import.meta.url),
);
const READY_WITHIN_MS = 60_000;
const GRACE_SECONDS = 10;

/** Resolves when the member accepts clients; rejects, with nothing left running, when it can't start. */
export async function startHazelcastMember(
  options: HazelcastMemberOptions,
): Promise<HazelcastMember> {
  const address = `${LOOPBACK}:${options.port}`;
  const logFrom = existsSync(options.logFile) ? statSync(options.logFile).size : 0;
  const member = await startGuarded({
    command: options.javaBin,
    args: memberArguments(options),
    cwd: dirname(options.logFile),
    env: withoutOverrides(process.env),
    logFile: options.logFile,
    graceSeconds: options.graceSeconds ?? GRACE_SECONDS,
  });
  await untilReady({
    name: "Hazelcast",
    process: member,
    logFile: options.logFile,
    withinMs: READY_WITHIN_MS,
    // The port opens before the member has joined; its log says when it has.
    probe: async () => {
      if (!textFrom(options.logFile, logFrom).includes("is STARTED")) {
        throw new Error("the member has not started");
      }
      await probePort(options.port);
    },
  });
  return { ...member, address };
}

/** Also used for a member started separately. */
export function memberArguments(options: Omit<HazelcastMemberOptions, "logFile">): string[] {
  return [
    // A small, fixed heap with the collector that needs least memory.
    "-Xms64m",
    `-Xmx${options.heapMb}m`,
    "-XX:+UseSerialGC",
    "-XX:MaxMetaspaceSize=128m",
    // The second compiler takes as much of a core as the member itself in its first minutes, and 10 MB.
    "-XX:TieredStopAtLevel=1",
    // A member that is out of memory must end and be restarted.
    "-XX:+ExitOnOutOfMemoryError",
    ...classArchive(),
    "--add-modules=java.se",
    ...OPENED_TO_MEMBER.map((where) => `--add-opens=${where}=ALL-UNNAMED`),
    `-Dhazelcast.config=${CONFIGURATION}`,
    `-Ddolphin.cluster=${options.cluster}`,
    `-Ddolphin.port=${options.port}`,
    `-Ddolphin.interface=${LOOPBACK}`,
    `-Ddolphin.members=${LOOPBACK}:${options.port}`,
    ...(options.properties ?? []),
    "-cp",
    options.jar,
    "com.hazelcast.core.server.HazelcastMemberStarter",
  ];
}

/** Java silently ignores an archive of another Java or jar. */
function classArchive(): readonly string[] {
  if (!existsSync(CLASS_ARCHIVE)) return [];
  return [`-XX:SharedArchiveFile=${CLASS_ARCHIVE}`, "-Xlog:cds=off", "-Xlog:class+path=off"];
}

function textFrom(file: string, offset: number): string {
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, statSync(file).size - offset));
    readSync(handle, buffer, 0, buffer.length, offset);
    return buffer.toString("utf8");
  } finally {
    closeSync(handle);
  }
}
