/** Alerts and events with sensible fields, to be overridden. */
import type { Alert, AlertEvent } from "../../core/model/alert.js";

export function makeAlert(fields: Partial<Alert> = {}): Alert {
  return {
    trigger: "cpu-too-hot",
    cluster: "khab",
    host: "node001",
    severity: "critical",
    state: "firing",
    condition: "cpu_temp > 70",
    evidence: "cpu_temp = 85 Celsius",
    activeAtMs: 1_700_000_000_000,
    firedAtMs: 1_700_000_060_000,
    episode: "e1",
    ...fields,
  };
}

export function makeEvent(fields: Partial<AlertEvent> = {}): AlertEvent {
  return {
    sequence: 1,
    timeMs: 1_700_000_060_000,
    kind: "fired",
    trigger: "cpu-too-hot",
    cluster: "khab",
    host: "node001",
    severity: "critical",
    episode: "e1",
    message: "cpu_temp = 85 Celsius",
    details: {},
    ...fields,
  };
}
