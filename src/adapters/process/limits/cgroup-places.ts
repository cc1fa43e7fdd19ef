/** Finds where the kernel lets us create control groups (Linux, version 1 or 2), from /proc/self. */

export const CONTROLLERS = ["memory", "cpu", "pids"] as const;
export type Controller = (typeof CONTROLLERS)[number];

export type CgroupPlace = {
  readonly version: 1 | 2;
  /** The folder in which a group of our own is created. */
  readonly folder: string;
};

/** One hierarchy: its mount, and our group in it. */
type Hierarchy = {
  readonly version: 1 | 2;
  /** Empty with version 2, which has all controllers in one hierarchy. */
  readonly controllers: readonly string[];
  readonly mount: string;
  readonly own: string;
  readonly parent: string | null;
};

/**
 * By controller, null where there is no place. With version 2 a group that contains processes can't delegate
 * controllers to child groups: our groups are created beside our own, in the delegated parent.
 */
export function cgroupPlaces(of: {
  /** /proc/self/cgroup. */
  readonly cgroup: string;
  /** /proc/self/mountinfo. */
  readonly mountinfo: string;
  readonly isRoot: boolean;
  /** The controllers that a group delegates to its children: its cgroup.subtree_control. */
  readonly handedDown: (folder: string) => readonly string[];
}): Readonly<Record<Controller, CgroupPlace | null>> {
  const hierarchies = hierarchiesOf(of.cgroup, of.mountinfo);
  const placeOf = (controller: Controller): CgroupPlace | null => {
    const first = hierarchies.find((one) => one.controllers.includes(controller));
    if (first !== undefined) return { version: 1, folder: first.own };
    const second = hierarchies.find(({ version }) => version === 2);
    if (second === undefined) return null;
    // Root could write into a slice that another manager owns.
    const candidates = of.isRoot ? [second.own] : [second.own, second.parent];
    const folder = candidates.find(
      (one) => one !== null && of.handedDown(one).includes(controller),
    );
    return folder == null ? null : { version: 2, folder };
  };
  return { memory: placeOf("memory"), cpu: placeOf("cpu"), pids: placeOf("pids") };
}

/** The folders of our group of this controller and of the groups around it, innermost first; none where there is none. */
export function groupsOf(
  controller: Controller,
  of: { readonly cgroup: string; readonly mountinfo: string },
): readonly string[] {
  const hierarchies = hierarchiesOf(of.cgroup, of.mountinfo);
  const found =
    hierarchies.find((one) => one.controllers.includes(controller)) ??
    hierarchies.find(({ version }) => version === 2);
  if (found === undefined) return [];
  const { own, mount } = found;
  const names = own.slice(mount.length).split("/");
  return names.map((_, at) => `${mount}${names.slice(0, names.length - at).join("/")}`);
}

function hierarchiesOf(cgroup: string, mountinfo: string): readonly Hierarchy[] {
  const mounts = mountinfo.split("\n").flatMap((line) => mountIn(line) ?? []);
  return cgroup.split("\n").flatMap((line) => {
    const [, names, ...rest] = line.split(":");
    if (names === undefined || rest.length === 0) return [];
    const path = rest.join(":");
    const mount = mounts.find((one) =>
      names === ""
        ? one.version === 2
        : one.version === 1 && one.options.includes(names.split(",")[0]!),
    );
    if (mount === undefined || !isBelow(path, mount.root)) return [];
    const inside = mount.root === "/" ? path : path.slice(mount.root.length);
    const own = `${mount.point}${inside}`.replace(/\/+$/, "");
    const isTop = inside === "" || inside === "/";
    const parent = isTop ? null : own.slice(0, own.lastIndexOf("/"));
    const { version, point } = mount;
    const controllers = names === "" ? [] : names.split(",");
    return [{ version, controllers, mount: point, own, parent }];
  });
}

function isBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(`${root}/`);
}

type Mount = {
  readonly version: 1 | 2;
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
};

/** `36 35 0:31 /root /point rw - cgroup cgroup rw,memory`. */
function mountIn(line: string): Mount | null {
  const [before, after] = line.split(" - ");
  const [, , , root, point] = before?.split(" ") ?? [];
  const [type, , options] = after?.split(" ") ?? [];
  if (root === undefined || point === undefined) return null;
  if (type === "cgroup2") return { version: 2, root, point, options: [] };
  if (type === "cgroup") return { version: 1, root, point, options: options?.split(",") ?? [] };
  return null;
}
