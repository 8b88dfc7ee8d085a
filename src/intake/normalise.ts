import { setImmediate } from "node:timers/promises";
import type { z } from "zod";
import { type Mapping, type MappingContext, type MappingOutcome, shapeProblem } from "#mapping";
import { type CanonicalRecord, entities, type EntityName } from "#model";
import {
  addQuarantine,
  buryVanished,
  claimPages,
  closeRecords,
  keepRecordTimes,
  lockNormalising,
  markNormalised,
  type Misfit,
  type Notice,
  type Provenance,
  type RawPage,
  type RecordTime,
  RefBook,
  selectPage,
  selectWaiting,
  selectWaitingSources,
  sourceNumber,
  type StagedGroup,
  StagedRows,
  type StagedWarning,
  upsert,
  type UpsertCounts,
  type UsedMapping,
} from "#store";
import { decodePage, type PageContent } from "./page-codec.ts";
import type { Intake, IntakeSource } from "./source.ts";

/** How much became of which run. */
export interface RunCounts {
  accepted: number;
  quarantined: number;
}

export interface Normalised {
  pages: number;
  /** Source records. */
  accepted: number;
  quarantined: number;
  /** Canonical rows. */
  rows: UpsertCounts;
  byRun: Map<number, RunCounts>;
  notices: Array<Notice & { resource: string | null }>;
}

/** Some rows of a page only, after a mending. */
export interface Selection {
  /** Positions in the page; null: all. */
  indexes: ReadonlySet<number> | null;
  rows: (entity: EntityName, record: CanonicalRecord) => boolean;
}

interface Resource {
  mapping: Mapping;
  shape: z.ZodType;
}

interface Batch {
  pages: RawPage[];
  used: Map<string, UsedMapping & { pages: number[] }>;
  unmapped: number[];
  staged: Map<EntityName, StagedRows>;
  groups: StagedGroup[];
  warnings: StagedWarning[];
  misfits: Misfit[];
  times: Map<string, RecordTime>;
  vanished: Array<{ page: RawPage; entities: readonly EntityName[]; ids: readonly string[] }>;
  accepted: number;
  byRun: Map<number, RunCounts>;
}

const ROWS_PER_BATCH = 50_000;
const BROUGHT_MAX = 50_000;
/** After so many records others get their turn: answers of the database wait no longer than a few milliseconds. */
const RECORDS_PER_TURN = 250;
/** Entities whose records speak of what has been, never of what is to come. */
const PAST: ReadonlySet<EntityName> = new Set(["visits", "lock-events", "deviations"]);

/**
 * Makes pages of one source canonical, in the order in which they are offered. While Postgres takes one batch the next
 * one is mapped.
 */
export class Normaliser {
  readonly #intake: Intake;
  readonly #source: IntakeSource;
  readonly #sourceNo: number;
  readonly #refs: RefBook;
  readonly #resources = new Map<string, Resource | null>();
  readonly #result: Normalised = {
    pages: 0,
    accepted: 0,
    quarantined: 0,
    rows: { inserted: 0, replaced: 0, older: 0, unchanged: 0 },
    byRun: new Map(),
    notices: [],
  };
  /** By entity; see StagedRows. */
  readonly #brought = new Map<EntityName, Map<string, string>>();
  #batch = newBatch();
  #writing: Promise<boolean> = Promise.resolve(true);
  /** Another process took pages of ours: what is left is read back from the ledger. */
  #overtaken = false;
  #failed = false;

  private constructor(intake: Intake, source: IntakeSource, sourceNo: number, refs: RefBook) {
    this.#intake = intake;
    this.#source = source;
    this.#sourceNo = sourceNo;
    this.#refs = refs;
  }

  static async open(intake: Intake, source: IntakeSource): Promise<Normaliser> {
    const refs = new RefBook(intake.database, intake.tenantId);
    await refs.load();
    return new Normaliser(intake, source, await sourceNumber(intake.database, intake.tenantId, source.id), refs);
  }

  /** Takes the next page of the ledger. Throws what went wrong with pages before it. */
  async offer(page: RawPage, content: PageContent): Promise<void> {
    if (this.#overtaken) return;
    try {
      await this.#map(page, content, null);
    } catch (error) {
      // A page that was mapped in part must never count as done: it stays in the ledger and waits.
      this.#failed = true;
      throw error;
    }
    // What is listed as complete is compared with all that came before, and nothing that came after.
    const rows = [...this.#batch.staged.values()].reduce((sum, staged) => sum + staged.rows, 0);
    if (rows >= ROWS_PER_BATCH || this.#batch.pages.length >= 500 || content.completeIds !== null) {
      await this.#write();
    }
  }

  /** Writes what is left, and says what became of it all. */
  async finish(): Promise<Normalised> {
    if (this.#failed) {
      await this.#writing;
      return this.#result;
    }
    await this.#write();
    if (!(await this.#writing)) this.#overtaken = true;
    while (this.#overtaken) {
      this.#overtaken = false;
      this.#batch = newBatch();
      this.#brought.clear();
      this.#writing = Promise.resolve(true);
      await this.catchUp();
      await this.#write();
      if (!(await this.#writing)) this.#overtaken = true;
    }
    return this.#result;
  }

  /** Takes all pages of the source that wait in the ledger: what a crash, another process or a rebuild has left. */
  async catchUp(): Promise<void> {
    const { database, tenantId } = this.#intake;
    for (let after = 0; ;) {
      const waiting = await selectWaiting(database, tenantId, this.#source.id, after, 500);
      if (waiting.length === 0 || this.#overtaken) return;
      let next = this.read(waiting[0]?.id ?? 0);
      for (const [index, page] of waiting.entries()) {
        const content = await next;
        const following = waiting[index + 1];
        // Unpacked by another thread while this page is mapped.
        if (following !== undefined) next = this.read(following.id);
        next.catch(() => undefined);
        await this.offer(page, content);
        after = page.id;
      }
    }
  }

  /** A page's content, out of the ledger. */
  async read(id: number): Promise<PageContent> {
    const { database, tenantId, vault } = this.#intake;
    const page = await selectPage(database, tenantId, id);
    if (page === null) throw new RangeError(`Raw page ${id} is gone.`);
    return decodePage(vault.decrypt(page.bytes), page.codec);
  }

  /** Makes some rows of pages that have been normalised before canonical again. */
  async again(page: RawPage, content: PageContent, selection: Selection): Promise<void> {
    this.#brought.clear();
    await this.#map(page, content, selection);
    const batch = this.#batch;
    this.#batch = newBatch();
    const { database, tenantId } = this.#intake;
    await database.transaction(async (tx) => {
      await lockNormalising(tx, tenantId, this.#source.id);
      if (selection.indexes !== null) await closeRecords(tx.orm, tenantId, [page.id], this.#intake.now());
      await this.#store(tx, batch);
    });
    this.#account(batch);
  }

  get result(): Normalised {
    return this.#result;
  }

  async #write(): Promise<void> {
    if (!(await this.#writing)) this.#overtaken = true;
    const batch = this.#batch;
    this.#batch = newBatch();
    if (batch.pages.length === 0 || this.#overtaken) return;
    await new Promise<void>((sent) => {
      this.#writing = this.#commit(batch, sent);
      // Whoever offers the next batch, or finishes, gets to know what went wrong.
      this.#writing.then(
        () => sent(),
        () => sent(),
      );
    });
  }

  /** False where another process has normalised some of the batch, or has pages before it that wait. */
  async #commit(batch: Batch, sent: () => void): Promise<boolean> {
    const { database, tenantId, now } = this.#intake;
    const ids = batch.pages.map(({ id }) => id);
    const done = await database.transaction(async (tx) => {
      if (!(await claimPages(tx, tenantId, this.#source.id, ids))) return false;
      await closeRecords(tx.orm, tenantId, ids, now());
      await this.#store(tx, batch, sent);
      await markNormalised(tx, tenantId, this.#source.id, [...batch.used.values()], batch.unmapped, now());
      return true;
    });
    if (done) this.#account(batch);
    return done;
  }

  async #store(tx: Parameters<typeof claimPages>[0], batch: Batch, sent?: () => void): Promise<void> {
    const { tenantId, now } = this.#intake;
    const counts = await upsert(tx.client, tenantId, [...batch.staged.values()], batch.groups, batch.warnings, sent);
    for (const key of ["inserted", "replaced", "older", "unchanged"] as const) this.#result.rows[key] += counts[key];
    for (const { page, entities, ids } of batch.vanished) {
      const buried = await buryVanished(tx.client, tenantId, {
        source: page.source,
        sourceNo: this.#sourceNo,
        resource: page.resource,
        entities,
        ids,
        rawPage: page.id,
        rawIndex: page.count,
      });
      if (buried === null) {
        const text = `${page.resource}: mer än hälften av posterna saknas i källans lista; inget togs bort.`;
        this.#result.notices.push({ resource: page.resource, code: "implausible-comparison", text });
      } else if (buried > 0) {
        const text = `${page.resource}: ${buried} poster finns inte längre i källan.`;
        this.#result.notices.push({ resource: page.resource, code: "vanished", text });
      }
    }
    await addQuarantine(tx.orm, tenantId, batch.misfits, now());
    await keepRecordTimes(tx, tenantId, this.#source.id, [...batch.times.values()]);
  }

  #account(batch: Batch): void {
    const result = this.#result;
    result.pages += batch.pages.length;
    result.accepted += batch.accepted;
    result.quarantined += batch.misfits.length;
    for (const [run, counts] of batch.byRun) {
      const sum = countsOf(result.byRun, run);
      sum.accepted += counts.accepted;
      sum.quarantined += counts.quarantined;
    }
  }

  #resource(name: string): Resource | null {
    let found = this.#resources.get(name);
    if (found === undefined) {
      const shape = this.#source.adapter.sources[name]?.record;
      const mapping = this.#source.mapping(name);
      found = shape === undefined || mapping === null ? null : { mapping, shape };
      this.#resources.set(name, found);
      if (found === null) {
        this.#result.notices.push({
          resource: name,
          code: "no-mapping",
          text: `${this.#source.id}/${name} har ingen mappning; posterna sparas och tas med när den finns (rebuild).`,
        });
      }
    }
    return found;
  }

  async #map(page: RawPage, content: PageContent, selection: Selection | null): Promise<void> {
    const batch = this.#batch;
    batch.pages.push(page);
    const resource = this.#resource(page.resource);
    if (resource === null) {
      batch.unmapped.push(page.id);
      return;
    }
    const { mapping } = resource;
    const { version, hash } = mapping;
    let used = batch.used.get(page.resource);
    if (used === undefined)
      batch.used.set(page.resource, (used = { resource: page.resource, version, hash, pages: [] }));
    used.pages.push(page.id);
    const context: MappingContext = {
      identityRef: this.#intake.vault.identityRef,
      // Of the page, so that it means the same whenever it is read again.
      thisYear: new Date(page.receivedAt).getUTCFullYear(),
    };
    const stage: Stage = {
      batch,
      page,
      lines: content.lines,
      staged: mapping.entities.map((entity) => this.#staged(batch, entity)),
      from: { sourceNo: this.#sourceNo, rawPage: page.id, rawIndex: 0, mappingVersion: version },
      counts: countsOf(batch.byRun, page.run),
      rows: selection?.rows ?? null,
      replay: selection !== null && selection.indexes === null,
    };
    // Rows are staged in order: from the first one with an unknown reference on, all wait until these have numbers.
    const waiting: Array<[number, MappingOutcome]> = [];
    for (let index = 0; index < content.records.length; index++) {
      if (selection !== null && selection.indexes !== null && !selection.indexes.has(index)) continue;
      if (index % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await setImmediate();
      const outcome = apply(resource, content.records[index], context);
      if (!this.#stage(stage, index, outcome, waiting.length > 0)) waiting.push([index, outcome]);
    }
    if (waiting.length > 0) {
      await this.#refs.resolve();
      for (const [index, outcome] of waiting) this.#stage(stage, index, outcome, false);
    }
    if (content.completeIds !== null && selection === null) {
      batch.vanished.push({ page, entities: mapping.entities, ids: content.completeIds });
    }
  }

  #staged(batch: Batch, entity: EntityName): StagedRows {
    let found = batch.staged.get(entity);
    if (found === undefined) {
      let brought = this.#brought.get(entity);
      if (brought === undefined || brought.size > BROUGHT_MAX) this.#brought.set(entity, (brought = new Map()));
      batch.staged.set(entity, (found = new StagedRows(entity, this.#refs, this.#intake.vault, brought)));
    }
    return found;
  }

  /** Stages the rows of one source record. False, and nothing staged, where a reference has no number yet, or `only` asks for those. */
  #stage(stage: Stage, index: number, outcome: MappingOutcome, only: boolean): boolean {
    const { batch, page, from, staged } = stage;
    const misfit = (problem: Pick<Misfit, "field" | "valueClass" | "rule" | "code">): true => {
      // Gone through again for other records: it is in quarantine already.
      if (stage.replay) return true;
      stage.counts.quarantined++;
      const { source, resource, id: rawPage, place } = page;
      const line = stage.lines?.[index] ?? index + 1;
      const { field, valueClass, rule, code } = problem;
      batch.misfits.push({
        source,
        resource,
        rawPage,
        rawIndex: index,
        place,
        line,
        field,
        valueClass,
        rule,
        code,
        text: null,
      });
      return true;
    };
    if (!outcome.ok) return only ? false : misfit(outcome.problem);
    from.rawIndex = index;
    const { mapped, complete } = outcome;
    const marks = staged.map((rows) => rows.mark());
    const back = () => staged.forEach((rows, at) => rows.rewind(marks[at] ?? { at: 0, rows: 0 }));
    let missing = false;
    for (const { entity, record } of mapped) {
      if (stage.rows !== null && !stage.rows(entity, record)) continue;
      if (complete.length > 0 && record.version === null && record.parent !== null) {
        // A child is as new as the record that it came with.
        record.version =
          complete.find((group) => group.entity === entity && group.parent === record.parent)?.version ?? null;
      }
      const problem = this.#staged(batch, entity).add(record, from);
      if (problem === "refs") {
        missing = true;
      } else if (problem !== null) {
        back();
        return only ? false : misfit(problem);
      }
    }
    if (missing || only) {
      back();
      return false;
    }
    batch.accepted++;
    stage.counts.accepted++;
    for (const { entity, parent, version } of complete) {
      if (stage.rows !== null && !stage.rows(entity, { id: "", version, deleted: false, parent, values: {} })) continue;
      const members = mapped.flatMap(({ entity: of, record }) =>
        of === entity && record.parent === parent ? [record.id] : [],
      );
      batch.groups.push({
        entity,
        sourceNo: from.sourceNo,
        parent,
        version,
        rawPage: page.id,
        rawIndex: index,
        members,
      });
    }
    for (const { entity, record, warnings } of mapped) {
      this.#time(stage, entity, record);
      for (const { code, field, table, value } of warnings) {
        batch.warnings.push({
          entity,
          sourceNo: from.sourceNo,
          id: record.id,
          rawPage: page.id,
          rawIndex: index,
          code,
          field,
          codeTable: table ?? "",
          value: value ?? "",
        });
      }
    }
    return true;
  }

  #time({ batch, page }: Stage, entity: EntityName, record: CanonicalRecord): void {
    const { day } = entities[entity];
    const at = day === null ? undefined : record.values[day];
    if (typeof at !== "number" || record.deleted) return;
    const key = `${page.resource} ${entity}`;
    let time = batch.times.get(key);
    if (time === undefined) {
      time = { resource: page.resource, entity, newestAt: at, aheadMs: 0, aheadId: null };
      batch.times.set(key, time);
    }
    if (at > time.newestAt) time.newestAt = at;
    const ahead = at - page.receivedAt;
    if (ahead > time.aheadMs && PAST.has(entity)) {
      time.aheadMs = ahead;
      time.aheadId = record.id;
    }
  }
}

/** What staging the records of one page needs. */
interface Stage {
  batch: Batch;
  page: RawPage;
  lines: Int32Array | null;
  staged: StagedRows[];
  from: Provenance;
  counts: RunCounts;
  rows: Selection["rows"] | null;
  replay: boolean;
}

function newBatch(): Batch {
  return {
    pages: [],
    used: new Map(),
    unmapped: [],
    staged: new Map(),
    groups: [],
    warnings: [],
    misfits: [],
    times: new Map(),
    vanished: [],
    accepted: 0,
    byRun: new Map(),
  };
}

function countsOf(byRun: Map<number, RunCounts>, run: number): RunCounts {
  let counts = byRun.get(run);
  if (counts === undefined) byRun.set(run, (counts = { accepted: 0, quarantined: 0 }));
  return counts;
}

/** Checks a record against its shape, and maps it. */
function apply({ shape, mapping }: Resource, record: unknown, context: MappingContext): MappingOutcome {
  const checked = shape.safeParse(record);
  if (!checked.success) return { ok: false, problem: shapeProblem(checked.error, record) };
  try {
    return mapping.apply(checked.data, context);
  } catch {
    // A fault of ours in one record must not keep all others out; it is tried again after the mending.
    return {
      ok: false,
      problem: { field: "", valueClass: "", rule: "kunde inte mappas på grund av ett fel i Klarsyn", code: "internal" },
    };
  }
}

/** Makes canonical what waits in the ledger: after a crash, or when everything was forgotten. */
export async function normaliseWaiting(intake: Intake, sources: readonly IntakeSource[]): Promise<Normalised> {
  const sum: Normalised = {
    pages: 0,
    accepted: 0,
    quarantined: 0,
    rows: { inserted: 0, replaced: 0, older: 0, unchanged: 0 },
    byRun: new Map(),
    notices: [],
  };
  for (const { source: id, pages } of await selectWaitingSources(intake.database, intake.tenantId)) {
    const source = sources.find((candidate) => candidate.id === id);
    if (source === undefined) {
      const text = `Källan ${id} finns inte i konfigurationen; ${pages} mottagna sidor väntar.`;
      sum.notices.push({ resource: null, code: "source-not-configured", text });
      continue;
    }
    const normaliser = await Normaliser.open(intake, source);
    await normaliser.catchUp();
    const part = await normaliser.finish();
    sum.pages += part.pages;
    sum.accepted += part.accepted;
    sum.quarantined += part.quarantined;
    for (const key of ["inserted", "replaced", "older", "unchanged"] as const) sum.rows[key] += part.rows[key];
    for (const [run, counts] of part.byRun) sum.byRun.set(run, counts);
    sum.notices.push(...part.notices);
  }
  return sum;
}
