CREATE TABLE "measures" (
	"tenant_id" text NOT NULL,
	"slice" text NOT NULL,
	"month" text NOT NULL,
	"rule_id" text NOT NULL,
	"name" text NOT NULL,
	"value" double precision NOT NULL,
	CONSTRAINT "measures_one_per_slice_rule_and_name" PRIMARY KEY("tenant_id","slice","rule_id","name")
);
--> statement-breakpoint
CREATE INDEX "measures_by_month" ON "measures" USING btree ("tenant_id","month");