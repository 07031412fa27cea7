/** The socket for questions on the channel, apart from the one that listens, which never sends. Opened only where it is wanted. */
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { type ChannelOptions, localAddress, withZone } from "./channel-socket.js";

export interface ChannelSender {
  /** Never throws; what cannot be sent is told to the handler. */
  send(octets: Uint8Array): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** @param onError what could not be sent, or the socket is broken */
export type OpenSender = (options: ChannelOptions, onError: (error: unknown) => void) => ChannelSender;

export const openSender: OpenSender = (options, onError) => {
  const { listen } = options;
  const socket = createSocket(isIPv6(listen.host) ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
  let closed = false;
  let bound = false;
  socket.on("error", onError);
  socket.bind(0, () => {
    bound = true;
  });
  return {
    send(octets) {
      if (closed || !bound) return;
      try {
        // Each time: the interface may have gone and come back.
        const local = localAddress(options);
        if (local !== undefined) socket.setMulticastInterface(local);
        socket.send(octets, listen.port, withZone(options), (error) => {
          if (error !== null && !closed) onError(error);
        });
      } catch (error) {
        onError(error);
      }
    },
    close() {
      if (closed) return Promise.resolve();
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
};
