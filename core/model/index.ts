/** The vocabulary for users of the package; inside the project import the files. */
export * from "./alert.js";
export * from "./archive.js";
export * from "./bucket-table.js";
export * from "./columns.js";
export * from "./directory.js";
export * from "./duration.js";
export * from "./frame.js";
export * from "./host.js";
export * from "./kept-state.js";
export * from "./liveness.js";
export * from "./metric.js";
export * from "./names.js";
export * from "./number-text.js";
export * from "./series.js";
export * from "./source.js";
export * from "./summary.js";
