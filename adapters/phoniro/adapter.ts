import { z } from "zod";
import {
  checkInbox,
  type Columns,
  defineAdapter,
  fileSettings,
  namePattern,
  type Page,
  type PullContext,
  readCsv,
  readDeliveries,
} from "#adapter";
import { lockLogRow, visitColumnsDropped, visitRow } from "./records.ts";

const names = z.array(z.string().min(1)).min(1);
const settings = z
  .strictObject({
    ...fileSettings,
    visitFiles: names
      .default(["besok*.csv", "besök*.csv", "sammanställning*.csv"])
      .meta({ description: "Names of the visit files; * is any characters" }),
    lockLogFiles: names
      .default(["laslogg*.csv", "låslogg*.csv"])
      .meta({ description: "Names of the lock log files; * is any characters" }),
  })
  .check(checkInbox);
type Settings = z.infer<typeof settings>;

/** Reads the files of one kind as they stand; what the columns mean is the mapping's. */
function readTables(
  context: PullContext<Settings>,
  wildcards: readonly string[],
  columns: Columns,
): AsyncIterable<Page> {
  const { notice, columns: also = {} } = context;
  return readDeliveries(context, namePattern(wildcards), (file) =>
    readCsv(file.text(), { place: file.name, notice, columns: { ...columns, also } }),
  );
}

export default defineAdapter({
  id: "phoniro",
  title: "Phoniro Care",
  reference: "adapters/phoniro/README.md",
  settings,
  known: [
    "Delivers monthly or nightly CSV files to a folder or an SFTP drop: semicolons, UTF-8 with BOM, every field quoted, a header row.",
    "Has its own client numbers beside personal identity numbers, and staff by employee number.",
  ],
  assumed: [
    "The columns of the visits file and of the lock log, their codes, and that they stand as the mapping says.",
    "A visit past midnight has only its start date; a visit without end time has only been started.",
    "A visit that is removed in Phoniro is not delivered again: nothing says that it is gone.",
  ],
  sources: {
    visits: {
      record: visitRow,
      pull: (context) =>
        readTables(context, context.settings.visitFiles, {
          keep: Object.keys(visitRow.shape),
          drop: visitColumnsDropped,
          required: (present) => [
            "BesöksId",
            "Enhet",
            "Besöksdatum",
            "Starttid",
            "Sluttid",
            // One of the two names the client.
            ...(present.has("Personnummer") ? [] : ["Brukarnr"]),
          ],
        }),
    },
    "lock-log": {
      record: lockLogRow,
      pull: (context) =>
        readTables(context, context.settings.lockLogFiles, {
          keep: Object.keys(lockLogRow.shape),
          required: () => ["Tidpunkt", "LåsId", "Händelse"],
        }),
    },
  },
});
