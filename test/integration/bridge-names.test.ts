/** Every kind of name in an archive, and what happens to the file: with events and by listing only. */
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashOf } from "../../src/wire/scan-hash.ts";
import { checkBooks, checkJournal } from "../helpers/books.ts";
import { type Bridge, type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putFile, scanBytes } from "../helpers/scan-files.ts";
import { spawnSync } from "../helpers/run-program.ts";

let lab: Lab;
/** Makes scans of one number differ. */
let variants = 1;
beforeAll(async () => {
  lab = await openLab("bridge-names");
});
afterAll(() => lab.close());

/** A bridge for the tests of one block; each test writes scans of its own into a day of its own. */
function useBridge(watch: "auto" | "poll") {
  let site: Site;
  let bridge: Bridge;
  let number = 0;
  beforeAll(async () => {
    site = await lab.site();
    bridge = await site.start({ yaml: [`scan_bridge: { reconcile_s: 0.2, watch: ${watch} }`] });
  });
  afterAll(async () => {
    await checkBooks(site, lab.cluster);
    expect(bridge.isGone()).toBe(false);
    expect((await bridge.stop()).code).toBe(0);
  });
  return {
    site: () => site,
    bridge: () => bridge,
    nextBytes: () => scanBytes((number += 1)),
    checkPushed: (file: string) =>
      until(`${JSON.stringify(file)} is pushed`, () => {
        const verdict = site.verdict(file);
        return verdict?.kind === "pushed" ? verdict.seq : null;
      }),
    checkVerdict: (file: string, kind: string) =>
      until(`${JSON.stringify(file)} is ${kind}`, () => site.verdict(file)?.kind === kind),
  };
}

const WATCHES = ["auto", "poll"] as const;
const sameDay = (name: string) => `2026-01-05/${name}.arrow`;

describe.each(WATCHES)("names, with scan_bridge.watch: %s", (watch) => {
  const { site, bridge, nextBytes, checkPushed, checkVerdict } = useBridge(watch);

  test.each([
    ["composed", "caf\u00e9.arrow"],
    ["decomposed", "cafe\u0301.arrow"],
    ["emoji", "\u{1f42c}\u{1f4c8}.arrow"],
    ["right to left", "\u202e\u05d0\u05d1.arrow"],
    ["line break", "two\nlines.arrow"],
    ["terminal escape", "\u001b[31mred\u001b[0m.arrow"],
    ["leading dash", "-rf.arrow"],
    ["spaces and quotes", ` '"\\ .arrow`],
    ["lock file of an office", "~$scan.arrow"],
    ["255 bytes", `${"n".repeat(249)}.arrow`],
    ["nothing but the ending", "a.arrow.arrow"],
    ["replacement character", "\ufffd.arrow"],
  ])("a scan's name may be anything: %s", async (_what, name) => {
    const file = `2026-01-01/${name}`;
    putFile(site().archive, file, nextBytes());
    const seq = await checkPushed(file);
    await until("latest names the file", async () => {
      const latest = await lab.cluster.latest();
      return latest?.seq === seq && latest.file === file;
    });
  });

  test("no name puts a control character into the log", async () => {
    putFile(site().archive, "2026-01-02/bad\n\u001b[2J.arrow", Buffer.from("no scan"));
    await checkVerdict("2026-01-02/bad\n\u001b[2J.arrow", "quarantined");
    await bridge().saidInLog("quarantined");
    const text = readFileSync(join(site().data, "logs/scan-bridge.log"), "utf8");
    const controls = Array.from(text).filter(
      (char) => char !== "\n" && (char < " " || char === "\u007f"),
    );
    expect(controls).toEqual([]);
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
  });

  test.each([".hidden.arrow", "a.arrow.tmp", "a.tmp", "a.arrow~", "desktop.ini", "arrow"])(
    "%s is no scan",
    async (name) => {
      putFile(site().archive, `2026-01-03/${name}`, nextBytes());
      const after = `2026-01-03/after ${name}.arrow`;
      putFile(site().archive, after, nextBytes());
      await checkPushed(after);
      expect(site().verdict(`2026-01-03/${name}`)).toBeNull();
    },
  );

  test("a name that is not UTF-8 is reported in the quarantine, and hides no other file", async () => {
    const folder = join(site().archive, "2026-01-04");
    mkdirSync(folder, { recursive: true });
    const path = Buffer.concat([Buffer.from(`${folder}/bad-`), Buffer.of(0xff, 0xfe)]);
    writeFileSync(Buffer.concat([path, Buffer.from(".arrow")]), nextBytes());
    await checkVerdict("2026-01-04/bad-\ufffd\ufffd.arrow", "quarantined");
    putFile(site().archive, "2026-01-04/good.arrow", nextBytes());
    await checkPushed("2026-01-04/good.arrow");
    rmSync(Buffer.concat([path, Buffer.from(".arrow")]));
  });

  test("folders, FIFOs, devices, sockets and links are reported and never read", async () => {
    const folder = join(site().archive, "2026-01-07");
    const at = (name: string) => join(folder, `${name}.arrow`);
    mkdirSync(at("folder"), { recursive: true });
    writeFileSync(join(site().dir, "outside"), nextBytes());
    symlinkSync(join(site().dir, "outside"), at("link-out"));
    symlinkSync(at("loop"), at("loop"));
    symlinkSync(join(folder, "nothing"), at("dangling"));
    symlinkSync("/dev/zero", at("link-to-device"));
    spawnSync("mkfifo", [at("fifo")]);
    const hasDevice = spawnSync("mknod", [at("device"), "c", "1", "5"]).status === 0;
    const server = createServer().listen(at("socket"));
    const names = ["folder", "link-out", "loop", "dangling", "link-to-device", "fifo", "socket"];
    if (hasDevice) names.push("device");
    putFile(site().archive, "2026-01-07/real.arrow", nextBytes());
    await checkPushed("2026-01-07/real.arrow");
    for (const name of names) {
      await checkVerdict(`2026-01-07/${name}.arrow`, "quarantined");
      expect(site().verdict(`2026-01-07/${name}.arrow`)).toMatchObject({
        reason: "not_regular",
      });
    }
    server.close();
  });

  test("only real days are read, and a folder that looks like one is reported", async () => {
    for (const day of ["2026-02-30", "2025-02-29", "2026-2-1", "today", "2026-13-01"]) {
      putFile(site().archive, `${day}/a.arrow`, nextBytes());
    }
    mkdirSync(join(site().dir, "elsewhere"));
    writeFileSync(join(site().dir, "elsewhere", "a.arrow"), nextBytes());
    symlinkSync(join(site().dir, "elsewhere"), join(site().archive, "2026-01-08"));
    putFile(site().archive, "2028-02-29/a.arrow", nextBytes());
    await checkPushed("2028-02-29/a.arrow");
    await bridge().saidInLog("2026-02-30 is not a day");
    await bridge().saidInLog("2025-02-29 is not a day");
    expect(site().verdict("2026-02-30/a.arrow")).toBeNull();
    expect(site().verdict("2026-01-08/a.arrow")).toBeNull();
    for (const day of ["2026-02-30", "2025-02-29", "2026-13-01"]) {
      rmSync(join(site().archive, day), { recursive: true });
    }
  });
});

describe.each(WATCHES)("contents, with scan_bridge.watch: %s", (watch) => {
  const { site, nextBytes, checkPushed, checkVerdict } = useBridge(watch);

  test("the same bytes again, under any name, get no seq", async () => {
    const bytes = nextBytes();
    const pathOf = (name: string) => join(site().archive, sameDay(name));
    putFile(site().archive, sameDay("first"), bytes);
    const seq = await checkPushed(sameDay("first"));
    putFile(site().archive, sameDay("copy"), bytes);
    linkSync(pathOf("first"), pathOf("hard-link"));
    await checkVerdict(sameDay("copy"), "duplicate");
    await checkVerdict(sameDay("hard-link"), "duplicate");
    renameSync(pathOf("first"), pathOf("renamed"));
    await checkVerdict(sameDay("renamed"), "duplicate");
    expect(site().verdict(sameDay("copy"))).toEqual({ kind: "duplicate", seq });
    // An old file restored, and one that was only touched.
    putFile(site().archive, sameDay("first"), bytes, { mtimeS: 1_700_000_000 });
    utimesSync(pathOf("copy"), 1_800_000_000, 1_800_000_000);
    putFile(site().archive, sameDay("after"), nextBytes());
    expect(await checkPushed(sameDay("after"))).toBe(seq + 1);
  });

  test("other bytes under a name that was pushed are another scan", async () => {
    const file = "2026-01-06/again.arrow";
    putFile(site().archive, file, nextBytes());
    const seq = await checkPushed(file);
    putFile(site().archive, file, nextBytes());
    await until("the second has a seq", () => site().lastSeq() === seq + 1);
    expect(await checkPushed(file)).toBe(seq + 1);
  });

  test("files that vanish, grow and are replaced while they are read", async () => {
    const folder = join(site().archive, "2028-03-01");
    let last = nextBytes();
    for (let round = 0; round < 100; round++) {
      const gone = `2028-03-01/gone-${round}.arrow`;
      putFile(site().archive, gone, nextBytes());
      rmSync(join(site().archive, gone));
      last = nextBytes();
      putFile(site().archive, "2028-03-01/replaced.arrow", last);
      const bytes = nextBytes();
      const grows = join(folder, `grows-${round}.arrow`);
      for (let from = 0; from < bytes.length; from += 400) {
        appendFileSync(grows, bytes.subarray(from, from + 400));
      }
    }
    for (let round = 0; round < 100; round++) await checkPushed(`2028-03-01/grows-${round}.arrow`);
    await until("what is left has a seq", () =>
      site().readJournal((journal) => journal.seqOfHash(hashOf(last))),
    );
    await checkBooks(site(), lab.cluster);
  });

  test("a writer that stalls for longer than a file may stand still is waited for", async () => {
    const path = join(site().archive, "2028-03-02/stalls.arrow");
    const bytes = nextBytes();
    mkdirSync(join(site().archive, "2028-03-02"));
    writeFileSync(path, bytes.subarray(0, 500));
    await checkVerdict("2028-03-02/stalls.arrow", "quarantined");
    appendFileSync(path, bytes.subarray(500));
    await checkPushed("2028-03-02/stalls.arrow");
  });

  test.each([
    ["starts again", [500, 501, 1, 2]],
    ["has gaps", [10_000, 10_005, 10_004_000]],
    ["jumps by a million and back", [20_000_000, 21_000_000, 20_000_001]],
    ["stays the same", [7, 7, 7]],
    ["is as large as a number may be", [9_007_199_254_740_990, 9_007_199_254_740_991]],
  ])("the scan number %s: every scan is live and in order", async (what, numbers) => {
    const seqs: number[] = [];
    for (const [at, scanNumber] of numbers.entries()) {
      const file = `2028-03-03/${what} ${at}.arrow`;
      putFile(site().archive, file, scanBytes(scanNumber, variants++));
      seqs.push(await checkPushed(file));
    }
    const found = checkJournal(site()).filter(({ seq }) => seqs.includes(seq));
    expect(found.map(({ late, replayed }) => [late, replayed])).toEqual(
      numbers.map(() => [false, false]),
    );
    expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
  });
});
