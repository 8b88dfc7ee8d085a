import { createHash } from "node:crypto";
import { z } from "zod";
import {
  type BrokenRecord,
  defineAdapter,
  InvalidFile,
  InvalidFiles,
  type Page,
  type PullContext,
  readXml,
  type Source,
  type XmlOptions,
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
async function* pagesOf(
  { http, notice }: PullContext<Settings>,
  href: string,
  place: string,
  document: Document,
): AsyncGenerator<Page> {
  const hash = createHash("sha256");
  let bytes = 0;
  async function* hashed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
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
  try {
    const chunks = await http.stream(href, { headers });
    for await (const one of readXml(hashed(chunks), { ...document, document: place })) {
      if (read.length + broken.length === recordsPerPage) yield take();
      if ("reason" in one) {
        broken.push(one);
        continue;
      }
      read.push(one.value);
      lines.push(one.line);
    }
  } catch (error) {
    if (bytes > 0 || !(error instanceof InvalidFile)) throw error;
    notice("empty-file", `Filen ${place} är tom.`);
  }
  yield {
    ...take(),
    delivery: hash.digest("hex"),
    deliveryComplete: true,
    committed: async () => {
      // Gone already: acknowledged before a crash.
      await http.request(href, { method: "DELETE", headers, accept: [404, 410] });
    },
  };
}

/** Where a file is. Only on the host of the list: the certificate is shown to nobody else. */
function addressOf({ Href }: File, listUrl: URL, place: string): string {
  const url = URL.parse(Href, listUrl.href);
  if (url === null || url.origin !== listUrl.origin) {
    throw new InvalidFile(place, "its address is on another host, which is not asked.");
  }
  return url.href;
}

/**
 * A queue of files: list, download, acknowledge. There is no cursor: what is not acknowledged is listed again. A file
 * that cannot be read stays where it is, the others are read first, then InvalidFile is thrown.
 */
function queue(kind: string, record: z.ZodType, document: Document): Source<Settings> {
  return {
    record,
    everyHours: 24,
    async *pull(context) {
      const { http, settings, signal } = context;
      const listUrl = new URL(`${settings.baseUrl.replace(/\/$/, "")}/files/${kind}`);
      const files = await http.getJson(`files/${kind}`, list, { headers });
      files.sort((a, b) => (a.CreatedDate ?? "").localeCompare(b.CreatedDate ?? ""));
      const failures: InvalidFile[] = [];
      for (const one of files) {
        signal.throwIfAborted();
        const place = `${kind}/${one.Id}`;
        try {
          yield* pagesOf(context, addressOf(one, listUrl, place), place, document);
        } catch (error) {
          if (!(error instanceof InvalidFile)) throw error;
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new InvalidFiles(failures);
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
