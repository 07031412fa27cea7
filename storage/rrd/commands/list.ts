/** All commands by name. */
import type { Command } from "./command.js";
import { create } from "./create.js";
import { dump } from "./dump.js";
import { fetch } from "./fetch.js";
import { first } from "./first.js";
import { info } from "./info.js";
import { last, lastupdate } from "./last.js";
import { resize } from "./resize.js";
import { tune } from "./tune.js";
import { update } from "./update.js";

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({ create, update, fetch, info, dump, first, last, lastupdate, tune, resize }),
);
