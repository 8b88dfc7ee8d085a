import type { TextColumn } from "#columns";
import type { EntityName } from "#model";
import { copyIn, type Database, storedColumns, tableName } from "#store";

/** Writes rows whose columns are named as in the table; what is left out is null, but for what every row needs. */
export async function insertRows(
  database: Database,
  entity: EntityName,
  rows: ReadonlyArray<Record<string, unknown>>,
  table = tableName(entity),
): Promise<void> {
  const columns = storedColumns[entity];
  const common = {
    tenant_id: "0192",
    source_no: 0,
    deleted: false,
    content_hash: Buffer.alloc(16),
    mapping_version: 1,
  };
  await database.transaction(({ client }) =>
    copyIn(
      client,
      table,
      columns.map(({ name }) => name),
      async (writer) => {
        for (const [index, row] of rows.entries()) {
          writer.row();
          const whole: Record<string, unknown> = { ...common, raw_page: 1, raw_index: index, ...row };
          for (const { name, type } of columns) writer.value(type, whole[name]);
          if (writer.full) await writer.drain();
        }
      },
    ),
  );
}

/** Texts of a column as the store reads it, null where a row has none. */
export function textsOf(column: unknown, count: number): Array<string | null> {
  const { bytes, offsets, nulls } = column as TextColumn;
  return Array.from({ length: count }, (_, row) =>
    nulls[row] === 1 ? null : Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString("utf8"),
  );
}
