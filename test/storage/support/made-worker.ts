/** A worker that a test writes itself: to die, to hang and to talk nonsense when told to. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @param script JavaScript; may use `post(message)`, `on((id, request) => ...)` and `workerData`.
 * Unless it says otherwise it has opened.
 */
export function madeWorker(directory: string, name: string, script: string): URL {
  const file = join(directory, `${name}.mjs`);
  const head = `
    import { parentPort, workerData } from "node:worker_threads";
    const post = (message) => parentPort.postMessage(message);
    const on = (answer) => parentPort.on("message", ({ id, request }) => answer(id, request));
    const opened = { kind: "opened", traits: { name: "made", resolutionMs: 0, exact: true, text: true, visibilityDelayMs: 0 } };
  `;
  writeFileSync(file, head + script);
  return pathToFileURL(file);
}
