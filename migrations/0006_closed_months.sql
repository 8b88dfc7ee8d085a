CREATE TABLE "settled_lines" (
	"tenant_id" text NOT NULL,
	"month" text NOT NULL,
	"id" text NOT NULL,
	"adjusts" text,
	"provider" text,
	"client" text,
	"content" text NOT NULL,
	CONSTRAINT "settled_lines_one_per_line_and_month" PRIMARY KEY("tenant_id","month","id")
);
--> statement-breakpoint
CREATE TABLE "settlement_months" (
	"tenant_id" text NOT NULL,
	"month" text NOT NULL,
	"up_to_page" bigint NOT NULL,
	"basis" text NOT NULL,
	"lines" integer NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"locked_at" timestamp with time zone NOT NULL,
	"locked_by" text NOT NULL,
	"settled_at" timestamp with time zone,
	"settled_by" text,
	CONSTRAINT "settlement_months_locked_once" PRIMARY KEY("tenant_id","month"),
	CONSTRAINT "settlement_months_are_settled_by_somebody" CHECK (num_nulls("settlement_months"."settled_at", "settlement_months"."settled_by") IN (0, 2))
);
--> statement-breakpoint
CREATE INDEX "settled_lines_by_adjusted_month" ON "settled_lines" USING btree ("tenant_id","adjusts");