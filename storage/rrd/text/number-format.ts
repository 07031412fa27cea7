/** Numbers as RRD tools print them. */

/** Eleven digits and an exponent of at least two, rounded half to even like C's %0.10e. */
export function exponential(value: number): string {
  let text = value.toExponential(10);
  // JavaScript rounds an exact half up, C to the even digit. 60 digits show whether it is exact.
  if (/5e/.test(value.toExponential(11))) {
    const [digits = "", exponent = ""] = value.toExponential(60).split("e");
    const kept = digits.slice(0, digits.indexOf(".") + 11);
    if (/^50*$/.test(digits.slice(kept.length)) && Number(kept.at(-1)) % 2 === 0) text = `${kept}e${exponent}`;
  }
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** @param nan the word for an unknown value: "NaN" in info and dump, "-nan" in fetch */
export function formatDouble(value: number, nan: string): string {
  if (Number.isNaN(value)) return nan;
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  // -0 loses its sign in toExponential.
  return Object.is(value, -0) ? `-${exponential(0)}` : exponential(value);
}

/** Smallest power of ten that a dump knows. */
const DUMP_EXPONENT_MIN = 1e-308;

/** As dumps print: like formatDouble, but without a negative nought and without exponents below -308. */
export function formatDumped(value: number): string {
  if (value === 0) return exponential(0);
  if (!(Math.abs(value) < DUMP_EXPONENT_MIN)) return formatDouble(value, "NaN");
  return `${value < 0 ? "-" : ""}${(Math.abs(value) / DUMP_EXPONENT_MIN).toFixed(10)}e-308`;
}
