import { createHash } from "node:crypto";
import type { Page } from "#adapter";
import { AppError } from "#errors";
import {
  addRefusedFile,
  closeRefusedFiles,
  countUnexpected,
  type Cursor,
  finishSourceRun,
  type Notice,
  PullOvertaken,
  type RawPage,
  seenDelivery,
  selectCursor,
  selectRhythm,
  type SourceState,
  startSourceRun,
  storePage,
} from "#store";
import { Normaliser, type Normalised } from "./normalise.ts";
import { encodePage, PAGE_CODEC, type PageContent } from "./page-codec.ts";
import { compilePicker, type Picker } from "./pick.ts";
import type { Intake, PullableSource } from "./source.ts";

export interface PullProgress {
  source: string;
  resource: string;
  pages: number;
  records: number;
}

export interface PullOptions extends Intake {
  source: PullableSource;
  signal: AbortSignal;
  /** Some of the adapter's sources only. */
  resources?: readonly string[];
  progress?: (progress: PullProgress) => void;
}

export interface Pulled {
  source: string;
  resource: string;
  state: SourceState;
  /** Records received. */
  seen: number;
  accepted: number;
  /** Records, lines and files that did not fit. */
  quarantined: number;
  /** Pages that had been stored before. */
  repeated: number;
  watermark: string | null;
  notices: Notice[];
  /** Fields that the record shape does not name; `isNew`: met for the first time. */
  unexpected: Array<{ field: string; count: number; isNew: boolean }>;
  /** Code of what ended the pull early, and for the log the error itself. */
  problem: string | null;
  error: unknown;
}

const BROKEN_TEXT_MAX = 64 * 1024;
const HOUR_MS = 3_600_000;

/**
 * Pulls a source: page by page into the ledger, each with its cursor in one transaction, and from there to canonical
 * rows. What goes wrong at the source is said in the result, and nothing else stops for it; what goes wrong in the
 * database is thrown.
 */
export async function pullSource(options: PullOptions): Promise<Pulled[]> {
  const { source, resources } = options;
  const normaliser = await Normaliser.open(options, source);
  // What a crash has left comes before anything new.
  await normaliser.catchUp();
  const pulls: Array<{ run: number; pull: Pulled; startedAt: number }> = [];
  try {
    for (const resource of Object.keys(source.adapter.sources)) {
      if (resources !== undefined && !resources.includes(resource)) continue;
      options.signal.throwIfAborted();
      const startedAt = options.now();
      const run = await startSourceRun(options.database, options.tenantId, source.id, resource, startedAt);
      pulls.push({ run, startedAt, pull: await pullResource(options, resource, run, normaliser) });
    }
  } finally {
    // Whatever stopped the pull: the pages that it stored are made canonical before anybody looks at the result.
    const normalised = await normaliser.finish();
    for (const { run, pull } of pulls) await conclude(options, run, pull, normalised);
  }
  return pulls.map(({ pull }) => pull);
}

async function pullResource(
  options: PullOptions,
  resource: string,
  run: number,
  normaliser: Normaliser,
): Promise<Pulled> {
  const { database, tenantId, source, signal, now } = options;
  const { id } = source;
  const declared = source.adapter.sources[resource];
  if (declared === undefined) throw new RangeError(`${source.adapter.id} has no source ${resource}.`);
  const pull: Pulled = {
    source: id,
    resource,
    state: "ok",
    seen: 0,
    accepted: 0,
    quarantined: 0,
    repeated: 0,
    watermark: null,
    notices: [],
    unexpected: [],
    problem: null,
    error: null,
  };
  const cursor = await selectCursor(database, tenantId, id, resource);
  pull.watermark = cursor.cursor;
  const columns = source.columns?.(resource);
  const stream: Stream = {
    options,
    resource,
    run,
    pull,
    cursor,
    picker: compilePicker(declared.record),
    seq: 0,
    seen: null,
    places: new Set(),
    unexpected: new Map(),
  };
  const iterable = declared.pull({
    settings: source.settings,
    http: source.http,
    files: source.files,
    cursor: cursor.cursor,
    now,
    signal,
    notice: (code, text) => pull.notices.push({ code, text }),
    ...(columns === undefined ? {} : { columns }),
  });
  const pages = iterable[Symbol.asyncIterator]();
  let waiting: Stored | null = null;
  let storing: Promise<Stored | null> = Promise.resolve(null);
  const take = async (): Promise<void> => {
    const stored = waiting;
    waiting = null;
    if (stored !== null) await normaliser.offer(stored.page, stored.content);
  };
  try {
    for (;;) {
      const next = await askSource(pages, pull);
      if (next === null) break;
      storing = storeNext(stream, next);
      // Compressing and storing this page happen elsewhere, while the one before it is mapped here.
      storing.catch(() => undefined);
      await take();
      waiting = await storing;
      await confirm(next, pull);
      options.progress?.({ source: id, resource, pages: stream.seq, records: pull.seen });
      signal.throwIfAborted();
    }
  } catch (error) {
    if (!(error instanceof PullOvertaken)) throw error;
    pull.problem = error.code;
    pull.error = error;
    pull.state = "partly";
  } finally {
    // What is being stored is stored or not, but no longer under way, when anybody hears of an error.
    await Promise.allSettled([storing]);
    await take();
    // Ends the adapter's generator where we stopped before it did.
    await pages.return?.()?.catch(() => undefined);
  }
  if (pull.problem !== null && pull.state !== "partly") pull.state = stream.seq > 0 ? "partly" : "down";
  await keepRefusals(stream);
  await keepUnexpected(stream);
  await judgeSilence(stream, declared.everyHours);
  return pull;
}

interface Stream {
  options: PullOptions;
  resource: string;
  run: number;
  pull: Pulled;
  cursor: Cursor;
  picker: Picker;
  seq: number;
  /** The delivery that was asked for last, and whether it had been read before. */
  seen: { delivery: string; before: boolean } | null;
  /** Files of which pages were stored. */
  places: Set<string>;
  unexpected: Map<string, number>;
}

interface Stored {
  page: RawPage;
  content: PageContent;
}

/** The source's next page; null at its end, or where the source failed, which is written into `pull`. */
async function askSource(pages: AsyncIterator<Page>, pull: Pulled): Promise<Page | null> {
  try {
    const next = await pages.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    pull.problem = error instanceof AppError ? error.code : "internal";
    pull.error = error;
    return null;
  }
}

/** Tells the source that the page is safe. Where that fails it will deliver it again, and it will be recognised. */
async function confirm(page: Page, pull: Pulled): Promise<void> {
  try {
    await page.committed?.();
  } catch (error) {
    pull.notices.push({ code: "not-confirmed", text: `${page.place}: mottagandet kunde inte bekräftas hos källan.` });
    pull.error ??= error;
  }
}

/** Stores a page. Null where there is nothing new in it. */
async function storeNext(stream: Stream, page: Page): Promise<Stored | null> {
  const { options, resource, pull, cursor } = stream;
  const { database, tenantId, vault, now } = options;
  const source = options.source.id;
  const receivedAt = now();
  stream.seq++;
  const delivery = page.delivery ?? null;
  if (delivery !== null && stream.seen?.delivery !== delivery) {
    stream.seen = { delivery, before: await seenDelivery(database, tenantId, source, delivery, receivedAt) };
  }
  const known = stream.seen?.before === true && delivery !== null;
  for (const field of page.unexpected ?? []) stream.unexpected.set(field, (stream.unexpected.get(field) ?? 0) + 1);
  const broken = known ? [] : (page.broken ?? []);
  const completeIds = page.completeIds ?? null;
  const hasContent = !known && (page.records.length > 0 || broken.length > 0 || completeIds !== null);
  const picked: PageContent = { records: stream.picker.pick(page.records), lines: page.lines ?? null, completeIds };
  const encoded = hasContent ? await encodePage(picked) : null;
  const contentHash = encoded?.contentHash ?? Buffer.alloc(0);
  const place = page.place;
  const id = await storePage(database, tenantId, cursor, {
    source,
    resource,
    run: stream.run,
    seq: stream.seq,
    place,
    delivery,
    deliveryComplete: page.deliveryComplete === true,
    receivedAt,
    count: page.records.length,
    contentHash: broken.length === 0 ? contentHash : withBroken(contentHash, broken),
    codec: PAGE_CODEC,
    bytes: encoded === null ? null : vault.encrypt(encoded.bytes),
    cursor: page.cursor,
    broken: broken.map(({ line, reason, text }) => ({
      line,
      rule: reason,
      text: vault.encrypt(text.slice(0, BROKEN_TEXT_MAX)),
    })),
  });
  cursor.pages++;
  if (page.cursor !== null) pull.watermark = cursor.cursor = page.cursor;
  if (delivery !== null) stream.places.add(place);
  pull.seen += page.records.length + broken.length;
  if (id === null) {
    if (page.records.length > 0) pull.repeated++;
    return null;
  }
  pull.quarantined += broken.length;
  const stored: RawPage = {
    id,
    source,
    resource,
    run: stream.run,
    place,
    receivedAt,
    count: page.records.length,
    codec: PAGE_CODEC,
  };
  return { page: stored, content: { ...picked, records: encoded?.records ?? [] } };
}

function withBroken(contentHash: Buffer, broken: NonNullable<Page["broken"]>): Buffer {
  const hash = createHash("sha256").update(contentHash);
  for (const { line, text } of broken) hash.update(`\n${line}:${text}`);
  return hash.digest();
}

/** Files of which nothing could be applied go into quarantine by name; those that could be read now come out. */
async function keepRefusals({ options, resource, pull, places }: Stream): Promise<void> {
  const { database, tenantId, source, now } = options;
  await closeRefusedFiles(database, tenantId, source.id, resource, [...places], now());
  const { error } = pull;
  if (!(error instanceof AppError) || error.kind !== "invalid") return;
  pull.state = "partly";
  // Several files that could not be read come as one error, with a line for each.
  for (const line of error.message.split("\n")) {
    const place = /^File (.+?): /.exec(line)?.[1] ?? String(error.facts["place"] ?? resource);
    pull.quarantined++;
    const misfit = {
      source: source.id,
      resource,
      rawPage: null,
      rawIndex: null,
      place,
      line: null,
      field: null,
      valueClass: null,
      rule: `Filen kan inte läsas: ${line.replace(/^File .+?: /, "")}`,
      code: error.code,
      text: null,
    };
    await addRefusedFile(database.orm, tenantId, misfit, now());
  }
}

async function keepUnexpected({ options, resource, pull, picker, unexpected }: Stream): Promise<void> {
  const { database, tenantId, source, now } = options;
  for (const [field, count] of picker.unexpected()) unexpected.set(field, (unexpected.get(field) ?? 0) + count);
  const fresh = await countUnexpected(database, tenantId, source.id, resource, unexpected, now());
  pull.unexpected = [...unexpected].map(([field, count]) => ({ field, count, isNew: fresh.has(field) }));
}

/** A source that answers, and has had nothing to say for more than twice its usual time, is silent. */
async function judgeSilence({ options, resource, pull }: Stream, everyHours: number | null | undefined): Promise<void> {
  if (pull.state !== "ok" || pull.seen > 0) return;
  const { database, tenantId, source, now } = options;
  const { recordsAt, usualHours } = await selectRhythm(database, tenantId, source.id, resource);
  const hours = everyHours ?? usualHours;
  if (hours !== null && recordsAt !== null && now() - recordsAt > 2 * hours * HOUR_MS) pull.state = "silent";
}

async function conclude(options: PullOptions, run: number, pull: Pulled, normalised: Normalised): Promise<void> {
  const { database, tenantId, now } = options;
  const counts = normalised.byRun.get(run);
  pull.accepted = counts?.accepted ?? 0;
  pull.quarantined += counts?.quarantined ?? 0;
  if (pull.quarantined > 0 && pull.state === "ok") pull.state = "partly";
  for (const { resource, code, text } of normalised.notices) {
    if (resource === pull.resource) pull.notices.push({ code, text });
  }
  await finishSourceRun(database, tenantId, run, {
    finishedAt: now(),
    state: pull.state,
    seen: pull.seen,
    accepted: pull.accepted,
    quarantined: pull.quarantined,
    watermark: pull.watermark,
    problem: pull.problem,
    notices: pull.notices,
  });
}

/** Something was missing or did not fit: exit status 2. */
export function isIncomplete(pulls: readonly Pulled[]): boolean {
  return pulls.some(({ state, quarantined }) => state === "down" || state === "partly" || quarantined > 0);
}
