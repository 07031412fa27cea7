/** A condition that cannot be read. */
import { GrateError } from "../../core/base/errors.js";

export class ExpressionError extends GrateError {
  override readonly name = "ExpressionError";
  /** Where in the text, UTF-16 units from 0. */
  readonly offset: number;

  /** @param message what was expected and what was found */
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
