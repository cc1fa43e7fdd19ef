/** The remaining steps after `dolphin install`, as commands to copy. */
import type { DeploymentWorld } from "../../domain/deployment/deployed-processes.ts";
import { shellWord } from "../../domain/deployment/shell-word.ts";

export function systemdSteps(of: {
  readonly out: string;
  readonly manager: "system" | "user";
  /** Installed units and folders that are no longer part of the stack. */
  readonly unused: readonly string[];
  readonly world: Pick<DeploymentWorld, "dataDir" | "archive" | "configFile">;
  /** Paths in folders that the units do not see. */
  readonly hidden: readonly string[];
}): readonly string[] {
  const { manager } = of;
  const out = shellWord(of.out);
  const [sudo, ctl, units] =
    manager === "system"
      ? ["sudo ", "systemctl", "/etc/systemd/system"]
      : ["", "systemctl --user", "~/.config/systemd/user"];
  const tmpfiles = manager === "system" ? "systemd-tmpfiles" : "systemd-tmpfiles --user";
  return [
    ...of.hidden.map(
      (path) =>
        `Warning: ${path} is in a temporary folder, and units have their own: move it elsewhere and run 'install' again, or they fail (200/CHDIR, 203/EXEC).`,
    ),
    writtenLine(of),
    ...(manager === "system" ? [`  sudo systemd-sysusers ${out}/dolphin.sysusers.conf`] : []),
    `  ${sudo}${tmpfiles} --create ${out}/dolphin.tmpfiles.conf`,
    ...unusedSteps(of.unused, { ctl: `${sudo}${ctl}`, rm: `${sudo}rm -r`, units }),
    `  ${sudo}mkdir -p ${units} && ${sudo}cp -r ${out}/*.service ${out}/*.service.d ${out}/*.target ${units}/`,
    // Not `enable --now`, which leaves what runs already with the units and the configuration of before.
    `  ${sudo}${ctl} daemon-reload && ${sudo}${ctl} enable dolphin.target && ${sudo}${ctl} restart dolphin.target`,
    ...(manager === "user" ? ["  loginctl enable-linger   # or they end when you log out"] : []),
  ];
}

/** Which deployment it is: run in another folder, without a configuration file, it would be another one. */
function writtenLine({ out, world }: Pick<Parameters<typeof systemdSteps>[0], "out" | "world">) {
  const { dataDir, archive, configFile } = world;
  const configured = configFile ?? "the defaults, without a configuration file";
  return `Written to ${out}, for the data in ${dataDir} and the scans in ${archive} (${configured}). To enable them, and to start them at boot:`;
}

function unusedSteps(
  unused: readonly string[],
  { ctl, rm, units }: { readonly ctl: string; readonly rm: string; readonly units: string },
): readonly string[] {
  if (unused.length === 0) return [];
  const services = [...new Set(unused.map((name) => name.replace(/\.d$/, "")))];
  return [
    `  ${ctl} disable --now ${services.map(shellWord).join(" ")}   # no longer part of the stack`,
    `  ${rm} ${unused.map((name) => `${units}/${shellWord(name)}`).join(" ")}`,
  ];
}

export function supervisordSteps(file: string): readonly string[] {
  const word = shellWord(file);
  return [
    `Written to ${file}. supervisord comes from PyPI ('pip install supervisor'). To start everything:`,
    `  supervisord -c ${word}`,
    `  supervisorctl -c ${word} status`,
    `  supervisorctl -c ${word} restart 'dolphin:*'   # or start, stop; one program: dolphin:worker-scan`,
    `  supervisorctl -c ${word} shutdown`,
  ];
}
