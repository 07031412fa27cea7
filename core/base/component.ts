/**
 * One life cycle for everything that runs. Who creates a component stops it, in
 * the reverse order of starting.
 */
export interface Component {
  /** Resolves when it works, rejects when it cannot. Called once. */
  start(): Promise<void>;
  /** Idempotent. Nothing is emitted after it resolves. Never rejects. */
  stop(): Promise<void>;
}

/** Starts in order; if one fails, those already started are stopped. */
export async function startAll(components: readonly Component[]): Promise<void> {
  const started: Component[] = [];
  try {
    for (const component of components) {
      started.push(component);
      await component.start();
    }
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

export async function stopAll(components: readonly Component[]): Promise<void> {
  for (const component of [...components].reverse()) await component.stop();
}
