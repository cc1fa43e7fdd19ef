/**
 * Which addresses a name may lead to. What stands in the configuration as an address is what its operator
 * wants; a name that somebody else resolves must not lead to this machine, nor to what tells secrets to it.
 */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const OWN = new BlockList();
OWN.addSubnet("0.0.0.0", 8, "ipv4");
OWN.addSubnet("127.0.0.0", 8, "ipv4");
OWN.addSubnet("169.254.0.0", 16, "ipv4");
OWN.addSubnet("224.0.0.0", 3, "ipv4");
OWN.addAddress("::", "ipv6");
OWN.addAddress("::1", "ipv6");
OWN.addSubnet("fe80::", 10, "ipv6");
OWN.addSubnet("ff00::", 8, "ipv6");

const NEAR = new BlockList();
NEAR.addSubnet("127.0.0.0", 8, "ipv4");
NEAR.addSubnet("10.0.0.0", 8, "ipv4");
NEAR.addSubnet("172.16.0.0", 12, "ipv4");
NEAR.addSubnet("192.168.0.0", 16, "ipv4");
NEAR.addAddress("::1", "ipv6");
NEAR.addSubnet("fc00::", 7, "ipv6");

export class AddressError extends Error {
  override readonly name = "AddressError";
  readonly code = "ADDRESS_REFUSED";
}

/** `localhost`, or an address of this machine or of a network without a way out, written as such. */
export function isNear(hostname: string): boolean {
  const host = bare(hostname);
  return host === "localhost" || isIn(NEAR, host);
}

/** An address, or a name that leads to one that a name may lead to. */
export function mayLeadTo(hostname: string, address: string): boolean {
  const host = bare(hostname);
  return host === "localhost" || isIP(host) !== 0 || !isIn(OWN, address);
}

/** For a socket: resolves `hostname`, and refuses where it leads. */
export function guardedLookup(hostname: string): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const allowed = found.filter(({ address }) => mayLeadTo(hostname, address));
      const [first] = allowed;
      if (first === undefined) {
        return callback(new AddressError(`${hostname} leads to this machine`), "", 0);
      }
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

/** IPv6 stands in brackets in a URL, IPv4 may stand within IPv6. */
function bare(hostname: string): string {
  return hostname
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}

function isIn(list: BlockList, address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const family = isIP(mapped);
  return family !== 0 && list.check(mapped, family === 4 ? "ipv4" : "ipv6");
}
