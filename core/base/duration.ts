/** Durations as people write them. They are part of the query line too, so the text lives with the vocabulary. */
export * from "../model/duration.js";
