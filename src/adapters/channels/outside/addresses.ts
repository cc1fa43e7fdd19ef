/**
 * Which addresses a host name may resolve to. An address in the configuration is the operator's choice; a name that
 * somebody else resolves must not lead to this machine, nor to a metadata service that hands out secrets.
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
// Metadata services outside of the link-local ranges: of Amazon by IPv6, and of Alibaba.
OWN.addAddress("fd00:ec2::254", "ipv6");
OWN.addAddress("100.100.100.200", "ipv4");

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

/** `localhost`, or a literal address of this machine or of a private network. */
export function isNear(hostname: string): boolean {
  const host = bare(hostname);
  return host === "localhost" || isIn(NEAR, host);
}

/** An address itself, or a name that resolves to a permitted address. */
export function mayLeadTo(hostname: string, address: string): boolean {
  const host = bare(hostname);
  return host === "localhost" || isIP(host) !== 0 || !isIn(OWN, address);
}

/** A lookup function for a socket: resolves `hostname`, and refuses forbidden addresses. */
export function guardedLookup(hostname: string): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const allowed = found.filter(({ address }) => mayLeadTo(hostname, address));
      const [first] = allowed;
      if (first === undefined) {
        return callback(new AddressError(`${hostname} resolves to this machine`), "", 0);
      }
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

/** An IPv6 address is in brackets in a URL, and an IPv4 address may be embedded in it. */
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
