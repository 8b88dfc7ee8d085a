import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkVault, createVault, vaultFromFile, vaultFromKey } from "#store";
import { testDatabase } from "../support/database.ts";

const vault = createVault(Buffer.alloc(32, 1));
const other = createVault(Buffer.alloc(32, 2));

describe("a vault", () => {
  test("gives back what it encrypted, and never encrypts the same twice alike", () => {
    for (const text of ["", "189001019802", "Åsa Öberg", "x".repeat(100_000)]) {
      const sealed = vault.encrypt(text);
      expect(vault.decrypt(sealed).toString("utf8")).toBe(text);
      expect(vault.encrypt(text)).not.toEqual(sealed);
    }
    const bytes = Buffer.from([0, 255, 1]);
    expect(vault.decrypt(vault.encrypt(bytes))).toEqual(bytes);
  });

  test("draws a new nonce for every value", () => {
    const nonces = new Set(Array.from({ length: 5000 }, () => vault.encrypt("x").subarray(0, 12).toString("hex")));
    expect(nonces.size).toBe(5000);
  });

  test("says so where the key is another or the value was changed", () => {
    const sealed = vault.encrypt("189001019802");
    expect(() => other.decrypt(sealed)).toThrow(/another key/);
    sealed[15]! ^= 1;
    expect(() => vault.decrypt(sealed)).toThrow(/another key/);
    expect(() => vault.decrypt(Buffer.alloc(5))).toThrow(/another key/);
  });

  test("hashes a number to the same bytes under one key only", () => {
    expect(vault.identityHash("189001019802")).toEqual(vault.identityHash("189001019802"));
    expect(vault.identityHash("189001019802")).not.toEqual(other.identityHash("189001019802"));
    expect(vault.identityRef("189001019802")).toBe(`pid:${vault.identityHash("189001019802").toString("hex")}`);
  });
});

describe("the key", () => {
  test.each(["", "abc", "!".repeat(44), Buffer.alloc(31).toString("base64"), Buffer.alloc(33).toString("base64")])(
    "%j is refused with what to do",
    (key) => {
      expect(() => vaultFromKey(key)).toThrow(/KLARSYN_KEY must be 32 bytes in base64/);
    },
  );

  test("of 32 bytes in base64 opens the same vault each time", () => {
    const key = Buffer.alloc(32, 9).toString("base64");
    expect(vaultFromKey(key).decrypt(vaultFromKey(key).encrypt("x")).toString()).toBe("x");
  });

  test("file is made once, for its owner only, also by several at once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "klarsyn-key-"));
    try {
      const path = join(folder, "data", "klarsyn.key");
      const vaults = await Promise.all(Array.from({ length: 5 }, () => vaultFromFile(path)));
      expect(new Set(vaults.map(({ fingerprint }) => fingerprint)).size).toBe(1);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await readFile(path, "utf8")).trim()).toHaveLength(44);
      await chmod(path, 0o644);
      await expect(vaultFromFile(path)).rejects.toThrow(/chmod 600/);
      await writeFile(path, "short");
      await chmod(path, 0o600);
      await expect(vaultFromFile(path)).rejects.toThrow(/does not hold 32 bytes/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("must be the one that the database was encrypted with", async () => {
    await using system = await testDatabase();
    await checkVault(system.database, vault);
    await checkVault(system.database, vault);
    await expect(checkVault(system.database, other)).rejects.toThrow(/another key/);
  });
});
