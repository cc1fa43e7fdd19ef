/**
 * All files of `dolphin install systemd`: one unit for each process, one template for workers, a target, the user and
 * the folders.
 */
import { assert } from "../assert.ts";
import {
  deployedProcesses,
  type DeployedProcess,
  type DeploymentWorld,
  temporalFolder,
} from "./deployed-processes.ts";
import {
  dropInText,
  MADE_BY,
  quoted,
  TARGET,
  unitName,
  unitText,
  type UnitSettings,
  type UnitText,
} from "./systemd-unit.ts";

const TEMPLATE = "dolphin-worker@.service";
/** Placeholder for the layer until everything else is escaped: `%i` itself would be escaped. */
const INSTANCE = "@layer@";

export function systemdFiles(
  world: DeploymentWorld,
  choice: Pick<UnitSettings, "manager" | "runAs">,
): readonly UnitText[] {
  const { checkout, dataDir, configFile, archive, secretFiles } = world;
  const reads = [archive, ...secretFiles];
  const settings: UnitSettings = { ...choice, checkout, dataDir, configFile, reads };
  const processes = deployedProcesses(world);
  const alone = processes.filter(({ layer }) => layer === null);
  const workers = processes.filter(({ layer }) => layer !== null);
  const template = templateOf(workers);
  return [
    ...alone.map((each) => ({ file: unitName(each), text: unitText(each, settings) })),
    { file: TEMPLATE, text: unitText(template, settings).replaceAll(INSTANCE, "%i") },
    ...workers.map((each) => ({
      file: `${unitName(each)}.d/10-layer.conf`,
      text: dropInText(each, template),
    })),
    { file: TARGET, text: targetText(processes, choice.manager) },
    ...(choice.manager === "system"
      ? [{ file: "dolphin.sysusers.conf", text: userText(choice.runAs, dataDir) }]
      : []),
    { file: "dolphin.tmpfiles.conf", text: foldersText(world, choice) },
  ];
}

/** The common part of all layers; a layer's additions are in its own drop-in file. */
function templateOf(workers: readonly DeployedProcess[]): DeployedProcess {
  const [first] = workers;
  assert(first !== undefined, "a deployment has a layer");
  const inTemplate = (text: string) => text.replaceAll(first.layer ?? "", INSTANCE);
  return {
    ...first,
    about: inTemplate(first.about),
    command: first.command.map((word) => (word === first.layer ? INSTANCE : word)),
    writes: first.writes.filter((path) => workers.every((each) => each.writes.includes(path))),
    goesOutside: workers.every((each) => each.goesOutside),
  };
}

/** Lists the worker instances by name: nothing else enables an instance of a template. */
function targetText(processes: readonly DeployedProcess[], manager: "system" | "user"): string {
  return [
    MADE_BY,
    "[Unit]",
    "Description=DOLPHIN, all of it",
    `Wants=${processes.map(unitName).join(" ")}`,
    "",
    "[Install]",
    `WantedBy=${manager === "system" ? "multi-user.target" : "default.target"}`,
    "",
  ].join("\n");
}

function userText(runAs: string, dataDir: string): string {
  return `u ${runAs} - "DOLPHIN" ${quoted(dataDir)}\n`;
}

function foldersText(
  world: DeploymentWorld,
  { manager, runAs }: Pick<UnitSettings, "manager" | "runAs">,
): string {
  const owner = manager === "system" ? `${runAs} ${runAs}` : "- -";
  const folders = [world.dataDir, ...(world.servers === null ? [] : [temporalFolder(world)])];
  return folders.map((folder) => `d ${quoted(folder)} 0750 ${owner} -\n`).join("");
}
