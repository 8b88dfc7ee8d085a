import { BlockList, isIP } from "node:net";
import { AppError } from "#errors";

/** A list of networks is wrong. */
class NetworkInvalid extends AppError {
  readonly code = "webhook.network";
  readonly kind = "usage";
}

/** Networks of our own that may be reached although they are not public, such as `10.1.0.0/16`. Throws where one is none. */
export function networks(list: readonly string[]): BlockList {
  const block = new BlockList();
  for (const network of list) {
    const [, address = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
    const family = isIP(address);
    if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) {
      throw new NetworkInvalid(`${network} is not a network: expected for example 10.1.0.0/16.`);
    }
    block.addSubnet(address, Number(bits), family === 4 ? "ipv4" : "ipv6");
  }
  return block;
}

// IANA IPv4 Special-Purpose Address Registry, and multicast; read 2026-11-22. The last is the platform's own on Azure.
const special4 = networks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "168.63.129.16/32",
]);

// IPv6 that is assigned to the public, less what is in the IANA IPv6 Special-Purpose Address Registry; read 2026-11-22.
const public6 = networks(["2000::/3"]);
const special6 = networks(["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]);

/** The IPv4 address inside one of IPv6 that stands for it: mapped (RFC 4291) or behind NAT64 (RFC 6052). */
function embedded(address: string): string | null {
  // A URL writes every form of an address the same way.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return null;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}

/** Whether an address of IPv4 or IPv6 may be connected to: it is public, or in a network that is allowed. */
export function reachable(address: string, allowed: BlockList): boolean {
  const family = isIP(address);
  // With a zone ("%eth0") it is an address of this machine's own link.
  if (family === 0 || address.includes("%")) return false;
  if (allowed.check(address, family === 4 ? "ipv4" : "ipv6")) return true;
  if (family === 4) return !special4.check(address, "ipv4");
  const inner = embedded(address);
  if (inner !== null) return reachable(inner, allowed);
  return public6.check(address, "ipv6") && !special6.check(address, "ipv6");
}

/** Whether a host of a URL is an address and no name; without brackets then. */
export function addressOf(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(bare) === 0 ? null : bare;
}

/** Why a URL cannot be an endpoint, whatever its host's addresses are; null where it can. */
export function urlProblem(text: string): "not-a-url" | "not-https" | "credentials" | "too-long" | "fragment" | null {
  if (text.length > 2000) return "too-long";
  // The parser would drop these without a word.
  if (!URL.canParse(text) || /[\s\\\u0000-\u001f]/u.test(text)) return "not-a-url";
  const url = new URL(text);
  if (url.protocol !== "https:") return "not-https";
  if (url.username !== "" || url.password !== "") return "credentials";
  return text.includes("#") ? "fragment" : null;
}
