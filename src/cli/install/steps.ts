/** The remaining steps after `dolphin install`, as commands to copy. */

export function systemdSteps(of: {
  readonly out: string;
  readonly manager: "system" | "user";
  readonly dataDir: string;
}): readonly string[] {
  const { out, manager } = of;
  const [sudo, ctl, units] =
    manager === "system"
      ? ["sudo ", "systemctl", "/etc/systemd/system"]
      : ["", "systemctl --user", "~/.config/systemd/user"];
  const tmpfiles = manager === "system" ? "systemd-tmpfiles" : "systemd-tmpfiles --user";
  return [
    `Written to ${out}. To enable them, and to start them at boot:`,
    ...(manager === "system" ? [`  sudo systemd-sysusers ${out}/dolphin.sysusers.conf`] : []),
    `  ${sudo}${tmpfiles} --create ${out}/dolphin.tmpfiles.conf`,
    `  ${sudo}mkdir -p ${units} && ${sudo}cp -r ${out}/*.service ${out}/*.service.d ${out}/*.target ${units}/`,
    `  ${sudo}${ctl} daemon-reload && ${sudo}${ctl} enable --now dolphin.target`,
    ...(manager === "user" ? ["  loginctl enable-linger   # or they end when you log out"] : []),
  ];
}

export function supervisordSteps(file: string): readonly string[] {
  return [
    `Written to ${file}. supervisord comes from PyPI ('pip install supervisor'). To start everything:`,
    `  supervisord -c ${file}`,
    `  supervisorctl -c ${file} status`,
    `  supervisorctl -c ${file} restart 'dolphin:*'   # or start, stop; one program: dolphin:worker-scan`,
    `  supervisorctl -c ${file} shutdown`,
  ];
}
