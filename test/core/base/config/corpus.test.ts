/** The corpus of test/fixtures/config: what is good loads, what is bad is refused where it is bad. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { loadConfig } from "../../../../core/base/config/load.js";
import { ConfigError } from "../../../../core/base/errors.js";
import { corpusSchema } from "./corpus-schema.js";

const DIRECTORY = "test/fixtures/config/";

/** File without .bad.yaml, then every fault as "line:column: message". */
const BAD: readonly (readonly [name: string, faults: readonly string[]])[] = [
  ["alias-bomb", ["2:20: more than 200000 values, aliases counted"]],
  ["alias-circle", ["2:13: nested more than 50 deep, or an alias of itself"]],
  ["alias-unknown", ["1:7: the alias *nobody names no anchor before it"]],
  [
    "bad-address",
    ['2:9: "localhost" is not an address, expected an address such as "10.0.0.1:8649", "node1:8649" or "[::1]:8649"'],
  ],
  ["bad-duration", ['2:8: "15 seconds" is not a duration, expected a duration such as "15s", "10m" or "1h30m"']],
  ["bad-name-of-entry", ['3:3: bad name "o p s", expected a name of letters, digits, dots, dashes, at most 64']],
  ["bad-size", ['2:7: "big" is not a size, expected a size such as "64M", "2G" or 1048576']],
  ["block-mixed-indent", ["4:1: bad YAML: All mapping items must start at the same column"]],
  ["complex-key", ["2:3: expected a name as key"]],
  ["core-tag", ["1:13: tags (!name) are not used here"]],
  ["duplicate-key-flow", ['2:32: the key "ops" is given twice, first at duplicate-key-flow.bad.yaml:2:14']],
  ["duplicate-key", ['3:1: the key "name" is given twice, first at duplicate-key.bad.yaml:1:1']],
  ["empty", ['1:1: "name" is missing, expected text']],
  ["expression-double", ['4:29: unexpected "!", expected an operator']],
  ["expression-folded", ['8:12: unexpected "!", expected an operator']],
  ["expression-literal", ['6:18: unexpected "!", expected an operator']],
  ["expression-plain-folded", ['5:16: unexpected "!", expected an operator']],
  ["expression-plain", ['4:16: unexpected "!", expected an operator']],
  ["expression-single", ['4:23: unexpected "!", expected an operator']],
  ["latin1", ["2:9: expected UTF-8 text"]],
  ["list-at-top", ['1:1: expected a map of sections such as "sources:", found a list']],
  [
    "merge-key",
    [
      '2:1: unknown key "<<", expected name, every, level, retries, listen, size, people, also, sources, storage, receivers, triggers, trigger-files or limit',
    ],
  ],
  ["missing-key-deep", ['3:5: "path" is missing, expected text']],
  ["missing-key", ['2:1: "name" is missing, expected text']],
  ["missing-type", ['3:5: "type" is missing, expected file or tcp']],
  ["not-a-number", ["2:10: expected a number, found NaN"]],
  ["not-an-option", ['2:8: expected debug, info or warn, found "loud"']],
  ["not-whole", ["2:10: expected a whole number, found 2.5"]],
  ["null-value", ["1:6: expected text, found nothing"]],
  ["proto-key", ["2:1: __proto__ cannot be used as a key"]],
  ["scalar-at-top", ['1:1: expected a map of sections such as "sources:", found "khab"']],
  [
    "second-colon",
    ['1:7: bad YAML: a second ":" on this line; put the value in quotes, or the inner map on lines of its own'],
  ],
  ["secret-in-place", ['3:29: expected a secret as { file: "/path" }, found text']],
  [
    "secret-in-url",
    [
      '2:9: "smtp://me:***@mail:25" is not an address, expected an address such as "10.0.0.1:8649", "node1:8649" or "[::1]:8649"',
    ],
  ],
  ["tab", ["3:1: bad YAML: a tab is used as indentation, expected blanks"]],
  ["tag", ["1:7: bad YAML: tags (!name) are not used here"]],
  ["too-big", ["2:10: expected at most 10, found 11"]],
  ["too-small", ["2:10: expected at least 1, found 0"]],
  ["two-documents", ["2:1: bad YAML: a second document begins here, expected one in each file"]],
  [
    "unclosed-bracket",
    ["3:1: bad YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"],
  ],
  ["unclosed-quote", ['2:1: bad YAML: Missing closing "quote']],
  ["union-deeper", ["6:9: expected text, found 5"]],
  ["union-neither", ["3:14: expected text or a list, found 5"]],
  ["unknown-key-deep", ['6:5: unknown key "adress", did you mean "address"?']],
  [
    "unknown-key-far",
    [
      '2:1: unknown key "weather", expected name, every, level, retries, listen, size, people, also, sources, storage, receivers, triggers, trigger-files or limit',
    ],
  ],
  ["unknown-key", ['2:1: unknown key "evry", did you mean "every"?']],
  ["unknown-type", ['3:23: expected file or tcp, found "fiel"']],
  ["wrong-type-list", ["2:10: expected a list, found a map"]],
  ["wrong-type-map", ["2:12: expected a map, found a list"]],
  ["wrong-type", ['2:10: expected a number, found "many"']],
  ["yaml-1-1", ["1:1: bad YAML: expected version 1.2 of the language"]],
];

const GOOD: readonly (readonly [name: string, expected: Record<string, unknown>])[] = [
  ["minimal", { name: "khab", every: 15_000, level: "info", triggers: [], storage: {} }],
  ["bom-and-crlf", { name: "khab", every: 15_000 }],
  ["comment-and-end", { name: "khab" }],
  ["json", { name: "khab", sources: [{ type: "file", path: "/x" }] }],
  [
    "full",
    {
      name: "khab",
      every: 5_400_000,
      level: "warn",
      retries: 3,
      listen: { host: "::1", port: 8649 },
      size: 67_108_864,
      people: ["root@khab", "admin@khab"],
      also: ["root@khab", "admin@khab"],
      sources: [
        { type: "file", path: "/tmp/x" },
        { type: "tcp", address: { host: "node1", port: 8649 } },
      ],
      receivers: { ops: { to: "one@khab" }, dev: { to: ["one@khab", "two@khab"], password: { file: "/etc/secret" } } },
      triggers: [{ name: "hot", when: { text: "temp > 70" }, for: 60_000 }],
    },
  ],
];

test.each(GOOD)("%s.good.yaml loads", (name, expected) => {
  expect(loadConfig(`${DIRECTORY}${name}.good.yaml`, corpusSchema)).toMatchObject(expected);
});

test.each(BAD)("%s.bad.yaml is refused", (name, faults) => {
  const file = `${DIRECTORY}${name}.bad.yaml`;
  let error: unknown;
  try {
    loadConfig(file, corpusSchema);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  const told = (error as ConfigError).faults.map(
    (fault) => `${fault.line}:${fault.column}: ${fault.message.replaceAll(DIRECTORY, "")}`,
  );
  expect(told).toEqual(faults);
  expect((error as ConfigError).faults.every((fault) => fault.file === file)).toBe(true);
});

test("every file of the corpus is in a table", () => {
  const named = [...GOOD.map(([name]) => `${name}.good.yaml`), ...BAD.map(([name]) => `${name}.bad.yaml`)];
  expect(readdirSync(DIRECTORY).sort()).toEqual(named.sort());
});
