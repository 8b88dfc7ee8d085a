import { createHash } from "node:crypto";
import { z } from "zod";
import {
  checkInbox,
  decodeText,
  defineAdapter,
  type Delivery,
  fileSettings,
  InvalidFile,
  type Page,
  type PullContext,
  readCsv,
  readDeliveries,
  readJsonLines,
  type RecordPage,
  type Source,
} from "#adapter";
import {
  entityOfFile,
  type FileEntity,
  fileEntities,
  filePattern,
  nestedFields,
  records,
  requiredFields,
} from "./records.ts";

const settings = z.strictObject(fileSettings).check(checkInbox);
type Settings = z.infer<typeof settings>;

const UPLOAD_BYTES_MAX = 1024 ** 3;
const common = ["id", "version", "deleted"];

interface Content {
  name: string;
  text: AsyncIterable<string>;
  notice: (code: string, text: string) => void;
}

/** Reads one file of the interchange format: JSON Lines or CSV, by its ending. */
function readEntity(entity: FileEntity, { name, text, notice }: Content): AsyncIterable<RecordPage> {
  if (!/\.csv$/i.test(name)) return readJsonLines(text, { place: name });
  const nested = nestedFields(entity);
  const required = requiredFields(entity);
  return readCsv(text, {
    place: name,
    notice,
    columns: {
      keep: Object.keys(records[entity].shape).filter((field) => !nested.includes(field)),
      required(present) {
        // A list of tombstones needs nothing more.
        if (present.has("deleted") && [...present].every((field) => common.includes(field))) return ["id"];
        const impossible = required.filter((field) => nested.includes(field));
        if (present.has("id") && impossible.length > 0) {
          throw new InvalidFile(
            name,
            `"${impossible.join(", ")}" holds nested values, which CSV cannot; deliver JSON Lines.`,
          );
        }
        return required;
      },
    },
  });
}

async function* pull(entity: FileEntity, context: PullContext<Settings>): AsyncGenerator<Page> {
  const { files, notice } = context;
  if (entity === fileEntities[0]) {
    for (const { name } of await files.list(/^/)) {
      if (entityOfFile(name) === null)
        notice("unknown-file", `${name} läses inte: namnet börjar inte med någon av formatets poster.`);
    }
  }
  yield* readDeliveries(context, filePattern(entity), (file) =>
    readEntity(entity, { name: file.name, text: file.text(), notice }),
  );
}

function upload({ name, content, notice, bytesMax = UPLOAD_BYTES_MAX }: Delivery): {
  source: string;
  pages: AsyncIterable<Page>;
} {
  const entity = entityOfFile(name);
  if (entity === null) {
    throw new InvalidFile(
      name,
      `the name must begin with one of ${fileEntities.join(", ")} and end with .jsonl or .csv.`,
    );
  }
  return { source: entity, pages: readUpload(entity, name, content, notice, bytesMax) };
}

/** The last page carries the hash of the whole, which is known only then. */
async function* readUpload(
  entity: FileEntity,
  name: string,
  content: AsyncIterable<Uint8Array>,
  notice: (code: string, text: string) => void,
  bytesMax: number,
): AsyncGenerator<Page> {
  const digest = createHash("sha256");
  async function* counted(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw new InvalidFile(name, `it has more than ${bytesMax} bytes.`);
      digest.update(chunk);
      yield chunk;
    }
  }
  let held: Page | null = null;
  for await (const page of readEntity(entity, { name, text: decodeText(counted()), notice })) {
    if (held !== null && page.records.length === 0 && page.broken === undefined) continue;
    if (held !== null) yield held;
    held = { ...page, cursor: null, place: name };
  }
  if (held === null) throw new InvalidFile(name, "it is empty.");
  yield { ...held, delivery: digest.digest("hex"), deliveryComplete: true };
}

export default defineAdapter({
  id: "standard",
  title: "Klarsyns utbytesformat",
  reference: "adapters/standard/README.md",
  settings,
  known: ["The format is Klarsyn's own: JSON Lines or CSV, one file per kind of record."],
  assumed: ["A delivery without versions holds what is true now: the later received wins."],
  upload,
  sources: Object.fromEntries(
    fileEntities.map((entity): [string, Source<Settings>] => [
      entity,
      { record: records[entity], pull: (context) => pull(entity, context) },
    ]),
  ),
});
