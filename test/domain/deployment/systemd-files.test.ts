import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  deployedProcesses,
  type DeploymentWorld,
} from "../../../src/domain/deployment/deployed-processes.ts";
import { supervisordText } from "../../../src/domain/deployment/supervisord-conf.ts";
import { systemdFiles } from "../../../src/domain/deployment/systemd-files.ts";

const HOMES = "/home";
const WORLD: DeploymentWorld = {
  checkout: "/opt/dolphin",
  dataDir: "/var/lib/dolphin",
  archive: "/srv/scans",
  configFile: null,
  servers: { temporal: ["/opt/temporal", "server"], hazelcast: ["/opt/java", "-cp", "a.jar"] },
  temporalAddress: "127.0.0.1:7233",
  hazelcastAddress: "127.0.0.1:5701",
  layers: ["trader", "scan", "indicators", "health", "batch"],
  secretFiles: [],
  outside: ["worker-indicators"],
};

function unitsOf(change: Partial<DeploymentWorld> = {}, manager: "system" | "user" = "system") {
  const files = systemdFiles({ ...WORLD, ...change }, { manager, runAs: "dolphin" });
  return new Map(files.map(({ file, text }) => [file, text]));
}

/** What the unit of a process and its layer's file say, in this order. */
function linesOf(units: ReadonlyMap<string, string>, name: string): readonly string[] {
  const layer = name.startsWith("worker-") ? name.slice("worker-".length) : null;
  const texts =
    layer === null
      ? [units.get(`dolphin-${name}.service`)]
      : [
          units.get("dolphin-worker@.service"),
          units.get(`dolphin-worker@${layer}.service.d/10-layer.conf`),
        ];
  return texts.flatMap((text) => text?.split("\n") ?? ["missing"]);
}

function denies(units: ReadonlyMap<string, string>, name: string): boolean {
  const lines = linesOf(units, name).filter((line) => line.startsWith("IPAddressDeny="));
  return lines.at(-1) === "IPAddressDeny=any";
}

function hides(name: string): boolean {
  return linesOf(unitsOf(), name).includes("ProcSubset=pid");
}

describe("units", () => {
  test("are one a process, and a template for the layers, all wanted by the target", () => {
    const units = unitsOf();
    const target = units.get("dolphin.target") ?? "";
    for (const { name, layer } of deployedProcesses(WORLD)) {
      const unit = layer === null ? `dolphin-${name}.service` : `dolphin-worker@${layer}.service`;
      expect(target).toContain(unit);
      expect(linesOf(units, name)).not.toContain("missing");
    }
    expect(units.get("dolphin-worker@.service")).toContain(
      "ExecStart=/opt/dolphin/bin/dolphin worker %i\n",
    );
  });

  test("let a process write what it writes, and nothing else", () => {
    const units = unitsOf();
    for (const { name, writes } of deployedProcesses(WORLD)) {
      const writable = linesOf(units, name)
        .filter((line) => line.startsWith("ReadWritePaths="))
        .map((line) => line.slice("ReadWritePaths=-".length));
      expect(writable.toSorted()).toEqual(writes.toSorted());
      expect(linesOf(units, name)).toContain("ProtectSystem=strict");
    }
    expect(linesOf(units, "worker-batch")).toContain("ReadWritePaths=-/srv/scans");
    expect(linesOf(units, "worker-scan")).not.toContain("ReadWritePaths=-/srv/scans");
  });

  test("talk to loopback only, except those that ask venues, and all where a server is elsewhere", () => {
    const units = unitsOf();
    const names = deployedProcesses(WORLD).map(({ name }) => name);
    expect(names.filter((name) => !denies(units, name))).toEqual(["worker-indicators"]);
    const remote = unitsOf({ servers: null, temporalAddress: "temporal.example:7233" });
    expect(denies(remote, "worker-scan")).toBe(false);
    expect(remote.has("dolphin-temporal.service")).toBe(false);
  });

  test("go on trying, except after what only a person can change", () => {
    for (const { name, life } of deployedProcesses(WORLD)) {
      const lines = linesOf(unitsOf(), name);
      expect(lines).toContain("StartLimitIntervalSec=0");
      expect(lines).toContain("RestartPreventExitStatus=64 78");
      expect(lines).toContain(life === "once" ? "Restart=on-failure" : "Restart=always");
    }
  });

  test("have not failed where Java was stopped, with 128 + SIGTERM", () => {
    for (const { name, life } of deployedProcesses(WORLD)) {
      const isClean = linesOf(unitsOf(), name).includes("SuccessExitStatus=143");
      expect([name, isClean]).toEqual([name, life === "stays"]);
    }
  });

  test("leave a worker alone whose service the kernel killed for its memory: its supervisor restarts it", () => {
    for (const { name, layer } of deployedProcesses(WORLD)) {
      const goesOn = linesOf(unitsOf(), name).includes("OOMPolicy=continue");
      expect([name, goesOn]).toEqual([name, layer !== null]);
    }
  });

  test.each<[string, Partial<DeploymentWorld>]>([
    ["the archive", { archive: join(HOMES, "scans") }],
    ["a secret", { secretFiles: [join(HOMES, "ana", "url")] }],
    ["the data", { dataDir: "/run/user/data" }],
    [
      "a server's program",
      {
        servers: {
          temporal: [join(HOMES, "temporal")],
          hazelcast: [join(HOMES, "java"), "-cp", "a.jar"],
        },
      },
    ],
  ])("see homes where %s lies there", (_, change) => {
    const names =
      change.servers === undefined ? ["watchdog", "worker-scan"] : ["temporal", "hazelcast"];
    for (const name of names) {
      expect(linesOf(unitsOf(), name)).toContain("ProtectHome=yes");
      expect(linesOf(unitsOf(change), name)).toContain("ProtectHome=read-only");
    }
  });

  test("run as nobody's root, and a user's manager is asked for no other user", () => {
    expect(linesOf(unitsOf(), "watchdog")).toContain("User=dolphin");
    const own = unitsOf({}, "user");
    expect([...own.values()].join("\n")).not.toMatch(/^(User|Group)=/m);
    expect(own.has("dolphin.sysusers.conf")).toBe(false);
  });

  test("let workers see the machine's memory, without which Temporal's SDK ends", () => {
    expect(deployedProcesses(WORLD).map(({ name }) => [name, hides(name)])).toEqual(
      deployedProcesses(WORLD).map(({ name, layer }) => [name, layer === null]),
    );
  });

  test("keep words with spaces, percents and dollars whole", () => {
    const servers = { temporal: ["/opt/a$b", "--db", "/srv/$x"], hazelcast: ["/opt/java"] };
    const units = unitsOf({ dataDir: "/srv/my data/50%", checkout: "/opt/a$b", servers });
    const lines = linesOf(units, "watchdog");
    expect(lines).toContain('ReadWritePaths=-"/srv/my data/50%%"');
    // In the path of the program systemd expands nothing, and '$$' would be two dollars.
    expect(lines).toContain('ExecStart="/opt/a$b/bin/dolphin" watchdog');
    expect(linesOf(units, "temporal")).toContain('ExecStart="/opt/a$b" --db "/srv/$$x"');
    expect(lines).toContain('Environment="DOLPHIN_DATA_DIR=/srv/my data/50%%"');
  });
});

describe("supervisord's configuration", () => {
  test("has the same processes, in one group", () => {
    const text = supervisordText(WORLD);
    const names = deployedProcesses(WORLD).map(({ name }) => name);
    expect(text.match(/^\[program:.+\]$/gm)).toEqual(names.map((name) => `[program:${name}]`));
    expect(text).toContain(`[group:dolphin]\nprograms=${names.join(",")}\n`);
  });

  test("does not start again and again what is configured wrongly", () => {
    const [, create = ""] = supervisordText(WORLD).split("[program:create]\n");
    expect(create.split("\n[")[0]).toContain("startsecs=0\nexitcodes=0,64,78\n");
  });

  test("makes what failed wait before it is started again, and end at once when asked to", () => {
    const [, create = ""] = supervisordText(WORLD).split("[program:create]\n");
    expect(create).toMatch(
      /^command=\/bin\/sh -c ".* \|\| sleep 5; exit \$code" \/opt\/dolphin\/bin\/dolphin create$/m,
    );
    expect(create).toContain("stopasgroup=true\n");
  });

  test("keeps its socket in its own folder, and bounds every log", () => {
    const text = supervisordText(WORLD);
    expect(text).toContain("file=/var/lib/dolphin/supervisord/supervisor.sock\nchmod=0700\n");
    const logs = text.match(/_?logfile=/g)?.length ?? 0;
    expect(text.match(/logfile_maxbytes=50MB/g)).toHaveLength(logs);
    expect(text.match(/logfile_backups=10/g)).toHaveLength(logs);
  });
});
