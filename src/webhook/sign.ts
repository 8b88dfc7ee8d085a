import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Instant } from "#model";

export const keyKinds = ["hmac", "ed25519"] as const;
export type KeyKind = (typeof keyKinds)[number];

/** A key as Standard Webhooks writes it: `whsec_…`, or `whsk_…` of which the receiver gets `whpk_…` alone. */
export interface SigningKey {
  kind: KeyKind;
  secret: string;
  publicKey: string | null;
}

/** Signs one message: the signature with its version in front. */
export type Signer = (id: string, at: Instant, body: string) => string;

const SEED = 32;
/** What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410, section 7). */
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex");

export function makeKey(kind: KeyKind): SigningKey {
  if (kind === "hmac") return { kind, secret: `whsec_${randomBytes(32).toString("base64")}`, publicKey: null };
  const { privateKey } = generateKeyPairSync("ed25519");
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  const secret = `whsk_${der.subarray(-SEED).toString("base64")}`;
  return { kind, secret, publicKey: publicOf(secret) };
}

const privateKeyOf = (secret: string) =>
  createPrivateKey({
    key: Buffer.concat([pkcs8, Buffer.from(secret.replace(/^whsk_/, ""), "base64")]),
    format: "der",
    type: "pkcs8",
  });

function publicOf(secret: string): string {
  const der = createPublicKey(privateKeyOf(secret)).export({ format: "der", type: "spki" });
  return `whpk_${der.subarray(-SEED).toString("base64")}`;
}

/** Made once for a key, used for every message. */
export function signerOf({ kind, secret }: Pick<SigningKey, "kind" | "secret">): Signer {
  if (kind === "hmac") {
    const webhook = new Webhook(secret);
    return (id, at, body) => webhook.sign(id, new Date(at), body);
  }
  const key = privateKeyOf(secret);
  return (id, at, body) =>
    `v1a,${sign(null, Buffer.from(`${id}.${Math.floor(at / 1000)}.${body}`), key).toString("base64")}`;
}

/** The headers of one message, signed by every key that is in use. */
export function signedHeaders(
  signers: readonly Signer[],
  id: string,
  at: Instant,
  body: string,
): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": signers.map((signer) => signer(id, at, body)).join(" "),
  };
}
