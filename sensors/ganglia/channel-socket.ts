/**
 * The socket on which gmonds are overheard. It never sends anything.
 *
 * A group is bound by its own address, never by the wildcard: the socket then
 * gets a copy of what is sent to the group and nothing else, and a gmond on the
 * same machine still gets its own. A unicast address is bound without sharing:
 * of two sockets that share one, only one receives, and gmond would lose its
 * packets to us. A group is not joined where that would make a program on this
 * machine hear it that did not before (channel-neighbours.ts).
 */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { type Address, formatAddress } from "../../core/base/address.js";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";
import { isOverheard, type ReadNeighbours, readNeighbours } from "./channel-neighbours.js";
import { addressOfInterface, interfaceOfAddress } from "./interfaces.js";
import { isMulticast } from "./multicast.js";

export interface ChannelOptions {
  readonly listen: Address;
  /** Name or address of the interface to join the group on; undefined leaves it to the kernel. */
  readonly interface: string | undefined;
  readonly receiveBufferBytes: number;
}

export interface ChannelHandlers {
  /** The octets are the handler's to keep. */
  onDatagram(octets: Uint8Array, senderIp: string): void;
  /** The socket is of no use any more. */
  onError(error: Error): void;
}

export interface Channel {
  /** What the kernel gives, bytes; may be less than asked for. */
  readonly receiveBufferBytes: number;
  /** Where it listens; the port is the kernel's choice if 0 was asked for. */
  readonly local: Address;
  /**
   * Joins the group, or leaves it and joins again. Nothing to do for unicast.
   * @throws GrateError where the interface is missing or down: worth trying again later
   * @throws UnusableAddressError where another program would hear the group on account of us
   */
  join(): void;
  /** Leaves the group if another program has begun to hear it on account of us. @throws UnusableAddressError then */
  checkNeighbours(): void;
  /** Idempotent. No handler is called afterwards. */
  close(): Promise<void>;
}

/**
 * @throws UnusableAddressError where another program listens there or this one may not: waiting does not help
 * @throws GrateError for anything else, such as an address that this machine does not have yet
 */
export type OpenChannel = (options: ChannelOptions, handlers: ChannelHandlers) => Promise<Channel>;

export class UnusableAddressError extends GrateError {
  override readonly name = "UnusableAddressError";
}

export const openChannel: OpenChannel = (options, handlers) => openBeside(options, handlers, readNeighbours);

/** @param read for tests */
export async function openBeside(
  options: ChannelOptions,
  handlers: ChannelHandlers,
  read: ReadNeighbours,
): Promise<Channel> {
  const { listen } = options;
  const multicast = isMulticast(listen.host);
  const socket = isIPv6(listen.host)
    ? createSocket({ type: "udp6", ipv6Only: true, reuseAddr: multicast })
    : createSocket({ type: "udp4", reuseAddr: multicast });
  await bind(socket, options, multicast);
  const receiveBufferBytes = enlargeBuffer(socket, options.receiveBufferBytes);
  let closed = false;
  let joined = false;
  socket.on("message", (octets, sender) => {
    if (!closed) handlers.onDatagram(octets, sender.address);
  });
  socket.on("error", (error) => {
    if (!closed) handlers.onError(error);
  });
  return {
    receiveBufferBytes,
    local: { host: listen.host, port: socket.address().port },
    join() {
      if (!multicast || closed) return;
      if (joined) leave(socket, options);
      joined = false;
      if (isOverheard(listen, 0, read)) throw overheardError(listen);
      join(socket, options);
      joined = true;
    },
    checkNeighbours() {
      if (!joined || closed || !isOverheard(listen, 1, read)) return;
      leave(socket, options);
      joined = false;
      throw overheardError(listen);
    },
    close() {
      if (closed) return Promise.resolve();
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

function overheardError({ host, port }: Address): UnusableAddressError {
  return new UnusableAddressError(
    `Cannot join ${host}: a program on this machine receives on port ${port} of every address, most likely a gmond ` +
      "that takes unicast, and would hear the whole group because of us. " +
      "Poll a gmond of the group instead (type: ganglia-xml, on its TCP port, 8649 by default), " +
      'or let that gmond receive on one address (bind = "..." in its udp_recv_channel)',
  );
}

function bind(socket: Socket, options: ChannelOptions, multicast: boolean): Promise<void> {
  const { listen } = options;
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(bindError(error, listen));
    });
    socket.bind({ address: multicast ? withZone(options) : listen.host, port: listen.port }, () => {
      socket.removeAllListeners("error");
      resolve();
    });
  });
}

function bindError(error: Error, listen: Address): GrateError {
  const at = formatAddress(listen);
  const code = codeOf(error);
  if (code === "EACCES") return new UnusableAddressError(`Cannot listen on ${at}: this user may not use the port`);
  if (code !== "EADDRINUSE") return new GrateError(`Cannot listen on ${at}: ${messageOf(error)}`);
  return new UnusableAddressError(
    `Cannot listen on ${at}: another program receives there, most likely gmond, and packets cannot be shared. ` +
      `Poll it instead (type: ganglia-xml, on its TCP port, 8649 by default), ` +
      `or give the gmonds a second udp_send_channel to another port and listen on that`,
  );
}

/** A group of one link only means something together with the link. @returns the host to bind or to send to */
export function withZone({ listen, interface: wanted }: ChannelOptions): string {
  if (!isIPv6(listen.host) || listen.host.includes("%") || wanted === undefined) return listen.host;
  return `${listen.host}%${interfaceOfAddress(networkInterfaces(), wanted) ?? wanted}`;
}

function join(socket: Socket, options: ChannelOptions): void {
  const { listen, interface: wanted } = options;
  const local = localAddress(options);
  try {
    socket.addMembership(listen.host, local);
  } catch (error) {
    const on = wanted === undefined ? "" : ` on ${wanted}`;
    throw new GrateError(`Cannot join ${listen.host}${on}: ${messageOf(error)}`);
  }
}

function leave(socket: Socket, options: ChannelOptions): void {
  try {
    socket.dropMembership(options.listen.host, localAddress(options));
  } catch {
    // The interface went away and took the membership with it.
  }
}

/** What the kernel wants to hear: an address for IPv4, "::%eth0" for IPv6. */
export function localAddress({ listen, interface: wanted }: ChannelOptions): string | undefined {
  if (wanted === undefined) return undefined;
  const found = addressOfInterface(networkInterfaces(), wanted, isIPv6(listen.host) ? 6 : 4);
  if (found === undefined) {
    const family = isIPv6(listen.host) ? "IPv6" : "IPv4";
    throw new GrateError(
      `Cannot join ${listen.host} on ${wanted}: there is no such interface with an ${family} address`,
    );
  }
  return found;
}

function enlargeBuffer(socket: Socket, wantedBytes: number): number {
  try {
    socket.setRecvBufferSize(wantedBytes);
    // Linux books its own overhead on top: what it tells is twice what it took.
    const told = socket.getRecvBufferSize();
    return process.platform === "linux" ? told / 2 : told;
  } catch {
    return 0;
  }
}
