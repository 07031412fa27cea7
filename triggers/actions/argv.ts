/**
 * The arguments of a command. Only a few names may stand in them, and only
 * values that no program can take for an option, a path or a shell's business.
 */

/** What {{...}} may name. */
export const PLACEHOLDERS = ["host", "cluster", "trigger", "severity", "episode"] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];
export type ArgvValues = Readonly<Record<Placeholder, string>>;

const SAFE_VALUE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const BRACES = /\{\{(.*?)\}\}/gs;

/** @returns whether the value may stand in an argument of a command */
export function isSafeValue(value: string): boolean {
  return SAFE_VALUE.test(value);
}

/** @returns what is wrong with an argument of the configuration, undefined if nothing is */
export function argumentFault(argument: string): string | undefined {
  const known = PLACEHOLDERS.map((placeholder) => `{{${placeholder}}}`).join(", ");
  for (const [whole, inner] of argument.matchAll(BRACES)) {
    if (!isPlaceholder((inner as string).trim()))
      return `${JSON.stringify(whole)} is unknown, expected one of ${known}`;
  }
  const rest = argument.replace(BRACES, "");
  return rest.includes("{{") || rest.includes("}}")
    ? `braces do not match in ${JSON.stringify(argument)}, expected one of ${known}`
    : undefined;
}

export type FilledArgv = { readonly argv: readonly string[] } | { readonly refusal: string };

/** @param template checked with argumentFault */
export function fillArgv(template: readonly string[], values: ArgvValues): FilledArgv {
  let refusal: string | undefined;
  const argv = template.map((argument) =>
    argument.replace(BRACES, (_whole, inner: string) => {
      const placeholder = inner.trim() as Placeholder;
      const value = values[placeholder];
      if (!isSafeValue(value)) {
        refusal ??= `${placeholder} ${JSON.stringify(value)} may not stand in an argument, expected letters, digits, dots, dashes and underscores`;
      }
      return value;
    }),
  );
  return refusal === undefined ? { argv } : { refusal };
}

function isPlaceholder(text: string): text is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(text);
}
