/**
 * Several addresses for one cluster. The last good one is kept, and on failure
 * the others are tried in the order of the configuration. Now and then the
 * preferred one, the first, is tried again, so that a restart of its gmond does
 * not move the load to another node for ever.
 */
import type { Address } from "../../core/base/address.js";

/** Polls of a stand-in after which the preferred address has another chance: five minutes at 15 s. */
const FAIL_BACK_POLLS = 20;

export class AddressList {
  readonly #addresses: readonly [Address, ...Address[]];
  #good = 0;
  #pollsElsewhere = 0;

  /** @throws RangeError if there is none */
  constructor(addresses: readonly Address[]) {
    const [first, ...others] = addresses;
    if (first === undefined) throw new RangeError("BUG: a list of addresses has none");
    this.#addresses = [first, ...others];
  }

  /** The one that answered last; the first before any did. */
  get current(): Address {
    return this.#addresses[this.#good] ?? this.#addresses[0];
  }

  /** For the poll that begins: each address once, in the order in which to try them. */
  candidates(): Address[] {
    const failBack = this.#good !== 0 && ++this.#pollsElsewhere >= FAIL_BACK_POLLS;
    if (failBack) this.#pollsElsewhere = 0;
    const first = failBack ? this.#addresses[0] : this.current;
    return [...new Set([first, this.current, ...this.#addresses])];
  }

  /** The address answered with a whole document. */
  succeeded(address: Address): void {
    const index = this.#addresses.indexOf(address);
    if (index < 0) throw new Error("BUG: an address succeeded that is not in the list");
    if (index !== this.#good) this.#pollsElsewhere = 0;
    this.#good = index;
  }
}
