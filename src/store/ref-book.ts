import { refKinds, type RefKind } from "#model";
import type { Database } from "./database.ts";

/** Codes of services mean the same in every source. */
const EVERYWHERE = -1;

const kindNo = Object.fromEntries(refKinds.map((kind, no) => [kind, no])) as Record<RefKind, number>;

/**
 * The numbers of references, kept in memory during a run. What has no number yet is wanted, and gets one with the next
 * `resolve`: many at once, and the same in every process.
 */
export class RefBook {
  readonly #database: Database;
  readonly #tenantId: string;
  /** By kind and source. */
  readonly #numbers = new Map<number, Map<string, number>>();
  #wanted: Array<{ kind: number; sourceNo: number; id: string }> = [];

  constructor(database: Database, tenantId: string) {
    this.#database = database;
    this.#tenantId = tenantId;
  }

  /** Reads all numbers that the tenant has. */
  async load(): Promise<void> {
    const { rows } = await this.#database.pool.query<[number, number, number, string]>({
      text: "SELECT no, kind, source_no, id FROM refs WHERE tenant_id = $1",
      values: [this.#tenantId],
      rowMode: "array",
    });
    for (const [no, kind, sourceNo, id] of rows) this.#of(kind, sourceNo).set(id, no);
  }

  /** The number; -1 where it has none yet, which is then wanted. */
  number(kind: RefKind, sourceNo: number, id: string): number {
    const no = kindNo[kind];
    const source = kind === "service" ? EVERYWHERE : sourceNo;
    const found = this.#of(no, source).get(id);
    if (found !== undefined) return found;
    this.#wanted.push({ kind: no, sourceNo: source, id });
    return -1;
  }

  /** Gives a number to all that is wanted. */
  async resolve(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = [];
    if (wanted.length === 0) return;
    const values = [
      this.#tenantId,
      wanted.map(({ kind }) => kind),
      wanted.map(({ sourceNo }) => sourceNo),
      wanted.map(({ id }) => id),
    ];
    await this.#database.transaction(async ({ client }) => {
      // Numbers are dense, and given by one process at a time.
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended('klarsyn refs ' || $1, 0))", [this.#tenantId]);
      await client.query(
        `INSERT INTO refs (tenant_id, no, kind, source_no, id)
         SELECT $1, (SELECT coalesce(max(no), -1) FROM refs WHERE tenant_id = $1) + row_number() OVER (ORDER BY kind, source_no, id),
                kind, source_no, id
           FROM (SELECT DISTINCT kind, source_no, id FROM unnest($2::int2[], $3::int2[], $4::text[]) AS w (kind, source_no, id)) w
          WHERE NOT EXISTS (SELECT FROM refs r WHERE r.tenant_id = $1 AND r.kind = w.kind AND r.source_no = w.source_no AND r.id = w.id)`,
        values,
      );
    });
    const { rows } = await this.#database.pool.query<[number, number, number, string]>({
      text: `SELECT r.no, r.kind, r.source_no, r.id
               FROM unnest($2::int2[], $3::int2[], $4::text[]) AS w (kind, source_no, id)
               JOIN refs r ON r.tenant_id = $1 AND r.kind = w.kind AND r.source_no = w.source_no AND r.id = w.id`,
      values,
      rowMode: "array",
    });
    for (const [no, kind, sourceNo, id] of rows) this.#of(kind, sourceNo).set(id, no);
  }

  #of(kind: number, sourceNo: number): Map<string, number> {
    const key = kind * 65_536 + sourceNo + 1;
    let found = this.#numbers.get(key);
    if (found === undefined) this.#numbers.set(key, (found = new Map()));
    return found;
  }
}

/** The number of a source in canonical rows; given when it is first asked for. */
export async function sourceNumber(database: Database, tenantId: string, id: string): Promise<number> {
  return database.transaction(async ({ client }) => {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('klarsyn refs ' || $1, 0))", [tenantId]);
    await client.query(
      `INSERT INTO sources_known (tenant_id, no, id)
       SELECT $1, (SELECT coalesce(max(no), -1) + 1 FROM sources_known WHERE tenant_id = $1), $2
        WHERE NOT EXISTS (SELECT FROM sources_known WHERE tenant_id = $1 AND id = $2)`,
      [tenantId, id],
    );
    const { rows } = await client.query<{ no: number }>(
      "SELECT no FROM sources_known WHERE tenant_id = $1 AND id = $2",
      [tenantId, id],
    );
    return rows[0]?.no ?? 0;
  });
}
