/** Who may connect: loopback always, and the addresses and networks of `serve.allow`. */
import { LOOPBACK, NetworkList } from "../../core/base/access-list.js";

export { normalAddress } from "../../core/base/access-list.js";

export interface Access {
  /** @param remoteAddress as a socket tells it; undefined once the peer is gone */
  allows(remoteAddress: string | undefined): boolean;
}

export class AccessList implements Access {
  readonly #list: NetworkList;

  /** @param allow addresses and networks; loopback need not be among them */
  constructor(allow: readonly string[]) {
    this.#list = new NetworkList([...LOOPBACK, ...allow], "serve.allow");
  }

  allows(remoteAddress: string | undefined): boolean {
    return remoteAddress !== undefined && this.#list.has(remoteAddress);
  }
}
