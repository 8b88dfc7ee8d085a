CREATE TABLE "idempotency_keys" (
	"tenant_id" text NOT NULL,
	"operation" text NOT NULL,
	"key" text NOT NULL,
	"claimed_at" timestamp with time zone NOT NULL,
	"content_hash" "bytea",
	"answer" text,
	CONSTRAINT "idempotency_keys_one_write_per_key" PRIMARY KEY("tenant_id","operation","key")
);
