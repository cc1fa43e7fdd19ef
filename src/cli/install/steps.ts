/** The remaining steps after `dolphin install`, as commands to copy. */
import { shellWord } from "../../domain/deployment/shell-word.ts";

export function systemdSteps(of: {
  readonly out: string;
  readonly manager: "system" | "user";
  /** Installed units and folders that are no longer part of the stack. */
  readonly unused: readonly string[];
}): readonly string[] {
  const { manager } = of;
  const out = shellWord(of.out);
  const [sudo, ctl, units] =
    manager === "system"
      ? ["sudo ", "systemctl", "/etc/systemd/system"]
      : ["", "systemctl --user", "~/.config/systemd/user"];
  const tmpfiles = manager === "system" ? "systemd-tmpfiles" : "systemd-tmpfiles --user";
  return [
    `Written to ${of.out}. To enable them, and to start them at boot:`,
    ...(manager === "system" ? [`  sudo systemd-sysusers ${out}/dolphin.sysusers.conf`] : []),
    `  ${sudo}${tmpfiles} --create ${out}/dolphin.tmpfiles.conf`,
    ...unusedSteps(of.unused, { ctl: `${sudo}${ctl}`, rm: `${sudo}rm -r`, units }),
    `  ${sudo}mkdir -p ${units} && ${sudo}cp -r ${out}/*.service ${out}/*.service.d ${out}/*.target ${units}/`,
    `  ${sudo}${ctl} daemon-reload && ${sudo}${ctl} enable --now dolphin.target`,
    ...(manager === "user" ? ["  loginctl enable-linger   # or they end when you log out"] : []),
  ];
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
