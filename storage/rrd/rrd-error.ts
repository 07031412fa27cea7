/** A fault that the user of an RRD file is told of, in the words that scripts around RRD files look for. */
export class RrdError extends Error {
  override readonly name = "RrdError";
  /** What the command prints besides: some answer -1 and then say why. */
  readonly output: string;

  /** @param options.cause what the operating system said, if it was that */
  constructor(message: string, options: { readonly output?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.output = options.output ?? "";
  }
}
