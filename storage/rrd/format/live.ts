/** The live part of an RRD file, which every update rewrites: bytes to state and back. */
import type { RrdState } from "../arithmetic/state.js";
import { cdpOffset, LAST_DS_BYTES, type Layout, pdpOffset, rowPointerOffset } from "./layout.js";
import { getCount, getDouble, getSigned, getText, putCount, putDouble, putText } from "./words.js";

const UNKNOWN_SECONDS = 32;
const VALUE = 40;

/** Fills the state. */
export function readLive(layout: Layout, bytes: Uint8Array, view: DataView, state: RrdState): void {
  readLiveNumbers(layout, view, state);
  for (let ds = 0; ds < layout.dsCount; ds++) state.lastDs[ds] = getText(bytes, pdpOffset(layout, ds), LAST_DS_BYTES);
}

/** Fills the state, but for the texts of the last readings, which gauges do not need. Hot: makes nothing. */
export function readLiveNumbers(layout: Layout, view: DataView, state: RrdState): void {
  state.lastUpS = getSigned(view, 0);
  // Files without microseconds are taken as if they were 0, and stay so.
  state.lastUpUs = layout.hasMicroseconds ? getSigned(view, 8) : 0;
  for (let ds = 0; ds < layout.dsCount; ds++) {
    const offset = pdpOffset(layout, ds);
    state.pdpUnknownS[ds] = getCount(view, offset + UNKNOWN_SECONDS);
    state.pdpValue[ds] = getDouble(view, offset + VALUE);
  }
  for (let rra = 0, i = 0; rra < layout.rraCount; rra++) {
    for (let ds = 0; ds < layout.dsCount; ds++, i++) {
      const offset = cdpOffset(layout, rra, ds, 0);
      state.cdpValue[i] = getDouble(view, offset);
      state.cdpUnknown[i] = getCount(view, offset + 8);
      state.cdpPrimary[i] = getDouble(view, offset + 64);
      state.cdpSecondary[i] = getDouble(view, offset + 72);
    }
    state.curRow[rra] = getCount(view, rowPointerOffset(layout, rra));
  }
}

/** Puts the state into the bytes; words that no state stands for are left alone. Hot: makes nothing. */
export function writeLive(layout: Layout, state: RrdState, bytes: Uint8Array, view: DataView): void {
  putCount(view, 0, state.lastUpS);
  if (layout.hasMicroseconds) putCount(view, 8, state.lastUpUs);
  for (let ds = 0; ds < layout.dsCount; ds++) {
    const offset = pdpOffset(layout, ds);
    putText(bytes, offset, LAST_DS_BYTES, state.lastDs[ds] as string);
    putCount(view, offset + UNKNOWN_SECONDS, state.pdpUnknownS[ds] as number);
    putDouble(view, offset + VALUE, state.pdpValue[ds] as number);
  }
  for (let rra = 0, i = 0; rra < layout.rraCount; rra++) {
    for (let ds = 0; ds < layout.dsCount; ds++, i++) {
      const offset = cdpOffset(layout, rra, ds, 0);
      putDouble(view, offset, state.cdpValue[i] as number);
      putCount(view, offset + 8, state.cdpUnknown[i] as number);
      putDouble(view, offset + 64, state.cdpPrimary[i] as number);
      putDouble(view, offset + 72, state.cdpSecondary[i] as number);
    }
    putCount(view, rowPointerOffset(layout, rra), state.curRow[rra] as number);
  }
}
