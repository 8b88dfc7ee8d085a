import type { Instant } from "#model";
import type { StoredSecret, Vault } from "#store";
import {
  bodyOf,
  type EventType,
  networks,
  openPoster,
  type Poster,
  signedHeaders,
  type Signer,
  signerOf,
} from "#webhook";
import { caseNumber, opaqueIdsOf } from "../provider/ids.ts";

/** What of the configuration says how messages go out. */
export interface WebhookSettings {
  allow: readonly string[];
  caFile?: string | undefined;
  timeoutSeconds: number;
}

export const posterOf = ({ allow, caFile, timeoutSeconds }: WebhookSettings): Poster =>
  openPoster({ allowed: networks(allow), caFile, timeoutMs: timeoutSeconds * 1000 });

/** An event as it is kept. */
export interface KeptEvent {
  id: string;
  type: string;
  at: Instant;
  subjectKind: string;
  subject: string;
  changes: readonly string[];
  test: boolean;
}

/** Makes what one endpoint is sent of an event. */
export function writerFor(vault: Vault, tenantId: string) {
  const ids = opaqueIdsOf(vault);
  const signers = new Map<number, Signer>();
  const subjectOf = (endpointNo: number, { subjectKind, subject }: KeptEvent): string => {
    const holder = { kind: "endpoint", no: endpointNo } as const;
    if (subjectKind === "order" || subjectKind === "client") return ids.seal(holder, subjectKind, Number(subject));
    if (subjectKind === "case") return ids.seal(holder, "case", caseNumber(subject));
    return subject;
  };
  return {
    body: (endpointNo: number, event: KeptEvent): string =>
      bodyOf({
        ...event,
        // Written by us, with one of the types.
        type: event.type as EventType,
        tenantId,
        subject: subjectOf(endpointNo, event),
      }),
    headers(secrets: readonly StoredSecret[], id: string, at: Instant, body: string): Record<string, string> {
      const all = secrets.map(({ no, kind, sealed }) => {
        let signer = signers.get(no);
        if (signer === undefined) {
          const secret = vault.decrypt(sealed).toString("utf8");
          signers.set(no, (signer = signerOf({ kind: kind === "ed25519" ? "ed25519" : "hmac", secret })));
        }
        return signer;
      });
      return signedHeaders(all, id, at, body);
    },
  };
}
