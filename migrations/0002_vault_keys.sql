CREATE TABLE "vault_keys" (
	"no" smallint PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL
);
