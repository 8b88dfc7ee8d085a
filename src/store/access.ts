import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { accessLog } from "./tables/access.ts";

/** Who reads. */
export interface Reader {
  id: string;
  tenantId: string;
  role: string;
  unit: string | null;
}

/** What of people's data was shown to somebody. */
export interface Access {
  at: Instant;
  operation: string;
  /** The client, staff member or selection that was shown, by id. */
  subject: string;
  rows: number;
  /** The reason that the reader gave, where one was asked for. */
  why?: string;
}

/** Records a reading of personal data; to be called before the data is handed out. */
export async function recordAccess(database: Database, reader: Reader, access: Access): Promise<void> {
  await database.orm.insert(accessLog).values({ tenantId: reader.tenantId, actor: reader.id, ...access });
}
