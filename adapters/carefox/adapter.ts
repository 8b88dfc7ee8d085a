import { z } from "zod";
import { defineAdapter, type Page, type PullContext, type Source, UpstreamError } from "#adapter";
import * as records from "./records.ts";

const settings = z.object({
  baseUrl: z.url().describe("Adressen till CareFox API."),
  token: z.string().min(1).meta({ secret: true }),
  pageSize: z.int().min(1).max(5000).default(1000),
});
type Settings = z.infer<typeof settings>;

/** Read again: what was changed before, but became visible only after, the last pull. */
const overlapMs = 10 * 60_000;
const passesMax = 5;

const list = z.array(z.unknown());
const stamp = z.object({ id: z.union([z.string(), z.number()]), updatedAt: z.string() });

/** Which version of which record it is; without a time of change it is told apart by all that it says. */
function versionOf(record: unknown): { key: string; updatedAt: number } {
  const { success, data } = stamp.safeParse(record);
  return success
    ? { key: JSON.stringify([data.id, data.updatedAt]), updatedAt: Date.parse(data.updatedAt) }
    : { key: JSON.stringify(record), updatedAt: Number.NaN };
}

/**
 * Reads what has changed since the cursor: the latest time of change that has been seen. Paging is by number, and
 * a record that changes while one reads may draw those behind it past the reader, so a list of more than one page is
 * read again until a whole pass shows nothing new; each version is handed out once. The cursor moves with the last page.
 */
async function* readChanged(
  { http, settings: { baseUrl, pageSize }, cursor }: PullContext<Settings>,
  resource: string,
): AsyncGenerator<Page> {
  const updatedSince = cursor === null ? {} : { updatedSince: new Date(Date.parse(cursor) - overlapMs).toISOString() };
  const seen = new Set<string>();
  let latest = cursor === null ? Number.NEGATIVE_INFINITY : Date.parse(cursor);
  let last: Page | null = null;
  let isNew = true;
  for (let pass = 1; isNew; pass++) {
    if (pass > passesMax) {
      const url = new URL(`${baseUrl.replace(/\/$/, "")}/${resource}`);
      throw new UpstreamError(url, `changed all the time in ${passesMax} passes`);
    }
    isNew = false;
    let page = 1;
    // The server may allow fewer records a page than we ask for: only an empty page is the end.
    for (; ; page++) {
      const query = { page: String(page), pageSize: String(pageSize), ...updatedSince };
      const items = await http.getJson(resource, list, { query });
      if (items.length === 0) break;
      const fresh: unknown[] = [];
      for (const item of items) {
        const { key, updatedAt } = versionOf(item);
        if (seen.has(key)) continue;
        seen.add(key);
        fresh.push(item);
        // Not a number where a record does not say: then all is read again the next time.
        latest = Math.max(latest, updatedAt);
      }
      if (fresh.length === 0) {
        if (pass === 1) break;
        continue;
      }
      isNew = true;
      if (last !== null) yield last;
      last = { records: fresh, cursor: null, place: `${resource}?page=${page}` };
    }
    if (pass === 1 && page <= 2) break;
  }
  if (last !== null) yield { ...last, cursor: Number.isFinite(latest) ? new Date(latest).toISOString() : null };
}

const changes = (resource: string, record: z.ZodType): Source<Settings> => ({
  record,
  everyHours: 24,
  pull: (context) => readChanged(context, resource),
});

export default defineAdapter({
  id: "carefox",
  title: "CareFox",
  reference: "CareFox REST API, objects and fields as a third party lists them",
  settings,
  connection: ({ token }) => ({ headers: { Authorization: `Bearer ${token}` } }),
  known: [
    "REST with JSON and a bearer token; employees, patients, visits, shifts and breaks with the fields of the README.",
    "Unit names may have dots, and there are no personal identity numbers: ids are joined by a person.",
  ],
  assumed: [
    "A page is a list; page and pageSize page it, updatedSince leaves out what has not changed.",
    "Records have updatedAt, and deleted where they are gone; visits have unit and cancelled.",
    "The type of a visit names its services, with commas between them.",
  ],
  sources: {
    employees: changes("employees", records.employee),
    patients: changes("patients", records.patient),
    visits: changes("visits", records.visit),
    shifts: changes("shifts", records.shift),
  },
});
