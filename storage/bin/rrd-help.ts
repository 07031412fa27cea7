/** What `grate rrd --help` says, of all commands and of each. */

interface CommandHelp {
  /** What follows its name. */
  readonly usage: string;
  readonly about: string;
  /** Commands of the shell, each after "grate rrd". */
  readonly examples: readonly string[];
}

const HELP: Readonly<Record<string, CommandHelp>> = {
  create: {
    usage: "FILE [--start T] [--step S] [--no-overwrite] DS:NAME:TYPE:HEARTBEAT:MIN:MAX... RRA:CF:XFF:STEPS:ROWS...",
    about: `Makes a file; one that is there is replaced, unless --no-overwrite says that it stays. TYPE is GAUGE, COUNTER, DERIVE,
ABSOLUTE, DCOUNTER or DDERIVE, CF is AVERAGE, MIN, MAX or LAST. HEARTBEAT is in seconds, MIN and MAX may be U.`,
    examples: [
      "create load.rrd --step 15 DS:sum:GAUGE:120:U:U RRA:AVERAGE:0.5:1:5856",
      "create bytes.rrd --step 15 --start now-1d DS:sum:COUNTER:120:0:U RRA:AVERAGE:0.5:1:5856 RRA:MAX:0.5:24:732",
    ],
  },
  update: {
    usage: "FILE [--template NAME:NAME...] [--skip-past-updates] TIME|N:VALUE[:VALUE...]...",
    about: "Puts values in, for each source one; U is unknown and N is now. Times of a file have to increase.",
    examples: ["update load.rrd N:0.42", "update load.rrd 1700000000:0.42 1700000015:U"],
  },
  fetch: {
    usage: "FILE CF [-r RESOLUTION] [-s START] [-e END] [-a]",
    about: "Prints the rows of one consolidation. Without a start it is the last day, without an end now.",
    examples: ["fetch load.rrd AVERAGE -s now-1h", "fetch load.rrd AVERAGE -r 600 -s 1700000000 -e start+1d"],
  },
  info: {
    usage: "FILE",
    about: "Prints the header: sources, archives, and where they stand.",
    examples: ["info load.rrd"],
  },
  dump: {
    usage: "[--no-header] FILE",
    about: "Prints all of the file as XML.",
    examples: ["dump load.rrd", "dump --no-header load.rrd"],
  },
  first: {
    usage: "FILE [--rraindex N]",
    about: "Prints the time of the oldest row of an archive, of the first one unless told.",
    examples: ["first load.rrd --rraindex 2"],
  },
  last: { usage: "FILE", about: "Prints the time of the last update.", examples: ["last load.rrd"] },
  lastupdate: {
    usage: "FILE",
    about: "Prints the time and the values of the last update.",
    examples: ["lastupdate load.rrd"],
  },
  tune: {
    usage: "FILE [-h NAME:SECONDS] [-i NAME:MIN] [-a NAME:MAX] [-d NAME:TYPE] [-r OLD:NEW]",
    about: "Changes a source: its heartbeat, limits, type or name.",
    examples: ["tune load.rrd -h sum:240", "tune bytes.rrd -i sum:0 -a sum:U"],
  },
  resize: {
    usage: "FILE N GROW|SHRINK ROWS",
    about: "Writes resize.rrd in the working directory: the same file with more or fewer rows in the archive N.",
    examples: ["resize load.rrd 0 GROW 5760"],
  },
  takeover: {
    usage: "DIR [--dry-run] [--wait SECONDS] [--rrdcached ADDRESS]",
    about: `May the files that gmetad left in DIR be gone on with: does somebody else write there, are they as expected and ours
to write? Says what to write into the configuration. --wait: watch it for so long; --rrdcached: this one may go on,
files will be written by way of it; --dry-run: nothing is noted in DIR.`,
    examples: [
      "takeover /var/lib/ganglia/rrds --dry-run",
      "takeover /var/lib/ganglia/rrds --rrdcached /run/rrdcached.sock",
    ],
  },
  "-": {
    usage: "",
    about:
      "Reads commands from standard input, a line each, and answers each as rrdtool does, with OK or ERROR at its end.",
    examples: ["- < commands.txt"],
  },
};

/** @param name of a command; of all without it, or where there is none of that name */
export function rrdHelp(name?: string): string {
  const one = name !== undefined && Object.hasOwn(HELP, name) ? HELP[name] : undefined;
  if (one === undefined) return helpOfAll();
  return `Usage: grate rrd ${`${name} ${one.usage}`.trim()}\n\n${one.about}\n\nExamples:\n${examples(one)}`;
}

function helpOfAll(): string {
  const commands = Object.entries(HELP).map(([name, { usage }]) => `  ${`${name} ${usage}`.trim()}\n`);
  const some = ["create", "update", "fetch", "takeover"].map((name) => (HELP[name] as CommandHelp).examples[0]);
  return `Usage: grate rrd <command> [arguments]
       grate rrd <command> --help

Creates, updates and reads RRD files, as rrdtool does and without it; "-" reads commands from standard input.

Commands:
${commands.join("")}
Examples:
${some.map((words) => `  grate rrd ${words}\n`).join("")}`;
}

const examples = ({ examples: all }: CommandHelp) => all.map((words) => `  grate rrd ${words}\n`).join("");
