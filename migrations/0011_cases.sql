CREATE TABLE "case_attachments" (
	"tenant_id" text NOT NULL,
	"case_no" text NOT NULL,
	"id" text NOT NULL,
	"name" "bytea" NOT NULL,
	"type" text NOT NULL,
	"bytes" integer NOT NULL,
	"sha256" "bytea" NOT NULL,
	"content" "bytea" NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"by_name" text NOT NULL,
	CONSTRAINT "case_attachments_one_per_id" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "case_batches" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"before" text NOT NULL,
	"undone_at" timestamp with time zone,
	CONSTRAINT "case_batches_one_per_id" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "case_events" (
	"tenant_id" text NOT NULL,
	"case_no" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "case_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	"by_name" text NOT NULL,
	"kind" text NOT NULL,
	"data" text NOT NULL,
	"sealed" "bytea",
	CONSTRAINT "case_events_in_order" PRIMARY KEY("tenant_id","case_no","id")
);
--> statement-breakpoint
CREATE TABLE "case_findings" (
	"tenant_id" text NOT NULL,
	"case_no" text NOT NULL,
	"finding_id" text NOT NULL,
	"about" text NOT NULL,
	"changes" integer NOT NULL,
	"judgement" text,
	"joined_at" timestamp with time zone NOT NULL,
	"gone_at" timestamp with time zone,
	"gone_as" text,
	CONSTRAINT "case_findings_once_per_case" PRIMARY KEY("tenant_id","case_no","finding_id")
);
--> statement-breakpoint
CREATE TABLE "case_numbers" (
	"tenant_id" text NOT NULL,
	"year" integer NOT NULL,
	"last" integer NOT NULL,
	CONSTRAINT "case_numbers_one_row_per_year" PRIMARY KEY("tenant_id","year")
);
--> statement-breakpoint
CREATE TABLE "cases" (
	"tenant_id" text NOT NULL,
	"no" text NOT NULL,
	"key" text NOT NULL,
	"provider" text,
	"subject_kind" text NOT NULL,
	"subject" text NOT NULL,
	"units" text[] DEFAULT '{}' NOT NULL,
	"areas" text[] DEFAULT '{}' NOT NULL,
	"rules" text[] DEFAULT '{}' NOT NULL,
	"state" text NOT NULL,
	"assigned_to" text,
	"assigned_name" text,
	"explanation_due_on" date,
	"due_on" date,
	"heard" boolean DEFAULT false NOT NULL,
	"snoozed_until" date,
	"outcome" text,
	"claim_ore" bigint,
	"proposed_by" text,
	"proposed_name" text,
	"proposed_at" timestamp with time zone,
	"decided_by" text,
	"decided_name" text,
	"decided_at" timestamp with time zone,
	"level" text NOT NULL,
	"certainty" double precision NOT NULL,
	"stake_minutes" integer NOT NULL,
	"stake_ore" bigint NOT NULL,
	"findings" integer NOT NULL,
	"gone" integer NOT NULL,
	"first_day" date NOT NULL,
	"last_day" date NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	"version" integer NOT NULL,
	CONSTRAINT "cases_one_per_number" PRIMARY KEY("tenant_id","no")
);
--> statement-breakpoint
CREATE TABLE "control_draws" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"month" text NOT NULL,
	"sizes" text NOT NULL,
	"drawn_at" timestamp with time zone NOT NULL,
	"drawn_by" text NOT NULL,
	CONSTRAINT "control_draws_one_per_id" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "control_samples" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"draw" text NOT NULL,
	"position" integer NOT NULL,
	"source" text NOT NULL,
	"visit" text NOT NULL,
	"provider" text,
	"unit" text,
	"client" text,
	"stratum" text NOT NULL,
	"rules" text[] DEFAULT '{}' NOT NULL,
	"judged_at" timestamp with time zone,
	"judged_by" text,
	"verdict" text,
	"problems" text[] DEFAULT '{}' NOT NULL,
	"note" "bytea",
	CONSTRAINT "control_samples_one_per_id" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "control_samples_one_place_per_draw" UNIQUE("tenant_id","draw","position")
);
--> statement-breakpoint
CREATE TABLE "saved_views" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "saved_views_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"owner" text NOT NULL,
	"name" text NOT NULL,
	"filter" text NOT NULL,
	"saved_at" timestamp with time zone NOT NULL,
	CONSTRAINT "saved_views_one_per_id" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "saved_views_one_per_name" UNIQUE("tenant_id","owner","name")
);
--> statement-breakpoint
ALTER TABLE "case_attachments" ADD CONSTRAINT "case_attachments_belong_to_a_case" FOREIGN KEY ("tenant_id","case_no") REFERENCES "public"."cases"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_events" ADD CONSTRAINT "case_events_belong_to_a_case" FOREIGN KEY ("tenant_id","case_no") REFERENCES "public"."cases"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_findings" ADD CONSTRAINT "case_findings_belong_to_a_case" FOREIGN KEY ("tenant_id","case_no") REFERENCES "public"."cases"("tenant_id","no") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "control_samples" ADD CONSTRAINT "control_samples_belong_to_a_draw" FOREIGN KEY ("tenant_id","draw") REFERENCES "public"."control_draws"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "case_attachments_by_case" ON "case_attachments" USING btree ("tenant_id","case_no");--> statement-breakpoint
CREATE INDEX "case_findings_by_finding" ON "case_findings" USING btree ("tenant_id","finding_id");--> statement-breakpoint
CREATE UNIQUE INDEX "cases_one_undecided_per_key" ON "cases" USING btree ("tenant_id","key") WHERE "cases"."state" NOT IN ('decided', 'closed');--> statement-breakpoint
CREATE INDEX "cases_by_key" ON "cases" USING btree ("tenant_id","key");--> statement-breakpoint
CREATE INDEX "cases_by_subject" ON "cases" USING btree ("tenant_id","subject_kind","subject");--> statement-breakpoint
CREATE INDEX "cases_by_stake" ON "cases" USING btree ("tenant_id","stake_ore","stake_minutes","no");--> statement-breakpoint
CREATE INDEX "cases_by_certainty" ON "cases" USING btree ("tenant_id","certainty","stake_ore","no");--> statement-breakpoint
CREATE INDEX "cases_by_age" ON "cases" USING btree ("tenant_id","opened_at","no");--> statement-breakpoint
CREATE INDEX "cases_by_assignee" ON "cases" USING btree ("tenant_id","assigned_to");--> statement-breakpoint
CREATE INDEX "cases_by_due_day" ON "cases" USING btree ("tenant_id","due_on") WHERE "cases"."due_on" is not null;--> statement-breakpoint
CREATE INDEX "control_draws_by_month" ON "control_draws" USING btree ("tenant_id","month");