/** Reads one line from a client, within a length and a time. */
import type { Socket } from "node:net";
import type { Clock } from "../../core/base/clock.js";

export type LineResult =
  /** Without its line end; a client may also end it by closing its side. */
  | { readonly kind: "line"; readonly octets: Buffer }
  /** The client went away without a line. */
  | { readonly kind: "left" }
  /** With what has come of it. */
  | { readonly kind: "too-long"; readonly start: Buffer }
  | { readonly kind: "too-late" };

export interface LineLimits {
  readonly timeMs: number;
  /** Most octets before the line end, decided on what has come of the line. */
  readonly octetsMax: (start: Buffer) => number;
}

/** Never rejects. The socket is left paused; what follows the line is lost. */
export function readLine(socket: Socket, clock: Clock, limits: LineLimits): Promise<LineResult> {
  return new Promise((resolve) => {
    let octets: Buffer = Buffer.alloc(0);
    const finish = (result: LineResult) => {
      timer.cancel();
      socket.off("data", onData).off("end", onEnd).off("close", onEnd);
      socket.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      const end = lineEnd(chunk);
      octets = Buffer.concat([octets, end < 0 ? chunk : chunk.subarray(0, end)]);
      if (octets.length > limits.octetsMax(octets)) finish({ kind: "too-long", start: octets });
      else if (end >= 0) finish({ kind: "line", octets });
    };
    const onEnd = () => finish(octets.length > 0 ? { kind: "line", octets } : { kind: "left" });
    const timer = clock.setTimer(() => finish({ kind: "too-late" }), limits.timeMs);
    socket.on("data", onData).once("end", onEnd).once("close", onEnd);
  });
}

function lineEnd(chunk: Buffer): number {
  const lf = chunk.indexOf("\n");
  const cr = chunk.indexOf("\r");
  return lf < 0 || cr < 0 ? Math.max(lf, cr) : Math.min(lf, cr);
}
