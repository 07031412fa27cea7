/** One host, one key: whichever way its address is written. */

const MAPPED_PREFIX = "::ffff:";

/**
 * An IPv4 host that an IPv6 socket hears is the same host, and gmond tells of
 * link-local addresses without the interface on which they mean something.
 * @param address what stands for an address, a name even; anything but IPv6 is its own key
 */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const zone = address.indexOf("%");
  const plain = (zone < 0 ? address : address.slice(0, zone)).toLowerCase();
  return plain.startsWith(MAPPED_PREFIX) && plain.includes(".") ? plain.slice(MAPPED_PREFIX.length) : plain;
}
