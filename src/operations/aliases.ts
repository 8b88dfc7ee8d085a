import {
  type AliasList,
  type AliasSummary,
  type ImportedAliases,
  importAliases,
  listAliases,
  type NewAlias,
  setAlias,
  summariseAliases,
  undoAlias,
} from "#intake";
import type { Database, Vault } from "#store";
import { type Actor, permit } from "./actor.ts";

type Needs = { database: Database; vault: Vault; now: () => number };
const intakeOf = ({ database, vault, now }: Needs, { tenantId }: Actor) => ({ database, vault, now, tenantId });

export type { AliasList, AliasSummary, ImportedAliases, NewAlias };

/** Which ids of different systems are the same, and which nobody has joined yet. */
export async function showAliases(needs: Needs, actor: Actor): Promise<AliasList> {
  permit(actor, "aliases:read");
  return listAliases(intakeOf(needs, actor));
}

/** The same as the last night found it, which is soon read. */
export async function showAliasSummary(needs: Needs, actor: Actor): Promise<AliasSummary> {
  permit(actor, "aliases:read");
  return summariseAliases(intakeOf(needs, actor));
}

/** Decides that two ids are the same. False where that was decided already. */
export async function decideAlias(needs: Needs, actor: Actor, alias: NewAlias): Promise<boolean> {
  permit(actor, "aliases:write");
  return setAlias(intakeOf(needs, actor), alias, actor.id);
}

/** Takes a decision back; it stays on record. */
export async function revokeAlias(needs: Needs, actor: Actor, no: number): Promise<boolean> {
  permit(actor, "aliases:write");
  return undoAlias(intakeOf(needs, actor), no, actor.id);
}

export async function takeAliases(needs: Needs, actor: Actor, csv: AsyncIterable<string>): Promise<ImportedAliases> {
  permit(actor, "aliases:write");
  return importAliases(intakeOf(needs, actor), csv, actor.id);
}
