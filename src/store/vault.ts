import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, randomFillSync } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "#errors";
import type { Database } from "./database.ts";

/** The key is missing, malformed, or not the one that the data was encrypted with. */
class KeyError extends AppError {
  readonly code = "vault.key";
  readonly kind = "usage";
}

const NONCE = 12;
const TAG = 16;
const ALGORITHM = "aes-256-gcm";
const HASH = 16;
const KNOWN_MAX = 100_000;

/**
 * Encrypts what must not be readable at rest, and makes the keyed hash by which an identity number is looked up.
 * A sealed value is nonce (96 bits, random), ciphertext and tag (128 bits), by AES-256-GCM.
 */
export interface Vault {
  encrypt: (plain: Uint8Array | string) => Buffer;
  /** Throws where the value was not made with this key, or was changed. */
  decrypt: (sealed: Uint8Array) => Buffer;
  /** The same 16 bytes for the same number, useless without the key: a plain hash of ten digits is undone by trying all. */
  identityHash: (number: string) => Buffer;
  /** The opaque id of a person whom a source knows only by identity number. */
  identityRef: (number: string) => string;
  /** 32 bytes for one purpose, the same each time; nothing follows from them of the key or of other purposes. */
  derive: (purpose: string) => Buffer;
  /** Of the key, to recognise it by; nothing follows from it. */
  readonly fingerprint: string;
}

/** Makes a vault of a key of 32 bytes. */
export function createVault(key: Uint8Array): Vault {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", key, "", `klarsyn ${purpose}`, bytes));
  const sealing = derive("encryption", 32);
  const hashing = derive("identity hash", 32);
  // Randomness is drawn in blocks: one call of the system per value costs more than the encryption.
  const pool = Buffer.allocUnsafeSlow(NONCE * 1024);
  let used = pool.length;
  const nextNonce = (): Buffer => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += NONCE;
    return pool.subarray(used - NONCE, used);
  };
  // The same few thousand people stand in millions of records.
  const known = new Map<string, { hash: Buffer; ref: string }>();
  const identity = (number: string): { hash: Buffer; ref: string } => {
    const found = known.get(number);
    if (found !== undefined) return found;
    const hash = createHmac("sha256", hashing).update(number).digest().subarray(0, HASH);
    const made = { hash, ref: `pid:${hash.toString("hex")}` };
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(number, made);
    return made;
  };
  return {
    encrypt: (plain) => {
      const nonce = nextNonce();
      const cipher = createCipheriv(ALGORITHM, sealing, nonce);
      const body = typeof plain === "string" ? cipher.update(plain, "utf8") : cipher.update(plain);
      const rest = cipher.final();
      return Buffer.concat([nonce, body, rest, cipher.getAuthTag()]);
    },
    decrypt: (sealed) => {
      try {
        if (sealed.length < NONCE + TAG) throw new RangeError("too short");
        const decipher = createDecipheriv(ALGORITHM, sealing, sealed.subarray(0, NONCE));
        decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
        const body = decipher.update(sealed.subarray(NONCE, sealed.length - TAG));
        return Buffer.concat([body, decipher.final()]);
      } catch (error) {
        throw new KeyError(
          "A stored value cannot be decrypted: it was encrypted with another key than the one in use. Give back the right KLARSYN_KEY or klarsyn.key.",
          {},
          { cause: error },
        );
      }
    },
    identityHash: (number) => identity(number).hash,
    identityRef: (number) => identity(number).ref,
    derive: (purpose) => derive(`for ${purpose}`, 32),
    fingerprint: derive("fingerprint", 8).toString("hex"),
  };
}

/** Opens the vault by KLARSYN_KEY (32 bytes in base64). */
export function vaultFromKey(base64: string): Vault {
  const key = Buffer.from(base64, "base64");
  // Buffer.from drops what is not base64 without a word.
  if (key.length !== 32 || !/^[A-Za-z0-9+/_-]{43}=?$/.test(base64.trim())) {
    throw new KeyError(
      "KLARSYN_KEY must be 32 bytes in base64 (44 characters). Make one with: node -p \"crypto.randomBytes(32).toString('base64')\"",
    );
  }
  return createVault(key);
}

/** Opens the vault by a key file, which is made where there is none. Only its owner may read it. */
export async function vaultFromFile(path: string): Promise<Vault> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new KeyError(`The key file ${path} cannot be read: run Klarsyn as its owner.`, {}, { cause: error });
    }
    text = await makeKeyFile(path);
  }
  if (((await stat(path)).mode & 0o077) !== 0) {
    throw new KeyError(`Others than its owner may read the key file ${path}: run "chmod 600 ${path}".`);
  }
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== 32) {
    throw new KeyError(
      `The key file ${path} does not hold 32 bytes in base64: give back the right file from a backup.`,
    );
  }
  return createVault(key);
}

/** Written whole beside its place and linked there: of two processes that start at once one makes the key for both. */
async function makeKeyFile(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, "utf8");
}

/** Throws where the database was written with another key; a new database takes this one. */
export async function checkVault(database: Database, vault: Vault): Promise<void> {
  await database.pool.query("INSERT INTO vault_keys (no, fingerprint) VALUES (1, $1) ON CONFLICT DO NOTHING", [
    vault.fingerprint,
  ]);
  const { rows } = await database.pool.query<{ fingerprint: string }>("SELECT fingerprint FROM vault_keys");
  if (rows.some(({ fingerprint }) => fingerprint === vault.fingerprint)) return;
  throw new KeyError(
    "The database was encrypted with another key than the one in use: give back the right KLARSYN_KEY, or the right klarsyn.key to the data folder.",
  );
}
