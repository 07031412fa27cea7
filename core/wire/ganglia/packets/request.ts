/** The one message that we may send: a question for the metadata of a metric. */
import { PACKET_REQUEST } from "./current.js";

/**
 * @param host the host whose metric it is, "ip:name" if it is spoofed; ASCII, as is the name of the metric
 * @returns the datagram
 */
export function metadataRequest(host: string, metric: string, spoof: boolean): Uint8Array {
  const octets = new Uint8Array(4 + sizeOf(host) + sizeOf(metric) + 4);
  const view = new DataView(octets.buffer);
  view.setUint32(0, PACKET_REQUEST);
  const at = writeText(octets, view, 4, host);
  view.setUint32(writeText(octets, view, at, metric), spoof ? 1 : 0);
  return octets;
}

function sizeOf(text: string): number {
  return 4 + Math.ceil(text.length / 4) * 4;
}

function writeText(octets: Uint8Array, view: DataView, at: number, text: string): number {
  view.setUint32(at, text.length);
  for (let i = 0; i < text.length; i++) octets[at + 4 + i] = text.charCodeAt(i);
  return at + sizeOf(text);
}
