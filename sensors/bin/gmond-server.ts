/** Serves one cluster table as a gmond does: the whole document on connect. */
import { writeToClient } from "../../collector/serve/client-writer.js";
import { Documents } from "../../collector/serve/documents.js";
import { TcpServer } from "../../collector/serve/tcp-server.js";
import type { Address } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import type { Logger } from "../../core/base/log.js";
import type { ClusterView } from "../../core/model/columns.js";
import { DOCUMENT_HEAD, GANGLIA_XML_CLOSE, gangliaXmlOpen, writeCluster } from "../../core/wire/ganglia/xml-writer.js";

/** The gmond whose format this is: readers switch to an old dialect for anything below 2.5. */
const FORMAT_VERSION = "3.7.2";

export interface GmondServerOptions {
  readonly address: Address;
  readonly view: () => ClusterView;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createGmondServer({ address, view, clock, logger }: GmondServerOptions): TcpServer {
  const documents = new Documents(clock);
  const server: TcpServer = new TcpServer({
    name: "sensor",
    address,
    // As a gmond without an access list: who listens on an address is heard there.
    access: { allows: () => true },
    clock,
    logger,
    async serveClient(socket) {
      const document = documents.open("sensor", () => writeDocument(view(), clock.nowMs()));
      if (document === undefined) {
        socket.destroy();
        return "busy";
      }
      try {
        return await writeToClient(socket, document.chunks, clock, (bytes) => {
          server.counters.sentBytes += bytes;
        });
      } finally {
        document.release();
      }
    },
  });
  return server;
}

export function* writeDocument(view: ClusterView, nowMs: number): Generator<string> {
  yield DOCUMENT_HEAD;
  yield gangliaXmlOpen(FORMAT_VERSION, "gmond");
  yield* writeCluster(view, nowMs);
  yield GANGLIA_XML_CLOSE;
}
