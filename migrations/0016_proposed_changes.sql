CREATE TABLE "contract_changes" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "contract_changes_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"from_day" date NOT NULL,
	"why" text NOT NULL,
	"state" text NOT NULL,
	"proposed_at" timestamp with time zone NOT NULL,
	"proposed_by" text NOT NULL,
	"proposed_name" text NOT NULL,
	"decided_at" timestamp with time zone,
	"decided_by" text,
	"decided_name" text,
	"decided_why" text,
	"provider" text NOT NULL,
	"source" text NOT NULL,
	"contract" text NOT NULL,
	"terms" text NOT NULL,
	CONSTRAINT "contract_changes_are_approved_by_another" CHECK ("contract_changes"."state" <> 'approved' OR "contract_changes"."decided_by" <> "contract_changes"."proposed_by"),
	CONSTRAINT "contract_changes_are_decided_by_somebody" CHECK (("contract_changes"."state" = 'proposed') = ("contract_changes"."decided_by" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "rule_backtests" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rule_backtests_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"rule_version" integer NOT NULL,
	"values" text NOT NULL,
	"from_day" date NOT NULL,
	"through_day" date NOT NULL,
	"result" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rule_changes" (
	"no" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rule_changes_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" text NOT NULL,
	"from_day" date NOT NULL,
	"why" text NOT NULL,
	"state" text NOT NULL,
	"proposed_at" timestamp with time zone NOT NULL,
	"proposed_by" text NOT NULL,
	"proposed_name" text NOT NULL,
	"decided_at" timestamp with time zone,
	"decided_by" text,
	"decided_name" text,
	"decided_why" text,
	"rule_id" text NOT NULL,
	"values" text NOT NULL,
	"backtest" bigint,
	CONSTRAINT "rule_changes_are_approved_by_another" CHECK ("rule_changes"."state" <> 'approved' OR "rule_changes"."decided_by" <> "rule_changes"."proposed_by"),
	CONSTRAINT "rule_changes_are_decided_by_somebody" CHECK (("rule_changes"."state" = 'proposed') = ("rule_changes"."decided_by" IS NULL))
);
--> statement-breakpoint
CREATE INDEX "contract_changes_by_contract" ON "contract_changes" USING btree ("tenant_id","source","contract");--> statement-breakpoint
CREATE INDEX "rule_backtests_by_rule" ON "rule_backtests" USING btree ("tenant_id","rule_id");--> statement-breakpoint
CREATE INDEX "rule_changes_by_rule" ON "rule_changes" USING btree ("tenant_id","rule_id");--> statement-breakpoint
SELECT klarsyn_protect(t) FROM unnest(ARRAY['rule_backtests', 'rule_changes', 'contract_changes']::regclass[]) AS t;
