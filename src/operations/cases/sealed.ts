import type { Vault } from "#store";

/** Encrypts what people have written; null where nothing was. */
export function seal(vault: Vault, texts: Readonly<Record<string, string | undefined>>): Buffer | null {
  const written = Object.entries(texts).filter(([, text]) => text !== undefined && text !== "");
  return written.length === 0 ? null : vault.encrypt(JSON.stringify(Object.fromEntries(written)));
}

export function unseal(vault: Vault, sealed: Buffer | null): Record<string, string> {
  return sealed === null ? {} : (JSON.parse(vault.decrypt(sealed).toString()) as Record<string, string>);
}
