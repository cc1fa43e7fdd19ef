#!/bin/bash
# Becomes a real systemd in namespaces of its own, which knows the units in UNITS alone:
#   systemd-machine.sh UNITS TARGET GROUP FOLDER...
# FOLDERs are empty file systems in it; the user `dolphin` is known in it. It ends with this process.
set -e
units=$1 target=$2 group=$3
shift 3
root=/sys/fs/cgroup
if [ -e $root/cgroup.controllers ]; then
  mkdir -p $root/$group && echo $$ > $root/$group/cgroup.procs
else
  for one in cpu cpuacct memory pids systemd; do
    [ -d $root/$one ] || continue
    mkdir -p $root/$one/$group && echo $$ > $root/$one/$group/cgroup.procs
  done
fi
export units target folders="$*"
exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child --propagation private --mount-proc \
  bash -ec '
  is_unified=; [ ! -e /sys/fs/cgroup/cgroup.controllers ] || is_unified=yes
  umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
  if [ -n "$is_unified" ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup
  else
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    for one in cpu cpuacct memory pids; do
      mkdir /sys/fs/cgroup/$one && mount -t cgroup -o $one cgroup /sys/fs/cgroup/$one
    done
    mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd,xattr cgroup /sys/fs/cgroup/systemd
  fi
  # Copied first: what systemd makes in the folders for temporary files must not stay on the machine.
  mount -t tmpfs -o mode=755 tmpfs /run
  cp -r "$units" /run/units
  for one in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $one; done
  for one in $folders; do mkdir -p $one; mount -t tmpfs -o mode=755 tmpfs $one; done
  sed "\$adolphin:x:64999:64999::/nonexistent:/usr/sbin/nologin" /etc/passwd > /run/passwd
  sed "\$adolphin:x:64999:" /etc/group > /run/group
  mount --bind /run/passwd /etc/passwd
  mount --bind /run/group /etc/group
  for one in $folders; do chown 64999:64999 $one; done
  mount --bind -o ro /proc/sys /proc/sys
  exec env -i container=other PATH="$PATH" SYSTEMD_UNIT_PATH=/run/units \
    /lib/systemd/systemd --system --unit="$target" --log-target=console --log-level=info --show-status=no
'
