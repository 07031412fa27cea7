/** The load averages, as gmond's mod_load names them. */
import type { MetricSpec } from "../probe.js";

/** gmond's units are one blank, not nothing. */
const UNITS = " ";

const shared = { type: "float", units: UNITS, slope: "both", decimals: 2, group: "load" } as const;

export const LOAD_ONE: MetricSpec = {
  ...shared,
  name: "load_one",
  tmaxS: 70,
  title: "One Minute Load Average",
  description: "Tasks that run, wait to run or wait for the disk, averaged over one minute",
};

export const LOAD_FIVE: MetricSpec = {
  ...shared,
  name: "load_five",
  tmaxS: 325,
  title: "Five Minute Load Average",
  description: "Tasks that run, wait to run or wait for the disk, averaged over five minutes",
};

export const LOAD_FIFTEEN: MetricSpec = {
  ...shared,
  name: "load_fifteen",
  tmaxS: 950,
  title: "Fifteen Minute Load Average",
  description: "Tasks that run, wait to run or wait for the disk, averaged over fifteen minutes",
};
