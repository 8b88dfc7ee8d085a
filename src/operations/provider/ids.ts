import { createHash } from "node:crypto";
import { type Database, selectEndpointNos, type Vault } from "#store";
import { type Holder, type OpaqueIds, opaqueIds, type SubjectKind } from "#webhook";
import type { Actor } from "../actor.ts";

/** Ids of ours as endpoints and API clients see them; the same wherever they are made. */
export const opaqueIdsOf = (vault: Vault): OpaqueIds => opaqueIds(vault.derive("opaque ids"));

/** A case's number as an opaque id holds it: 2026-00042 is 202600042. */
export const caseNumber = (no: string): number => Number(no.replace("-", ""));

/** A case's number as it is written; what is no case's number is none either. */
export const caseNoOf = (number: number): string => String(number).replace(/^(\d{4})(\d{5,})$/, "$1-$2");

/** Ids as one API client sees them. */
export interface OwnIds {
  seal: (kind: SubjectKind, no: number) => string;
  /** The number behind an id that this client was given, or an endpoint of the same provider; null where it is neither. */
  open: (kind: SubjectKind, id: string) => Promise<number | null>;
  /** A text that only this client can bring back. */
  sealText: (text: string) => string;
  openText: (sealed: string) => string | null;
}

/** What an event says of an order leads the provider's programs to it, though they know it by another id. */
export function ownIds(
  { database, vault }: { database: Database; vault: Vault },
  actor: Actor,
  client: { no: number },
): OwnIds {
  const ids = opaqueIdsOf(vault);
  const self: Holder = { kind: "client", no: client.no };
  return {
    seal: (kind, no) => ids.seal(self, kind, no),
    sealText: (text) => ids.sealText(self, text),
    openText: (sealed) => ids.openText(self, sealed),
    async open(kind, id) {
      const own = ids.open(self, kind, id);
      if (own !== null || kind === "version" || kind === "cursor") return own;
      const [provider = ""] = actor.scope.providers ?? [];
      for (const no of await selectEndpointNos(database, actor.tenantId, provider)) {
        const theirs = ids.open({ kind: "endpoint", no }, kind, id);
        if (theirs !== null) return theirs;
      }
      return null;
    },
  };
}

/** Ids in the addresses and forms of pages. */
export interface PageIds {
  seal: (kind: SubjectKind, no: number) => string;
  /** Null where the id was not made for whoever sees the same providers. */
  open: (kind: SubjectKind, id: string) => number | null;
}

/** An address leads all of a provider's people to the same, and says nothing of how much there is. */
export function pageIds({ vault }: { vault: Vault }, { tenantId, id, scope }: Actor): PageIds {
  const ids = opaqueIdsOf(vault);
  const whose = createHash("sha256").update(JSON.stringify([tenantId, scope.providers ?? id]));
  const holder: Holder = { kind: "user", no: whose.digest().readUInt32BE(0) };
  return { seal: (kind, no) => ids.seal(holder, kind, no), open: (kind, sealed) => ids.open(holder, kind, sealed) };
}
