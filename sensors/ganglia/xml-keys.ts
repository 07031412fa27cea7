/** Keys of a source of type ganglia-xml that need more than a line to check. */
import { z } from "zod";
import { nameFault, quoteName } from "../../core/model/names.js";

/** As many as there may be clusters by default. */
const RENAMES_MAX = 1_000;

const RENAME_EXPECTED = 'expected a map such as { "unspecified": gpu }: the name in the document, the name here';

/** Names of clusters and grids in the document, and what they are called here. */
export const renameKey = () =>
  z
    .record(z.string(), z.string("expected a name"), RENAME_EXPECTED)
    .superRefine((names, context) => {
      const complain = (key: string, message: string) => context.addIssue({ code: "custom", message, path: [key] });
      if (Object.keys(names).length > RENAMES_MAX) {
        context.addIssue({ code: "custom", message: `more than ${RENAMES_MAX} names` });
        return;
      }
      const takenBy = new Map<string, string>();
      for (const [from, to] of Object.entries(names)) {
        const fault = nameFault(from);
        const faultHere = nameFault(to);
        const other = takenBy.get(to);
        if (fault !== undefined) complain(from, `${quoteName(from)} is no name that a document can have: ${fault}`);
        if (faultHere !== undefined) complain(from, `not usable as a name: ${faultHere}`);
        else if (other !== undefined) {
          complain(from, `${quoteName(other)} is called ${quoteName(to)} already, two names cannot become one`);
        }
        takenBy.set(to, from);
      }
    })
    .meta({ description: "Names of clusters and grids in the document, and what they are called here" });
