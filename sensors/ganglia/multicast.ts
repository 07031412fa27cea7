/** Which addresses are groups. */
import { isIPv4, isIPv6 } from "node:net";

/** @param host a numeric address, IPv6 without brackets, with or without a zone */
export function isMulticast(host: string): boolean {
  if (isIPv4(host)) {
    const first = Number(host.slice(0, host.indexOf(".")));
    return first >= 224 && first <= 239;
  }
  return isIPv6(host) && /^ff[0-9a-f]{2}:/i.test(host);
}
