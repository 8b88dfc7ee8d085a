CREATE TABLE "dispositions" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "dispositions_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"finding_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"rule_version" integer NOT NULL,
	"outcome" text NOT NULL,
	"judged_at" timestamp with time zone NOT NULL,
	"judged_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rule_holds" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rule_holds_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"rule_version" integer NOT NULL,
	"parameters" text NOT NULL,
	"from_day" date NOT NULL,
	"through_day" date NOT NULL,
	"client_days" integer NOT NULL,
	"findings" integer NOT NULL,
	"expected" double precision NOT NULL,
	"held_at" timestamp with time zone NOT NULL,
	"released_at" timestamp with time zone,
	"released_by" text,
	"released_why" text,
	CONSTRAINT "rule_holds_are_released_with_who_and_why" CHECK (num_nulls("rule_holds"."released_at", "rule_holds"."released_by", "rule_holds"."released_why") IN (0, 3))
);
--> statement-breakpoint
CREATE TABLE "rule_rates" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rule_rates_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"rule_version" integer NOT NULL,
	"parameters" text NOT NULL,
	"measured_in" text NOT NULL,
	"from_day" date NOT NULL,
	"through_day" date NOT NULL,
	"client_days" integer NOT NULL,
	"findings" integer NOT NULL,
	"measured_at" timestamp with time zone NOT NULL,
	"measured_by" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "findings" ADD COLUMN "held" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "ended_through" date;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "ended_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "ended_by" text;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "ended_why" text;--> statement-breakpoint
CREATE INDEX "dispositions_by_rule" ON "dispositions" USING btree ("tenant_id","rule_id");--> statement-breakpoint
CREATE INDEX "rule_holds_by_rule" ON "rule_holds" USING btree ("tenant_id","rule_id");--> statement-breakpoint
CREATE INDEX "rule_rates_by_rule" ON "rule_rates" USING btree ("tenant_id","rule_id");--> statement-breakpoint
ALTER TABLE "exceptions" ADD CONSTRAINT "exceptions_end_with_who_and_why" CHECK (num_nulls("exceptions"."ended_through", "exceptions"."ended_at", "exceptions"."ended_by", "exceptions"."ended_why") IN (0, 4));