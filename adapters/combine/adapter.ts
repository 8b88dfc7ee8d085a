import { createHash } from "node:crypto";
import { z } from "zod";
import {
  type BrokenRecord,
  defineAdapter,
  type Page,
  type PullContext,
  readXml,
  type Source,
  UpstreamError,
  type XmlOptions,
  XmlRefused,
} from "#adapter";
import * as records from "./records.ts";

const pem = z.string().regex(/-----BEGIN [A-Z ]+-----/, "is not PEM text (-----BEGIN …)");

const settings = z.object({
  baseUrl: z.url({ protocol: /^https$/ }).describe("Adressen till Combine, utan /files."),
  cert: pem.describe("Klientcertifikatet (PEM)."),
  key: pem.meta({ secret: true }).describe("Klientcertifikatets nyckel (PEM)."),
  ca: pem.optional().describe("Certifikatutfärdare (PEM), om servern har en egen."),
});
type Settings = z.infer<typeof settings>;

const headers = { "X-Api-Version": "1" };
const recordsPerPage = 1000;

const file = z.object({
  Id: z.union([z.string(), z.number()]).transform(String),
  Href: z.string(),
  CreatedDate: z.string().nullish(),
});
type File = z.infer<typeof file>;
/** One file may stand without its list, as one of many things may in .NET's JSON made from XML. */
const list = z
  .object({ DtoFinancialFile: z.union([z.array(file), file]).nullish() })
  .nullable()
  .transform((answer) => [answer?.DtoFinancialFile ?? []].flat());

type Document = Pick<XmlOptions, "path" | "lists">;

/** The document's pages. The last one carries what acknowledges the file, also where it has no records. */
async function* pagesOf(http: PullContext<Settings>["http"], href: string, place: string, document: Document) {
  const hash = createHash("sha256");
  async function* hashed(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
  }
  let read: unknown[] = [];
  let lines: number[] = [];
  let broken: BrokenRecord[] = [];
  const take = (): Page => {
    const page = { records: read, lines: Int32Array.from(lines), broken, place, cursor: null };
    [read, lines, broken] = [[], [], []];
    return page;
  };
  const bytes = await http.stream(href, { headers });
  for await (const one of readXml(hashed(bytes), { ...document, document: place })) {
    if (read.length + broken.length === recordsPerPage) yield take();
    if ("reason" in one) {
      broken.push(one);
      continue;
    }
    read.push(one.value);
    lines.push(one.line);
  }
  yield {
    ...take(),
    delivery: hash.digest("hex"),
    deliveryComplete: true,
    committed: async () => {
      // Gone already: acknowledged before a crash.
      await http.request(href, { method: "DELETE", headers, accept: [404, 410] });
    },
  } satisfies Page;
}

/** Where a file is. Only on the host of the list: certificate and key are shown to nobody else. */
function addressOf({ Href }: File, listUrl: URL): string {
  const url = URL.parse(Href, listUrl.href);
  if (url === null || url.origin !== listUrl.origin) {
    throw new UpstreamError(listUrl, "lists a file on another host, which is not fetched");
  }
  return url.href;
}

/**
 * A queue of files: list, download, acknowledge. There is no cursor: what is not acknowledged is listed again. A file
 * that cannot be read stays where it is, the others are read, and the run says so at its end.
 */
function queue(kind: string, record: z.ZodType, document: Document): Source<Settings> {
  return {
    record,
    everyHours: 24,
    async *pull({ http, settings, notice }) {
      const listUrl = new URL(`${settings.baseUrl.replace(/\/$/, "")}/files/${kind}`);
      const files = await http.getJson(`files/${kind}`, list, { headers });
      files.sort((a, b) => (a.CreatedDate ?? "").localeCompare(b.CreatedDate ?? ""));
      let failure: unknown;
      for (const one of files) {
        const place = `${kind}/${one.Id}`;
        let href: string | null = null;
        try {
          href = addressOf(one, listUrl);
          yield* pagesOf(http, href, place, document);
        } catch (error) {
          if (!(error instanceof XmlRefused) && href !== null) throw error;
          failure ??= error;
          notice("document-refused", `Filen ${place} kunde inte läsas och ligger kvar hos Combine.`);
        }
      }
      if (failure !== undefined) throw failure;
    },
  };
}

export default defineAdapter({
  id: "combine",
  title: "Combine",
  reference: "Combine, Financial Files API, X-Api-Version 1",
  settings,
  connection: ({ cert, key, ca }) => ({ cert, key, ...(ca === undefined ? {} : { ca }) }),
  known: [
    "Files are listed, downloaded and acknowledged over mutual TLS with the header X-Api-Version: 1 (financial files).",
    "The list is DtoFinancialFile with Id, Name, Description, Href and CreatedDate; DELETE on Href acknowledges.",
  ],
  assumed: [
    "Orders, executions and visits are delivered the same way at /files/orders, /files/executions and /files/visits.",
    "Their content is XML in the dialect of the README, with Swedish names, in the encoding that it declares.",
    "Times have an offset or are Swedish time; a version is an integer that grows.",
  ],
  sources: {
    orders: queue("orders", records.order, { path: ["Bestallningar", "Bestallning"], lists: ["Insats"] }),
    executions: queue("executions", records.execution, { path: ["Verkstalligheter", "Verkstallighet"] }),
    visits: queue("visits", records.visit, { path: ["Besokslista", "Besok"], lists: ["Insats"] }),
  },
});
