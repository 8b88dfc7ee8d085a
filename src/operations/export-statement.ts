import type { Month } from "#model";
import type { Vault } from "#store";
import { type Actor, permit } from "./actor.ts";
import type { ExportedFile } from "./hand-out.ts";
import { makeStatement, type StatementNeeds } from "./make-statement.ts";
import type { PersonTag } from "./persons.ts";
import { reasonOf } from "./reason.ts";
import { statementFile, type StatementFormat } from "./statement-file.ts";

export { type StatementFormat, statementFormats } from "./statement-file.ts";

/**
 * A provider's month as a file, for a reason that is recorded. Who may see who people are gets the ids that the sources
 * know them by, which a provider needs to find them; all others what lists show. Nobody gets the id of somebody whose
 * identity is protected without the permission for that.
 */
export async function exportStatement(
  needs: StatementNeeds & { vault: Vault },
  actor: Actor,
  {
    format,
    reason,
    ...asked
  }: { month: Month; provider: string; line?: string; format: StatementFormat; reason: string },
): Promise<ExportedFile> {
  permit(actor, "exports:make");
  const why = reasonOf(reason);
  const statement = await makeStatement(needs, actor, asked, { operation: "export-statement", why });
  const permitted = (person: PersonTag): boolean =>
    actor.permissions.has("persons:reveal") && (!person.protected || actor.permissions.has("persons:protected"));
  return statementFile(needs, actor, statement, format, (id, person) => (permitted(person) ? id : person.text));
}
