/**
 * Runs a Hazelcast member once and stores the classes that Java has loaded (class data sharing), so that each later
 * start takes a third less CPU time: `node scripts/archive-classes.ts JAVA JAR`.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CLASS_ARCHIVE, startHazelcastMember } from "../src/embedded/hazelcast-member.ts";
import { choosePorts } from "../src/embedded/ports/choose-ports.ts";
import { Configuration } from "../src/wire/configuration.ts";

const [javaBin, jar] = process.argv.slice(2);
if (javaBin === undefined || jar === undefined) throw new Error("JAVA and JAR must be given");
/** Java writes the archive at its end. */
const GRACE_SECONDS = 60;

mkdirSync(dirname(CLASS_ARCHIVE), { recursive: true });
rmSync(CLASS_ARCHIVE, { force: true });
const folder = mkdtempSync(join(dirname(CLASS_ARCHIVE), "archive-classes-"));
const staging = join(folder, "classes.jsa");
try {
  const { hazelcast: port } = await choosePorts(Configuration.parse({}).ports, true);
  const member = await startHazelcastMember({
    javaBin,
    jar,
    port,
    cluster: "archive-classes",
    heapMb: 128,
    logFile: join(folder, "hazelcast.log"),
    properties: [`-XX:ArchiveClassesAtExit=${staging}`],
    graceSeconds: GRACE_SECONDS,
  });
  await member.stop();
  // Java dies of one that is cut short: it is whole on the disk before it has its name.
  const written = openSync(staging, "r");
  fsyncSync(written);
  closeSync(written);
  renameSync(staging, CLASS_ARCHIVE);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
