import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";

/** Whose ids they are: what one holder is given says nothing to another. */
export interface Holder {
  kind: "endpoint" | "client" | "user";
  no: number;
}

const holderKinds = ["endpoint", "client", "user"] as const;
const prefixes = {
  order: "ord",
  client: "cli",
  case: "cas",
  settlement: "set",
  endpoint: "end",
  version: "ver",
  cursor: "cur",
} as const;
export type SubjectKind = keyof typeof prefixes;
const kinds = Object.keys(prefixes) as SubjectKind[];

const BYTES = 16;
const NONCE = 12;
const TAG = 16;

const whose = ({ kind, no }: Holder): Buffer => Buffer.from(`${kind} ${no}\n`);

/** Numbers of ours as ids for others, and back. */
export interface OpaqueIds {
  /** The same id each time for the same holder, and another one for every other holder. */
  seal: (holder: Holder, kind: SubjectKind, no: number) => string;
  /** Null where the id was not made for this holder, is of another kind, or was altered. */
  open: (holder: Holder, kind: SubjectKind, id: string) => number | null;
  /** A text of ours for one holder: the same each time, and readable for nobody but us. */
  sealText: (holder: Holder, text: string) => string;
  /** Null where it was not made for this holder, or was altered. */
  openText: (holder: Holder, sealed: string) => string | null;
}

/**
 * Ids of one AES block under a key of 32 bytes: what it is, whose, which, and four bytes of nothing by which an altered
 * or invented one is known. The numbers behind them would tell how much others have.
 */
export function opaqueIds(key: Uint8Array): OpaqueIds {
  const block = (holder: Holder, kind: SubjectKind): Buffer => {
    const plain = Buffer.alloc(BYTES);
    plain[0] = kinds.indexOf(kind);
    plain[1] = holderKinds.indexOf(holder.kind);
    plain.writeUInt32BE(holder.no, 2);
    return plain;
  };
  const derived = (purpose: string): Buffer => createHmac("sha256", key).update(purpose).digest();
  const [textKey, nonceKey] = [derived("text"), derived("nonce")];
  return {
    seal(holder, kind, no) {
      const plain = block(holder, kind);
      plain.writeUIntBE(no, 6, 6);
      // One block has nothing that would have to be chained.
      const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
      return `${prefixes[kind]}_${cipher.update(plain).toString("base64url")}`;
    },
    open(holder, kind, id) {
      const [, text] = new RegExp(`^${prefixes[kind]}_([\\w-]{22})$`).exec(id) ?? [];
      if (text === undefined) return null;
      const sealed = Buffer.from(text, "base64url");
      // The last letter has bits that stand for nothing: an id has one spelling only.
      if (sealed.length !== BYTES || sealed.toString("base64url") !== text) return null;
      const plain = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(sealed);
      const no = plain.readUIntBE(6, 6);
      plain.writeUIntBE(0, 6, 6);
      return plain.equals(block(holder, kind)) ? no : null;
    },
    sealText(holder, text) {
      // The nonce follows from what is sealed: the same text is the same again, and no two share one.
      const nonce = createHmac("sha256", nonceKey).update(whose(holder)).update(text).digest().subarray(0, NONCE);
      const cipher = createCipheriv("aes-256-gcm", textKey, nonce).setAAD(whose(holder));
      return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
        "base64url",
      );
    },
    openText(holder, sealed) {
      const bytes = Buffer.from(sealed, "base64url");
      if (bytes.length < NONCE + TAG) return null;
      try {
        const decipher = createDecipheriv("aes-256-gcm", textKey, bytes.subarray(0, NONCE)).setAAD(whose(holder));
        decipher.setAuthTag(bytes.subarray(-TAG));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString();
      } catch {
        return null;
      }
    },
  };
}
