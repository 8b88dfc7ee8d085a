import { forgetCanonical, type MappingUse, selectMappingUses } from "#store";
import { type Normalised, normaliseWaiting } from "./normalise.ts";
import type { Intake, IntakeSource } from "./source.ts";

/** A mapping that is no longer the one that the stored pages were made canonical with. */
export interface MappingDifference {
  source: string;
  resource: string;
  was: Pick<MappingUse, "version" | "hash">;
  /** Null: there is none any more. */
  is: Pick<MappingUse, "version" | "hash"> | null;
}

export interface Rebuilt extends Normalised {
  /** Pages in the ledger. */
  forgotten: number;
  differences: MappingDifference[];
}

/** Which mappings differ from those that were used; a rebuild without any gives the same rows again. */
export async function compareMappings(
  { database, tenantId }: Intake,
  sources: readonly IntakeSource[],
): Promise<MappingDifference[]> {
  const uses = await selectMappingUses(database, tenantId);
  return uses.flatMap(({ source, resource, version, hash }) => {
    const now = sources.find(({ id }) => id === source)?.mapping(resource) ?? null;
    if (now !== null && now.hash === hash) return [];
    const is = now === null ? null : { version: now.version, hash: now.hash };
    return [{ source, resource, was: { version, hash }, is }];
  });
}

/** Forgets everything canonical and makes it again from the ledger, with the mappings as they are now. */
export async function rebuild(intake: Intake, sources: readonly IntakeSource[]): Promise<Rebuilt> {
  const differences = await compareMappings(intake, sources);
  const forgotten = await forgetCanonical(intake.database, intake.tenantId);
  return { ...(await normaliseWaiting(intake, sources)), forgotten, differences };
}
